//! Plans: checked, resolved, frozen graphs. Whatever a run needs to know of its files is in its plan,
//! so a run can go on whatever becomes of them; nothing here reads files or calls anything.

// A new kind of event, step or state must be looked at everywhere.
#![warn(clippy::wildcard_enum_match_arm)]

mod agents;
mod checks;
mod compile;
mod consent;
mod cost;
mod evals;
mod graph;
mod library;
mod meant;
mod params;
mod references;
mod texts;
mod types;
mod units;

use std::num::NonZeroUsize;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::document::{Cache, Figures, Limits, Param, Retry, Tool};
use crate::expression::Template;
use crate::id::{AgentName, ModelName, PlanHash, StepId, ToolName, WorkflowName};
use crate::value::{HumanDuration, Value, hex};

pub use checks::{check_names, check_use};
pub use compile::{Known, compile, known};
pub use consent::consents;
pub use cost::{candidates, is_one_of, least_usd};
pub use evals::check_eval;
pub use graph::Graph;
pub use library::{Library, check_library};
pub use params::without_slots;
pub use texts::{Language, Text, texts};
pub use types::ITEM;
pub use units::Units;

/// A checked workflow with all names resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The workflow it was made from.
    pub workflow: WorkflowName,
    /// What the workflow answers.
    pub description: Option<String>,
    /// Typed inputs, by name.
    pub params: IndexMap<String, Param>,
    /// The steps, in the order written.
    pub steps: Vec<Step>,
    /// What a run gives back, by name.
    pub outputs: IndexMap<String, Output>,
    /// The tools that its steps, agents and params use.
    pub tools: IndexMap<ToolName, Tool>,
    /// The agents that others may consult.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub agents: IndexMap<AgentName, ConsultedAgent>,
    /// The plans of the workflows that its steps run, and of those that these run in turn.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub workflows: IndexMap<WorkflowName, Arc<Self>>,
    /// What its numbers count, as far as the workflow tells: of its params, its computed values and its outputs.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub units: Units,
    /// Bounds of a run.
    pub limits: Limits,
}

impl Plan {
    /// The tool by which a step changes something outside.
    pub fn written_to(&self, step: &Step) -> Option<&Tool> {
        match &step.kind {
            Kind::Tool(call) => self.tools.get(&call.tool).filter(|tool| tool.writes()),
            Kind::Agent(_)
            | Kind::Compute(_)
            | Kind::Workflow(_)
            | Kind::Plan(_)
            | Kind::Approval(_) => None,
        }
    }

    /// Whether another step goes on without a step that failed.
    pub fn is_optional(&self, step: &StepId) -> bool {
        let mut needs = self.steps.iter().flat_map(|other| &other.needs);
        needs.any(|need| need.optional && need.step == *step)
    }

    /// Whether some of its steps, or of the workflows that these run, are planned while it runs.
    pub fn plans(&self) -> bool {
        let is_planned = |step: &Step| matches!(step.kind, Kind::Plan(_));
        let inner = self.workflows.values().flat_map(|plan| &plan.steps);
        self.steps.iter().chain(inner).any(is_planned)
    }

    /// Whether the output `answer` is the text of a step's agent, as it is.
    pub fn is_answer(&self, step: &Step) -> bool {
        let whole = Template::Expression(format!("steps.{}.output", step.id));
        step.agent().is_some_and(|agent| agent.schema.is_none())
            && self.outputs.get("answer").is_some_and(|output| output.value == whole)
    }

    /// The hash by which the journal keeps the plan, and the JSON it is the hash of.
    pub fn freeze(&self) -> serde_json::Result<(PlanHash, String)> {
        let json = serde_json::to_string(self)?;
        let hash = hex(&Sha256::digest(json.as_bytes()));
        Ok((PlanHash::from(hash), json))
    }
}

/// A step with all names resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Unique in the plan.
    pub id: StepId,
    /// What the step is for.
    pub description: Option<String>,
    /// What it waits for, in the order written.
    pub needs: Vec<Need>,
    /// An expression; where it is false, the step is skipped.
    pub when: Option<String>,
    /// What it is repeated for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_each: Option<ForEach>,
    /// Whether and how long an output that the same inputs gave before is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<Cache>,
    /// How often and how patiently it is tried.
    pub retry: Retry,
    /// The longest that one attempt may take.
    pub timeout: Option<HumanDuration>,
    /// What happens when it cannot be done.
    pub on_error: OnError,
    /// What it does.
    pub kind: Kind,
}

