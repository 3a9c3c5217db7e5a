//! A connection to an MCP server: a process that was started, or an address. Whoever drops it ends the process.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Url;
use rmcp::model::{ClientCapabilities, ClientConfig, Implementation, Tool as Offered};
use rmcp::service::{ClientInitializeError, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{Peer, RoleClient, ServiceExt as _};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStderr, Command};
use tokio::task::JoinSet;

use super::bounded::Bounded;
use crate::document::{McpServer, Variable};
use crate::tool::http::{Secrets, address, not_allowed};
use crate::tool::{ToolError, UNREACHABLE};
use crate::wire::{self, Refused, one_line};

/// The longest message of a server, in bytes.
const LONGEST: usize = 8 << 20;

/// Lines of a server's standard error that are kept, for the message where it dies.
const NOISE: usize = 8;

/// How often it is listened, 20 ms apart, for what a server said before it died.
const PATIENCE: u32 = 10;

/// What every server's environment holds besides what the project gives it.
const USUAL: [&str; 7] = ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "TEMP"];

/// A server that answers.
pub(super) struct Connection {
    service: RunningService<RoleClient, ClientConfig>,
    /// Its tools by name.
    pub(super) offered: BTreeMap<String, Offered>,
    process: Option<Process>,
}

/// A process, with what it last said on its standard error.
struct Process {
    _child: Child,
    _listener: JoinSet<()>,
    noise: Noise,
}

type Noise = Arc<Mutex<VecDeque<String>>>;

impl Connection {
    /// Starts or asks a server, and learns its tools.
    pub(super) async fn open(
        spec: &McpServer,
        root: &Path,
        secrets: &Secrets,
    ) -> Result<Self, ToolError> {
        match &spec.url {
            Some(url) => Self::ask(url, spec, secrets).await,
            None => Self::start(spec, root, secrets).await,
        }
    }

    async fn start(spec: &McpServer, root: &Path, secrets: &Secrets) -> Result<Self, ToolError> {
        let (program, arguments) = spec
            .command
            .split_first()
            .ok_or_else(|| ToolError::new("no-server", "the server's `command` is empty"))?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(spec.cwd.as_ref().map_or_else(|| root.to_owned(), |cwd| root.join(cwd)))
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        for name in USUAL {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        for (name, variable) in &spec.env {
            match variable {
                Variable::Text(text) => command.env(name, text),
                Variable::Passed(passed) => {
                    command.env(name, secret(secrets, &passed.env)?.expose_secret())
                }
            };
        }
        let mut child = command.spawn().map_err(|error| {
            ToolError::new(UNREACHABLE, format!("`{program}` does not start: {error}"))
                .help("check `command` of the server in engine.yaml")
        })?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(ToolError::new("bug", "the server was started without pipes"));
        };
        let noise = Noise::default();
        let mut listener = JoinSet::new();
        if let Some(stderr) = child.stderr.take() {
            listener.spawn(listen(stderr, Arc::clone(&noise)));
        }
        let process = Process { _child: child, _listener: listener, noise };
        match who().serve((Bounded::new(output, LONGEST), input)).await {
            Ok(service) => Self::of(service, Some(process)).await,
            Err(error) => {
                let why = match error {
                    ClientInitializeError::TransportError { .. }
                    | ClientInitializeError::ConnectionClosed(_) => "it ended".to_owned(),
                    other => one_line(&other.to_string()),
                };
                let said = process.said().await;
                let message = format!("the server did not begin to speak MCP: {why}{said}");
                Err(ToolError::new(UNREACHABLE, message).passing())
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
            let message =
                format!("{url} did not begin to speak MCP: {}", one_line(&error.to_string()));
            ToolError::new(UNREACHABLE, message).passing()
        })?;
        Self::of(service, None).await
    }

    async fn of(
        service: RunningService<RoleClient, ClientConfig>,
        process: Option<Process>,
    ) -> Result<Self, ToolError> {
        let tools = service.list_all_tools().await.map_err(|error| {
            ToolError::new("connection", format!("the server does not list its tools: {error}"))
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

    /// What the server last said on its standard error, as the end of a message.
    pub(super) async fn said(&self) -> String {
        match &self.process {
            Some(process) => process.said().await,
            None => String::new(),
        }
    }
}

impl Process {
    /// What it last said. Who has just died may not have been heard yet.
    async fn said(&self) -> String {
        let heard = || !self.noise.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        for _ in 0..PATIENCE {
            if heard() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let noise = self.noise.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<String> = noise.iter().map(|line| one_line(line)).collect();
        if lines.is_empty() { String::new() } else { format!("; it said: {}", lines.join(" / ")) }
    }
}

/// Keeps the last lines that a server writes to its standard error.
async fn listen(stderr: ChildStderr, noise: Noise) {
    let mut lines = BufReader::new(Bounded::new(stderr, LONGEST)).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut noise = noise.lock().unwrap_or_else(PoisonError::into_inner);
        if noise.len() == NOISE {
            noise.pop_front();
        }
        noise.push_back(line);
    }
}

fn who() -> ClientConfig {
    let name = Implementation::new("engine", env!("CARGO_PKG_VERSION"));
    ClientConfig::new(ClientCapabilities::default(), name)
}

fn secret<'s>(secrets: &'s Secrets, name: &str) -> Result<&'s SecretString, ToolError> {
    secrets.get(name).ok_or_else(|| {
        ToolError::new("missing-secret", format!("{name} is not set"))
            .help("set the environment variable, and start the command again")
    })
}
