//! Tools of MCP servers. A server is started, or asked, when the first call needs it; all steps of a run share it; where
//! it dies, the next call starts it again. What it says is data, and its secrets stay with it.

mod bounded;
mod connection;
mod fault;
mod process;
mod said;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use rmcp::ServiceError;
use rmcp::model::{CallToolRequestParams, CallToolResult, ContentBlock, RequestMetaObject};
use tokio::sync::Mutex;

use super::ToolError;
use super::clean::{told, without, without_secrets};
use super::http::{Secrets, pick, shape};
use crate::diagnostic::suggest;
use crate::document::{Mcp, McpServer, Tool};
use crate::id::ServerName;
use crate::value::{HumanDuration, Object, Value};

use connection::{Connection, not_speaking};
use said::Said;

/// How often a server may die without an answer in between before it is given up.
const MOST_STARTS: u32 = 5;

/// The servers of a project. Making them starts nothing.
#[derive(Default)]
pub(super) struct Servers {
    servers: BTreeMap<ServerName, Server>,
}

struct Server {
    spec: McpServer,
    root: PathBuf,
    secrets: Secrets,
    connection: Mutex<Option<Arc<Connection>>>,
    /// What the process says that was started last.
    said: std::sync::Mutex<Said>,
    /// Processes that were started since the last answer.
    starts: AtomicU32,
}

/// A tool as a server offers it.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Its name there.
    pub tool: String,
    /// What the server says it does.
    pub description: String,
    /// The JSON Schema of its arguments.
    pub input: Value,
    /// Whether the server says that it changes something; none where it does not say.
    pub writes: Option<bool>,
}

impl Servers {
    pub(super) fn new<'s>(
        root: &Path,
        servers: impl IntoIterator<Item = (&'s ServerName, &'s McpServer)>,
        secrets: &Secrets,
    ) -> Self {
        let server = |(name, spec): (&ServerName, &McpServer)| {
            let own = |name: &str| Some((name.to_owned(), secrets.get(name)?.clone()));
            let secrets = spec.secret_names().filter_map(own).collect();
            let (root, spec) = (root.to_owned(), spec.clone());
            let (connection, starts) = (Mutex::default(), AtomicU32::default());
            (
                name.clone(),
                Server {
                    spec,
                    root,
                    secrets,
                    connection,
                    said: std::sync::Mutex::default(),
                    starts,
                },
            )
        };
        Self { servers: servers.into_iter().map(server).collect() }
    }

    fn find(&self, name: &ServerName) -> Result<&Server, ToolError> {
        self.servers.get(name).ok_or_else(|| {
            let help =
                suggest(name.as_str(), self.servers.keys().map(ServerName::as_str), "servers");
            ToolError::new("no-server", format!("there is no server `{name}`")).help(help)
        })
    }

    /// Takes leave of all that were asked.
    pub(super) async fn close(&self) {
        join_all(self.servers.values().map(Server::close)).await;
    }

    /// What a server offers.
    pub(super) async fn offers(
        &self,
        name: &ServerName,
        limit: Duration,
    ) -> Result<Vec<Offer>, ToolError> {
        let server = self.find(name)?;
        let offers = async {
            let connection = server.connected().await?;
            let offer = |(name, tool): (&String, &rmcp::model::Tool)| Offer {
                tool: server.clean(name.clone()),
                description: server.told(tool.description.as_deref().unwrap_or_default()),
                input: without(Value::Object(tool.input_schema.as_ref().clone()), &|text| {
                    server.clean(text)
                }),
                writes: says_it_writes(tool),
            };
            Ok(connection.offered.iter().map(offer).collect())
        };
        server.within(limit, offers).await
    }
}

/// Calls a tool of a server. `once` names a call that changes something.
pub(super) async fn call(
    servers: &Servers,
    tool: &Tool,
    mcp: &Mcp,
    arguments: Object,
    limit: Duration,
    once: Option<&str>,
) -> Result<Value, ToolError> {
    let server = servers.find(&mcp.server)?;
    let answered = server.within(limit, server.asked(tool, mcp, arguments, once)).await;
    // Of a write nobody knows whether it was done.
    let value = answered.map_err(|error| if tool.writes() { error.lasting() } else { error })?;
    let value = without(value, &|text| server.clean(text));
    let picked = match &mcp.select {
        Some(pointer) => pick(&value, pointer)?,
        None => &value,
    };
    shape(tool.returns, picked)
}

impl Server {
    /// Takes leave of it, where it was asked and nobody waits for its answer.
    async fn close(&self) {
        let open = self.connection.lock().await.take();
        if let Some(connection) = open.and_then(Arc::into_inner) {
            Box::pin(connection.close()).await;
        }
    }

