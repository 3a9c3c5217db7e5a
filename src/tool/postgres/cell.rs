//! Values of a row as JSON. Dates and times are written as ISO 8601 has them; what has no words in JSON is told, with the
//! cast that gives it some.

use std::error::Error;
use std::fmt::Write as _;

use jiff::civil::{DateTime, Time, date};
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::types::{FromSql, Kind, Type};
use tokio_postgres::{Row, Statement, Transaction};

use super::wire::{BROKEN, Bytes};
use super::{ToolError, json, numeric};
use crate::value::{Object, Value, hex};

/// 2000-01-01, from which the server counts, in microseconds since 1970.
const EPOCH_US: i64 = 946_684_800_000_000;

/// The bytes of a value, with the type that tells how to read them.
struct Raw<'r>(Type, &'r [u8]);

impl<'r> FromSql<'r> for Raw<'r> {
    fn from_sql(kind: &Type, raw: &'r [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(kind.clone(), raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A row, by the names of its columns. `exact` tells which of them hold digits that somebody wrote.
pub(super) fn object(row: &Row, exact: &[bool]) -> Result<Object, ToolError> {
    let mut object = Object::new();
    for (index, column) in row.columns().iter().enumerate() {
        let exact = exact.get(index).copied().unwrap_or_default();
        let value = match row.try_get::<_, Option<Raw<'_>>>(index) {
            Ok(Some(Raw(kind, raw))) => value(&kind, raw, exact),
            Ok(None) => Ok(Value::Null),
            Err(_) => Err(BROKEN.to_owned()),
        };
        let name = column.name();
        let value = value.map_err(|why| {
            ToolError::new("sql-error", format!("column `{name}` {why}"))
                .help("cast the column in the query, as in `cast(x as text)`")
        })?;
        object.insert(name.to_owned(), value);
    }
    Ok(object)
}

/// The first value of a row.
pub(super) fn first(row: &Row) -> Option<Value> {
    let Raw(kind, raw) = row.try_get(0).ok()?;
    value(&kind, raw, false).ok()
}

/// Which columns hold a NUMERIC as somebody stored or declared it, and not as the server computed it.
pub(super) async fn exact_columns(
    transaction: &Transaction<'_>,
    statement: &Statement,
) -> Result<Vec<bool>, tokio_postgres::Error> {
    let columns = statement.columns();
    let numeric = |kind: &Type| *kind == Type::NUMERIC || *kind == Type::NUMERIC_ARRAY;
    // A view names a column, too, which may be computed; tables hold what was stored.
    let open: Vec<u32> = columns
        .iter()
        .filter(|column| numeric(column.type_()) && column.type_modifier() == -1)
        .filter_map(tokio_postgres::Column::table_oid)
        .collect();
    let mut tables: Vec<u32> = Vec::new();
    if !open.is_empty() {
        let query = "select oid from pg_catalog.pg_class where oid = any($1) and relkind in ('r', 'p', 'f')";
        let found = transaction.query_typed(query, &[(&open, Type::OID_ARRAY)]).await?;
        tables = found.iter().filter_map(|row| row.try_get(0).ok()).collect();
    }
    let stored = |table: Option<u32>| table.is_some_and(|table| tables.contains(&table));
    Ok(columns
        .iter()
        .map(|column| column.type_modifier() != -1 || stored(column.table_oid()))
        .collect())
}

/// Whether a value of the type has words in JSON.
pub(super) fn is_told(kind: &Type) -> bool {
    match kind.kind() {
        Kind::Array(part) | Kind::Domain(part) | Kind::Range(part) | Kind::Multirange(part) => {
            is_told(part)
        }
        Kind::Composite(fields) => fields.iter().all(|field| is_told(field.type_())),
        Kind::Enum(_) => true,
        Kind::Simple => is_number(kind) || is_text(kind) || is_other(kind),
        _ => false,
    }
}

/// Whether a value of the type is a number in JSON.
pub(super) fn is_number(kind: &Type) -> bool {
    let numbers =
        [Type::INT2, Type::INT4, Type::INT8, Type::OID, Type::FLOAT4, Type::FLOAT8, Type::NUMERIC];
    numbers.contains(kind)
}

