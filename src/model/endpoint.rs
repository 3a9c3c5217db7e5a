//! A model that can be asked: its address, key, price and limits, all resolved.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tokio::time::Instant;

use super::breaker::{Breaker, Entry};
use super::error::{ModelError, ModelErrorKind};
use super::pace::Pace;
use super::rate::{Admission, Limiter};
use super::stream::{Failed, Telling};
use super::{Answer, Cut, Request, Tape, Watcher, anthropic, fault, openai, reading};
use crate::document::{Price, Provider, Rate};
use crate::event::{ToolRequest, Usage};
use crate::id::ModelName;
use crate::value::Value;
use crate::wire::{Awaited, Broken, Http, Opened, Patience, Reply, scrubbed};

/// The length of an answer that is reckoned with where nothing bounds it.
const USUAL_ANSWER: u32 = 4096;

/// The greatest length, in tokens, from which an answer may be long: it comes in pieces, so that a server that hangs is told
/// from one that is still writing.
const LONG_ANSWER: u32 = 4096;

/// A model that can be asked. It is shared by all steps that ask it.
pub struct Endpoint {
    settings: Settings,
    url: Url,
    headers: HeaderMap,
    label: String,
    limiter: Option<Limiter>,
    http: Arc<Http>,
    tape: Option<Arc<Tape>>,
}

/// What an endpoint is made of.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) name: ModelName,
    pub(super) provider: Provider,
    pub(super) model: String,
    /// The provider's own address where absent.
    pub(super) base_url: Option<String>,
    /// None where the server wants none.
    pub(super) key: Option<SecretString>,
    /// The environment variable that holds the key, or would.
    pub(super) key_variable: String,
    pub(super) price: Option<Price>,
    pub(super) rate: Option<Rate>,
    pub(super) temperature: Option<f64>,
    pub(super) max_tokens: Option<u32>,
    /// Whether answers come in pieces; as it fits the request where absent.
    pub(super) stream: Option<bool>,
    pub(super) patience: Patience,
    pub(super) breaker: Breaker,
    /// Where late answers are asked for a second time.
    pub(super) pace: Option<Pace>,
}

impl Endpoint {
    /// Checks address and key; nothing is sent.
    pub(super) fn new(
        settings: Settings,
        http: Arc<Http>,
        tape: Option<Arc<Tape>>,
    ) -> Result<Self, ModelError> {
        let (own, path) = match settings.provider {
            Provider::Openai => (openai::BASE_URL, ["chat", "completions"].as_slice()),
            Provider::Anthropic => (anthropic::BASE_URL, ["v1", "messages"].as_slice()),
        };
        let base = settings.base_url.as_deref().unwrap_or(own);
        let Some(url) = address(settings.provider, base, path) else {
            let message =
                format!("the address of model `{}` is no http or https address", settings.name);
            return Err(ModelError::new(ModelErrorKind::BadModel, message).help(
                "write it as http://127.0.0.1:11434/v1, in `base_url` or in the environment",
            ));
        };
        let headers = headers(&settings)?;
        let host = url.host_str().unwrap_or_default();
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let label = format!("model `{}` ({} at {host}{port})", settings.name, settings.model);
        let limiter = settings.rate.as_ref().and_then(Limiter::new);
        Ok(Self { settings, url, headers, label, limiter, http, tape })
    }

    /// Sends one request when the limits allow it, and reads its answer. Nothing is retried.
    #[cfg(test)]
    pub(super) async fn call(
        &self,
        request: &Request,
        within: Duration,
    ) -> Result<Answer, ModelError> {
        let admission = self.admit(request).await;
        self.send(admission, request, within, None).await
    }

    /// Whether late answers are asked for a second time.
    pub fn hedges(&self) -> bool {
        self.settings.pace.is_some()
    }

    /// How long an answer takes at most that is not late; none where late ones are not asked for a second time, or where too few
    /// were given to tell.
    pub fn late_after(&self) -> Option<Duration> {
        self.settings.pace.as_ref()?.late_after()
    }

    /// Notes how long an answer took, or has taken so far where it is not waited for any more.
    pub fn took(&self, time: Duration) {
        if let Some(pace) = &self.settings.pace {
            pace.took(time);
        }
    }

