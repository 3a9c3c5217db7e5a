//! One query of one source, bounded in time, rows and size.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::types::ValueRef;
use rusqlite::{Batch, Connection, ErrorCode, Statement};

use super::{MOST_ROWS, ToolError};
use crate::document::{Returns, Sql, Tool};
use crate::value::{Object, Value};

/// Instructions of SQLite's machine between two looks at the clock: well below a millisecond.
const INSTRUCTIONS_A_LOOK: std::ffi::c_int = 10_000;

/// Runs a tool's query with its arguments bound.
pub(super) fn run(
    connection: &mut Connection,
    tool: &Tool,
    sql: &Sql,
    arguments: &Object,
    limit: Duration,
) -> Result<Value, ToolError> {
    let deadline = Instant::now() + limit;
    let watch = move || Instant::now() >= deadline;
    let set = connection.progress_handler(INSTRUCTIONS_A_LOOK, Some(watch));
    set.map_err(|error| fault(&error, limit))?;
    let result = rows(connection, sql, arguments, limit);
    // A handler that stays would end later queries; one that cannot be removed is replaced by the next call.
    drop(connection.progress_handler(0, None::<fn() -> bool>));
    shape(result?, tool, arguments)
}

fn rows(
    connection: &Connection,
    sql: &Sql,
    arguments: &Object,
    limit: Duration,
) -> Result<Vec<Object>, ToolError> {
    let failed = |error: rusqlite::Error| fault(&error, limit);
    let mut statements = Batch::new(connection, &sql.query);
    let first = statements.next().map_err(failed)?;
    let Some(mut statement) = first.filter(|one| one.readonly() && one.column_count() > 0) else {
        return Err(reads_nothing());
    };
    if !matches!(statements.next(), Ok(None)) {
        let error = ToolError::new("not-allowed", "the query holds more than one statement");
        return Err(error.help("make it two tools"));
    }
    bind(&mut statement, arguments)?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    distinct(&names)?;
    let mut found = Vec::new();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(failed)? {
        if found.len() == MOST_ROWS {
            return Err(too_many_rows());
        }
        let mut object = Object::new();
        for (index, name) in names.iter().enumerate() {
            let value = json(row.get_ref(index).map_err(failed)?);
            let value = value.map_err(|message| {
                ToolError::new("sql-error", format!("column `{name}` {message}"))
            })?;
            object.insert(name.clone(), value);
        }
        found.push(object);
    }
    Ok(found)
}

/// A query that gives no columns.
pub(super) fn reads_nothing() -> ToolError {
    ToolError::new("not-allowed", "the query reads nothing").help("write one `select`")
}

/// A query that gives more than agents can read.
pub(super) fn too_many_rows() -> ToolError {
    ToolError::new("too-many-rows", format!("the query gives more than {MOST_ROWS} rows"))
        .help("aggregate, or add a `limit`")
}

/// A query that took too long.
pub(super) fn time_limit(limit: Duration) -> ToolError {
    let limit = crate::value::HumanDuration(limit);
    ToolError::new("time-limit", format!("the query took longer than {limit}"))
        .help("raise the step's `timeout`")
}

/// A query that reads what no param gives.
pub(super) fn no_param(written: &str) -> ToolError {
    let message = format!("the query reads `{written}`, which is no param of the tool");
    ToolError::new("sql-error", message)
        .help("parameters are written `:name`, and `params` declares them")
}

/// Refuses columns of one name: a row could hold only one of them.
pub(super) fn distinct(names: &[String]) -> Result<(), ToolError> {
    let Some(twice) = repeated(names) else { return Ok(()) };
    Err(ToolError::new("sql-error", format!("two columns are named `{twice}`"))
        .help("name them with `as`"))
}

/// The first name that stands twice, if one does.
pub(super) fn repeated<'n>(names: impl IntoIterator<Item = &'n String>) -> Option<&'n String> {
    let mut seen = BTreeSet::new();
    names.into_iter().find(|name| !seen.insert(*name))
}

/// Binds every parameter of the query; a name that no argument has is a fault, not a null.
fn bind(statement: &mut Statement<'_>, arguments: &Object) -> Result<(), ToolError> {
    for index in 1..=statement.parameter_count() {
        let name = statement.parameter_name(index).unwrap_or_default();
        let Some(value) = name.strip_prefix(':').and_then(|name| arguments.get(name)) else {
            return Err(no_param(name));
        };
        let bound = match value {
            Value::Null => statement.raw_bind_parameter(index, rusqlite::types::Null),
            Value::Bool(b) => statement.raw_bind_parameter(index, b),
            Value::Number(n) => match n.as_i64() {
                Some(whole) => statement.raw_bind_parameter(index, whole),
                None => statement.raw_bind_parameter(index, n.as_f64()),
            },
            Value::String(text) => statement.raw_bind_parameter(index, text),
            Value::Array(_) | Value::Object(_) => {
                statement.raw_bind_parameter(index, value.to_string())
            }
        };
        bound.map_err(|error| ToolError::new("sql-error", error.to_string()))?;
    }
    Ok(())
}

fn json(value: ValueRef<'_>) -> Result<Value, &'static str> {
    match value {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(n) => Ok(n.into()),
        ValueRef::Real(n) => {
            serde_json::Number::from_f64(n).map(Value::Number).ok_or("is not a finite number")
        }
        ValueRef::Text(text) => {
            std::str::from_utf8(text).map(Into::into).map_err(|_| "holds text that is not UTF-8")
        }
        ValueRef::Blob(_) => Err("holds bytes, which no text can show"),
    }
}

/// The rows as the tool gives them: all, one, or one value.
pub(super) fn shape(
    mut rows: Vec<Object>,
    tool: &Tool,
    arguments: &Object,
) -> Result<Value, ToolError> {
    if tool.returns == Returns::Rows {
        return Ok(rows.into_iter().map(Value::Object).collect());
    }
    let with = || {
        if arguments.is_empty() {
            String::new()
        } else {
            format!(" for {}", Value::Object(arguments.clone()))
        }
    };
    let row = match (rows.pop(), rows.len()) {
        (Some(row), 0) => row,
        (None, _) => return Err(ToolError::new("no-row", format!("no row was found{}", with()))),
        (Some(_), more) => {
            return Err(ToolError::new(
                "several-rows",
                format!("{} rows were found{}, one was wanted", more + 1, with()),
            )
            .help("narrow the query, or say `returns: rows`"));
        }
    };
    if tool.returns == Returns::Row {
        return Ok(Value::Object(row));
    }
    let mut values = row.into_iter();
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Ok(value),
        _ => Err(ToolError::new("several-columns", "one column was wanted")
            .help("select one, or say `returns: row`")),
    }
}

fn fault(error: &rusqlite::Error, limit: Duration) -> ToolError {
    match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => time_limit(limit),
        Some(ErrorCode::AuthorizationForStatementDenied) => {
            ToolError::new("not-allowed", format!("the query is not allowed: {error}"))
                .help("tools only read: write one `select`")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            ToolError::new("source-busy", error.to_string()).passing()
        }
        _ => ToolError::new("sql-error", error.to_string()),
    }
}
