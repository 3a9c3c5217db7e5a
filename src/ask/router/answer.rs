//! What the router says of a question.

use std::borrow::Cow;

use super::reading::How;
use super::target::Target;
use crate::ask::Known;
use crate::id::{AgentName, WorkflowName};
use crate::value::Object;

/// What answers a question, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// What kind of answer it is.
    pub kind: Kind,
    /// The workflow that answers it, or would if its missing params were known.
    pub workflow: Option<WorkflowName>,
    /// The params that the question gives, typed as the workflow wants them.
    pub params: Object,
    /// The required params that it does not give.
    pub missing: Vec<Missing>,
    /// The agents that answer it; where the router is unsure, those that come closest.
    pub agents: Vec<AgentName>,
    /// How much of the question is explained by what answers it, 0 to 1.
    pub score: f64,
    /// Every workflow and agent that explains some of it, the best first.
    pub candidates: Vec<Candidate>,
    /// Words of the question and the terms they were taken for by what answers it, or by what comes closest.
    pub matches: Vec<Match>,
    /// Why it was decided so, for people.
    pub reason: &'static str,
}

/// Kinds of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A workflow runs.
    Workflow,
    /// One agent answers.
    Agent,
    /// Several agents are needed.
    Plan,
    /// The question is not one for this project.
    OutOfScope,
    /// A workflow would answer, if the question told more.
    Clarify,
    /// Words alone do not tell: a model is to be asked.
    Unsure,
}

impl Kind {
    /// Its name in JSON and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Workflow => "workflow",
            Self::Agent => "agent",
            Self::Plan => "plan",
            Self::OutOfScope => "out_of_scope",
            Self::Clarify => "clarify",
            Self::Unsure => "unsure",
        }
    }
}

/// A required param that a question does not settle.
#[derive(Clone, Debug, PartialEq)]
pub struct Missing {
    /// Its name.
    pub param: String,
    /// The values that could be meant; all that exist where the question names none, and none where any will do.
    pub values: Vec<Known>,
    /// Why the question does not settle it, as a clause.
    pub why: Cow<'static, str>,
}

/// A workflow or agent with how well it fits.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Which.
    pub target: Target,
    /// How well, 0 to 1.
    pub score: f64,
}

/// Words of a question that were recognised.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// As they stand in the question, in lower case.
    pub words: String,
    /// The word of the file, `{param}` or `{amount}` they were taken for.
    pub term: String,
    /// How they were found.
    pub how: How,
}