    /// Whether one may begin to ask: not while its server is taken to be down. Who has begun may go on.
    pub fn enter(&self) -> Result<Entry<'_>, ModelError> {
        let entry = self.settings.breaker.enter(Instant::now());
        entry.map_err(|shut| shut.error(&self.label, self.name().as_str()))
    }

    /// The same for who has nobody else to ask: where the server may soon be back, that is waited for.
    pub async fn enter_when_back(&self) -> Result<Entry<'_>, ModelError> {
        let entry = self.settings.breaker.enter_when_back().await;
        entry.map_err(|shut| shut.error(&self.label, self.name().as_str()))
    }

    /// Waits until the limits of the model allow the request. The time limit of a step does not count here:
    /// waiting one's turn is no fault of the server.
    pub async fn admit(&self, request: &Request) -> Admission<'_> {
        match &self.limiter {
            Some(limiter) => {
                let tokens = if limiter.counts_tokens() { self.likely_tokens(request) } else { 0 };
                limiter.admit(tokens).await
            }
            None => Admission::default(),
        }
    }

    /// Sends an admitted request and reads its answer, all of it within a time. Nothing is retried. A watcher reads the text
    /// as it comes, and all of it at once where it does not come in pieces.
    pub async fn send(
        &self,
        admission: Admission<'_>,
        request: &Request,
        within: Duration,
        watcher: Option<&dyn Watcher>,
    ) -> Result<Answer, ModelError> {
        let mut telling =
            watcher.map(|watcher| Telling::begin(watcher, self.settings.key.as_ref()));
        if let Some(tape) = self.tape.as_ref().filter(|tape| tape.replays()) {
            let answer = tape.answer(self.name(), request)?;
            if let Some(telling) = &mut telling {
                telling.end(&answer.text);
            }
            return Ok(answer);
        }
        let streamed = self.streams(request, watcher.is_some());
        let body = match self.settings.provider {
            Provider::Openai => openai::body(self, request, streamed),
            Provider::Anthropic => anthropic::body(self, request, streamed),
        };
        let body = body.map_err(|error| {
            ModelError::new(ModelErrorKind::BadRequest, format!("the request is no JSON: {error}"))
        })?;
        let mut sent = reqwest::Request::new(Method::POST, self.url.clone());
        sent.headers_mut().clone_from(&self.headers);
        *sent.body_mut() = Some(body.into());
        let answer = if streamed {
            // Boxed, so that a request whose answer comes whole carries none of it.
            let exchange = Box::pin(self.read_stream(sent, telling.as_mut()));
            let late = |_| Err(fault::of_exchange(self, Broken::Timeout(within, Awaited::Answer)));
            tokio::time::timeout(within, exchange).await.unwrap_or_else(late)
        } else {
            match self.http.exchange(sent, within).await {
                Ok(reply) => self.read(&reply),
                Err(broken) => Err(fault::of_exchange(self, broken)),
            }
        };
        self.settings.breaker.note(answer.as_ref().err(), Instant::now());
        let mut answer = fault::not_offered(answer?, request)
            .map_err(|unusable| fault::of_answer(self, unusable))?;
        admission.settle(answer.usage.input_tokens.saturating_add(answer.usage.output_tokens));
        if let Some(telling) = &mut telling {
            telling.end(&answer.text);
        }
        answer.text = self.scrubbed(answer.text);
        for call in &mut answer.tool_calls {
            call.arguments = self.scrubbed(std::mem::take(&mut call.arguments));
        }
        if let Some(tape) = &self.tape {
            tape.keep(self.name(), request, &answer)?;
        }
        Ok(answer)
    }

    /// Whether the answer to a request is to come in pieces.
    pub(super) fn streams(&self, request: &Request, watched: bool) -> bool {
        let long = || self.longest_answer(request).is_some_and(|longest| longest >= LONG_ANSWER);
        self.settings.stream.unwrap_or_else(|| watched || long())
    }

    /// The answer in a response that came whole.
    fn read(&self, reply: &Reply) -> Result<Answer, ModelError> {
        if !reply.status.is_success() {
            return Err(fault::of_reply(self, reply));
        }
        reading::whole(self.settings.provider, &reply.body)
            .map_err(|unusable| fault::of_answer(self, unusable))
    }

    /// The answer to a request that asked for it in pieces, whether the server sends it so or not.
    async fn read_stream(
        &self,
        request: reqwest::Request,
        telling: Option<&mut Telling<'_>>,
    ) -> Result<Answer, ModelError> {
        let opened = self.http.open(request, self.settings.patience).await;
        let pieces = match opened.map_err(|broken| fault::of_exchange(self, broken))? {
            Opened::Whole(reply) => return self.read(&reply),
            Opened::Stream(pieces) => pieces,
        };
        let answer = reading::pieces(self.settings.provider, pieces, telling).await;
        answer.map_err(|failed| match failed {
            Failed::Broken(broken) => fault::of_exchange(self, broken),
            Failed::Unusable(unusable) => fault::of_answer(self, unusable),
        })
    }

    /// Whether the server answers at all, asked with the cheapest request of its protocol.
    pub(super) async fn answers(&self, within: Duration) -> bool {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            match self.settings.provider {
                Provider::Openai => path.pop().pop().push("models"),
                Provider::Anthropic => path.pop().push("models"),
            };
        }
        self.http.answers(url, within).await
    }

    /// Its name in engine.yaml.
    pub fn name(&self) -> &ModelName {
        &self.settings.name
    }

    /// The wire protocol it speaks.
    pub fn provider(&self) -> Provider {
        self.settings.provider
    }

    /// The provider's name of the model.
    pub fn model(&self) -> &str {
        &self.settings.model
    }

    /// Whether what it costs is known.
    pub fn is_priced(&self) -> bool {
        self.settings.price.is_some()
    }

    /// What tokens cost, in US dollars; none where the model has no price.
    pub fn cost(&self, usage: Usage) -> Option<f64> {
        Some(cost(self.settings.price.as_ref()?, usage))
    }

    /// The most tokens that a request is reckoned to take: a token for every three bytes of it, and
    /// an answer as long as is allowed. Where nothing bounds the answer, 4096 tokens are reckoned
    /// with; a caller that must not exceed a budget sets [`Request::max_tokens`].
    pub fn greatest_usage(&self, request: &Request) -> Usage {
        let input = greatest_input(size(request), request.messages.len() as u64);
        let output = self.longest_answer(request).unwrap_or(USUAL_ANSWER);
        Usage { input_tokens: input, cached_input_tokens: 0, output_tokens: output.into() }
    }

    /// The most that a request is reckoned to cost, in US dollars; none where the model has no price.
    pub fn greatest_cost(&self, request: &Request) -> Option<f64> {
        self.settings.price.as_ref()?;
        self.cost(self.greatest_usage(request))
    }

    /// Where an answer was cut, if it was.
    pub fn cut(&self, request: &Request, answer: &Answer) -> Option<Cut> {
        answer.truncated.then(|| Cut::of(self, request, answer.usage))
    }

    /// Tokens reserved of a limit; corrected by the provider's own count.
    fn likely_tokens(&self, request: &Request) -> u64 {
        (size(request) / 4).saturating_add(self.longest_answer(request).unwrap_or_default().into())
    }

    /// The greatest length of the answer, where one is set.
    pub(super) fn longest_answer(&self, request: &Request) -> Option<u32> {
        request.max_tokens.or(self.settings.max_tokens)
    }

    pub(super) fn temperature(&self) -> Option<f64> {
        self.settings.temperature
    }

    pub(super) fn has_key(&self) -> bool {
        self.settings.key.is_some()
    }

    pub(super) fn key_variable(&self) -> &str {
        &self.settings.key_variable
    }

    /// Name, model and host, as messages say them.
    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// Whether the server is the provider's own, and not one that speaks its protocol.
    pub(super) fn at_vendor(&self) -> bool {
        matches!(self.url.host_str(), Some("api.openai.com" | "api.anthropic.com"))
    }

    /// A text of the server without the key, should it have echoed it.
    pub(super) fn scrubbed(&self, text: String) -> String {
        match &self.settings.key {
            Some(key) => scrubbed(text, key, "[key]"),
            None => text,
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The headers hold the key, the address may hold another secret.
        f.debug_struct("Endpoint").field("label", &self.label).finish_non_exhaustive()
    }
}

