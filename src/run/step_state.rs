//! The state of one step, or of one item of it.

use std::sync::Arc;

use crate::event::{Fault, FigureCount, LookedUp, SkipReason, Usage};
use crate::id::ModelName;
use crate::value::{Object, Value};

/// Where a step stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It waits for its turn.
    #[default]
    Pending,
    /// It is under way.
    Running,
    /// It waits for a person.
    Waiting,
    /// It has an output.
    Succeeded,
    /// It has an output that was made before.
    Cached,
    /// It has its `default` as output.
    Defaulted,
    /// It ended without an output.
    Failed,
    /// It did not run.
    Skipped,
}

impl Phase {
    /// Whether nothing will happen to the step any more.
    pub fn is_settled(self) -> bool {
        !matches!(self, Self::Pending | Self::Running | Self::Waiting)
    }

    /// The name that texts read as `steps.ID.status`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Succeeded => "succeeded",
            Self::Cached => "cached",
            Self::Defaulted => "defaulted",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// The state of one step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepState {
    /// Where it stands.
    pub phase: Phase,
    /// Requests or executions it took so far, those inside it included.
    pub attempts: u32,
    /// When it started, in microseconds since the Unix epoch.
    pub started_us: Option<i64>,
    /// When it settled.
    pub ended_us: Option<i64>,
    /// When a person was asked.
    pub asked_us: Option<i64>,
    /// What later steps read.
    pub output: Option<Arc<Value>>,
    /// Why it failed, or why it took its default.
    pub error: Option<Fault>,
    /// Why it did not run.
    pub skipped: Option<SkipReason>,
    /// The model that was asked last.
    pub model: Option<ModelName>,
    /// Requests to models, with and without an answer.
    pub model_calls: u64,
    /// Times that it ended while a model may have been asked: what such a question cost nobody knows.
    pub cut_off: u32,
    /// Requests to models that were answered.
    pub answers: u64,
    /// Requests to models that were called off for another answer.
    pub called_off: u64,
    /// Tokens.
    pub usage: Usage,
    /// US dollars of its priced calls.
    pub cost_usd: f64,
    /// US dollars of it that are an estimate.
    pub estimated_usd: f64,
    /// Charged calls of models without a price.
    pub unpriced_calls: u64,
    /// What became of the figures of its texts.
    pub figures: FigureCount,
    /// What the reader of the outcome should know.
    pub warnings: Vec<String>,
    /// What its tool was called with last.
    pub arguments: Option<Object>,
    /// What the tools gave that its agents called.
    pub looked_up: Vec<LookedUp>,
    /// The agents that its agents asked, in the order of their answers.
    pub consulted: Vec<Consulted>,
    /// What a person is asked, while the answer is waited for.
    pub asked: Option<Asked>,
    /// With `for_each`: its items, in order.
    pub items: Vec<Self>,
    /// Where it runs a workflow: the number of that workflow's frame.
    pub frame: Option<usize>,
}

/// An agent that was asked as if it were a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct Consulted {
    /// Where its answer stands below the step: `.tools.0`.
    pub place: String,
    /// What it was asked.
    pub question: String,
    /// When it ended, in microseconds since the Unix epoch.
    pub ended_us: i64,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Why it gave no answer.
    pub error: Option<Fault>,
}

/// What a person is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What is to be decided.
    pub message: String,
    /// The answers that can be given.
    pub choices: Vec<String>,
    /// When the time for an answer is over, in microseconds since the Unix epoch.
    pub expires_us: Option<i64>,
}
