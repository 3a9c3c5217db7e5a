//! Steps of kind `plan`.

use super::{Compiler, Edges};
use crate::document::{self, Planning};
use crate::expression::Template;
use crate::id::AgentName;
use crate::plan::{Kind, PlanStep};
use crate::value::Value;

/// Steps of a plan where nothing is written.
const MAX_STEPS: u32 = 8;

impl Compiler<'_> {
    pub(super) fn planning(
        &mut self,
        step: &document::Step,
        planning: &Planning,
        pointer: &str,
        edges: &mut Edges,
    ) -> Option<Kind> {
        let Planning { goal, agents, max_steps } = planning;
        let place = format!("{pointer}/plan/goal");
        edges.add(&self.template(goal, &place, Some(&step.id), &[]));
        if goal.trim().is_empty() {
            let help = "say what is to be found out".to_owned();
            self.error("empty", "`goal` is empty".to_owned(), help, &place);
        }
        for (index, name) in agents.iter().enumerate() {
            if self.library.agent(name).is_none() {
                let help = self.library.agent_meant(name.as_str());
                let place = format!("{pointer}/plan/agents/{index}");
                self.error("unknown-agent", format!("unknown agent `{name}`"), help, &place);
            }
        }
        let named = self.library.agents().map(|agent| &agent.value.name);
        let all: Vec<AgentName> = named.cloned().collect();
        if all.is_empty() {
            let help = "write one in agents/".to_owned();
            let message = "a plan needs agents, and the project has none".to_owned();
            self.error("unknown-agent", message, help, &format!("{pointer}/plan"));
            return None;
        }
        let agents = if agents.is_empty() { all } else { agents.clone() };
        Some(Kind::Plan(PlanStep {
            goal: Template::new(&Value::String(goal.clone())),
            agents,
            max_steps: max_steps.unwrap_or(MAX_STEPS),
        }))
    }
}
