//! The rows of a batch: params from a .jsonl or .csv file.

use std::path::Path;

use indexmap::IndexMap;

use super::exit::Failure;
use crate::diagnostic::suggest;
use crate::document::Param;
use crate::event::Fault;
use crate::tool;
use crate::value::{Object, Value, type_name};

/// A row of a batch.
pub(super) struct Row {
    /// From 1; a header is no row.
    pub(super) number: u64,
    /// Its params on top of those given to the command, or what is wrong with them.
    pub(super) params: Result<Object, Vec<Fault>>,
}

/// Reads a file of rows. What is wrong with one row is told when its turn comes.
pub(super) fn read(
    file: &Path,
    params: &IndexMap<String, Param>,
    given: &Object,
) -> Result<Vec<Row>, Failure> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|e| {
        Failure::usage(format!("cannot read {shown}: {e}"), "name a .jsonl or .csv file")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let extension = file.extension().and_then(|extension| extension.to_str());
    let rows = match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("csv") => csv(text, params)
            .map_err(|(message, help)| Failure::usage(format!("{shown}: {message}"), help))?,
        Some("jsonl" | "ndjson") => jsonl(text),
        _ => {
            let help = "name a .jsonl file with an object a line, or a .csv file with a header";
            return Err(Failure::usage(format!("{shown} is of no kind that holds rows"), help));
        }
    };
    if rows.is_empty() {
        return Err(Failure::usage(format!("{shown} holds no rows"), "write a row for each run"));
    }
    let with_given = |(number, row): (u64, Read)| {
        let params = row.map(|row| {
            let mut params = given.clone();
            params.extend(row);
            params
        });
        Row { number, params }
    };
    Ok((1..).zip(rows).map(with_given).collect())
}

/// The params of a row, or what is wrong with them.
type Read = Result<Object, Vec<Fault>>;

fn fault(message: String) -> Vec<Fault> {
    vec![Fault::new("bad-param", message)]
}

fn jsonl(text: &str) -> Vec<Read> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| match serde_json::from_str::<Value>(line) {
            Ok(Value::Object(row)) => Ok(row),
            Ok(other) => Err(fault(format!("the row is {}, not an object", type_name(&other)))),
            Err(error) => Err(fault(format!("the row is no JSON: {error}"))),
        })
        .collect()
}

/// Columns are params; an empty cell gives none.
fn csv(text: &str, params: &IndexMap<String, Param>) -> Result<Vec<Read>, (String, String)> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let unreadable = |error: csv::Error| {
        (error.to_string(), "each row needs one value a column, separated by commas".to_owned())
    };
    let header = reader.headers().map_err(unreadable)?.clone();
    let columns: Vec<&str> = header.iter().map(str::trim).collect();
    for column in &columns {
        if !params.contains_key(*column) {
            let help = suggest(column, params.keys().map(String::as_str), "params");
            return Err((format!("column `{column}` is no param"), help));
        }
    }
    Ok(reader.into_records().map(|record| row(record, &columns, params)).collect())
}

fn row(
    record: csv::Result<csv::StringRecord>,
    columns: &[&str],
    params: &IndexMap<String, Param>,
) -> Read {
    let record = record.map_err(|error| fault(format!("the row cannot be read: {error}")))?;
    if record.len() != columns.len() {
        let message = format!("the row has {} values, not {}", record.len(), columns.len());
        return Err(fault(message));
    }
    let (mut row, mut faults) = (Object::new(), Vec::new());
    for (column, cell) in columns.iter().zip(&record).filter(|(_, cell)| !cell.is_empty()) {
        let Some(param) = params.get(*column) else { continue };
        match tool::parse_param(param, cell) {
            Ok(value) => drop(row.insert((*column).to_owned(), value)),
            Err(message) => {
                faults.extend(fault(format!("param `{column}`: {message}")));
            }
        }
    }
    if faults.is_empty() { Ok(row) } else { Err(faults) }
}
