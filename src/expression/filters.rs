//! The filters of this project: how figures are written.

use std::collections::BTreeMap;

use jiff::civil::Date;
use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Value};
use serde::Deserialize as _;

/// Filters worth naming to an author: this project's own, then minijinja's.
pub const NAMES: &[&str] = &[
    "usd",
    "number",
    "percent",
    "ratio",
    "month",
    "table",
    "tojson",
    "default",
    "round",
    "abs",
    "int",
    "float",
    "sum",
    "min",
    "max",
    "first",
    "last",
    "length",
    "sort",
    "unique",
    "map",
    "select",
    "reject",
    "selectattr",
    "rejectattr",
    "groupby",
    "join",
    "items",
    "list",
    "string",
    "upper",
    "lower",
    "title",
    "capitalize",
    "replace",
    "trim",
    "split",
    "indent",
    "format",
    "attr",
    "batch",
    "slice",
    "zip",
    "dictsort",
    "reverse",
    "bool",
    "lines",
    "pprint",
    "count",
    "d",
    "chain",
    "escape",
    "safe",
];

/// What to write instead of a function or a method that does not exist: mostly the filter that is meant.
pub(super) fn instead_of_call(name: &str, is_function: bool) -> String {
    // Spreadsheets call in capitals.
    let lower = name.to_lowercase();
    let in_capitals = !name.chars().any(char::is_lowercase);
    let name = if in_capitals { lower.as_str() } else { name };
    let filter = match name {
        "if" | "ifs" | "iif" => return "write `a if condition else b`".to_owned(),
        "iferror" | "ifna" | "coalesce" | "nvl" | "ifnull" => {
            return "write `value | default(0)`".to_owned();
        }
        operator @ ("and" | "or") => return format!("write `{operator}` between the conditions"),
        "not" => return "write `not condition`".to_owned(),
        "power" | "pow" => return "write `base ** exponent`".to_owned(),
        "concat" | "concatenate" => return "join texts with `~`: `left ~ right`".to_owned(),
        "sum" if is_function => {
            return "write a filter: `[a, b] | sum`, of rows `rows | sum(attribute='field')`"
                .to_owned();
        }
        "vlookup" | "xlookup" | "index" | "match" | "sumif" | "sumifs" | "countif"
        | "averageif" => {
            return "have the query of a tool pick and add up rows; expressions calculate with what it gives"
                .to_owned();
        }
        "len" | "size" | "count" | "counta" => "length",
        "str" => "string",
        "strip" => "trim",
        "avg" | "average" | "mean" => {
            return "divide: `(values | sum) / (values | length)`".to_owned();
        }
        "get" if !is_function => {
            return "write `value.field`, and `value.field | default(0)` where it may be missing"
                .to_owned();
        }
        "format" if !is_function => {
            return "write a filter: `value | number(2)`, `value | usd`, `value | percent`"
                .to_owned();
        }
        "now" | "today" | "date" => {
            return "a run has no clock, so that it can be repeated: take the day as a param"
                .to_owned();
        }
        name => name,
    };
    match filter {
        "max" | "min" | "sum" => format!("write a filter: `[a, b] | {filter}`"),
        "round" => "write a filter: `value | round(2)`".to_owned(),
        filter if NAMES.contains(&filter) => format!("write a filter: `value | {filter}`"),
        _ => "write a filter instead, as in `{{ value | usd }}`".to_owned(),
    }
}

pub(super) fn register(environment: &mut Environment<'_>) {
    environment.add_filter("usd", |value: &Value, decimals: Option<usize>| {
        apply(value, |n| usd(n, decimals))
    });
    environment.add_filter("number", |value: &Value, decimals: Option<usize>| {
        apply(value, |n| number(n, decimals))
    });
    environment.add_filter("percent", |value: &Value, decimals: Option<usize>| {
        apply(value, |n| percent(n, decimals))
    });
    environment.add_filter("ratio", |value: &Value, decimals: Option<usize>| {
        apply(value, |n| ratio(n, decimals))
    });
    environment.add_filter("month", |value: &Value| month_filter(value));
    environment.add_filter("table", |value: &Value, options: Kwargs| table(value, &options));
    environment.add_filter("tojson", |value: &Value, options: Kwargs| to_json(value, &options));
}

