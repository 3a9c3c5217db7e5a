//! `status` and `exit`: how a run ends, and the command with it.

use super::{Found, nothing, told};
use crate::eval::given::Given;
use crate::event::RunStatus;

pub(super) fn status(wanted: RunStatus, given: &Given) -> Found {
    let Some(outcome) = &given.outcome else { return nothing(given) };
    let why =
        outcome.error.as_ref().map_or_else(String::new, |error| format!(": {}", error.message));
    told(outcome.status == wanted, format!("the run is {}{why}", name(outcome.status)))
}

pub(super) fn exit(wanted: u8, given: &Given) -> Found {
    let why = given.fault.as_ref().map_or_else(String::new, |fault| format!(": {}", fault.message));
    told(given.exit == wanted, format!("the exit code is {}{why}", given.exit))
}

fn name(status: RunStatus) -> String {
    serde_json::to_value(status)
        .ok()
        .and_then(|word| word.as_str().map(str::to_owned))
        .unwrap_or_default()
}
