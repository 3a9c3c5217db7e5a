//! Checks queries before they run: which params they read, told without a server, and, against the server, what it finds
//! when it prepares them.

use std::time::Duration;

use tokio_postgres::Transaction;
use tokio_postgres::error::DbError;

use super::parameters::{Numbered, Typing, types};
use super::{Server, ToolError, argument, cell, fault, settings};
use crate::diagnostic::suggest;
use crate::document::{Sql, Tool};
use crate::expression::{Problem, Type};
use crate::tool::check::{self, Prepared, at, at_offset};

/// The longest that a check of one query may take.
const LIMIT: Duration = Duration::from_secs(10);

/// The params that a query does not read. What it reads, the tool has to declare.
pub(in crate::tool) fn check_parameters(tool: &Tool, sql: &Sql) -> Result<Vec<String>, Problem> {
    let numbered = Numbered::of(&sql.query);
    let named = numbered.names.iter().map(|name| format!(":{name}"));
    check::unread(named.chain(numbered.foreign.iter().cloned()), tool, &sql.query)
}

/// Prepares a query, and runs nothing. The outer fault is the server's, the inner one the query's.
pub(in crate::tool) async fn check(
    server: &Server,
    tool: &Tool,
    sql: &Sql,
) -> Result<Result<Prepared, Problem>, ToolError> {
    let unread = match check_parameters(tool, sql) {
        Ok(unread) => unread,
        Err(problem) => return Ok(Err(problem)),
    };
    let numbered = Numbered::of(&sql.query);
    let (mut lease, place) = server.lease(LIMIT).await?;
    let Some(connection) = lease.0.as_mut() else { return Err(fault::silent(place, LIMIT)) };
    let work = async {
        let mut typing = Typing::Inferred;
        loop {
            let transaction = connection.build_transaction().read_only(true).start().await?;
            transaction.batch_execute(&settings(LIMIT)).await?;
            let found = prepare(&transaction, tool, &numbered, typing).await;
            transaction.rollback().await?;
            match found {
                Err(error) if typing == Typing::Inferred && fault::is_untyped(&error) => {
                    typing = Typing::Declared;
                }
                Err(error) => match error.as_db_error() {
                    Some(said) => {
                        let transaction = connection.transaction().await?;
                        let problem = problem(&transaction, said, &numbered).await;
                        transaction.rollback().await?;
                        return Ok(Err(problem));
                    }
                    None => return Err(error),
                },
                Ok(found) => return Ok(found),
            }
        }
    };
    let found = match tokio::time::timeout(LIMIT, work).await {
        Ok(found) => found.map_err(|error| fault::of(&error, place, &numbered, LIMIT))?,
        Err(_) => return Err(fault::silent(place, LIMIT)),
    };
    lease.done();
    Ok(found.and_then(|columns| check::fit(tool, &sql.query, columns, unread)))
}

type Columns = Vec<(String, Type)>;

