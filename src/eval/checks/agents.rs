//! `agents`: who takes part.

use super::{Found, nothing, settled};
use crate::document::AgentNames;
use crate::eval::given::Given;
use crate::id::AgentName;

pub(super) fn look(wanted: &AgentNames, given: &Given) -> Found {
    if given.route.is_none() && given.outcome.is_none() {
        return nothing(given);
    }
    let there: Vec<&str> = given.agents.iter().map(AgentName::as_str).collect();
    let all = wanted.places().all(|(_, agent)| there.contains(&agent.as_str()));
    let named = if there.is_empty() { "nobody".to_owned() } else { there.join(", ") };
    settled(given, all, format!("{named} answers"))
}
