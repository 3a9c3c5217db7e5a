//! CSV files as typed tables. A file is read twice: what a column is, only its last value tells, and its rows are not kept.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use csv::{Position, Reader, ReaderBuilder, StringRecord};
use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, Value as SqlValue};

use super::ToolError;

/// Bytes of a file that are read at a time.
const CHUNK: usize = 256 << 10;

/// Files up to this size are held while they are read: both readings then see the same, whoever writes to the file.
const HELD: u64 = 16 << 20;

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

/// A file that was read once.
pub(super) struct Table {
    path: PathBuf,
    /// The file's bytes, where it is small.
    held: Option<Vec<u8>>,
    /// The file's name without its ending.
    pub(super) name: String,
    pub(super) names: Vec<String>,
    pub(super) columns: Vec<Column>,
    pub(super) rows: usize,
}

/// Who sees the bytes of files as they are read.
pub(super) type Tap<'t> = &'t mut (dyn FnMut(&[u8]) + Send);

/// The CSV files of a folder, in order.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, ToolError> {
    let list = || -> std::io::Result<Vec<PathBuf>> {
        let mut files: Vec<PathBuf> = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    };
    list().map_err(|error| {
        ToolError::new("source-unavailable", format!("folder {}: {error}", folder.display()))
            .help("`sources` in engine.yaml names a folder of CSV files, relative to engine.yaml")
    })
}

/// Loads files into a database, one table a file, named like it.
pub(super) fn load(files: &[PathBuf], connection: &mut Connection) -> Result<(), ToolError> {
    let failed = |error: rusqlite::Error| {
        ToolError::new("source-unavailable", format!("cannot load the files: {error}"))
    };
    let transaction = connection.transaction().map_err(failed)?;
    for file in files {
        Table::read(file, &mut |_| {})?.copy(&transaction, &mut |_| {})?;
    }
    transaction.commit().map_err(failed)
}

impl Table {
    /// Reads a file to its end: its columns and what they hold.
    pub(super) fn read(path: &Path, tap: Tap<'_>) -> Result<Self, ToolError> {
        let unread = |error| unreadable(path, &error);
        let size = std::fs::metadata(path).map_err(unread)?.len();
        let held = (size <= HELD).then(|| std::fs::read(path)).transpose().map_err(unread)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let (names, columns) = (Vec::new(), Vec::new());
        let mut table = Self { path: path.to_owned(), held, name, names, columns, rows: 0 };
        (table.names, table.columns, table.rows) = table.scan(tap)?;
        Ok(table)
    }

    /// The names and kinds of the columns, and the number of rows.
    fn scan(&self, tap: Tap<'_>) -> Result<(Vec<String>, Vec<Column>, usize), ToolError> {
        let mut reader = self.reader(tap)?;
        let headers = reader.headers().map_err(|error| self.broken(&error))?;
        self.closed(headers.position())?;
        let names = column_names(headers).map_err(|message| self.bad(1, &message))?;
        let mut found = vec![None; names.len()];
        let mut rows = self.rows_of(reader, names.len());
        let mut count = 0;
        while let Some(row) = rows.next()? {
            for (column, value) in found.iter_mut().zip(row) {
                // What is text already needs no second look.
                if *column != Some(Column::Text)
                    && let Some(kind) = column_of(value)
                {
                    *column = Some(column.map_or(kind, |known: Column| known.max(kind)));
                }
            }
            count += 1;
        }
        let columns = found.into_iter().map(|column| column.unwrap_or(Column::Text)).collect();
        Ok((names, columns, count))
    }

    /// Its rows, read again.
    pub(super) fn rows<'t>(&'t self, tap: Tap<'t>) -> Result<Rows<'t>, ToolError> {
        let mut reader = self.reader(tap)?;
        reader.headers().map_err(|error| self.broken(&error))?;
        Ok(self.rows_of(reader, self.names.len()))
    }

    fn rows_of<'t>(&'t self, reader: Reader<Tapped<'t>>, width: usize) -> Rows<'t> {
        Rows { table: self, reader, width, row: StringRecord::new(), last: None }
    }

    /// An error where the row at this place opens a quote that stays open to the end of the file: what follows would be one value.
    fn closed(&self, row: Option<&Position>) -> Result<(), ToolError> {
        let Some(row) = row else { return Ok(()) };
        let open = || -> std::io::Result<Option<u64>> {
            if let Some(bytes) = &self.held {
                let start = usize::try_from(row.byte()).unwrap_or(usize::MAX);
                return open_quote(bytes.get(start..).unwrap_or_default(), row.line());
            }
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(row.byte()))?;
            open_quote(BufReader::new(file), row.line())
        };
        match open().map_err(|error| unreadable(&self.path, &error))? {
            None => Ok(()),
            Some(line) => Err(self.bad(line, OPEN_QUOTE.0).help(OPEN_QUOTE.1)),
        }
    }

    fn reader<'t>(&'t self, tap: Tap<'t>) -> Result<Reader<Tapped<'t>>, ToolError> {
        let inner: Box<dyn Read + Send + 't> = match &self.held {
            Some(bytes) => Box::new(bytes.as_slice()),
            None => Box::new(File::open(&self.path).map_err(|e| unreadable(&self.path, &e))?),
        };
        let tapped = Tapped { inner, tap };
        Ok(reading().buffer_capacity(CHUNK).from_reader(tapped))
    }

    /// Makes the table in a database and fills it.
    pub(super) fn copy(&self, connection: &Connection, tap: Tap<'_>) -> Result<(), ToolError> {
        let failed = |error: rusqlite::Error| {
            ToolError::new("bad-csv", format!("{}: {error}", self.path.display()))
        };
        let name = quoted(&self.name);
        let columns = self.names.iter().zip(&self.columns);
        let declared: Vec<String> =
            columns.map(|(name, column)| format!("{} {}", quoted(name), column.sqlite())).collect();
        let create = format!("create table {name} ({})", declared.join(", "));
        connection.execute_batch(&create).map_err(failed)?;
        let places = vec!["?"; self.names.len()].join(", ");
        let insert = format!("insert into {name} values ({places})");
        let mut insert = connection.prepare(&insert).map_err(failed)?;
        let mut rows = self.rows(tap)?;
        while let Some(row) = rows.next()? {
            let values = row.iter().zip(&self.columns);
            let values = values.map(|(text, column)| sql_value(text, *column));
            insert.execute(rusqlite::params_from_iter(values)).map_err(failed)?;
        }
        Ok(())
    }

    fn bad(&self, line: u64, message: &str) -> ToolError {
        ToolError::new("bad-csv", format!("{}, line {line}: {message}", self.path.display()))
            .help("each row needs one value a column, as UTF-8, separated by commas")
    }

    fn broken(&self, error: &csv::Error) -> ToolError {
        self.bad(error.position().map_or(1, Position::line), &error.to_string())
    }
}