async fn prepare(
    transaction: &Transaction<'_>,
    tool: &Tool,
    numbered: &Numbered,
    typing: Typing,
) -> Result<Result<Columns, Problem>, tokio_postgres::Error> {
    let query = &numbered.query;
    let types = types(numbered, tool, typing);
    let statement = transaction.prepare_typed(&numbered.text, &types).await?;
    if statement.columns().is_empty() {
        let message = "the query reads nothing";
        let help = "tools only read: write one `select`";
        return Ok(Err(at(query, None, "sql-writes", message, help)));
    }
    if let Some(column) = statement.columns().iter().find(|column| !cell::is_told(column.type_())) {
        let (name, kind) = (column.name(), column.type_().name());
        let message = format!("column `{name}` has the type `{kind}`, which JSON has no words for");
        let help = "cast it in the query, as in `cast(x as text)`";
        return Ok(Err(at(query, Some(name), "sql-syntax", &message, help)));
    }
    // What changes something is seen in the plan alone: it may stand anywhere in a query.
    let explain = format!("explain (format json) {}", numbered.text);
    if let Ok(explained) = transaction.prepare_typed(&explain, statement.params()).await {
        let rows = transaction.query_raw(&explained, argument::nulls(numbered)).await;
        if let Ok(rows) = rows {
            use futures_util::TryStreamExt as _;
            let rows: Vec<_> = rows.try_collect().await.unwrap_or_default();
            let writes = |plan: &serde_json::Value| {
                let text = plan.to_string();
                text.contains(r#""Node Type":"ModifyTable""#)
                    || text.contains(r#""Node Type":"LockRows""#)
            };
            if rows.iter().any(|row| cell::first(row).is_some_and(|plan| writes(&plan))) {
                let message = "the query would do more than read";
                let help = "tools only read: write one `select`";
                return Ok(Err(at(query, None, "sql-writes", message, help)));
            }
        }
    }
    Ok(Ok(statement
        .columns()
        .iter()
        .map(|column| (column.name().to_owned(), type_of(column.type_())))
        .collect()))
}

fn type_of(kind: &tokio_postgres::types::Type) -> Type {
    match kind {
        kind if cell::is_number(kind) => Type::NUMBER,
        kind if cell::is_text(kind) => Type::Text,
        kind if *kind == tokio_postgres::types::Type::BOOL => Type::Boolean,
        _ => Type::Any,
    }
}

/// What the server says, as a fault of the query.
async fn problem(transaction: &Transaction<'_>, said: &DbError, numbered: &Numbered) -> Problem {
    let query = numbered.query.as_str();
    let offset = fault::offset(said, numbered);
    let told = |code, word: Option<&str>, message: &str, help: &str| match offset {
        Some(offset) => at_offset(query, offset, code, message, help),
        None => at(query, word, code, message, help),
    };
    let message = said.message();
    let quoted = message.split('"').nth(1).unwrap_or_default();
    match said.code().code() {
        "42P01" => {
            let bare = quoted.rsplit('.').next().unwrap_or(quoted);
            let known = names(
                transaction,
                "select table_name::text from information_schema.tables \
                 where table_schema = any(current_schemas(false)) order by 1",
            )
            .await;
            let help = suggest(bare, known.iter().map(String::as_str), "tables");
            told("unknown-table", Some(bare), &format!("there is no table `{quoted}`"), &help)
        }
        "42703" => {
            // `column "x" does not exist` or `column t.x does not exist`.
            let column = message
                .strip_prefix("column ")
                .and_then(|rest| rest.split(" does not exist").next())
                .map_or_else(|| quoted.to_owned(), |name| name.replace('"', ""));
            let bare = column.rsplit('.').next().unwrap_or(&column).to_owned();
            let known = names(
                transaction,
                "select distinct column_name::text from information_schema.columns \
                 where table_schema = any(current_schemas(false)) order by 1",
            )
            .await;
            let help = suggest(&bare, known.iter().map(String::as_str), "columns");
            let message = format!("there is no column `{column}`");
            told("unknown-column", Some(&bare), &message, &help)
        }
        "42883" if message.starts_with("function ") => {
            let help =
                said.hint().unwrap_or("use a function of PostgreSQL, with arguments of its types");
            told("sql-function", None, message, &crate::value::one_line(help))
        }
        "25006" => {
            let help = "tools only read: write one `select`";
            told("sql-writes", None, "the query would do more than read", help)
        }
        "42601" if message.contains("multiple commands") => {
            let message = "the query holds more than one statement";
            told("sql-syntax", None, message, "make it two tools")
        }
        _ => {
            let help = said.hint().map_or_else(
                || "correct the query; it is PostgreSQL's SQL".to_owned(),
                crate::value::one_line,
            );
            told("sql-syntax", None, message, &help)
        }
    }
}

async fn names(transaction: &Transaction<'_>, query: &str) -> Vec<String> {
    let rows = transaction.query(query, &[]).await.unwrap_or_default();
    rows.iter().filter_map(|row| row.try_get(0).ok()).collect()
}
