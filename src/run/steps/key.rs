//! What a step is made of, as one hash: equal for steps that would ask or call the same.

use sha2::{Digest, Sha256};

use crate::id::StepKey;
use crate::plan::{AgentStep, Plan};
use crate::run::context::Context;
use crate::tool::Toolbox;
use crate::value::{Object, hex};

/// Hexadecimal digits of a key: 128 bits, so that no two steps that differ ever share one.
const DIGITS: usize = 32;

/// The key of a question: all texts that are sent, the shape of the answer, the models that may give it, and whatever
/// they may call, with the data as it is now. None where nobody can tell whether that changed.
pub(in crate::run) fn of_agent(
    agent: &AgentStep,
    (system, prompt): &(String, String),
    plan: &Plan,
    Context { models, tools, .. }: &Context,
) -> Option<StepKey> {
    let schema = agent.schema.as_ref().map(ToString::to_string).unwrap_or_default();
    let shape = format!("{:?} {:?}", agent.max_tokens, agent.figures);
    let answered_by = models.identity(&agent.models);
    if !agent.may_call() {
        return Some(of_parts(["agent", system, prompt, &schema, &shape, &answered_by]));
    }
    let mut calls = format!("{:?} {:?} {}", agent.tools, agent.consult, agent.max_turns);
    // Who may be asked in turn is not worked out: all agents of the plan count, and all tools.
    let asks = !agent.consult.is_empty();
    for consulted in plan.agents.values().filter(|_| asks) {
        calls.push_str(&serde_json::to_string(consulted).ok()?);
        calls.push_str(&models.identity(&consulted.models));
    }
    for tool in plan.tools.values().filter(|tool| asks || agent.tools.contains(&tool.name)) {
        calls.push_str(&serde_json::to_string(tool).ok()?);
        calls.push_str(&tools.version(tool)?);
    }
    Some(of_parts(["agent", system, prompt, &schema, &shape, &answered_by, &calls]))
}

/// The key of a call: the tool as it is written, its arguments, and the data that it reads as they are now. None
/// where nobody can tell whether that changed.
pub(in crate::run) fn of_tool(
    tool: &crate::document::Tool,
    arguments: &Object,
    tools: &Toolbox,
) -> Option<StepKey> {
    let version = tools.version(tool)?;
    let tool = serde_json::to_string(tool).ok()?;
    let arguments = serde_json::to_string(arguments).ok()?;
    Some(of_parts(["tool", &tool, &arguments, &version]))
}

fn of_parts<const N: usize>(parts: [&str; N]) -> StepKey {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let mut digits = hex(&hash.finalize());
    digits.truncate(DIGITS);
    StepKey::from(digits)
}
