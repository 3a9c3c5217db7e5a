//! Who reads the answers of a step as plans: what is wrong with them besides their schema, and what of them can begin before they
//! are whole.

use crate::id::StepPath;
use crate::plan::{Plan, Step};
use crate::value::{Object, Value};

/// Answers of a model that is asked for a plan or a decision, the first included.
pub(super) const TRIES: u32 = 3;

/// Checks answers that fit their schema. What it finds wrong goes back to the model, at most twice.
///
/// An answer may be a plan. Then its parts are read while it comes, and steps of it can begin before its end: only what
/// changes nothing, and nothing of them counts unless the whole plan passes.
pub trait PlanReader: Send + Sync {
    /// What is wrong with an answer, a line for each fault, in words for the model.
    fn check(&self, answer: &Value) -> Result<(), String>;

    /// The parts of an answer on its way that are whole.
    fn parts(&self, so_far: &str) -> Vec<Value>;

    /// The step that a part comes to, if it can begin whatever comes after it. `before` are the parts before it.
    fn early(&self, part: &Value, before: &[Value]) -> Option<Early>;

    /// Whether the last answer that passed is a plan that holds this step.
    fn holds(&self, step: &Step) -> bool;
}

/// A step of kind `agent` that can begin before the plan is whole that it is part of.
pub struct Early {
    /// A plan whose first step it is.
    pub plan: Plan,
    /// The values of the plan's params.
    pub params: Object,
    /// The step whose plan it is part of; none where the plan is that of a run to come.
    pub inside: Option<StepPath>,
}
