//! A connection to an MCP server: a process that was started, or an address. Whoever drops it ends the process.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use reqwest::Url;
use rmcp::model::{ClientCapabilities, ClientConfig, Implementation, Tool as Offered};
use rmcp::service::{ClientInitializeError, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{Peer, RoleClient, ServiceExt as _};
use secrecy::ExposeSecret as _;
use tokio::time::timeout;

use super::bounded::Bounded;
use super::fault;
use super::process::{Process, secret};
use super::said::Said;
use crate::document::McpServer;
use crate::tool::clean::told;
use crate::tool::http::{Secrets, address, not_allowed};
use crate::tool::{ToolError, UNREACHABLE};
use crate::wire::{self, Refused};

/// The longest message of a server, in bytes.
pub(super) const LONGEST: usize = 8 << 20;

/// As long as it may take to take leave of a server.
const LEAVE: Duration = Duration::from_secs(2);

/// A server that answers.
pub(super) struct Connection {
    service: RunningService<RoleClient, ClientConfig>,
    /// Its tools by name.
    pub(super) offered: BTreeMap<String, Offered>,
    process: Option<Process>,
}

impl Connection {
    /// Starts or asks a server, and learns its tools.
    pub(super) async fn open(
        spec: &McpServer,
        root: &Path,
        secrets: &Secrets,
        said: &Said,
    ) -> Result<Self, ToolError> {
        match &spec.url {
            Some(url) => Self::ask(url, spec, secrets).await,
            None => Self::start(spec, root, secrets, said).await,
        }
    }

    async fn start(
        spec: &McpServer,
        root: &Path,
        secrets: &Secrets,
        said: &Said,
    ) -> Result<Self, ToolError> {
        let (process, output, input) = Process::start(spec, root, secrets, said)?;
        match who().serve((Bounded::new(output, LONGEST), input)).await {
            Ok(service) => Self::of(service, Some(process), secrets).await,
            Err(error) => {
                let why = match error {
                    ClientInitializeError::TransportError { .. }
                    | ClientInitializeError::ConnectionClosed(_) => process.end().await,
                    other => told(other.to_string(), secrets.values()),
                };
                let heard = said.told(secrets).await;
                let message = format!("the server did not begin to speak MCP: {why}{heard}");
                Err(ToolError::new(UNREACHABLE, message).help(not_speaking(said)).passing())
            }
        }
    }

    async fn ask(url: &str, spec: &McpServer, secrets: &Secrets) -> Result<Self, ToolError> {
        let address = Url::parse(url).map_err(|error| {
            ToolError::new("bad-url", format!("`{url}` is no address: {error}"))
        })?;
        if let Some(Refused(why)) = address::refused_host(&address, spec.allow_private) {
            return Err(not_allowed(why));
        }
        let mut config = StreamableHttpClientTransportConfig::with_uri(url);
        config.max_sse_event_size = LONGEST;
        config.max_json_response_size = LONGEST;
        if let Some(name) = &spec.token_env {
            if address.scheme() != "https" && !spec.allow_private {
                let message = "a secret would be sent without encryption";
                return Err(ToolError::new("bad-url", message).help(
                    "write https://, or `allow_private: true` for a server in your own network",
                ));
            }
            config = config.auth_header(secret(secrets, name)?.expose_secret());
        }
        let http = wire::Http::resolved_by(address::Guard::shared(spec.allow_private));
        let client = http.client(&address).map_err(|why| ToolError::new("connection", why))?;
        let transport = StreamableHttpClientTransport::with_client(client.clone(), config);
        let service = who().serve(transport).await.map_err(|error| {
            fault::of_start(&error, spec).unwrap_or_else(|| {
                let why = told(error.to_string(), secrets.values());
                ToolError::new("not-mcp", format!("{url} does not speak MCP: {why}"))
            })
        })?;
        Self::of(service, None, secrets).await
    }

    async fn of(
        service: RunningService<RoleClient, ClientConfig>,
        process: Option<Process>,
        secrets: &Secrets,
    ) -> Result<Self, ToolError> {
        let tools = service.list_all_tools().await.map_err(|error| {
            let why = told(error.to_string(), secrets.values());
            ToolError::new("connection", format!("the server does not list its tools: {why}"))
                .passing()
        })?;
        let offered = tools.into_iter().map(|tool| (tool.name.to_string(), tool)).collect();
        Ok(Self { service, offered, process })
    }

    /// Whom to send requests to.
    pub(super) fn peer(&self) -> &Peer<RoleClient> {
        self.service.peer()
    }

    /// Whether it answers no more.
    pub(super) fn is_closed(&self) -> bool {
        self.service.is_closed() || self.service.peer().is_transport_closed()
    }

    /// Takes leave: a server that keeps sessions need not wait for this one to grow old, and a process, whose input ends, may
    /// put its things in order. Whoever takes too long is left without a word.
    pub(super) async fn close(mut self) {
        let leave = async {
            drop(self.service.close().await);
            if let Some(process) = &mut self.process {
                process.ended().await;
            }
        };
        drop(timeout(LEAVE, leave).await);
    }
}

/// What to do about a server that does not begin to speak.
pub(super) fn not_speaking(said: &Said) -> &'static str {
    if said.chatters() {
        "its standard output has to hold messages of MCP and nothing else: have it log to standard error, and check `command` of the server in engine.yaml"
    } else {
        "check `command` of the server in engine.yaml: run by hand, it has to wait for messages on its standard input"
    }
}

fn who() -> ClientConfig {
    let name = Implementation::new("engine", env!("CARGO_PKG_VERSION"));
    ClientConfig::new(ClientCapabilities::default(), name)
}