/// Formats a JSON value as one of the filters does; an unknown filter or a wrong type is an error in words.
///
/// Without a filter the unit decides, and without a unit a number is written with separators and
/// at most two decimals.
pub fn format(
    value: &crate::value::Value,
    filter: Option<&str>,
    unit: Option<&str>,
) -> Result<String, String> {
    use crate::value::Value as Json;
    let name = filter.or(unit);
    let (name, decimals) =
        match name.and_then(|n| n.trim().strip_suffix(')')).and_then(|n| n.split_once('(')) {
            Some((name, decimals)) => {
                let decimals = decimals
                    .trim()
                    .parse()
                    .map_err(|_| format!("`{decimals}` is no number of decimals"))?;
                (Some(name.trim()), Some(decimals))
            }
            None => (name.map(str::trim), None),
        };
    let numeric = |write: fn(f64, Option<usize>) -> String| match value {
        Json::Number(n) => Ok(write(n.as_f64().unwrap_or_default(), decimals)),
        other => Err(format!(
            "the filter `{}` needs a number, not {}",
            name.unwrap_or_default(),
            article(other)
        )),
    };
    match (name, value) {
        (Some("usd"), _) => numeric(usd),
        (Some("number" | "count"), _) => numeric(number),
        // A value that is in percent already is not taken for a ratio.
        (Some("percent"), Json::Number(n)) if unit == Some("percent") => {
            Ok(percent(n.as_f64().unwrap_or_default() / 100.0, decimals))
        }
        (Some("percent"), _) => numeric(percent),
        (Some("ratio"), _) => numeric(ratio),
        (Some("month"), Json::String(text)) => month(text),
        (Some(other), _) if filter.is_some() => Err(format!(
            "unknown filter `{other}`; filters: `usd`, `number`, `percent`, `ratio`, `month`"
        )),
        (_, Json::Number(n)) => Ok(number(n.as_f64().unwrap_or_default(), None)),
        (_, Json::String(text)) => Ok(text.clone()),
        (_, Json::Bool(b)) => Ok(b.to_string()),
        (_, other) => Err(format!("{} cannot stand in a text", article(other))),
    }
}

fn article(value: &crate::value::Value) -> String {
    match crate::value::type_name(value) {
        "null" => "nothing".to_owned(),
        name if name.starts_with(['a', 'i', 'o']) => format!("an {name}"),
        name => format!("a {name}"),
    }
}

/// Nothing is written as `n/a`, so that a ratio without a base can stand in a sentence.
fn apply(value: &Value, write: impl Fn(f64) -> String) -> Result<String, Error> {
    match value.kind() {
        ValueKind::None => Ok("n/a".to_owned()),
        ValueKind::Number => f64::try_from(value.clone()).map(write),
        kind => Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("a number is needed, not a {kind}"),
        )),
    }
}

/// `$1,234`, with cents where the amount is below $10 and has any; `-$5` for a loss.
pub fn usd(amount: f64, decimals: Option<usize>) -> String {
    let decimals =
        decimals.unwrap_or(if amount.abs() < 10.0 && amount.fract() != 0.0 { 2 } else { 0 });
    let text = grouped(amount.abs(), decimals);
    let is_zero = text.bytes().all(|b| matches!(b, b'0' | b'.' | b','));
    if amount < 0.0 && !is_zero { format!("-${text}") } else { format!("${text}") }
}

