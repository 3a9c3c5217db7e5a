//! `decision`: the output of that name.

use super::{Found, nothing, told};
use crate::eval::given::Given;
use crate::value::unquoted;

pub(super) fn look(wanted: &str, given: &Given) -> Found {
    let Some(outputs) = given.outputs() else { return nothing(given) };
    match outputs.get("decision") {
        Some(there) => {
            let there = unquoted(there);
            told(there == wanted, format!("the decision is {there}"))
        }
        None => Found::Nothing("there is no output `decision`".to_owned()),
    }
}
