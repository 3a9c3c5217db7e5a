//! What went wrong, read from what the server sent, and said so that it can be mended.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{DATE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER};
use serde::Deserialize;

use super::endpoint::Endpoint;
use super::error::{ModelError, ModelErrorKind};
use super::http::{Broken, Reply};
use super::{Answer, Request};
use crate::value::{HumanDuration, Value};

/// As much of a server's own words as is shown.
const LONGEST_QUOTE: usize = 300;

/// Why a response of status 200 is no answer.
#[derive(Debug)]
pub(super) enum Unusable {
    /// It is not what the protocol says.
    Unreadable(String),
    /// The model or its provider refuses, in its own words.
    Refused(String),
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
    let error = match unusable {
        Unusable::Unreadable(why) => (
            ModelErrorKind::UnreadableAnswer,
            format!("{label} sent an answer that cannot be read: {}", bounded(endpoint, &why)),
            format!(
                "check that `base_url` of model `{}` is the address of the API",
                endpoint.name()
            ),
        ),
        Unusable::Refused(why) => (
            ModelErrorKind::Refused,
            format!("{label} refuses to answer: {}", bounded(endpoint, &why)),
            "reword the prompt, or name another model".to_owned(),
        ),
    };
    let (kind, message, help) = error;
    ModelError { status: Some(200), ..ModelError::new(kind, message).help(help) }
}

/// The error of a request without a whole answer.
pub(super) fn of_exchange(endpoint: &Endpoint, broken: Broken) -> ModelError {
    let (label, name) = (endpoint.label(), endpoint.name());
    match broken {
        Broken::Setup(why) => {
            ModelError::new(ModelErrorKind::BadModel, format!("{label} cannot be asked: {why}"))
                .help("check the certificates that the system trusts")
        }
        Broken::Connection(why) => ModelError::new(
            ModelErrorKind::Connection,
            format!("{label} cannot be reached: {}", bounded(endpoint, &why)),
        )
        .help(format!("check that the server runs, and `base_url` of model `{name}`")),
        Broken::Timeout(limit) => ModelError::new(
            ModelErrorKind::Timeout,
            format!("{label} did not answer within {}", HumanDuration(limit)),
        )
        .help("raise the step's `timeout`, or make answers shorter by a smaller `max_tokens`"),
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
    let mut message = format!("{} answered {}", endpoint.label(), reply.status);
    if !said.is_empty() {
        message = format!("{message}: {}", bounded(endpoint, &said));
    }
    ModelError {
        kind,
        message,
        help: help(kind, endpoint, reply, &said),
        retry_after: retry_after(&reply.headers),
        status: Some(reply.status.as_u16()),
    }
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
    let too_long =
        is(&["context_length_exceeded", "exceed_context_size_error", "request_too_large"])
            || says(&["prompt is too long", "maximum context length", "context window"]);
    match status {
        400 | 413 | 422 if too_long => ModelErrorKind::ContextTooLong,
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

fn help(kind: ModelErrorKind, endpoint: &Endpoint, reply: &Reply, said: &str) -> Option<String> {
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
            let to =
                reply.headers.get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
            let to = bounded(endpoint, to);
            format!("set `base_url` of model `{name}` to the address it names: {to}")
        }
        ModelErrorKind::QuotaExceeded => format!("add credit to the account of the key in {key}"),
        ModelErrorKind::RateLimited => {
            format!("set `rate` of model `{name}` in engine.yaml to what the account allows")
        }
        ModelErrorKind::ContextTooLong => {
            "pass less data to the prompt, or name a model that reads more".to_owned()
        }
        ModelErrorKind::Refused => "reword the prompt, or name another model".to_owned(),
        ModelErrorKind::BadRequest
            if ["response_format", "json_schema", "output_config"]
                .iter()
                .any(|part| said.contains(part)) =>
        {
            format!("`{}` may not support JSON schemas; name a newer model", endpoint.model())
        }
        ModelErrorKind::BadRequest
        | ModelErrorKind::Conflict
        | ModelErrorKind::ServerError
        | ModelErrorKind::Timeout
        | ModelErrorKind::Connection
        | ModelErrorKind::UnreadableAnswer
        | ModelErrorKind::UnknownModel
        | ModelErrorKind::MissingKey
        | ModelErrorKind::BadModel => return None,
    };
    Some(help)
}

/// The object that describes the error: `error` in most protocols, in a list in some.
fn error_of(body: &Value) -> &Value {
    let body = body.get(0).unwrap_or(body);
    body.get("error").unwrap_or(body)
}

/// What the server said, as far as it said something for people.
fn quoted(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    if text.trim_start().starts_with('<') {
        let title = text.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
        return title.map_or_else(
            || "a page instead of JSON".to_owned(),
            |(title, _)| format!("a page instead of JSON, titled `{}`", title.trim()),
        );
    }
    let json: Option<Value> = serde_json::from_str(&text).ok();
    let error = json.as_ref().map(error_of);
    let words = error.and_then(|error| {
        ["/message", "/detail", "/detail/0/msg", "/error"]
            .iter()
            .find_map(|at| error.pointer(at)?.as_str())
    });
    words.or_else(|| error?.as_str()).map_or_else(|| text.clone().into_owned(), str::to_owned)
}

/// A text of the server on one line, without the key and not too long.
fn bounded(endpoint: &Endpoint, text: &str) -> String {
    let text = endpoint.scrubbed(text.to_owned());
    let mut line = String::new();
    for word in
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty())
    {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > LONGEST_QUOTE {
            line.truncate(line.floor_char_boundary(LONGEST_QUOTE));
            line.push('…');
            break;
        }
    }
    line
}