    /// Does something with the server, as long as it may take; its secrets are in no message.
    async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, ToolError>>,
    ) -> Result<T, ToolError> {
        let limit = self.spec.timeout.map_or(limit, |own| own.0.min(limit));
        let done = if let Ok(done) = tokio::time::timeout(limit, work).await {
            done
        } else {
            // Whoever hangs is started anew for the next call, unless that is being done already.
            let began = self.connection.try_lock().is_ok_and(|mut open| open.take().is_some());
            let said = self.last_said();
            let (what, help) = if began || self.spec.url.is_some() || !said.chatters() {
                ("answer", "raise `timeout`")
            } else {
                ("begin to speak MCP", not_speaking(&said))
            };
            let heard = if began { String::new() } else { said.told(&self.secrets).await };
            let message =
                format!("the server did not {what} within {}{heard}", HumanDuration(limit));
            Err(ToolError::new("timeout", message).help(help).passing())
        };
        done.map_err(|error| error.with_texts(&|text| self.clean(text)))
    }

    fn clean(&self, text: String) -> String {
        without_secrets(text, self.secrets.values())
    }

    /// Its words as messages show them.
    fn told(&self, text: &str) -> String {
        told(text, self.secrets.values())
    }

    /// What the process says that was started last.
    fn last_said(&self) -> Said {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The connection, made where there is none or where it broke.
    async fn connected(&self) -> Result<Arc<Connection>, ToolError> {
        let mut connection = self.connection.lock().await;
        if let Some(open) = connection.as_ref().filter(|open| !open.is_closed()) {
            return Ok(Arc::clone(open));
        }
        let gone = connection.take();
        // To ask an address once more costs nothing.
        if self.spec.url.is_none() && self.starts.fetch_add(1, Ordering::Relaxed) >= MOST_STARTS {
            drop(gone);
            let said = self.last_said();
            let heard = said.told(&self.secrets).await;
            let message = format!("the server died {MOST_STARTS} times{heard}");
            return Err(ToolError::new("no-server", message).help(not_speaking(&said)));
        }
        let said = Said::default();
        *self.said.lock().unwrap_or_else(PoisonError::into_inner) = said.clone();
        // The protocol's own state is large.
        let opening = Box::pin(Connection::open(&self.spec, &self.root, &self.secrets, &said));
        let opened = Arc::new(opening.await?);
        *connection = Some(Arc::clone(&opened));
        Ok(opened)
    }

    async fn asked(
        &self,
        tool: &Tool,
        mcp: &Mcp,
        arguments: Object,
        once: Option<&str>,
    ) -> Result<Value, ToolError> {
        let connection = self.connected().await?;
        let Some(offered) = connection.offered.get(&mcp.tool) else {
            let names = connection.offered.keys().map(String::as_str);
            let message = format!("server `{}` offers no `{}`", mcp.server, mcp.tool);
            return Err(
                ToolError::new("unknown-tool", message).help(suggest(&mcp.tool, names, "tools"))
            );
        };
        if !tool.writes() && !mcp.says_effect && says_it_writes(offered) == Some(true) {
            let message =
                format!("server `{}` says that `{}` changes something", mcp.server, mcp.tool);
            return Err(ToolError::new("not-allowed", message)
                .help("write `effect: write`; or `effect: read`, where you know better"));
        }
        // What a param leaves open, the server decides.
        let arguments = arguments.into_iter().filter(|(_, value)| !value.is_null()).collect();
        let mut request = CallToolRequestParams::new(mcp.tool.clone()).with_arguments(arguments);
        if let Some(once) = once {
            let mut meta = RequestMetaObject::new();
            meta.0.insert("idempotencyKey".to_owned(), once.into());
            request.meta = Some(meta);
        }
        let answered = Box::pin(connection.peer().call_tool(request)).await;
        if matches!(answered, Ok(_) | Err(ServiceError::McpError(_))) {
            self.starts.store(0, Ordering::Relaxed);
        }
        match answered {
            Ok(result) => {
                let value = read(result, &|text| self.told(text))?;
                Ok(if wraps(offered) { unwrapped(value) } else { value })
            }
            Err(ServiceError::McpError(error)) => {
                Err(ToolError::new("tool-error", self.told(&error.message)))
            }
            Err(error) => {
                if let Some(fault) = fault::of_request(&error, &self.spec) {
                    return Err(fault);
                }
                let said = self.last_said().told(&self.secrets).await;
                let why = self.told(&error.to_string());
                let message = format!("the server broke off: {why}{said}");
                Err(ToolError::new("connection", message).passing())
            }
        }
    }
}

/// What a server says of a tool; its hints are believed where they ask for more care, and only there.
fn says_it_writes(tool: &rmcp::model::Tool) -> Option<bool> {
    let hints = tool.annotations.as_ref()?;
    match (hints.read_only_hint, hints.destructive_hint) {
        (Some(reads), _) => Some(!reads),
        (None, Some(true)) => Some(true),
        (None, _) => None,
    }
}

/// The name below which servers put what is no map, because the protocol wants one.
const WRAPPER: &str = "result";

/// Whether a server says that its answers are a map only because they have to be.
fn wraps(tool: &rmcp::model::Tool) -> bool {
    let properties = tool.output_schema.as_ref().and_then(|schema| schema.get("properties"));
    let properties = properties.and_then(Value::as_object);
    properties.is_some_and(|named| named.len() == 1 && named.contains_key(WRAPPER))
}

/// What stands below the wrapper.
fn unwrapped(value: Value) -> Value {
    match value {
        Value::Object(mut object) if object.len() == 1 => {
            object.remove(WRAPPER).unwrap_or(Value::Object(object))
        }
        other => other,
    }
}

/// The value of a result: what is structured, else its text, as JSON where it is JSON.
fn read(result: CallToolResult, told: &impl Fn(&str) -> String) -> Result<Value, ToolError> {
    let texts = result.content.iter().filter_map(|block| match block {
        ContentBlock::Text(text) => Some(text.text.as_str()),
        _ => None,
    });
    let text = texts.collect::<Vec<_>>().join("\n");
    if result.is_error == Some(true) {
        let said = if text.is_empty() { "it says nothing more".to_owned() } else { told(&text) };
        return Err(ToolError::new("tool-error", said));
    }
    if let Some(value) = result.structured_content {
        return Ok(value);
    }
    if text.is_empty() && !result.content.is_empty() {
        return Err(ToolError::new("not-text", "the answer holds no text")
            .help("images and sounds are not read"));
    }
    Ok(serde_json::from_str(&text).unwrap_or_else(|_| text.into()))
}
