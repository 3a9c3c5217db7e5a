//! What steps read of one another: outputs as texts see them, and the evidence behind them.

use std::sync::Arc;

use crate::document::Figures;
use crate::event::Event;
use crate::expression::{Scope, View, view};
use crate::id::StepId;
use crate::plan::{Kind, Plan, Step};
use crate::value::Object;

use super::figures::Evidence;
use super::state::RunState;

/// The outputs and the evidence of the steps of one run.
pub(super) struct Inputs {
    params: View,
    /// What the params are evidence of; part of every step's evidence.
    given: Arc<Evidence>,
    /// Each output as texts see it, by step.
    views: Vec<Option<View>>,
    /// What each step was given, by step, and its own output on top.
    evidence: Vec<Option<Arc<Evidence>>>,
    /// Whether any step of the plan traces figures; without one no evidence is kept.
    traces: bool,
}

impl Inputs {
    pub(super) fn new(plan: &Plan, params: &Object) -> Self {
        let traces = plan.steps.iter().any(|step| match &step.kind {
            Kind::Agent(agent) => agent.figures != Figures::None,
            Kind::Tool(_) | Kind::Compute(_) => false,
        });
        Self {
            params: view(params),
            given: Arc::new(Evidence::of_params(params)),
            views: vec![None; plan.steps.len()],
            evidence: vec![None; plan.steps.len()],
            traces,
        }
    }

    /// Keeps the output of a step that ended.
    pub(super) fn keep(&mut self, number: usize, event: &Event) {
        if let Event::StepSucceeded { output, .. } = event
            && let Some(slot) = self.views.get_mut(number)
        {
            *slot = Some(view(output.as_ref()));
        }
    }

    /// What a text sees that reads these steps.
    pub(super) fn scope<'s>(&self, state: &RunState, reads: impl IntoIterator<Item = &'s StepId>) -> Scope {
        let steps = reads.into_iter().filter_map(|id| {
            let number = state.number(id)?;
            let view = self.views.get(number).cloned().flatten();
            Some((id.as_str(), view, state.step(number)?.phase.name()))
        });
        Scope::new(&self.params, steps)
    }
}
impl Inputs { pub(super) fn evidence(&self, _: &RunState, _: &Step) -> Arc<Evidence> { Arc::clone(&self.given) } }
