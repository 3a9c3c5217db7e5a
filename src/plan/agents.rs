//! Agents of steps: by name or written in place, with their system message.

use crate::document::{AgentRef, ModelList};
use crate::id::{AgentName, ModelName};

use super::Library;
use super::library::AUTO;

/// What a step needs to know of its agent.
pub(super) struct Resolved {
    pub(super) name: Option<AgentName>,
    pub(super) system: String,
    pub(super) model: Option<ModelList>,
}

/// Finds the agent; `None` where no agent of that name exists.
pub(super) fn resolve(reference: &AgentRef, library: &Library) -> Option<Resolved> {
    Some(match reference {
        AgentRef::Named(name) => {
            let agent = library.agent(name)?;
            Resolved {
                name: Some(name.clone()),
                system: system_message(&agent.role, &agent.goal, &agent.instructions),
                model: agent.model.clone(),
            }
        }
        AgentRef::Inline(agent) => Resolved {
            name: None,
            system: system_message(&agent.role, &agent.goal, &agent.instructions),
            model: agent.model.clone(),
        },
    })
}

/// Role, goal and instructions as one text; instructions alone are taken to the letter.
fn system_message(role: &Option<String>, goal: &Option<String>, instructions: &Option<String>) -> String {
    match (role, goal, instructions) {
        (None, None, instructions) => instructions.clone().unwrap_or_default(),
        (role, goal, instructions) => {
            let mut parts = Vec::new();
            parts.extend(role.as_ref().map(|role| format!("You are the {}.", role.trim().trim_end_matches('.'))));
            parts.extend(goal.as_ref().map(|goal| format!("Your goal: {}.", goal.trim().trim_end_matches('.'))));
            parts.extend(instructions.as_ref().map(|text| text.trim_end().to_owned()));
            parts.join("\n")
        }
    }
}

/// The models of a step in the order they are tried: its own, else its agent's, else the default.
pub(super) fn models(step: Option<&ModelList>, agent: Option<&ModelList>) -> Vec<ModelName> {
    match step.or(agent) {
        Some(list) => list.names().to_vec(),
        None => vec![ModelName::from(AUTO)],
    }
}
