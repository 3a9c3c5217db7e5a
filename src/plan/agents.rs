//! Agents of steps: by name or written in place, with their system message, and those that they may consult.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use crate::document::{Agent, AgentRef, ModelList};
use crate::id::{AgentName, ModelName, ToolName};

use super::library::AUTO;
use super::{ConsultedAgent, Kind, Library, Step};

/// What a step needs to know of its agent.
pub(super) struct Resolved {
    pub(super) name: Option<AgentName>,
    pub(super) system: String,
    pub(super) model: Option<ModelList>,
    pub(super) tools: Vec<ToolName>,
    pub(super) consult: Vec<AgentName>,
}

/// Finds the agent; `None` where no agent of that name exists.
pub(super) fn resolve(reference: &AgentRef, library: &Library) -> Option<Resolved> {
    Some(match reference {
        AgentRef::Named(name) => {
            let agent = library.agent(name)?;
            Resolved {
                name: Some(name.clone()),
                system: system_of(agent),
                model: agent.model.clone(),
                tools: agent.tools.clone(),
                consult: agent.consult.clone(),
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
            tools: agent.tools.clone(),
            consult: agent.consult.clone(),
        },
    })
}

/// The agents that those of steps may consult, those that these may consult in turn, and so on. Agents that do not exist
/// are left out: they are told where they are named.
pub(super) fn consulted(steps: &[Step], library: &Library) -> IndexMap<AgentName, ConsultedAgent> {
    let mut open: Vec<&AgentName> = Vec::new();
    for step in steps {
        if let Kind::Agent(agent) = &step.kind {
            open.extend(&agent.consult);
        }
    }
    let mut names: BTreeSet<&AgentName> = BTreeSet::new();
    while let Some(name) = open.pop() {
        if let Some(agent) = library.agent(name).filter(|_| names.insert(name)) {
            open.extend(&agent.consult);
        }
    }
    let found = names.into_iter().filter_map(|name| Some((name, library.agent(name)?)));
    found.map(|(name, agent)| (name.clone(), consulted_agent(agent))).collect()
}

fn consulted_agent(agent: &Agent) -> ConsultedAgent {
    let who = agent.role.as_deref().unwrap_or(agent.name.as_str());
    let covers = agent.covers.as_deref().or(agent.goal.as_deref());
    let covers = covers.map_or_else(String::new, |covers| format!(" {}", covers.trim()));
    ConsultedAgent {
        system: system_of(agent),
        about: format!("Ask the {}.{covers}", sentence(who)),
        models: models(None, agent.model.as_ref()),
        tools: agent.tools.clone(),
        consult: agent.consult.clone(),
    }
}

fn system_of(agent: &Agent) -> String {
    let Agent { role, goal, instructions, .. } = agent;
    system_message(role.as_deref(), goal.as_deref(), instructions.as_deref())
}

fn sentence(text: &str) -> &str {
    text.trim().trim_end_matches('.')
}

/// Role, goal and instructions as one text; instructions alone are taken to the letter.
fn system_message(role: Option<&str>, goal: Option<&str>, instructions: Option<&str>) -> String {
    if role.is_none() && goal.is_none() {
        return instructions.unwrap_or_default().to_owned();
    }
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
