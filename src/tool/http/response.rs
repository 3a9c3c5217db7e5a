//! What a server answered, as the output of a tool: checked, picked, shaped. Its words are data.

use std::time::Duration;

use jsonschema::Validator;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE};

use crate::document::{Http, Returns, Tool};
use crate::tool::{MOST_ROWS, ToolError};
use crate::value::{Value, type_name};
use crate::wire::{Reply, one_line, quoted, retry_after};

/// Faults of a schema that are told.
const MOST_FAULTS: usize = 3;

/// The output of a tool.
pub(super) fn read(tool: &Tool, http: &Http, reply: &Reply) -> Result<Value, ToolError> {
    if !reply.status.is_success() {
        return Err(refusal(tool, reply));
    }
    if reply.body.trim_ascii().is_empty() && (tool.writes() || tool.returns == Returns::Value) {
        return Ok(Value::Null);
    }
    if let Some(coding) = reply.headers.get(CONTENT_ENCODING).filter(|coding| *coding != "identity")
    {
        // Nothing is unpacked, so nothing small grows large.
        let coding = one_line(&String::from_utf8_lossy(coding.as_bytes()));
        return Err(ToolError::new("not-json", format!("the answer is packed ({coding}), which was not asked for"))
            .help("have the server answer as it is asked: without `Accept-Encoding` nothing is to be packed"));
    }
    let Some(all) = parsed(tool, http, reply)? else {
        return Err(ToolError::new("not-json", format!("the answer is no JSON: {}", one_line(&quoted(&reply.body))))
            .help("ask for JSON, as by `headers: {Accept: application/json}`; `returns: value` takes text as it is"));
    };
    let picked = match &http.select {
        Some(pointer) => pick(&all, pointer)?,
        None => &all,
    };
    if let Some(schema) = &http.schema {
        let validator = jsonschema::validator_for(schema)
            .map_err(|error| ToolError::new("bad-schema", format!("`schema` is none: {error}")))?;
        fits(&validator, picked)?;
    }
    shape(tool.returns, picked)
}

/// The JSON of an answer, or its text where a tool takes that.
fn parsed(tool: &Tool, http: &Http, reply: &Reply) -> Result<Option<Value>, ToolError> {
    if let Ok(json) = serde_json::from_slice(&reply.body) {
        return Ok(Some(json));
    }
    let kind =
        reply.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if tool.returns != Returns::Value || http.select.is_some() || kind.contains("json") {
        return Ok(None);
    }
    match std::str::from_utf8(&reply.body) {
        Ok(text) => Ok(Some(text.into())),
        Err(_) => Err(ToolError::new("not-json", "the answer holds bytes that are no text")),
    }
}

/// The value at a JSON pointer; the fault says how far it leads.
pub(in crate::tool) fn pick<'v>(all: &'v Value, pointer: &str) -> Result<&'v Value, ToolError> {
    if let Some(found) = all.pointer(pointer) {
        return Ok(found);
    }
    let ends = pointer.match_indices('/').map(|(at, _)| at).chain([pointer.len()]);
    let mut reached = ends.filter_map(|end| {
        let part = pointer.get(..end)?;
        Some((part, all.pointer(part)?))
    });
    let (part, value) = reached.next_back().unwrap_or(("", all));
    let holds = match value {
        Value::Object(object) => {
            let names: Vec<&str> = object.keys().take(10).map(String::as_str).collect();
            format!("a map of {}", one_line(&names.join(", ")))
        }
        Value::Array(items) => format!("a list of {}", items.len()),
        other => type_name(other).to_owned(),
    };
    let at = if part.is_empty() { "at the top" } else { part };
    Err(ToolError::new("no-value", format!("the answer has nothing at {pointer}"))
        .help(format!("it has {holds} {at}")))
}

fn fits(validator: &Validator, value: &Value) -> Result<(), ToolError> {
    let faults: Vec<String> = validator
        .iter_errors(value)
        .take(MOST_FAULTS)
        .map(|error| {
            let at = error.instance_path().as_str();
            let at = if at.is_empty() { "at the top" } else { at };
            one_line(&format!("{at}: {error}"))
        })
        .collect();
    if faults.is_empty() {
        return Ok(());
    }
    Err(ToolError::new(
        "breaks-schema",
        format!("the answer does not fit `schema`: {}", faults.join("; ")),
    ))
}

/// A value as a tool says that it gives it.
pub(in crate::tool) fn shape(returns: Returns, value: &Value) -> Result<Value, ToolError> {
    let wrong = |wanted: &str, help: &str| {
        let message = format!("{wanted} was wanted, the answer is {}", type_name(value));
        Err(ToolError::new("wrong-shape", message).help(help))
    };
    match (returns, value) {
        (Returns::Value, value) => Ok(value.clone()),
        (Returns::Rows, Value::Array(rows)) if rows.len() > MOST_ROWS => {
            let message = format!("the answer holds more than {MOST_ROWS} rows");
            Err(ToolError::new("too-many-rows", message).help("ask for fewer"))
        }
        (Returns::Rows, Value::Array(rows)) => match rows.iter().find(|row| !row.is_object()) {
            Some(other) => {
                let message =
                    format!("a list of maps was wanted, the answer lists {}", type_name(other));
                Err(ToolError::new("wrong-shape", message).help("say `returns: value`"))
            }
            None => Ok(value.clone()),
        },
        (Returns::Row, Value::Object(_)) => Ok(value.clone()),
        (Returns::Rows, _) => {
            wrong("a list", "pick it by `select: /data/items`, or say `returns: row`")
        }
        (Returns::Row, _) => {
            wrong("a map", "pick it by `select: /data/0`, or say `returns: value`")
        }
    }
}

/// Why a server gave nothing. A write may have been done all the same, so it is not sent again.
fn refusal(tool: &Tool, reply: &Reply) -> ToolError {
    let status = reply.status;
    let said = one_line(&quoted(&reply.body));
    let said = if said.is_empty() { said } else { format!(": {said}") };
    let message = format!("the server answered {status}{said}");
    let help = "check the secret that `headers` names";
    let error = refused(status, message, help, retry_after(&reply.headers));
    if tool.writes() { error.lasting() } else { error }
}

/// The fault of a status, with what mends it where the server wants to know who asks. The statuses that may pass are
/// those of models.
pub(in crate::tool) fn refused(
    status: StatusCode,
    message: String,
    who: &str,
    wait: Option<Duration>,
) -> ToolError {
    let kind = match status.as_u16() {
        300..=399 => "redirected",
        401 => "unauthorized",
        403 => "forbidden",
        404 | 410 => "not-found",
        408 => "timeout",
        409 => "conflict",
        429 => "rate-limited",
        500.. => "server-error",
        _ => "bad-request",
    };
    let error = ToolError::new(kind, message);
    match status.as_u16() {
        401 | 403 => error.help(who),
        408 | 409 | 429 | 500.. => error.passing_after(wait),
        _ => error,
    }
}
