//! `is-json` and `json-schema`: the answer as JSON.

use super::{Found, nothing, short, told};
use crate::eval::given::Given;
use crate::value::Value;

pub(super) fn look(wanted: bool, given: &Given) -> Found {
    if given.outcome.is_none() {
        return nothing(given);
    }
    told(parsed(given).is_some() == wanted, format!("the answer is: {}", short(&given.text())))
}

pub(super) fn valid(schema: &Value, given: &Given) -> Found {
    if given.outcome.is_none() {
        return nothing(given);
    }
    let Some(answer) = parsed(given) else {
        return told(false, format!("the answer is no JSON: {}", short(&given.text())));
    };
    match jsonschema::validator_for(schema) {
        Ok(validator) => match validator.validate(&answer) {
            Ok(()) => told(true, "the answer is valid"),
            Err(fault) => told(false, format!("at `{}`: {fault}", fault.instance_path())),
        },
        Err(error) => Found::Nothing(format!("this is no JSON Schema: {error}")),
    }
}

/// The answer as a value; without one, all outputs.
fn parsed(given: &Given) -> Option<Value> {
    match given.answer() {
        Some(Value::String(text)) => serde_json::from_str(text).ok(),
        Some(other) => Some(other.clone()),
        None => given.outputs().map(|outputs| Value::Object(outputs.clone())),
    }
}
