//! Where a question goes, as `engine ask --json` tells it.

use schemars::JsonSchema;
use serde::Serialize;

use super::router::{Match, Missing};
use crate::document::Workflow;
use crate::id::{AgentName, WorkflowName};
use crate::value::Object;

/// Where a question goes.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Route {
    /// What answers it.
    pub kind: RouteKind,
    /// Required params that the question gives no value for.
    pub missing: Vec<String>,
    /// The workflow; null where none answers it.
    pub workflow: Option<WorkflowName>,
    /// Values of the workflow's params that the question gives.
    pub params: Object,
    /// The agents that answer it, where no workflow does.
    pub agents: Vec<AgentName>,
    /// How sure the choice is, from 0 to 1.
    pub score: f64,
    /// What else could answer it, best first.
    pub candidates: Vec<Candidate>,
    /// Whether the choice is taken as it is; the words of a question leave what they are not sure of to a model.
    pub sure: bool,
    /// Who chose.
    pub by: By,
    /// The question in full, where it leaned on those before in its session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_as: Option<String>,
    /// Why, in a sentence for people.
    #[serde(skip)]
    pub why: String,
    /// What the words of the question say of the params that are missing.
    #[serde(skip)]
    pub open: Vec<Missing>,
    /// Words of the question with what they were taken for.
    #[serde(skip)]
    pub matches: Vec<Match>,
}

/// What answers a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RouteKind {
    /// A workflow of the project.
    Workflow,
    /// One agent.
    Agent,
    /// Several steps, made for this question.
    Plan,
    /// Nothing here.
    OutOfScope,
    /// A workflow, once a required param is known.
    Clarify,
}

/// Who chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// The words of the question.
    Lexical,
    /// A model.
    Model,
    /// The question before it in the session.
    Session,
}

/// A workflow or agent with its score.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Candidate {
    /// The workflow, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<WorkflowName>,
    /// The agent, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentName>,
    /// From 0 to 1.
    pub score: f64,
}

impl Route {
    /// A choice of agents: one answers alone, several make a plan.
    pub fn to_agents(agents: Vec<AgentName>, score: f64, by: By, why: impl Into<String>) -> Self {
        let kind = if agents.len() == 1 { RouteKind::Agent } else { RouteKind::Plan };
        Self { agents, score, why: why.into(), ..Self::of(kind, by) }
    }

    /// To a workflow with the params that are known of it; those that it cannot do without are asked for.
    pub fn to_workflow(workflow: &Workflow, params: Object, by: By) -> Self {
        let required = workflow.params.iter().filter(|(_, param)| param.default.is_none());
        let missing = required.map(|(name, _)| name).filter(|name| !params.contains_key(*name));
        let missing: Vec<String> = missing.cloned().collect();
        let kind = if missing.is_empty() { RouteKind::Workflow } else { RouteKind::Clarify };
        Self { missing, workflow: Some(workflow.name.clone()), params, ..Self::of(kind, by) }
    }

    /// A route of a kind that names nothing yet.
    pub fn of(kind: RouteKind, by: By) -> Self {
        Self {
            kind,
            missing: Vec::new(),
            workflow: None,
            params: Object::new(),
            agents: Vec::new(),
            score: 0.0,
            candidates: Vec::new(),
            sure: by != By::Lexical,
            by,
            read_as: None,
            why: String::new(),
            open: Vec::new(),
            matches: Vec::new(),
        }
    }
}