/// The rows of a file, one after the other.
pub(super) struct Rows<'t> {
    table: &'t Table,
    reader: Reader<Tapped<'t>>,
    width: usize,
    row: StringRecord,
    /// Where the last row begins that was read.
    last: Option<Position>,
}

impl Rows<'_> {
    /// The next row; each has a value for every column.
    pub(super) fn next(&mut self) -> Result<Option<&StringRecord>, ToolError> {
        let read = self.reader.read_record(&mut self.row);
        if !read.map_err(|error| self.table.broken(&error))? {
            self.table.closed(self.last.as_ref())?;
            return Ok(None);
        }
        self.last = self.row.position().cloned();
        if self.row.len() != self.width {
            self.table.closed(self.last.as_ref())?;
            let line = self.row.position().map_or(0, Position::line);
            let message = format!("{} values where the header has {}", self.row.len(), self.width);
            return Err(self.table.bad(line, &message));
        }
        Ok(Some(&self.row))
    }
}

/// A reader that somebody listens to.
struct Tapped<'t> {
    inner: Box<dyn Read + Send + 't>,
    tap: Tap<'t>,
}

impl Read for Tapped<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        (self.tap)(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

impl Column {
    fn sqlite(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Real => "real",
            Self::Text => "text",
        }
    }
}

/// What is wrong with a quote that stays open, and how to mend it.
const OPEN_QUOTE: (&str, &str) = (
    "a quote opens here and nothing closes it",
    "close it with `\"`; a quote that belongs to a quoted value is written twice, `\"\"`",
);

/// How every CSV file is read: under a header, with as many values a row as there happen to be.
fn reading() -> ReaderBuilder {
    let mut reading = ReaderBuilder::new();
    reading.flexible(true);
    reading
}

/// Rows of CSV that lie in memory, under their header.
pub fn csv_rows(text: &str) -> Reader<&[u8]> {
    reading().from_reader(text.as_bytes())
}

/// Looks for a quote that stays open to the end of a text of CSV, so that what follows would be one value; the error tells
/// what is wrong, with the line, and how to mend it.
pub fn check_quotes(text: &str) -> Result<(), (String, &'static str)> {
    let mut reader = csv_rows(text);
    let mut last = reader.headers().ok().and_then(|header| header.position().cloned());
    for record in reader.records().flatten() {
        last = record.position().cloned().or(last);
    }
    let from = last.as_ref().map_or(0, |at| usize::try_from(at.byte()).unwrap_or(usize::MAX));
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    match open_quote(rest, last.as_ref().map_or(1, Position::line)) {
        Ok(Some(line)) => Err((format!("line {line}: {}", OPEN_QUOTE.0), OPEN_QUOTE.1)),
        // Bytes in memory can always be read.
        Ok(None) | Err(_) => Ok(()),
    }
}

/// The line of the quote that is still open where the bytes end; none where the first row ends before. Lines are counted
/// from that of the first byte.
fn open_quote(bytes: impl BufRead, mut line: u64) -> std::io::Result<Option<u64>> {
    let (mut at, mut opened) = (Within::Start, line);
    // A mark of UTF-8 stands before the first value of a file.
    for byte in bytes.bytes().skip_while(|byte| matches!(byte, Ok(0xEF | 0xBB | 0xBF))) {
        let byte = byte?;
        at = match (at, byte) {
            (Within::Start, b'\n' | b'\r') => Within::Start,
            (Within::Start | Within::Value, b'"') => {
                opened = line;
                Within::Quotes
            }
            (Within::Quotes, b'"') => Within::Quote,
            (Within::Quotes, _) | (Within::Quote, b'"') => Within::Quotes,
            (_, b'\n' | b'\r') => return Ok(None),
            (_, b',') => Within::Value,
            _ => Within::Bare,
        };
        line += u64::from(byte == b'\n');
    }
    Ok(matches!(at, Within::Quotes).then_some(opened))
}

/// Where in a row a byte stands.
#[derive(Clone, Copy)]
enum Within {
    /// Before the row; empty lines are none.
    Start,
    /// At the beginning of a value.
    Value,
    /// In a value without quotes.
    Bare,
    /// Between quotes.
    Quotes,
    /// After a quote that closes the value, or begins a doubled one.
    Quote,
}

/// The fault of a file that cannot be read.
pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> ToolError {
    ToolError::new("source-unavailable", format!("{}: {error}", path.display()))
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

/// A name as SQL writes it, whatever it holds.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
