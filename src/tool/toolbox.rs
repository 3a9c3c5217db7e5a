//! The tools of a run and the sources behind them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::http::{self, Secrets, Web};
use super::mcp::{self, Offer, Servers};
use super::postgres::Server;
use super::source::Source;
use super::{ToolError, Watcher, check_params, query};
use crate::diagnostic::suggest;
use crate::document::{self, ParamValues, Project, Sql, Tool, ToolKind};
use crate::event::Fault;
use crate::id::{ServerName, SourceName, ToolName};
use crate::value::{Object, Value, unquoted};

/// The longest that a list of allowed values may take.
const VALUES_LIMIT: Duration = Duration::from_secs(10);

/// The longest that it may take where a check alone wants it.
const LOOK_LIMIT: Duration = Duration::from_secs(1);

/// Tools by name. Making one opens nothing.
#[derive(Default)]
pub struct Toolbox {
    tools: BTreeMap<ToolName, Arc<Tool>>,
    sources: BTreeMap<SourceName, Arc<Source>>,
    databases: BTreeMap<SourceName, Server>,
    web: Web,
    servers: Servers,
}

impl Toolbox {
    /// The given tools on the sources of a project; paths are relative to `root`. The watcher is told of sources that
    /// take long to load.
    pub fn new(
        root: &Path,
        project: &Project,
        secrets: Secrets,
        tools: impl IntoIterator<Item = Tool>,
        watcher: &Watcher,
    ) -> Self {
        let tools: BTreeMap<ToolName, Arc<Tool>> =
            tools.into_iter().map(|tool| (tool.name.clone(), Arc::new(tool))).collect();
        let source = |(name, source): (&SourceName, &document::Source)| {
            let queries = tools.values().filter_map(|tool| match &tool.kind {
                ToolKind::Sql(sql) if sql.source == *name => Some(sql.query.as_str()),
                ToolKind::Sql(_) | ToolKind::Http(_) | ToolKind::Mcp(_) => None,
            });
            let source = Source::new(root, name, source, queries, watcher)?;
            Some((name.clone(), Arc::new(source)))
        };
        let sources = project.sources.iter().filter_map(source).collect();
        let server = |variable: &str| Server::new(variable, secrets.get(variable));
        let databases = project
            .sources
            .iter()
            .filter_map(|(name, source)| Some((name.clone(), server(source.variable()?))))
            .collect();
        Self {
            tools,
            sources,
            servers: Servers::new(root, &project.mcp, &secrets),
            databases,
            web: Web::new(secrets),
        }
    }

    /// Calls a tool that only reads. The arguments are checked against its params; it ends with the limit at the latest.
    pub async fn call(
        &self,
        name: &ToolName,
        arguments: Object,
        limit: Duration,
    ) -> Result<Value, ToolError> {
        self.made(name, arguments, limit, None).await
    }

    /// Calls a tool that may change something. The same `once` names the same call: a server that has seen it does
    /// nothing more.
    pub async fn write(
        &self,
        name: &ToolName,
        arguments: Object,
        limit: Duration,
        once: &str,
    ) -> Result<Value, ToolError> {
        self.made(name, arguments, limit, Some(once)).await
    }

    async fn made(
        &self,
        name: &ToolName,
        arguments: Object,
        limit: Duration,
        once: Option<&str>,
    ) -> Result<Value, ToolError> {
        let tool = self.tools.get(name).ok_or_else(|| {
            let help = suggest(name.as_str(), self.tools.keys().map(ToolName::as_str), "tools");
            ToolError::new("unknown-tool", format!("there is no tool `{name}`")).help(help)
        })?;
        if tool.writes() && once.is_none() {
            return Err(ToolError::new(
                "not-allowed",
                "it changes something, and is asked to read",
            )
            .of(name));
        }
        let arguments = check_params(&tool.params, &arguments)
            .map_err(|faults| bad_arguments(name, &faults))?;
        let result = match &tool.kind {
            ToolKind::Sql(sql) => match self.database(sql) {
                Some(database) => database.query(tool, sql, &arguments, limit).await,
                None => self.query(Arc::clone(tool), sql.clone(), arguments, limit).await,
            },
            ToolKind::Http(http) => {
                http::call(&self.web, tool, http, &arguments, limit, once.filter(|_| tool.writes()))
                    .await
            }
            ToolKind::Mcp(mcp) => {
                let once = once.filter(|_| tool.writes());
                mcp::call(&self.servers, tool, mcp, arguments, limit, once).await
            }
        };
        result.map_err(|error| error.of(name))
    }

