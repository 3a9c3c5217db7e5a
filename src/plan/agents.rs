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
                system: system_message(
                    agent.role.as_deref(),
                    agent.goal.as_deref(),
                    agent.instructions.as_deref(),
                ),
                model: agent.model.clone(),
            }
        }
        AgentRef::Inline(agent) => Resolved {
            name: None,
            system: system_message(
                agent.role.as_deref(),
                agent.goal.as_deref(),
                agent.instructions.as_deref(),
            ),
            model: agent.model.clone(),
        },
    })
}

/// Role, goal and instructions as one text; instructions alone are taken to the letter.
fn system_message(role: Option<&str>, goal: Option<&str>, instructions: Option<&str>) -> String {
    if role.is_none() && goal.is_none() {
        return instructions.unwrap_or_default().to_owned();
    }
    let sentence = |text: &str| text.trim().trim_end_matches('.').to_owned();
    let parts = [
        role.map(|role| format!("You are the {}.", sentence(role))),
        goal.map(|goal| format!("Your goal: {}.", sentence(goal))),
        instructions.map(|text| text.trim_end().to_owned()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// The models of a step in the order they are tried: its own, else its agent's, else the default.
pub(super) fn models(step: Option<&ModelList>, agent: Option<&ModelList>) -> Vec<ModelName> {
    match step.or(agent) {
        Some(list) => list.names().to_vec(),
        None => vec![ModelName::from(AUTO)],
    }
}