/// Whether a value of the type is sent as the text that it is.
pub(super) fn is_text(kind: &Type) -> bool {
    let texts = [Type::TEXT, Type::VARCHAR, Type::BPCHAR, Type::NAME, Type::CHAR, Type::XML];
    texts.contains(kind) || *kind == Type::UNKNOWN || kind.name() == "citext"
}

fn is_other(kind: &Type) -> bool {
    let others = [
        Type::BOOL,
        Type::UUID,
        Type::JSON,
        Type::JSONB,
        Type::DATE,
        Type::TIME,
        Type::TIMESTAMP,
        Type::TIMESTAMPTZ,
        Type::INTERVAL,
    ];
    others.contains(kind)
}

fn value(kind: &Type, raw: &[u8], exact: bool) -> Result<Value, String> {
    match kind.kind() {
        Kind::Array(part) => return array(part, raw, exact),
        Kind::Domain(part) => return value(part, raw, exact),
        Kind::Range(part) => return range(part, raw, exact),
        Kind::Multirange(part) => {
            let mut bytes = Bytes(raw);
            let count = bytes.count()?;
            let one = |_| range(part, bytes.part()?.ok_or(BROKEN)?, exact);
            return (0..count).map(one).collect();
        }
        Kind::Composite(fields) => {
            let mut bytes = Bytes(raw);
            bytes.count()?;
            let mut object = Object::new();
            for field in fields {
                bytes.i32()?;
                let value = part(field.type_(), &mut bytes, exact)?;
                object.insert(field.name().to_owned(), value);
            }
            return Ok(Value::Object(object));
        }
        Kind::Enum(_) => return text(raw),
        _ => {}
    }
    let mut bytes = Bytes(raw);
    let finite = |number: f64| {
        serde_json::Number::from_f64(number)
            .map(Value::Number)
            .ok_or_else(|| "is not a finite number".to_owned())
    };
    Ok(match *kind {
        Type::BOOL => Value::Bool(bytes.take(1)? != [0]),
        Type::INT2 => bytes.i16()?.into(),
        Type::INT4 => bytes.i32()?.into(),
        Type::INT8 => bytes.i64()?.into(),
        Type::OID => bytes.i32()?.cast_unsigned().into(),
        Type::FLOAT4 => {
            // The digits that it is written with, not those that it would have as a double.
            let written = f32::from_be_bytes(bytes.array()?).to_string();
            finite(written.parse().map_err(|_| BROKEN)?)?
        }
        Type::FLOAT8 => finite(f64::from_be_bytes(bytes.array()?))?,
        Type::NUMERIC => numeric::value(raw, exact)?,
        Type::UUID => uuid(raw)?.into(),
        Type::JSON => json::value(raw)?,
        // A version stands before the text.
        Type::JSONB => {
            bytes.take(1)?;
            json::value(bytes.0)?
        }
        Type::DATE => match bytes.i32()? {
            i32::MAX => "infinity".into(),
            i32::MIN => "-infinity".into(),
            days => {
                moment(i64::from(days).saturating_mul(86_400_000_000))?.date().to_string().into()
            }
        },
        Type::TIME => time(bytes.i64()?)?.to_string().into(),
        Type::TIMESTAMP | Type::TIMESTAMPTZ => match bytes.i64()? {
            i64::MAX => "infinity".into(),
            i64::MIN => "-infinity".into(),
            us if *kind == Type::TIMESTAMP => moment(us)?.to_string().into(),
            us => {
                let since = us.checked_add(EPOCH_US).ok_or(TOO_FAR)?;
                Timestamp::from_microsecond(since).map_err(|_| TOO_FAR)?.to_string().into()
            }
        },
        Type::INTERVAL => interval(bytes.i64()?, bytes.i32()?, bytes.i32()?).into(),
        Type::BYTEA => return Err("holds bytes, which no text can show".to_owned()),
        _ if is_text(kind) => text(raw)?,
        _ => return Err(format!("has the type `{}`, which JSON has no words for", kind.name())),
    })
}

const TOO_FAR: &str = "holds a time before the year -9999 or after 9999";