    /// Runs a query, on a thread of its own.
    async fn query(
        &self,
        tool: Arc<Tool>,
        sql: Sql,
        arguments: Object,
        limit: Duration,
    ) -> Result<Value, ToolError> {
        let Some(source) = self.sources.get(&sql.source).map(Arc::clone) else {
            let message = format!("there is no source `{}`", sql.source);
            return Err(ToolError::new("source-unavailable", message));
        };
        let work = move || {
            source.read(|connection| query::run(connection, &tool, &sql, &arguments, limit))
        };
        let result = tokio::task::spawn_blocking(work).await;
        result.map_err(|error| {
            ToolError::new("bug", format!("the query failed, which is a bug: {error}"))
        })?
    }

    /// What a tool reads is made of now; the same text means the same data. None where nobody can tell, as with a
    /// query that reads the clock, and with servers: a database changes without a word.
    pub fn version(&self, tool: &Tool) -> Option<String> {
        let ToolKind::Sql(sql) = &tool.kind else { return None };
        let query = sql.query.to_ascii_lowercase();
        let reads_clock = ["'now'", "current_date", "current_time"];
        if reads_clock.iter().any(|clock| query.contains(clock)) {
            return None;
        }
        self.source(sql)?.version()
    }

    /// Takes leave of the servers that keep something for whoever asks them. Later calls ask them anew.
    pub async fn close(&self) {
        self.servers.close().await;
    }

    /// What an MCP server offers.
    pub async fn offers(
        &self,
        server: &ServerName,
        limit: Duration,
    ) -> Result<Vec<Offer>, ToolError> {
        self.servers.offers(server, limit).await
    }

    /// The database server of a query, where its source is one.
    pub(super) fn database(&self, sql: &Sql) -> Option<&Server> {
        self.databases.get(&sql.source)
    }

    /// The source of a query, where it is one of files.
    pub(super) fn source(&self, sql: &Sql) -> Option<&Source> {
        self.sources.get(&sql.source).map(Arc::as_ref)
    }

    /// The values that exist, each with its label.
    pub async fn values(
        &self,
        values: &ParamValues,
    ) -> Result<Vec<(Value, Option<String>)>, Fault> {
        let rows = self
            .call(&values.tool, Object::new(), VALUES_LIMIT)
            .await
            .map_err(|error| error.fault())?;
        let label = |row: &Value| Some(row.get(values.label.as_ref()?)?.as_str()?.to_owned());
        let rows = rows.as_array().into_iter().flatten();
        Ok(rows.filter_map(|row| Some((row.get(&values.field)?.clone(), label(row)))).collect())
    }

    /// What a tool without required params lists that reads files, within a moment; none where it is of another kind, or
    /// cannot be asked.
    pub fn listed(&self, name: &ToolName) -> Option<Vec<Value>> {
        let tool = self.tools.get(name)?;
        let ToolKind::Sql(sql) = &tool.kind else { return None };
        let arguments = check_params(&tool.params, &Object::new()).ok()?;
        let source = self.source(sql)?;
        let ask = |connection: &mut _| query::run(connection, tool, sql, &arguments, LOOK_LIMIT);
        match source.read(ask).ok()? {
            Value::Array(rows) => Some(rows),
            _ => None,
        }
    }

    /// A field of the row, or of the first row, that a tool gives without arguments.
    pub async fn look_up(&self, tool: &ToolName, field: &str) -> Result<Option<Value>, Fault> {
        let given = self.call(tool, Object::new(), VALUES_LIMIT).await;
        let given = given.map_err(|error| error.fault())?;
        Ok(given.get(0).unwrap_or(&given).get(field).cloned())
    }

    /// Whether a value is among those that exist; if not, the fault names the nearest that do.
    pub async fn check_value(
        &self,
        param: &str,
        values: &ParamValues,
        value: &Value,
    ) -> Result<(), Fault> {
        let existing = self.values(values).await?;
        is_among(param, existing.iter().map(|(known, _)| known), value)
    }

    /// The same without asking a server: none where only one can tell.
    pub fn check_listed(
        &self,
        param: &str,
        values: &ParamValues,
        value: &Value,
    ) -> Option<Result<(), Fault>> {
        let rows = self.listed(&values.tool)?;
        let existing = rows.iter().filter_map(|row| row.get(&values.field));
        Some(is_among(param, existing, value))
    }
}

fn is_among<'v>(
    param: &str,
    existing: impl Iterator<Item = &'v Value> + Clone,
    value: &Value,
) -> Result<(), Fault> {
    if existing.clone().any(|known| known == value) {
        return Ok(());
    }
    let names: Vec<String> = existing.map(unquoted).collect();
    let help = suggest(&unquoted(value), names.iter().map(String::as_str), "values");
    let message = format!("param `{param}`: there is no `{}`", unquoted(value));
    Err(Fault::new("unknown-value", message).help(help))
}

fn bad_arguments(name: &ToolName, faults: &[Fault]) -> ToolError {
    let messages: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
    let error = ToolError::new("bad-argument", messages.join("; ")).of(name);
    match faults.iter().find_map(|fault| fault.help.clone()) {
        Some(help) => error.help(help),
        None => error,
    }
}
