//! A plan under way: the run's own, or that of a workflow which a step runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::step_state::StepState;
use crate::id::StepId;
use crate::plan::{Graph, Plan};
use crate::value::Object;

/// What can be started and settled: a step, or one item of a step with `for_each`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unit {
    /// The frame it stands in; 0 is the run's own plan.
    pub frame: usize,
    /// The step, in the order written.
    pub step: usize,
    /// The item, from 0.
    pub item: Option<usize>,
}

/// Numbers and edges of a plan's steps; shared by all frames of the plan.
#[derive(Debug, PartialEq)]
pub(super) struct Shape {
    numbers: BTreeMap<StepId, usize>,
    /// By step: the steps that wait for it.
    pub(super) successors: Vec<Vec<usize>>,
    /// By step: how many steps it waits for.
    pub(super) waits: Vec<usize>,
}

impl Shape {
    pub(super) fn of(plan: &Plan) -> Self {
        let graph = Graph::of(plan);
        let steps = 0..plan.steps.len();
        Self {
            numbers: plan.steps.iter().enumerate().map(|(n, step)| (step.id.clone(), n)).collect(),
            successors: steps.clone().map(|step| graph.successors(step)).collect(),
            waits: steps.map(|step| graph.predecessors(step).len()).collect(),
        }
    }

    /// The number of a step, in the order written.
    pub(super) fn number(&self, id: &str) -> Option<usize> {
        self.numbers.get(id).copied()
    }
}

/// A plan under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    pub(super) plan: Arc<Plan>,
    pub(super) shape: Arc<Shape>,
    pub(super) params: Arc<Object>,
    /// The unit that runs it; none for the run's own plan.
    pub(super) above: Option<Unit>,
    /// What the paths of its steps begin with.
    pub(super) path: String,
    steps: Vec<StepState>,
}

impl Frame {
    pub(super) fn new(
        plan: Arc<Plan>,
        shape: Arc<Shape>,
        params: Arc<Object>,
        above: Option<Unit>,
        path: String,
    ) -> Self {
        let steps = vec![StepState::default(); plan.steps.len()];
        Self { plan, shape, params, above, path, steps }
    }

    /// The plan.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The values of the plan's params.
    pub fn params(&self) -> &Arc<Object> {
        &self.params
    }

    /// The states of all steps, in the order written.
    pub fn steps(&self) -> &[StepState] {
        &self.steps
    }

    /// The state of a step, by id.
    pub fn step_by_id(&self, id: &StepId) -> Option<&StepState> {
        self.steps.get(self.shape.number(id.as_str())?)
    }

    /// The number of a step, in the order written.
    pub fn number(&self, id: &StepId) -> Option<usize> {
        self.shape.number(id.as_str())
    }

    pub(super) fn step(&self, unit: Unit) -> Option<&StepState> {
        let step = self.steps.get(unit.step)?;
        match unit.item {
            Some(item) => step.items.get(item),
            None => Some(step),
        }
    }

    pub(super) fn step_mut(&mut self, unit: Unit) -> Option<&mut StepState> {
        let step = self.steps.get_mut(unit.step)?;
        match unit.item {
            Some(item) => step.items.get_mut(item),
            None => Some(step),
        }
    }

    /// Its steps and their items, given its own number.
    pub(super) fn units(&self, frame: usize) -> impl Iterator<Item = (Unit, &StepState)> {
        self.steps.iter().enumerate().flat_map(move |(step, state)| {
            let items = state.items.iter().enumerate();
            let items =
                items.map(move |(item, state)| (Unit { frame, step, item: Some(item) }, state));
            std::iter::once((Unit { frame, step, item: None }, state)).chain(items)
        })
    }
}