fn text(raw: &[u8]) -> Result<Value, String> {
    std::str::from_utf8(raw).map(Value::from).map_err(|_| "holds text that is not UTF-8".to_owned())
}

/// A moment without a zone, microseconds after 2000-01-01.
fn moment(us: i64) -> Result<DateTime, String> {
    let epoch = date(2000, 1, 1).at(0, 0, 0, 0);
    epoch.checked_add(SignedDuration::from_micros(us)).map_err(|_| TOO_FAR.to_owned())
}

fn time(us: i64) -> Result<Time, String> {
    Time::midnight().checked_add(SignedDuration::from_micros(us)).map_err(|_| BROKEN.to_owned())
}

/// A span of time in ISO 8601; its three parts have signs of their own, as they have in the database.
fn interval(us: i64, days: i32, months: i32) -> String {
    let mut text = String::from("P");
    for (count, unit) in [(months / 12, 'Y'), (months % 12, 'M'), (days, 'D')] {
        if count != 0 {
            // Writing to a string cannot fail.
            let _ = write!(text, "{count}{unit}");
        }
    }
    if us != 0 || text == "P" {
        let sign = if us < 0 { "-" } else { "" };
        let (seconds, rest) = (us.unsigned_abs() / 1_000_000, us.unsigned_abs() % 1_000_000);
        let fraction = format!(".{rest:06}");
        let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
        let _ = write!(text, "T{sign}{seconds}{fraction}S");
    }
    text
}

fn uuid(raw: &[u8]) -> Result<String, String> {
    let mut bytes = Bytes(raw);
    let parts = [4, 2, 2, 2, 6].map(|length| bytes.take(length).map(hex));
    let parts: Vec<String> = parts.into_iter().collect::<Result<_, _>>()?;
    Ok(parts.join("-"))
}

fn part(kind: &Type, bytes: &mut Bytes<'_>, exact: bool) -> Result<Value, String> {
    bytes.part()?.map_or(Ok(Value::Null), |raw| value(kind, raw, exact))
}

/// A range: its bounds, null where it has none, and which of them are in it, as in `[)`; an empty one holds nothing.
fn range(kind: &Type, raw: &[u8], exact: bool) -> Result<Value, String> {
    const EMPTY: u8 = 0x01;
    const LOWER_IN: u8 = 0x02;
    const UPPER_IN: u8 = 0x04;
    const NO_LOWER: u8 = 0x08;
    const NO_UPPER: u8 = 0x10;
    let mut bytes = Bytes(raw);
    let [flags] = bytes.array()?;
    let has = |flag: u8| flags & flag != 0;
    let mut bound = |none: bool| if none { Ok(Value::Null) } else { part(kind, &mut bytes, exact) };
    let lower = bound(has(NO_LOWER | EMPTY))?;
    let upper = bound(has(NO_UPPER | EMPTY))?;
    let bounds = match (has(EMPTY), has(LOWER_IN), has(UPPER_IN)) {
        (true, _, _) => "empty",
        (_, true, true) => "[]",
        (_, true, false) => "[)",
        (_, false, true) => "(]",
        (_, false, false) => "()",
    };
    let fields = [("lower", lower), ("upper", upper), ("bounds", bounds.into())];
    Ok(Value::Object(fields.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()))
}

/// An array, of as many dimensions as it has.
fn array(kind: &Type, raw: &[u8], exact: bool) -> Result<Value, String> {
    let mut bytes = Bytes(raw);
    let dimensions = bytes.count()?;
    bytes.take(8)?;
    let mut lengths = Vec::new();
    for _ in 0..dimensions {
        lengths.push(bytes.count()?);
        bytes.i32()?;
    }
    if lengths.is_empty() {
        return Ok(Value::Array(Vec::new()));
    }
    nested(kind, &lengths, &mut bytes, exact)
}

fn nested(
    kind: &Type,
    lengths: &[usize],
    bytes: &mut Bytes<'_>,
    exact: bool,
) -> Result<Value, String> {
    let Some((length, inner)) = lengths.split_first() else { return part(kind, bytes, exact) };
    (0..*length).map(|_| nested(kind, inner, bytes, exact)).collect()
}
