//! Copies a folder of CSV files into a database: one table a file, all of them or none.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use futures_util::SinkExt as _;
use serde::Serialize;
use tokio_postgres::Transaction;
use tokio_postgres::error::SqlState;
use tokio_util::bytes::Bytes;

use super::parameters::Numbered;
use super::{Server, ToolError, fault};
use crate::document::Sql;
use crate::id::SourceName;
use crate::tool::Toolbox;
use crate::tool::csv::{self, Column, Table, quoted};

/// Bytes that go to the server at a time.
const CHUNK: usize = 64 * 1024;

/// A connection for work without a limit of its own still has to come about.
const LIMIT: Duration = Duration::from_mins(1);

/// A table that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Copied {
    /// Its name.
    pub table: String,
    /// How many rows it has.
    pub rows: usize,
    /// Its columns, each with its type.
    pub columns: Vec<(String, &'static str)>,
}

/// Copies every CSV file of a folder into a source, in one transaction. Tables that are there already are a fault, unless
/// they are to be replaced.
pub async fn copy(
    toolbox: &Toolbox,
    source: &SourceName,
    folder: &Path,
    replace: bool,
) -> Result<Vec<Copied>, ToolError> {
    let sql = Sql { source: source.clone(), query: String::new() };
    let Some(server) = toolbox.database(&sql) else {
        let message = format!("source `{source}` is no PostgreSQL database");
        return Err(ToolError::new("source-unavailable", message)
            .help("name a source that is written `{postgres_env: NAME}` in engine.yaml"));
    };
    let files = csv::files(folder)?;
    if files.is_empty() {
        let message = format!("folder {} holds no CSV file", folder.display());
        return Err(ToolError::new("bad-csv", message).help("name a folder of files `*.csv`"));
    }
    within(server, &files, replace).await
}

async fn within(
    server: &Server,
    files: &[PathBuf],
    replace: bool,
) -> Result<Vec<Copied>, ToolError> {
    let (mut lease, place) = server.lease(LIMIT).await?;
    let Some(connection) = lease.0.as_mut() else { return Err(fault::silent(place, LIMIT)) };
    let lost = |error: tokio_postgres::Error| failed(&error, None, place);
    let transaction = connection.build_transaction().start().await.map_err(lost)?;
    let mut tables = Vec::new();
    for file in files {
        let table = Table::read(file, &mut |_| {})?;
        one(&transaction, &table, replace).await.map_err(|error| match error {
            Lost::Server(error) => failed(&error, Some(&table), place),
            Lost::File(error) => error,
        })?;
        tables.push(copied(&table));
    }
    transaction.commit().await.map_err(lost)?;
    lease.done();
    Ok(tables)
}

fn copied(table: &Table) -> Copied {
    let columns = table.names.iter().zip(&table.columns);
    Copied {
        table: table.name.clone(),
        rows: table.rows,
        columns: columns.map(|(name, column)| (name.clone(), kind(*column))).collect(),
    }
}

fn kind(column: Column) -> &'static str {
    match column {
        Column::Integer => "bigint",
        Column::Real => "double precision",
        Column::Text => "text",
    }
}

/// Why a table was not copied.
enum Lost {
    Server(tokio_postgres::Error),
    File(ToolError),
}

impl From<tokio_postgres::Error> for Lost {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Server(error)
    }
}

impl From<ToolError> for Lost {
    fn from(error: ToolError) -> Self {
        Self::File(error)
    }
}

async fn one(transaction: &Transaction<'_>, table: &Table, replace: bool) -> Result<(), Lost> {
    let name = quoted(&table.name);
    if replace {
        transaction.batch_execute(&format!("drop table if exists {name}")).await?;
    }
    let columns: Vec<String> = table
        .names
        .iter()
        .zip(&table.columns)
        .map(|(name, column)| {
            // Texts compare by their bytes, as they do in CSV sources, wherever the server stands.
            let order = if *column == Column::Text { " collate \"C\"" } else { "" };
            format!("{} {}{order}", quoted(name), kind(*column))
        })
        .collect();
    transaction.batch_execute(&format!("create table {name} ({})", columns.join(", "))).await?;
    let sink = transaction.copy_in::<_, Bytes>(&format!("copy {name} from stdin")).await?;
    let mut sink = pin!(sink);
    let mut chunk = String::with_capacity(CHUNK + 1024);
    let mut unheard = |_: &[u8]| {};
    let mut rows = table.rows(&mut unheard)?;
    while let Some(row) = rows.next()? {
        for (index, value) in row.iter().enumerate() {
            if index > 0 {
                chunk.push('\t');
            }
            escape(value, &mut chunk);
        }
        chunk.push('\n');
        if chunk.len() >= CHUNK {
            sink.send(Bytes::from(std::mem::take(&mut chunk))).await?;
        }
    }
    sink.send(Bytes::from(chunk)).await?;
    sink.finish().await?;
    Ok(transaction.batch_execute(&format!("analyze {name}")).await?)
}

/// A value as COPY reads it; an empty one is null.
fn escape(value: &str, text: &mut String) {
    if value.is_empty() {
        text.push_str("\\N");
        return;
    }
    for char in value.chars() {
        match char {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            other => text.push(other),
        }
    }
}

fn failed(error: &tokio_postgres::Error, table: Option<&Table>, place: &str) -> ToolError {
    let name = table.map_or_else(String::new, |table| table.name.clone());
    if error.code() == Some(&SqlState::DUPLICATE_TABLE) {
        let message = format!("there is a table `{name}` already; nothing was copied");
        return ToolError::new("table-exists", message)
            .help("add --replace to put the new one in its place");
    }
    let said = fault::of(error, place, &Numbered::default(), LIMIT);
    match table {
        Some(_) => said.with_texts(&|text| format!("table `{name}`: {text}")),
        None => said,
    }
}