impl Step {
    /// The name of its kind, as messages and JSON say it.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Agent(_) => "agent",
            Kind::Tool(_) => "tool",
            Kind::Compute(_) => "compute",
            Kind::Workflow(_) => "workflow",
            Kind::Plan(_) => "plan",
            Kind::Approval(_) => "approval",
        }
    }

    /// Whether only a model makes its output.
    pub fn is_told(&self) -> bool {
        matches!(self.kind, Kind::Agent(_) | Kind::Plan(_))
    }

    /// The agent step that it is, if it is one.
    pub fn agent(&self) -> Option<&AgentStep> {
        match &self.kind {
            Kind::Agent(agent) => Some(agent),
            Kind::Tool(_)
            | Kind::Compute(_)
            | Kind::Workflow(_)
            | Kind::Plan(_)
            | Kind::Approval(_) => None,
        }
    }
}

/// What a step is repeated for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForEach {
    /// Gives the list of items.
    pub items: Template,
    /// The name by which the step's texts read an item.
    pub name: String,
    /// The most items that are done at the same time.
    pub max_parallel: Option<NonZeroUsize>,
    /// Whether `when` reads the item, and so decides for each item on its own.
    pub when_reads_item: bool,
    /// Whether items may come from a model.
    pub told: bool,
}

/// A step that another one waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// The step waited for.
    pub step: StepId,
    /// Whether the waiting step copes with it having been skipped.
    pub tolerant: bool,
    /// Whether it copes with it having failed, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Whether it copes in name only: a text of it reads an optional step without a default.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unguarded: bool,
}

/// What happens when a step cannot be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// It fails, and what depends on it is skipped.
    Fail,
    /// It counts as skipped.
    Skip,
    /// It takes this output.
    Default(Template),
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Asks an agent.
    Agent(Box<AgentStep>),
    /// Calls a tool.
    Tool(ToolStep),
    /// Evaluates expressions in order; each may read the names before it.
    Compute(IndexMap<String, Template>),
    /// Runs another workflow.
    Workflow(WorkflowStep),
    /// Runs what a model plans when its turn comes.
    Plan(PlanStep),
    /// Asks a person.
    Approval(ApprovalStep),
}

/// Asks an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentStep {
    /// The agent's name; none where it is written in place.
    pub agent: Option<AgentName>,
    /// Role, goal and instructions as one text.
    pub system: String,
    /// The question, with fences around data.
    pub prompt: Template,
    /// Models in the order they are tried.
    pub models: Vec<ModelName>,
    /// The greatest length of an answer, in tokens.
    pub max_tokens: Option<u32>,
    /// The JSON Schema of the answer; without it the answer is text.
    pub schema: Option<Value>,
    /// What is done about the figures of the answer.
    pub figures: Figures,
    /// The tools that it may call; keys of [`Plan::tools`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolName>,
    /// The agents that it may ask; keys of [`Plan::agents`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consult: Vec<AgentName>,
    /// The most answers of a model that it takes, those that only call tools included.
    #[serde(default = "most_turns")]
    pub max_turns: u32,
}

impl AgentStep {
    /// Whether its model has anything to call. In its only turn it has to answer.
    pub fn may_call(&self) -> bool {
        self.max_turns > 1 && !(self.tools.is_empty() && self.consult.is_empty())
    }
}

/// Answers that a step without `max_turns` takes.
fn most_turns() -> u32 {
    8
}

/// An agent that others may consult.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConsultedAgent {
    /// Role, goal and instructions as one text.
    pub system: String,
    /// What it is asked for, as those who may ask it read it.
    pub about: String,
    /// Models in the order they are tried.
    pub models: Vec<ModelName>,
    /// The tools that it may call; keys of [`Plan::tools`].
    pub tools: Vec<ToolName>,
    /// The agents that it may ask in turn.
    pub consult: Vec<AgentName>,
}

/// Calls a tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolStep {
    /// The tool; a key of [`Plan::tools`].
    pub tool: ToolName,
    /// Its arguments.
    pub with: IndexMap<String, Template>,
}

/// Runs another workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkflowStep {
    /// The workflow; a key of [`Plan::workflows`] of the run's own plan.
    pub workflow: WorkflowName,
    /// Its params.
    pub with: IndexMap<String, Template>,
    /// Params whose values may come from a model.
    pub told: Vec<String>,
}

/// Runs what a model plans when its turn comes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanStep {
    /// What is to be found out.
    pub goal: Template,
    /// The agents that may take part.
    pub agents: Vec<AgentName>,
    /// The most steps, besides the one that puts everything together.
    pub max_steps: u32,
}

/// Asks a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApprovalStep {
    /// What is to be decided.
    pub message: Template,
    /// The answers that can be given.
    pub choices: Vec<String>,
    /// How long the answer is waited for.
    pub timeout: Option<HumanDuration>,
    /// The choice that is taken when the time is over; without one the step fails.
    pub on_timeout: Option<String>,
}

/// What a run gives back under one name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// The value.
    pub value: Template,
    /// The steps it cannot do without.
    pub needs: Vec<StepId>,
    /// All steps it reads.
    pub reads: Vec<StepId>,
    /// Whether it may come from a model.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub told: bool,
}