/// `1,234` or `1,234.5`: separators, and at most two decimals unless said otherwise.
pub fn number(value: f64, decimals: Option<usize>) -> String {
    if let Some(decimals) = decimals {
        return signed(value, decimals);
    }
    let text = signed(value, 2);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// `58.4%` for the ratio 0.584; one decimal unless said otherwise.
pub fn percent(ratio: f64, decimals: Option<usize>) -> String {
    format!("{}%", signed(ratio * 100.0, decimals.unwrap_or(1)))
}

/// `2.31x`; two decimals unless said otherwise.
pub fn ratio(value: f64, decimals: Option<usize>) -> String {
    format!("{}x", signed(value, decimals.unwrap_or(2)))
}

/// `October 2025` for `2025-10`.
pub fn month(text: &str) -> Result<String, String> {
    let fault = || format!("`{text}` is no month: YYYY-MM is needed");
    let (year, month) = text.split_once('-').ok_or_else(fault)?;
    let year: i16 = year.parse().map_err(|_| fault())?;
    let month: i8 = month.get(..2).unwrap_or(month).parse().map_err(|_| fault())?;
    let date = Date::new(year, month, 1).map_err(|_| fault())?;
    Ok(date.strftime("%B %Y").to_string())
}

fn month_filter(value: &Value) -> Result<String, Error> {
    if value.is_none() {
        return Ok("n/a".to_owned());
    }
    month(&value.to_string()).map_err(|message| Error::new(ErrorKind::InvalidOperation, message))
}

fn signed(value: f64, decimals: usize) -> String {
    let text = grouped(value.abs(), decimals);
    let is_zero = text.bytes().all(|b| matches!(b, b'0' | b'.' | b','));
    if value < 0.0 && !is_zero { format!("-{text}") } else { text }
}

/// Digits with a comma after every third before the point. Halves round away from zero, as on an invoice.
fn grouped(value: f64, decimals: usize) -> String {
    let decimals = decimals.min(12);
    let scale = 10f64.powi(i32::try_from(decimals).unwrap_or(0));
    let scaled = value * scale;
    let rounded = if scaled.is_finite() && scaled < 1e15 {
        (scaled + scaled * f64::EPSILON).round() / scale
    } else {
        value
    };
    let text = format!("{rounded:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::with_capacity(text.len() + whole.len() / 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A Markdown table of a list of maps, or of one map with a line for each of its fields; `columns` chooses and orders
/// its columns, `units` writes their numbers as units: `{'spend': 'usd', 'growth': 'percent'}`.
fn table(value: &Value, options: &Kwargs) -> Result<String, Error> {
    let columns: Option<Vec<String>> = options.get("columns")?;
    let units: Option<BTreeMap<String, String>> =
        options.get::<Option<Value>>("units")?.map(BTreeMap::deserialize).transpose()?;
    options.assert_all_used()?;
    let wrong = || Error::new(ErrorKind::InvalidOperation, "a table is made of a list of maps");
    let is_one = value.kind() == ValueKind::Map;
    let rows: Vec<Value> = if is_one { vec![value.clone()] } else { value.try_iter()?.collect() };
    let columns = match (columns, rows.first()) {
        (Some(columns), _) => columns,
        (None, Some(first)) if first.kind() == ValueKind::Map => {
            first.try_iter()?.map(|key| key.to_string()).collect()
        }
        (None, Some(_)) => return Err(wrong()),
        (None, None) => return Ok("(no rows)".to_owned()),
    };
    let unit = |column: &str| units.as_ref().and_then(|units| units.get(column));
    let cells = |row: &Value| -> Result<Vec<String>, Error> {
        let cells = columns.iter();
        cells.map(|column| cell(&row.get_attr(column)?, unit(column).map(String::as_str))).collect()
    };
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    if is_one && let Some(row) = rows.first() {
        let mut lines = vec!["| field | value |".to_owned(), "| --- | --- |".to_owned()];
        lines.extend(
            columns.iter().zip(cells(row)?).map(|(name, cell)| line(&[name.clone(), cell])),
        );
        return Ok(lines.join("\n"));
    }
    let mut lines = vec![line(&columns), line(&vec!["---".to_owned(); columns.len()])];
    for row in &rows {
        lines.push(line(&cells(row)?));
    }
    Ok(lines.join("\n"))
}

/// A cell. A ratio stands without the `x` that it has in a sentence, since many a ratio is a share.
fn cell(value: &Value, unit: Option<&str>) -> Result<String, Error> {
    let text = match (value.kind(), unit) {
        (ValueKind::None | ValueKind::Undefined, _) => String::new(),
        (ValueKind::Number, Some("ratio")) => number(f64::try_from(value.clone())?, Some(3)),
        (ValueKind::Number, Some(unit)) => {
            let json = crate::value::Value::deserialize(value.clone())?;
            format(&json, None, Some(unit))
                .map_err(|e| Error::new(ErrorKind::InvalidOperation, e))?
        }
        _ => super::environment::as_text(value)?,
    };
    Ok(text.replace('|', "\\|").replace(['\n', '\r'], " "))
}

/// JSON as it is; minijinja's own filter escapes it for HTML.
fn to_json(value: &Value, options: &Kwargs) -> Result<String, Error> {
    let indent: Option<usize> = options.get("indent")?;
    options.assert_all_used()?;
    let text = if indent.is_some() {
        serde_json::to_string_pretty(value)
    } else {
        serde_json::to_string(value)
    };
    text.map_err(|e| {
        Error::new(ErrorKind::BadSerialization, "cannot be written as JSON").with_source(e)
    })
}
