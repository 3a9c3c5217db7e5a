//! Requests to web APIs: bounded in size, time and redirects, sent to the hosts that the tool names and to no address
//! inside. Secrets are put in last and taken out of whatever comes back.

pub(super) mod address;
mod check;
mod place;
mod request;
mod response;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reqwest::header::LOCATION;
use reqwest::{Method, Request, Url};
use secrecy::SecretString;

use super::clean::{without, without_secrets};
use super::{ToolError, UNREACHABLE};
use crate::document::{FromEnvironment, Header, Http, Tool};
use crate::value::{HumanDuration, Object, Value};
use crate::wire::{self, Broken, Refused, Reply, one_line};

pub(super) use check::check;
pub(super) use response::{pick, refused, shape};

use place::{Hosts, Shape};
use request::Prepared;

/// Secrets by the environment variable that holds them.
pub type Secrets = BTreeMap<String, SecretString>;

/// The environment variables that a tool's headers name.
pub fn secret_names(tool: &Tool) -> impl Iterator<Item = &str> {
    let headers = tool.http().into_iter().flat_map(|http| http.headers.values());
    headers.filter_map(|header| match header {
        Header::Secret(secret) => Some(secret.env.as_str()),
        Header::Text(_) => None,
    })
}

/// What requests are sent by.
pub(super) struct Web {
    public: wire::Http,
    private: wire::Http,
    secrets: Secrets,
}

impl Web {
    pub(super) fn new(secrets: Secrets) -> Self {
        let client = |private| wire::Http::resolved_by(address::Guard::shared(private));
        Self { public: client(false), private: client(true), secrets }
    }

    fn secret(&self, named: &FromEnvironment) -> Result<&SecretString, ToolError> {
        self.secrets.get(&named.env).ok_or_else(|| {
            ToolError::new("missing-secret", format!("{} is not set", named.env))
                .help("set the environment variable, and start the command again")
        })
    }
}

impl Default for Web {
    fn default() -> Self {
        Self::new(Secrets::new())
    }
}

/// Sends the request of a tool and reads its answer. `once` names a call that changes something.
pub(super) async fn call(
    web: &Web,
    tool: &Tool,
    http: &Http,
    arguments: &Object,
    limit: Duration,
    once: Option<&str>,
) -> Result<Value, ToolError> {
    let shape = Shape::of(&http.url).map_err(|why| ToolError::new("bad-url", why))?;
    let prepared = request::prepare(web, http, &shape, arguments, once)?;
    let secrets: Vec<SecretString> =
        prepared.secrets.iter().map(|(_, secret)| secret.clone()).collect();
    let limit = http.timeout.map_or(limit, |own| own.0.min(limit));
    let clean = |text: String| without_secrets(text, &secrets);
    let trip = Trip { web, http, hosts: Hosts::of(http, &shape), limit, writes: tool.writes() };
    let answered = match trip.send(prepared).await {
        Ok(reply) if secrets.is_empty() => response::read(tool, http, &reply),
        Ok(reply) => response::read(tool, http, &cleaned(reply, &clean)),
        Err(error) => Err(error),
    };
    answered.map_err(|error| error.with_texts(&clean))
}

/// An answer without secrets, however its JSON writes them.
fn cleaned(reply: Reply, clean: &impl Fn(String) -> String) -> Reply {
    let body = match serde_json::from_slice(&reply.body) {
        Ok(json) => without(json, clean).to_string(),
        Err(_) => clean(String::from_utf8_lossy(&reply.body).into_owned()),
    };
    Reply { body: body.into_bytes(), ..reply }
}

/// A request on its way, with what bounds it.
struct Trip<'t> {
    web: &'t Web,
    http: &'t Http,
    hosts: Hosts<'t>,
    limit: Duration,
    writes: bool,
}

