//! A folder of CSV files as typed tables.

use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord};
use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, Value as SqlValue};

use super::ToolError;

/// What the values of a column have in common.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    /// Whole numbers of 64 bits.
    Integer,
    /// Numbers with a point among them.
    Real,
    /// Anything else.
    Text,
}

/// A file that was read.
pub(super) struct Table {
    /// The file's name without its ending.
    pub(super) name: String,
    pub(super) names: Vec<String>,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<StringRecord>,
}

/// The CSV files of a folder, in order.
pub(super) fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Loads every CSV file of a folder into a database, one table a file, named like it.
pub(super) fn load(folder: &Path, connection: &mut Connection) -> Result<(), ToolError> {
    let tables = tables(folder)?;
    let transaction = connection.transaction().map_err(|error| sql_fault(folder, &error))?;
    for table in &tables {
        insert(&transaction, table).map_err(|error| sql_fault(folder, &error))?;
    }
    transaction.commit().map_err(|error| sql_fault(folder, &error))
}

/// Reads every CSV file of a folder.
pub(super) fn tables(folder: &Path) -> Result<Vec<Table>, ToolError> {
    let files = files(folder).map_err(|error| {
        ToolError::new("source-unavailable", format!("folder {}: {error}", folder.display()))
            .help("`sources` in engine.yaml names a folder of CSV files, relative to engine.yaml")
    })?;
    files.iter().map(|file| table(file)).collect()
}

fn table(path: &Path) -> Result<Table, ToolError> {
    let bytes = std::fs::read(path).map_err(|error| {
        ToolError::new("source-unavailable", format!("{}: {error}", path.display()))
    })?;
    // A byte order mark is no part of the first column's name.
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let bad = |line: u64, message: String| {
        ToolError::new("bad-csv", format!("{}, line {line}: {message}", path.display()))
            .help("each row needs one value a column, as UTF-8, separated by commas")
    };
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(text);
    let headers =
        reader.headers().map_err(|error| bad(line_of(&error), error.to_string()))?.clone();
    let names = column_names(&headers).map_err(|message| bad(1, message))?;
    let mut rows: Vec<StringRecord> = Vec::new();
    let mut columns = vec![None; names.len()];
    for row in reader.into_records() {
        let row = row.map_err(|error| bad(line_of(&error), error.to_string()))?;
        if row.len() != names.len() {
            let line = row.position().map_or(0, csv::Position::line);
            return Err(bad(
                line,
                format!("{} values where the header has {}", row.len(), names.len()),
            ));
        }
        for (column, value) in columns.iter_mut().zip(&row) {
            if let Some(found) = column_of(value) {
                *column = Some(column.map_or(found, |known: Column| known.max(found)));
            }
        }
        rows.push(row);
    }
    let columns: Vec<Column> =
        columns.into_iter().map(|column| column.unwrap_or(Column::Text)).collect();
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Table { name, names, columns, rows })
}

fn insert(connection: &Connection, table: &Table) -> rusqlite::Result<()> {
    let Table { name, names, columns, rows } = table;
    let table = quoted(name);
    let declared: Vec<String> = names
        .iter()
        .zip(columns)
        .map(|(name, column)| {
            let kind = match column {
                Column::Integer => "integer",
                Column::Real => "real",
                Column::Text => "text",
            };
            format!("{} {kind}", quoted(name))
        })
        .collect();
    connection.execute_batch(&format!("create table {table} ({})", declared.join(", ")))?;
    let places = vec!["?"; names.len()].join(", ");
    let mut statement = connection.prepare(&format!("insert into {table} values ({places})"))?;
    for row in rows {
        let values = row.iter().zip(columns).map(|(text, column)| sql_value(text, *column));
        statement.execute(rusqlite::params_from_iter(values))?;
    }
    Ok(())
}

fn sql_value(text: &str, column: Column) -> ToSqlOutput<'_> {
    let value = match column {
        _ if text.is_empty() => Some(SqlValue::Null),
        Column::Integer => text.parse().ok().map(SqlValue::Integer),
        Column::Real => text.parse().ok().map(SqlValue::Real),
        Column::Text => None,
    };
    match value {
        Some(value) => ToSqlOutput::Owned(value),
        None => ToSqlOutput::Borrowed(text.into()),
    }
}

/// What a value could be; nothing is known of an empty one. A plain number is digits with at most a sign and a
/// point: `007`, `1e5` and numbers too long for 64 bits stay text, so that identifiers keep every digit.
fn column_of(value: &str) -> Option<Column> {
    if value.is_empty() {
        return None;
    }
    let digits = value.strip_prefix('-').unwrap_or(value);
    let (whole, fraction) =
        digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let all_digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let plain = all_digits(whole) && (whole == "0" || !whole.starts_with('0'));
    Some(match fraction {
        None if plain && value.parse::<i64>().is_ok() => Column::Integer,
        Some(fraction) if plain && all_digits(fraction) && whole.len() + fraction.len() <= 17 => {
            Column::Real
        }
        _ => Column::Text,
    })
}

fn column_names(headers: &StringRecord) -> Result<Vec<String>, String> {
    let mut names: Vec<String> = Vec::with_capacity(headers.len());
    for name in headers {
        let name = name.trim();
        if name.is_empty() {
            return Err("a column has no name".to_owned());
        }
        if names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return Err(format!("two columns are named `{name}`"));
        }
        names.push(name.to_owned());
    }
    if names.is_empty() { Err("the file has no header".to_owned()) } else { Ok(names) }
}

fn line_of(error: &csv::Error) -> u64 {
    error.position().map_or(1, csv::Position::line)
}

/// A name as SQL writes it, whatever it holds.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn sql_fault(path: &Path, error: &rusqlite::Error) -> ToolError {
    ToolError::new("bad-csv", format!("{}: {error}", path.display()))
}
