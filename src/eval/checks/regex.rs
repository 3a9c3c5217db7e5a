//! `regex`: the answer holds something that matches.

use serde_json::json;

use super::{Found, nothing, short, told};
use crate::eval::given::Given;

pub(super) fn look(pattern: &str, given: &Given) -> Found {
    if given.outcome.is_none() {
        return nothing(given);
    }
    let answer = given.text();
    match jsonschema::validator_for(&json!({"pattern": pattern})) {
        Ok(validator) => {
            told(validator.is_valid(&json!(answer)), format!("the answer is: {}", short(&answer)))
        }
        Err(_) => Found::Nothing(format!("`{pattern}` is no regular expression")),
    }
}
