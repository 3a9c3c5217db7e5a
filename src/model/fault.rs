//! What went wrong, read from what the server sent, and said so that it can be mended.

use reqwest::header::LOCATION;
use serde::Deserialize;
use serde_json::json;

use super::endpoint::Endpoint;
use super::error::{ModelError, ModelErrorKind};
use super::overflow::{self, Overflow};
use super::{Answer, Request};
use crate::value::{HumanDuration, Value};
use crate::wire::{Awaited, Broken, Refused, Reply, error_of, one_line, quoted, retry_after};

/// Why a response of status 200 is no answer.
#[derive(Debug)]
pub(super) enum Unusable {
    /// It is not what the protocol says.
    Unreadable(String),
    /// The model or its provider refuses, in its own words.
    Refused(String),
    /// The server told a fault in the middle of it.
    BrokenOff(Value),
}

/// A response of status 200 as the protocol says it.
pub(super) fn parsed<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, Unusable> {
    serde_json::from_slice(json).map_err(|error| {
        Unusable::Unreadable(match json.trim_ascii().first() {
            None => "it is empty".to_owned(),
            Some(b'<') => quoted(json),
            Some(_) => error.to_string(),
        })
    })
}

/// A response of status 200 that holds an error, or nothing that can be used.
pub(super) fn empty(json: &[u8], otherwise: &str) -> Unusable {
    let error =
        serde_json::from_slice(json).ok().filter(|body: &Value| body.get("error").is_some());
    Unusable::Unreadable(error.map_or_else(|| otherwise.to_owned(), |_| quoted(json)))
}

/// An answer without calls of tools that it was not offered; one that holds nothing else is none.
pub(super) fn not_offered(answer: Answer, request: &Request) -> Result<Answer, Unusable> {
    if answer.tool_calls.is_empty() || !request.offered().is_empty() {
        return Ok(answer);
    }
    if answer.text.trim().is_empty() && !answer.truncated {
        return Err(Unusable::Unreadable("it calls a tool where an answer is due".to_owned()));
    }
    Ok(Answer { tool_calls: Vec::new(), ..answer })
}

/// The error of a response that is no answer, although its status is 200.
pub(super) fn of_answer(endpoint: &Endpoint, unusable: Unusable) -> ModelError {
    let label = endpoint.label();
    let (kind, message, help) = match unusable {
        Unusable::Unreadable(why) => (
            ModelErrorKind::UnreadableAnswer,
            format!("{label} sent an answer that cannot be read: {}", bounded(endpoint, &why)),
            Some(format!(
                "check that `base_url` of model `{}` is the address of the API",
                endpoint.name()
            )),
        ),
        Unusable::Refused(why) => (
            ModelErrorKind::Refused,
            format!("{label} refuses to answer: {}", bounded(endpoint, &why)),
            Some("reword the prompt, or name another model".to_owned()),
        ),
        Unusable::BrokenOff(error) => {
            let body = json!({"error": error});
            let said = quoted(body.to_string().as_bytes());
            let kind = kind(status_meant(error_of(&body)), &body, &said);
            let message = format!("{label} broke off its answer: {}", bounded(endpoint, &said));
            (kind, message, help(kind, endpoint, None, &said))
        }
    };
    ModelError { status: Some(200), help, ..ModelError::new(kind, message) }
}

/// The error of a request without a whole answer.
pub(super) fn of_exchange(endpoint: &Endpoint, broken: Broken) -> ModelError {
    let (label, name) = (endpoint.label(), endpoint.name());
    match broken {
        Broken::Setup(why) => {
            ModelError::new(ModelErrorKind::BadModel, format!("{label} cannot be asked: {why}"))
                .help("check the certificates that the system trusts")
        }
        Broken::Refused(Refused(why)) | Broken::Unconnected(why) | Broken::Connection(why) => {
            ModelError::new(
                ModelErrorKind::Connection,
                format!("{label} cannot be reached: {}", bounded(endpoint, &why)),
            )
            .help(format!("check that the server runs, and `base_url` of model `{name}`"))
        }
        Broken::Timeout(limit, awaited) => {
            let limit = HumanDuration(limit);
            let (message, help) = match awaited {
                Awaited::Answer => (
                    format!("{label} did not answer within {limit}"),
                    "raise the step's `timeout`, or make answers shorter by a smaller `max_tokens`"
                        .to_owned(),
                ),
                Awaited::FirstByte => (
                    format!("{label} did not begin to answer within {limit}"),
                    format!("raise `timeouts.first_byte` of model `{name}` in engine.yaml"),
                ),
                Awaited::NextByte => (
                    format!("{label} sent nothing for {limit} in the middle of its answer"),
                    format!("raise `timeouts.between_bytes` of model `{name}` in engine.yaml"),
                ),
            };
            ModelError::new(ModelErrorKind::Timeout, message).help(help)
        }
        Broken::TooLarge(bytes) => ModelError::new(
            ModelErrorKind::UnreadableAnswer,
            format!("{label} sent an answer that is longer than {bytes} bytes"),
        ),
        Broken::Body(why) => ModelError::new(
            ModelErrorKind::UnreadableAnswer,
            format!("{label} sent an answer that broke off: {}", bounded(endpoint, &why)),
        ),
    }
}