/// The JSON of a body, written into a buffer that need not grow.
pub(super) fn to_json(body: &impl Serialize, request: &Request) -> serde_json::Result<Vec<u8>> {
    let texts = request.messages.iter().map(|message| message.content.len() + 32).sum::<usize>();
    let mut json = Vec::with_capacity(request.system.len() + texts + texts / 8 + 512);
    serde_json::to_writer(&mut json, body)?;
    Ok(json)
}

/// The address that requests go to.
fn address(provider: Provider, base: &str, path: &[&str]) -> Option<Url> {
    let base = base.trim().trim_end_matches('/');
    let base = match provider {
        Provider::Openai => base,
        // The vendor's own client adds /v1, which people who know other servers write as well.
        Provider::Anthropic => base.strip_suffix("/v1").unwrap_or(base),
    };
    let mut url = Url::parse(base).ok()?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return None;
    }
    url.path_segments_mut().ok()?.pop_if_empty().extend(path);
    Some(url)
}

fn headers(settings: &Settings) -> Result<HeaderMap, ModelError> {
    let json = HeaderValue::from_static("application/json");
    let mut headers = HeaderMap::with_capacity(5);
    headers.insert(CONTENT_TYPE, json.clone());
    headers.insert(ACCEPT, json);
    let (name, prefix) = match settings.provider {
        Provider::Openai => (AUTHORIZATION, "Bearer "),
        Provider::Anthropic => (HeaderName::from_static("x-api-key"), ""),
    };
    if settings.provider == Provider::Anthropic {
        let version = HeaderValue::from_static(anthropic::VERSION);
        headers.insert(HeaderName::from_static("anthropic-version"), version);
    }
    if let Some(key) = &settings.key {
        let value = HeaderValue::from_str(&format!("{prefix}{}", key.expose_secret()));
        let mut value = value.map_err(|_| {
            let message =
                format!("the key in {} holds characters that no key has", settings.key_variable);
            ModelError::new(ModelErrorKind::BadModel, message).help("copy it again")
        })?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

/// What tokens cost at a price, in US dollars.
pub fn cost(price: &Price, usage: Usage) -> f64 {
    let cached = usage.cached_input_tokens.min(usage.input_tokens);
    let cached_price = price.cached_input.unwrap_or(price.input);
    let millionths = tokens(usage.input_tokens - cached) * price.input
        + tokens(cached) * cached_price
        + tokens(usage.output_tokens) * price.output;
    millionths / 1e6
}

/// The most tokens that texts of so many bytes are reckoned to come to: one for every three bytes, and what the wire
/// protocol adds to each message.
pub fn greatest_input(bytes: u64, messages: u64) -> u64 {
    (bytes / 3).saturating_add(64 + 16 * messages)
}

/// Bytes of a request's texts. For languages of three bytes a character, as many thirds as characters.
fn size(request: &Request) -> u64 {
    let length = |text: &str| text.len() as u64;
    let call =
        |call: &ToolRequest| length(&call.id) + length(&call.tool) + length(&call.arguments) + CALL;
    let texts = request
        .messages
        .iter()
        .map(|message| length(&message.content) + message.tool_calls.iter().map(call).sum::<u64>());
    let tools = request.tools.iter().map(|tool| {
        length(&tool.name) + length(&tool.description) + json_size(&tool.parameters) + CALL
    });
    let schema = request.schema.as_ref().map_or(0, json_size);
    length(&request.system) + texts.sum::<u64>() + tools.sum::<u64>() + schema
}

/// Bytes that a call or the definition of a tool takes besides its texts.
const CALL: u64 = 64;

fn json_size(value: &Value) -> u64 {
    let mut size = Counter(0);
    // A counter never fails, and a JSON value is always JSON.
    drop(serde_json::to_writer(&mut size, value));
    size.0
}

/// Counts what is written to it.
struct Counter(u64);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "nobody buys 2^52 tokens")]
fn tokens(count: u64) -> f64 {
    count as f64
}
