//! `equals`: the answer is a text, or the outputs are a map.

use super::{Found, nothing, short, told};
use crate::eval::given::Given;
use crate::value::Value;

pub(super) fn look(wanted: &Value, given: &Given) -> Found {
    let Some(outputs) = given.outputs() else { return nothing(given) };
    match wanted {
        Value::String(text) => {
            let there = given.text();
            told(there.trim() == text.trim(), format!("the answer is: {}", short(&there)))
        }
        Value::Object(map) => told(
            map == outputs,
            format!("the outputs are {}", short(&Value::Object(outputs.clone()).to_string())),
        ),
        other => {
            let there = given.answer().unwrap_or(&Value::Null);
            told(there == other, format!("the answer is: {}", short(&there.to_string())))
        }
    }
}
