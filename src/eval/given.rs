//! What a case gave: the outcome of a run, the way of a question, or why there is neither.

use serde::{Deserialize, Serialize};

use super::spent::Spent;
use crate::event::Fault;
use crate::id::{AgentName, WorkflowName};
use crate::run::Outcome;
use crate::value::{Object, Value};

/// Where a question went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Route {
    /// `workflow`, `agent`, `plan`, `clarify` or `out_of_scope`.
    pub kind: String,
    /// The workflow, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<WorkflowName>,
    /// The params that the question gives.
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub params: Object,
    /// The agents that answer it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<AgentName>,
    /// Who chose: `lexical`, `model` or `session`.
    pub by: String,
    /// Whether the choice is taken as it is; a model is asked where the words of a question are not sure.
    pub sure: bool,
}

/// What one question or run gave.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// How the run ended, where something ran.
    pub outcome: Option<Outcome>,
    /// What finding the way of a question took; part of the outcome, where something ran.
    pub before: Spent,
    /// Where the question went, where one was asked.
    pub route: Option<Route>,
    /// The agents that had a part in it.
    pub agents: Vec<AgentName>,
    /// Why nothing ran, where something should have.
    pub fault: Option<Fault>,
    /// The exit code that the command would end with.
    pub exit: u8,
    /// The first question to a model that was to be answered from recordings and is not recorded, with what differs.
    pub missed: Option<String>,
}

impl Given {
    /// A case that could not be done at all.
    pub fn failed(fault: Fault, exit: u8) -> Self {
        Self { fault: Some(fault), exit, ..Self::default() }
    }

    /// What all calls of models took, those that found the way of a question among them.
    pub fn spent(&self) -> Spent {
        self.outcome.as_ref().map_or(self.before, Spent::of)
    }

    /// Whether it is final where the question goes. A choice that words alone are not sure of is none yet, where nothing ran on it.
    pub fn is_settled(&self) -> bool {
        let unsure = self.route.as_ref().is_some_and(|route| !route.sure);
        !unsure || self.outcome.is_some() || self.fault.is_some()
    }

    /// Whether anything was given back that could be judged.
    pub fn has_answer(&self) -> bool {
        self.outputs().is_some_and(|outputs| outputs.values().any(|value| !value.is_null()))
    }

    /// The answer as a text: the output `answer`, or all outputs as JSON.
    pub fn text(&self) -> String {
        match self.answer() {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => self
                .outputs()
                .map_or_else(String::new, |all| Value::Object(all.clone()).to_string()),
        }
    }

    /// The output `answer`.
    pub fn answer(&self) -> Option<&Value> {
        self.outputs()?.get("answer").filter(|answer| !answer.is_null())
    }

    /// All outputs.
    pub fn outputs(&self) -> Option<&Object> {
        self.outcome.as_ref().map(|outcome| &outcome.outputs)
    }
}
