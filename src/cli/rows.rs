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
    /// From 1: of a .jsonl file the line, of a .csv file the record below the header.
    pub(super) number: u64,
    /// Its params on top of those given to the command, or what is wrong with them.
    pub(super) params: Result<Object, Vec<Fault>>,
}

/// The rows of a file. They are read from its text whenever they are asked for, so that a long batch takes no more
/// memory than its file.
pub(super) struct Rows<'p> {
    text: String,
    form: Form,
    params: &'p IndexMap<String, Param>,
    given: &'p Object,
    count: usize,
}

/// How a file holds rows.
enum Form {
    /// An object a line.
    Lines,
    /// A row a line, under a header that names these params.
    Columns(Vec<String>),
}

impl<'p> Rows<'p> {
    /// Reads a file of rows. What is wrong with one row is told when its turn comes.
    pub(super) fn read(
        file: &Path,
        params: &'p IndexMap<String, Param>,
        given: &'p Object,
    ) -> Result<Self, Failure> {
        let shown = file.display();
        let mut text = std::fs::read_to_string(file).map_err(|e| {
            Failure::usage(format!("cannot read {shown}: {e}"), "name a .jsonl or .csv file")
        })?;
        if text.starts_with('\u{feff}') {
            text.remove(0);
        }
        let extension = file.extension().and_then(|extension| extension.to_str());
        let form = match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("csv") => {
                tool::check_quotes(&text).map_err(|(message, help)| {
                    Failure::usage(format!("{shown}, {message}"), help)
                })?;
                Form::Columns(columns(&text, params, given).map_err(|(message, help)| {
                    Failure::usage(format!("{shown}: {message}"), help)
                })?)
            }
            Some("jsonl" | "ndjson") => Form::Lines,
            _ => {
                let help = "name a .jsonl file with an object a line, or a .csv file with a header";
                return Err(Failure::usage(format!("{shown} is of no kind that holds rows"), help));
            }
        };
        // Counted without reading what they hold.
        let count = match &form {
            Form::Lines => lines(&text).count(),
            Form::Columns(_) => tool::csv_rows(&text).into_records().count(),
        };
        let rows = Self { text, form, params, given, count };
        if rows.count == 0 {
            return Err(Failure::usage(
                format!("{shown} holds no rows"),
                "write a row for each run",
            ));
        }
        Ok(rows)
    }

    /// The text of the file.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The rows, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Row> {
        let read: Box<dyn Iterator<Item = (u64, Read)>> = match &self.form {
            Form::Lines => Box::new(lines(&self.text).map(|(number, text)| (number, line(text)))),
            Form::Columns(columns) => {
                let records = tool::csv_rows(&self.text).into_records();
                let read = records.map(|record| cells(record, columns, self.params));
                Box::new((1..).zip(read))
            }
        };
        read.map(|(number, row)| {
            let params = row.and_then(|row| {
                if let Some(name) = row.keys().find(|name| self.given.contains_key(*name)) {
                    return Err(fault(given_twice("key", name)));
                }
                let mut params = self.given.clone();
                params.extend(row);
                Ok(params)
            });
            Row { number, params }
        })
    }
}

/// The params of a row, or what is wrong with them.
type Read = Result<Object, Vec<Fault>>;

fn fault(message: String) -> Vec<Fault> {
    vec![Fault::new("bad-param", message)]
}

/// Nobody can tell whether the row or the command is meant.
fn given_twice(what: &str, name: &str) -> String {
    format!("{what} `{name}` is a param that the command gives to all rows")
}

/// The lines that hold something, with their number in the file.
fn lines(text: &str) -> impl Iterator<Item = (u64, &str)> {
    (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty())
}

fn line(line: &str) -> Read {
    match serde_json::from_str::<Value>(line) {
        Ok(Value::Object(row)) => Ok(row),
        Ok(other) => Err(fault(format!("the row is {}, not an object", type_name(&other)))),
        Err(error) => Err(fault(format!("the row is no JSON: {error}"))),
    }
}

/// The params that the columns of a header name.
fn columns(
    text: &str,
    params: &IndexMap<String, Param>,
    given: &Object,
) -> Result<Vec<String>, (String, String)> {
    let mut reader = tool::csv_rows(text);
    let header = reader.headers().map_err(|error| {
        let help = "each row needs one value a column, separated by commas";
        (error.to_string(), help.to_owned())
    })?;
    let columns: Vec<String> = header.iter().map(|column| column.trim().to_owned()).collect();
    let twice = |(at, column): (usize, &String)| columns.iter().take(at).any(|one| one == column);
    if let Some((_, column)) = columns.iter().enumerate().find(|one| twice(*one)) {
        let help = "a param has one value a row: remove one of the columns";
        return Err((format!("column `{column}` stands there twice"), help.to_owned()));
    }
    if let Some(column) = columns.iter().find(|column| given.contains_key(*column)) {
        let help = "give it by the column or to the command: remove one of both";
        return Err((given_twice("column", column), help.to_owned()));
    }
    match columns.iter().find(|column| !params.contains_key(*column)) {
        Some(column) => {
            let help = suggest(column, params.keys().map(String::as_str), "params");
            Err((format!("column `{column}` is no param"), help))
        }
        None => Ok(columns),
    }
}

/// The params of a row's cells; an empty cell gives none.
fn cells(
    record: csv::Result<csv::StringRecord>,
    columns: &[String],
    params: &IndexMap<String, Param>,
) -> Read {
    let record = record.map_err(|error| fault(format!("the row cannot be read: {error}")))?;
    if record.len() != columns.len() {
        let message = format!("the row has {} values, not {}", record.len(), columns.len());
        return Err(fault(message));
    }
    let (mut row, mut faults) = (Object::new(), Vec::new());
    for (column, cell) in columns.iter().zip(&record).filter(|(_, cell)| !cell.is_empty()) {
        let Some(param) = params.get(column) else { continue };
        match tool::parse_param(param, cell) {
            Ok(value) => drop(row.insert(column.clone(), value)),
            Err(message) => {
                faults.extend(fault(format!("param `{column}`: {message}")));
            }
        }
    }
    if faults.is_empty() { Ok(row) } else { Err(faults) }
}
