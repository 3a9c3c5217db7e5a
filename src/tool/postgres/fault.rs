//! What the server says, in the engine's words. No message holds the URL or the password: the server never sends it back.

use std::error::Error as _;
use std::time::Duration;

use deadpool_postgres::PoolError;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, ErrorPosition, SqlState};

use super::ToolError;
use super::parameters::Numbered;
use crate::diagnostic::line_and_column;
use crate::tool::query;
use crate::value::{HumanDuration, one_line};

/// Why a query of a connected server failed.
pub(super) fn of(error: &Error, place: &str, numbered: &Numbered, limit: Duration) -> ToolError {
    let Some(said) = error.as_db_error() else {
        let message = format!("the connection to PostgreSQL at {place} broke: {}", cause(error));
        return ToolError::new("source-unavailable", message).passing();
    };
    match said.code().code() {
        "57014" => query::time_limit(limit),
        "25006" => {
            ToolError::new("not-allowed", format!("the query is not allowed: {}", said.message()))
                .help("tools only read: write one `select`")
        }
        "42501" => ToolError::new("not-allowed", said.message().to_owned())
            .help("grant the user of the URL `select` on it"),
        // The server is ending, or a query stood in another's way.
        "40001" | "40P01" | "55P03" | "53300" | "57P01" | "57P02" | "57P03" => {
            ToolError::new("source-busy", format!("PostgreSQL at {place}: {}", said.message()))
                .passing()
        }
        _ => {
            let mut message = said.message().to_owned();
            if let Some(offset) = offset(said, numbered) {
                let (line, column) = line_and_column(&numbered.query, offset);
                message = format!("{message} (line {line}, column {column} of the query)");
            }
            let error = ToolError::new("sql-error", message);
            match said.hint().or(said.detail()) {
                Some(hint) => error.help(one_line(hint)),
                None => error,
            }
        }
    }
}

/// Where in the query the server found a fault.
pub(super) fn offset(said: &DbError, numbered: &Numbered) -> Option<usize> {
    match said.position()? {
        ErrorPosition::Original(position) => Some(numbered.offset(*position)),
        ErrorPosition::Internal { .. } => None,
    }
}

/// Whether the server could not tell the type of a parameter from where it stands.
pub(super) fn is_untyped(error: &Error) -> bool {
    let untyped = [&SqlState::INDETERMINATE_DATATYPE, &SqlState::AMBIGUOUS_PARAMETER];
    error.code().is_some_and(|code| untyped.contains(&code))
}

/// Why there is no connection.
pub(super) fn unconnected(error: &PoolError, variable: &str, place: &str) -> ToolError {
    let (why, refused) = match error {
        PoolError::Backend(error) => match error.as_db_error() {
            Some(said) => (said.message().to_owned(), said.code().code().starts_with("28")),
            None => (cause(error), false),
        },
        other => (other.to_string(), false),
    };
    let message = format!("cannot connect to PostgreSQL at {place}: {why}");
    let error = ToolError::new("source-unavailable", message);
    if refused {
        return error.help(format!("check the user and the password in {variable}"));
    }
    error.help(format!("check that it runs, and where {variable} leads")).passing()
}

/// A server that says nothing any more.
pub(super) fn silent(place: &str, limit: Duration) -> ToolError {
    let limit = HumanDuration(limit);
    let message = format!("PostgreSQL at {place} gave no answer within {limit}");
    ToolError::new("source-unavailable", message).passing()
}

/// What lies below a fault of a connection, which says what happened.
fn cause(error: &Error) -> String {
    let mut deepest = error.to_string();
    let mut source = error.source();
    while let Some(below) = source {
        deepest = below.to_string();
        source = below.source();
    }
    one_line(&deepest)
}