impl Trip<'_> {
    /// Sends a request and follows redirects. Every address is checked, the first as the last.
    async fn send(&self, prepared: Prepared) -> Result<Reply, ToolError> {
        let Prepared { mut request, secrets } = prepared;
        let deadline = Instant::now() + self.limit;
        let mut followed = 0;
        loop {
            self.check(request.url())?;
            let (method, url) = (request.method().clone(), request.url().clone());
            let mut headers = request.headers().clone();
            let within = deadline.saturating_duration_since(Instant::now());
            let client = if self.http.allow_private { &self.web.private } else { &self.web.public };
            let sent = client.exchange_up_to(request, within, self.http.max_bytes).await;
            let reply = sent.map_err(|broken| self.broken(broken, &url))?;
            let Some(to) = redirect(&reply, &url) else { return Ok(reply) };
            if method != Method::GET {
                return Err(ToolError::new(
                    "redirected",
                    format!("the server leads on to {}", shown(&to)),
                )
                .help("write that address as `url`: only a GET follows redirects"));
            }
            if followed == self.http.max_redirects {
                let message = format!("the server leads on more than {followed} times");
                return Err(ToolError::new("redirected", message)
                    .help("write the last address as `url`, or raise `max_redirects`"));
            }
            if url.scheme() == "https" && to.scheme() != "https" {
                let message = format!("the server leads on to {}, without encryption", shown(&to));
                return Err(ToolError::new("not-allowed", message));
            }
            followed += 1;
            // What was meant for one server is not shown to another.
            if url.origin() != to.origin() {
                for (name, _) in &secrets {
                    headers.remove(name);
                }
            }
            request = Request::new(Method::GET, to);
            *request.headers_mut() = headers;
        }
    }

    /// Whether an address may be asked.
    fn check(&self, url: &Url) -> Result<(), ToolError> {
        if !self.hosts.allow(url) {
            return Err(ToolError::new(
                "not-allowed",
                format!("{} is none of the tool's hosts", shown(url)),
            )
            .help("name it in `allow_hosts`"));
        }
        match address::refused_host(url, self.http.allow_private) {
            Some(Refused(why)) => Err(not_allowed(why)),
            None => Ok(()),
        }
    }

    /// Why there is no answer. Where nothing was sent, nothing was changed: such a call may be made again.
    fn broken(&self, why: Broken, url: &Url) -> ToolError {
        let why = match why {
            // What is left for a redirect is less than the user wrote.
            Broken::Timeout(_, awaited) => Broken::Timeout(self.limit, awaited),
            other => other,
        };
        let error = broken(why, &shown(url));
        if self.writes { error.lasting() } else { error }
    }
}

/// Why there is no answer of a server, as the fault of a request that only reads.
pub(super) fn broken(why: Broken, at: &str) -> ToolError {
    match why {
        Broken::Setup(why) => ToolError::new("connection", format!("{at} cannot be asked: {why}")),
        Broken::Refused(Refused(why)) => not_allowed(why),
        Broken::Unconnected(why) => {
            ToolError::new(UNREACHABLE, format!("{at} cannot be reached: {}", one_line(&why)))
                .passing()
        }
        Broken::Connection(why) | Broken::Body(why) => {
            let message = format!("the answer of {at} broke off: {}", one_line(&why));
            ToolError::new("connection", message).passing()
        }
        Broken::Timeout(limit, _) => {
            let message = format!("{at} did not answer within {}", HumanDuration(limit));
            ToolError::new("timeout", message).help("raise `timeout`").passing()
        }
        Broken::TooLarge(bytes) => {
            let message = format!("the answer of {at} is longer than {bytes} bytes");
            ToolError::new("too-large", message).help("ask for less, or raise `max_bytes`")
        }
    }
}

pub(super) fn not_allowed(why: String) -> ToolError {
    ToolError::new("not-allowed", why)
        .help("`allow_private: true` lets a tool ask this machine and private networks")
}

/// Where a server leads on to.
fn redirect(reply: &Reply, from: &Url) -> Option<Url> {
    if !matches!(reply.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let to = reply.headers.get(LOCATION)?.to_str().ok()?;
    from.join(to).ok()
}

/// An address as messages show it: without user and query, which may hold anything.
fn shown(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let host = url.host_str().unwrap_or_default();
    one_line(&format!("{}://{host}{port}{}", url.scheme(), url.path()))
}