/// The error of a response of any other status.
pub(super) fn of_reply(endpoint: &Endpoint, reply: &Reply) -> ModelError {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let said = quoted(&reply.body);
    let kind = kind(reply.status.as_u16(), &body, &said);
    let overflow =
        (kind == ModelErrorKind::ContextTooLong).then(|| Overflow::read(error_of(&body), &said));
    let told = overflow.map(|overflow| format!("{}: it", overflow.told()));
    let told = told.map(|told| format!(" {told}")).unwrap_or_default();
    let mut message = format!("{}{told} answered {}", endpoint.label(), reply.status);
    if !said.is_empty() {
        message = format!("{message}: {}", bounded(endpoint, &said));
    }
    ModelError {
        kind,
        message,
        help: overflow.map(|overflow| overflow.help()).or_else(|| {
            let location = reply.headers.get(LOCATION).and_then(|to| to.to_str().ok());
            help(kind, endpoint, location, &said)
        }),
        retry_after: retry_after(&reply.headers),
        status: Some(reply.status.as_u16()),
    }
}

/// The status that a fault in the middle of an answer would have had before it.
fn status_meant(error: &Value) -> u16 {
    const NAMES: [(&[&str], u16); 8] = [
        (&["invalid_request_error", "invalid_request"], 400),
        (&["authentication_error", "invalid_api_key"], 401),
        (&["permission_error"], 403),
        (&["not_found_error"], 404),
        (&["timeout_error", "timeout"], 408),
        (&["request_too_large"], 413),
        (&["rate_limit_error", "rate_limit_exceeded", "insufficient_quota"], 429),
        (&["overloaded_error"], 529),
    ];
    let keys = ["code", "status", "type"];
    let told = keys
        .iter()
        .filter_map(|key| error.get(key)?.as_u64())
        .find_map(|status| u16::try_from(status).ok().filter(|status| (400..600).contains(status)));
    let named = keys.iter().filter_map(|key| error.get(key)?.as_str()).find_map(|name| {
        NAMES.iter().find(|(names, _)| names.contains(&name)).map(|(_, status)| *status)
    });
    told.or(named).unwrap_or(500)
}

fn kind(status: u16, body: &Value, said: &str) -> ModelErrorKind {
    let error = error_of(body);
    let is = |names: &[&str]| {
        ["code", "type"]
            .iter()
            .filter_map(|key| error.get(key)?.as_str())
            .any(|code| names.contains(&code))
    };
    let says = |parts: &[&str]| parts.iter().any(|part| said.contains(part));
    match status {
        400 | 413 | 422 if overflow::is_overflow(error, said) => ModelErrorKind::ContextTooLong,
        400 if is(&["content_filter", "content_policy_violation"]) => ModelErrorKind::Refused,
        400 if says(&["credit balance is too low"]) => ModelErrorKind::QuotaExceeded,
        429 if is(&["insufficient_quota", "billing_hard_limit_reached"]) => {
            ModelErrorKind::QuotaExceeded
        }
        300..400 => ModelErrorKind::Redirected,
        401 => ModelErrorKind::Unauthorized,
        402 => ModelErrorKind::QuotaExceeded,
        403 => ModelErrorKind::Forbidden,
        404 => ModelErrorKind::NotFound,
        408 => ModelErrorKind::Timeout,
        409 => ModelErrorKind::Conflict,
        413 => ModelErrorKind::ContextTooLong,
        429 => ModelErrorKind::RateLimited,
        500.. => ModelErrorKind::ServerError,
        _ => ModelErrorKind::BadRequest,
    }
}

/// How to mend a fault that the server told; `location` is where it sends us.
fn help(
    kind: ModelErrorKind,
    endpoint: &Endpoint,
    location: Option<&str>,
    said: &str,
) -> Option<String> {
    let (name, key) = (endpoint.name(), endpoint.key_variable());
    let help = match kind {
        ModelErrorKind::Unauthorized if endpoint.has_key() => format!("check the key in {key}"),
        ModelErrorKind::Unauthorized => format!("the server wants a key: set {key}"),
        ModelErrorKind::Forbidden => {
            format!("check that the key in {key} may use `{}`", endpoint.model())
        }
        ModelErrorKind::NotFound => {
            format!(
                "check `model` and `base_url` of model `{name}`; most base addresses end in /v1"
            )
        }
        ModelErrorKind::Redirected => {
            let to = bounded(endpoint, location.unwrap_or_default());
            format!("set `base_url` of model `{name}` to the address it names: {to}")
        }
        ModelErrorKind::QuotaExceeded => format!("add credit to the account of the key in {key}"),
        ModelErrorKind::RateLimited => {
            format!("set `rate` of model `{name}` in engine.yaml to what the account allows")
        }
        ModelErrorKind::Refused => "reword the prompt, or name another model".to_owned(),
        ModelErrorKind::BadRequest
            if ["response_format", "json_schema", "output_config"]
                .iter()
                .any(|part| said.contains(part)) =>
        {
            format!("`{}` may not support JSON schemas; name a newer model", endpoint.model())
        }
        ModelErrorKind::BadRequest if said.contains("stream") => {
            format!("the server may send whole answers only: set `stream: false` of model `{name}`")
        }
        ModelErrorKind::BadRequest
        | ModelErrorKind::ContextTooLong
        | ModelErrorKind::Conflict
        | ModelErrorKind::ServerError
        | ModelErrorKind::Timeout
        | ModelErrorKind::Connection
        | ModelErrorKind::UnreadableAnswer
        | ModelErrorKind::UnknownModel
        | ModelErrorKind::NotAsked
        | ModelErrorKind::NotRecorded
        | ModelErrorKind::MissingKey
        | ModelErrorKind::BadModel => return None,
    };
    Some(help)
}

/// A text of the server on one line, without the key and not too long.
fn bounded(endpoint: &Endpoint, text: &str) -> String {
    one_line(&endpoint.scrubbed(text.to_owned()))
}