/// How long the server asks to wait: in milliseconds, in seconds, or until a date by its own clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text =
        |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let seconds = |text: &str, unit: f64| {
        text.parse::<f64>().ok().and_then(|number| Duration::try_from_secs_f64(number * unit).ok())
    };
    let millis = text(HeaderName::from_static("retry-after-ms"));
    if let Some(wait) = millis.and_then(|millis| seconds(millis, 0.001)) {
        return Some(wait);
    }
    let after = text(RETRY_AFTER)?;
    seconds(after, 1.0).or_else(|| {
        let date =
            |text: &str| DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok();
        let now = text(DATE).and_then(date).unwrap_or_else(Timestamp::now);
        Some(Duration::try_from(date(after)?.duration_since(now)).unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_read_in_all_its_forms() {
        let wait = |headers: &[(&'static str, &str)]| {
            let pairs = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
            retry_after(&pairs.collect()).map(|wait| wait.as_millis())
        };
        assert_eq!(wait(&[]), None);
        assert_eq!(wait(&[("retry-after", "2")]), Some(2000));
        assert_eq!(wait(&[("retry-after", "0.25")]), Some(250));
        assert_eq!(wait(&[("retry-after", "7"), ("retry-after-ms", "40")]), Some(40));
        for odd in ["soon", "-1", "NaN", "inf", "1e300"] {
            assert_eq!(wait(&[("retry-after", odd)]), None, "{odd}");
        }
        let date = "Wed, 21 Oct 2026 07:28:30 GMT";
        let server = |now| wait(&[("retry-after", date), ("date", now)]);
        assert_eq!(server("Wed, 21 Oct 2026 07:28:00 GMT"), Some(30_000));
        assert_eq!(server("Wed, 21 Oct 2026 07:29:00 GMT"), Some(0), "it is past");
        assert_eq!(
            wait(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]),
            Some(0),
            "our own clock"
        );
    }

    #[test]
    fn the_words_of_a_server_are_found() {
        for (body, said) in [
            (r#"{"error": {"message": "no", "type": "x"}}"#, "no"),
            (
                r#"{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}"#,
                "Overloaded",
            ),
            (r#"{"error": "model not found"}"#, "model not found"),
            (r#"[{"error": {"message": "in a list"}}]"#, "in a list"),
            (r#"{"object": "error", "message": "flat"}"#, "flat"),
            (r#"{"detail": "Not Found"}"#, "Not Found"),
            (r#"{"detail": [{"msg": "field required"}]}"#, "field required"),
            (
                "<html><head><title> 502 Bad Gateway </title>",
                "a page instead of JSON, titled `502 Bad Gateway`",
            ),
            ("plain", "plain"),
            ("", ""),
        ] {
            assert_eq!(quoted(body.as_bytes()), said, "{body}");
        }
    }
}
