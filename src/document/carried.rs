//! Values that come along with a key of another tool: what is written here for the two of them.

use super::helps;
use crate::value::{HumanDuration, Value};

/// What to write for a key of a step and its value, where the key that is meant takes its value in another form.
pub(super) fn step(key: &str, meant: &str, value: &Value) -> Option<String> {
    Some(match meant {
        "on_error" => on_error(value),
        "timeout" => format!("write `timeout: {}`", time(key, value)?),
        "retry" if key.contains("delay") => {
            format!(
                "write `retry: {{delay: {}}}`",
                time(key, value).unwrap_or_else(|| "1s".to_owned())
            )
        }
        // Others count what follows the first attempt.
        "retry" if key.contains("retries") => match value.as_u64() {
            Some(more) => format!("write `retry: {{max_attempts: {}}}`", more.saturating_add(1)),
            None => "write `retry: {max_attempts: 3}`".to_owned(),
        },
        "retry" => "write `retry: {max_attempts: 3, delay: 1s}`".to_owned(),
        "compute" if !value.is_object() => "write `compute: {NAME: EXPRESSION}`".to_owned(),
        "default" => "write `on_error: default`, and the value at `default:`".to_owned(),
        "output" if value.is_string() => {
            "remove it, and say it in the `prompt`; `output: {schema: ...}` gives an answer a shape"
                .to_owned()
        }
        "output" => "write `output: {schema: ...}`, with the JSON Schema of an object".to_owned(),
        _ => return None,
    })
}

fn on_error(value: &Value) -> String {
    let goes_on = match value {
        Value::Bool(goes_on) => Some(*goes_on),
        Value::String(word) => helps::switch(word),
        _ => None,
    };
    match goes_on {
        Some(false) => "remove it: a step that fails fails the run".to_owned(),
        _ => "write `on_error: skip`, or `on_error: default` with a `default:` to take".to_owned(),
    }
}

/// A time as it is written here. Where its key says no unit, a bare number counts seconds.
fn time(key: &str, value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => {
            let unit = if key.to_lowercase().contains("min") { "m" } else { "s" };
            Some(format!("{number}{unit}"))
        }
        Value::String(text) => HumanDuration::parse(text).is_ok().then(|| text.clone()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
