//! A step of a workflow, as written. Which keys make a valid step is checked here; what the names in
//! it mean is resolved by `plan`.

use std::num::NonZeroUsize;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::workflow::present;
use super::{Approval, Cache, InlineAgent, ModelList, Needs, Planning};
use crate::id::{AgentName, StepId, ToolName, WorkflowName};
use crate::value::{HumanDuration, Value, Wait};

/// One node of the workflow's DAG. Exactly one of `agent`, `tool`, `workflow`, `compute`, `plan` and `approval`
/// makes its kind.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = super::schema::step_kinds)]
pub struct Step {
    /// Name of the step; others read `steps.ID.output`.
    #[schemars(extend("pattern" = r"^[A-Za-z_][A-Za-z0-9_]*$"), example = &"metrics")]
    pub id: StepId,
    /// What the step is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"Spend and revenue of the campaign")]
    pub description: Option<String>,

    /// Kind `agent`: the name of an agent, or one written in place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentRef>,
    /// Agent: what the agent is asked; a template over `params` and `steps`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"How did campaign {{ params.campaign_id }} do?")]
    pub prompt: Option<String>,
    /// Agent: the model, or several to be tried in order, instead of the agent's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelList>,
    /// Agent: the tools it may call, instead of the agent's own; an empty list for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("uniqueItems" = true), example = ["profit_and_loss"])]
    pub tools: Option<Vec<ToolName>>,
    /// Agent: the most answers of the model, those that only call tools included; in the last one no tool is offered.
    /// 8 where nothing is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100), extend("default" = 8), example = &4)]
    pub max_turns: Option<u32>,
    /// Agent: the greatest length of an answer, in tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1), example = &1000)]
    pub max_tokens: Option<u32>,
    /// Agent: the shape of the answer; without it the answer is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<OutputShape>,
    /// Agent: what is done about the figures of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "check"))]
    pub figures: Option<Figures>,

    /// Kind `tool`: the name of a tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"campaign_metrics")]
    pub tool: Option<ToolName>,
    /// Tool and workflow: arguments by name; values or templates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = serde_json::json!({"campaign_id": "{{ params.campaign_id }}"}))]
    pub with: Option<IndexMap<String, Value>>,

    /// Kind `workflow`: the name of a workflow of the project; its outputs are the step's output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"roi_analysis")]
    pub workflow: Option<WorkflowName>,

    /// Kind `plan`: a model plans what is to be done when the step's turn comes, and that is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Planning>,

    /// Kind `approval`: a question to a person, for whom the run waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,

    /// Kind `compute`: expressions by name, in order; each may read `params`, `steps` and the names before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), example = serde_json::json!({"roas": "steps.metrics.output.revenue_usd / steps.metrics.output.spend_usd"}))]
    pub compute: Option<IndexMap<String, Value>>,

    /// Steps to wait for, besides those whose outputs are read.
    #[serde(default, skip_serializing_if = "Needs::is_empty")]
    pub needs: Needs,
    /// An expression; where it is false, the step is skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"steps.metrics.output.spend_usd > 0")]
    pub when: Option<String>,
    /// A list, or an expression that gives one: the step is done once for each item, and its output is the list of
    /// what each gave, in the order of the items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<super::repeat::ForEach>", example = &"{{ steps.campaigns.output }}")]
    pub for_each: Option<Value>,
    /// With `for_each`: the name by which the step's texts read the item; `item` where absent.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = r"^[A-Za-z_][A-Za-z0-9_]*$"), example = &"campaign")]
    pub item_name: Option<String>,
    /// With `for_each`: the most items that are done at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &4)]
    pub max_parallel: Option<NonZeroUsize>,
    /// Whether an output that the same inputs gave before is taken instead of doing the step again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<Cache>,
    /// How often and how patiently the step is tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// The longest that one attempt may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<HumanDuration>,
    /// What happens when the step cannot be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "fail"))]
    pub on_error: Option<OnError>,
    /// The output taken with `on_error: default`; values or templates.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
}

impl Step {
    /// The tools that it names.
    pub fn tool_names(&self) -> impl Iterator<Item = &ToolName> {
        let inline = match &self.agent {
            Some(AgentRef::Inline(agent)) => agent.tools.as_slice(),
            Some(AgentRef::Named(_)) | None => &[],
        };
        self.tool.iter().chain(self.tools.iter().flatten()).chain(inline)
    }
}

/// An agent by name, or written in place.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AgentRef {
    /// A name from agents/.
    Named(AgentName),
    /// An agent that only this step uses.
    Inline(Box<InlineAgent>),
}

/// The shape of a structured answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutputShape {
    /// A JSON Schema (draft 2020-12) of an object.
    #[schemars(extend("type" = "object"))]
    pub schema: Value,
}

/// What is done about the figures of an agent's answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Figures {
    /// The model cites values of the evidence, the engine fills them in, other figures are looked up.
    Cite,
    /// Figures are looked up in the evidence and reported where they are not there.
    #[default]
    Check,
    /// Nothing.
    None,
}

/// How often and how patiently a step is tried.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// Attempts in all, the first included; each model of a list has as many.
    #[schemars(range(min = 1, max = 100))]
    pub max_attempts: u32,
    /// Wait before the second attempt.
    #[schemars(with = "Wait")]
    pub delay: HumanDuration,
    /// Factor by which each further wait grows.
    #[schemars(range(min = 1))]
    pub backoff: Backoff,
}

/// Factor by which waits grow; 1 keeps them equal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Backoff(#[schemars(range(min = 1))] pub f64);

impl Default for Retry {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            delay: HumanDuration(std::time::Duration::from_millis(500)),
            backoff: Backoff(2.0),
        }
    }
}

/// What happens when a step cannot be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// The step fails, and with it what depends on it.
    #[default]
    Fail,
    /// The step counts as skipped.
    Skip,
    /// The step takes its `default` as output.
    Default,
}
