//! Queries of a PostgreSQL server: read-only transactions on pooled connections, bounded in time and rows. A connection
//! that did not come back clean is closed, so that no query waits for another's.

mod address;
mod argument;
mod cell;
mod check;
mod fault;
mod json;
mod load;
mod numeric;
mod parameters;
mod tls;
mod wire;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use deadpool_postgres::{Object as Pooled, Pool};
use secrecy::SecretString;
use tokio_postgres::Statement;

use super::{MOST_ROWS, ToolError, query};
use crate::document::{Sql, Tool};
use crate::value::{HumanDuration, Object, Value};

use address::Address;
use parameters::{Numbered, Typing};

pub(super) use check::{check, check_parameters};
pub use load::{Copied, copy};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);

/// Connections of one source: more queries than that wait for one another.
const MOST_CONNECTIONS: usize = 8;

/// What a server that ends its queries by itself has to say so.
const GRACE: Duration = Duration::from_secs(2);

/// A PostgreSQL database. Making one connects to nothing.
pub(super) struct Server {
    /// The environment variable that holds the URL.
    variable: String,
    url: Option<SecretString>,
    pool: OnceLock<Result<Connections, ToolError>>,
}

/// A pool, and where it leads in words that hold no secret.
struct Connections {
    pool: Pool,
    place: String,
}

/// A connection for one piece of work. Dropped before the work is done, it is closed.
struct Lease(Option<Pooled>);

impl Lease {
    fn done(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(Pooled::take(connection));
        }
    }
}

impl Server {
    pub(super) fn new(variable: &str, url: Option<&SecretString>) -> Self {
        Self { variable: variable.to_owned(), url: url.cloned(), pool: OnceLock::new() }
    }

    /// Runs a tool's query with its arguments bound.
    pub(super) async fn query(
        &self,
        tool: &Tool,
        sql: &Sql,
        arguments: &Object,
        limit: Duration,
    ) -> Result<Value, ToolError> {
        let numbered = Numbered::of(&sql.query);
        parameters::all_given(&numbered, arguments)?;
        let deadline = Instant::now() + limit;
        let (mut lease, place) = self.lease(limit).await?;
        let Some(connection) = lease.0.as_mut() else { return Err(fault::silent(place, limit)) };
        let left = deadline.saturating_duration_since(Instant::now());
        let work = rows(connection, tool, &numbered, arguments, left, limit);
        let Ok(found) = tokio::time::timeout(left + GRACE, work).await else {
            return Err(fault::silent(place, limit));
        };
        // A server that is gone is told of by its place.
        let found = found.map_err(|error| error.told(place, &numbered));
        lease.done();
        query::shape(found?, tool, arguments)
    }

    /// A connection, and where it leads.
    async fn lease(&self, limit: Duration) -> Result<(Lease, &str), ToolError> {
        let Connections { pool, place } = self.connections()?;
        let limit = limit.min(CONNECT);
        match tokio::time::timeout(limit, pool.get()).await {
            Ok(Ok(connection)) => Ok((Lease(Some(connection)), place)),
            Ok(Err(error)) => Err(fault::unconnected(&error, &self.variable, place)),
            Err(_) => {
                let limit = HumanDuration(limit);
                let message = format!("PostgreSQL at {place} gave no connection within {limit}");
                Err(ToolError::new("source-unavailable", message)
                    .help(format!("check that it runs, and where {} leads", self.variable))
                    .passing())
            }
        }
    }

    fn connections(&self) -> Result<&Connections, ToolError> {
        let made = self.pool.get_or_init(|| {
            let url = self.url.as_ref().ok_or_else(|| address::unset(&self.variable))?;
            let address = Address::read(&self.variable, url)?;
            let place = address.place();
            Ok(Connections { pool: address.pool(MOST_CONNECTIONS)?, place })
        });
        made.as_ref().map_err(Clone::clone)
    }
}

/// Why a query gave nothing, before anybody said where.
enum Failed {
    /// What the server says, or that it is gone.
    Server(tokio_postgres::Error, Duration),
    /// What the engine says.
    Engine(ToolError),
}

impl Failed {
    fn told(self, place: &str, numbered: &Numbered) -> ToolError {
        match self {
            Self::Server(error, limit) => fault::of(&error, place, numbered, limit),
            Self::Engine(error) => error,
        }
    }
}

/// The rows of a query, in a transaction that can only read and that ends with the limit.
async fn rows(
    connection: &mut Pooled,
    tool: &Tool,
    numbered: &Numbered,
    arguments: &Object,
    left: Duration,
    limit: Duration,
) -> Result<Vec<Object>, Failed> {
    let failed = |error| Failed::Server(error, limit);
    let mut typing = Typing::Inferred;
    loop {
        let transaction =
            connection.build_transaction().read_only(true).start().await.map_err(failed)?;
        transaction.batch_execute(&settings(left)).await.map_err(failed)?;
        let types = parameters::types(numbered, tool, typing);
        let prepared = transaction.prepare_typed(&numbered.text, &types).await;
        let statement = match prepared {
            Err(error) if typing == Typing::Inferred && fault::is_untyped(&error) => {
                transaction.rollback().await.map_err(failed)?;
                typing = Typing::Declared;
                continue;
            }
            prepared => prepared.map_err(failed)?,
        };
        fit(&statement)?;
        let bound = argument::bound(numbered, arguments);
        let portal = transaction.bind_raw(&statement, bound).await.map_err(failed)?;
        let most = i32::try_from(MOST_ROWS + 1).unwrap_or(i32::MAX);
        let rows = transaction.query_portal(&portal, most).await.map_err(failed)?;
        if rows.len() > MOST_ROWS {
            return Err(Failed::Engine(query::too_many_rows()));
        }
        let exact = cell::exact_columns(&transaction, &statement).await.map_err(failed)?;
        let found = rows.iter().map(|row| cell::object(row, &exact)).collect::<Result<_, _>>();
        transaction.rollback().await.map_err(failed)?;
        return found.map_err(Failed::Engine);
    }
}

/// What holds within one transaction: its time, and how what has no zone of its own is read.
fn settings(left: Duration) -> String {
    let milliseconds = left.as_millis().clamp(1, 2_000_000_000);
    format!("set local statement_timeout = {milliseconds}; set local timezone = 'UTC'")
}

/// A query gives columns, each with a name of its own.
fn fit(statement: &Statement) -> Result<(), Failed> {
    if statement.columns().is_empty() {
        return Err(Failed::Engine(query::reads_nothing()));
    }
    let names: Vec<String> =
        statement.columns().iter().map(|column| column.name().to_owned()).collect();
    query::distinct(&names).map_err(Failed::Engine)
}
