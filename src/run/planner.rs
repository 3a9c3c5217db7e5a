//! Who turns a goal into a plan while a run is under way. The rules of decomposition are `ask`'s; here is what a run
//! needs of them.

use std::sync::Arc;

use crate::event::Fault;
use crate::plan::{Plan, PlanStep};
use crate::value::Value;

/// Turns goals into plans.
pub trait Planner: Send + Sync {
    /// The plan whose one step asks a model for the parts of a plan. Its param `question` is the goal.
    fn inquiry(&self, wanted: &PlanStep) -> Result<Plan, Fault>;

    /// The plan that an answer comes to; or its faults, a line each, in words for the model.
    fn read(&self, wanted: &PlanStep, goal: &str, answer: &Value) -> Result<Made, String>;

    /// The parts of an answer on its way that are whole.
    fn parts(&self, so_far: &str) -> Vec<Value>;

    /// A plan whose first step is what a part comes to, if that can begin whatever comes after the part.
    fn early(&self, wanted: &PlanStep, goal: &str, part: &Value, before: &[Value]) -> Option<Plan>;

    /// The plan where no usable one came: whom the words of the goal name.
    fn by_words(&self, wanted: &PlanStep, goal: &str) -> Result<Made, Fault>;
}

/// A plan made while a run is under way. Its param `question` holds the goal.
pub struct Made {
    /// The workflow document.
    pub document: Arc<Value>,
    /// The plan of that document, checked.
    pub plan: Plan,
}
