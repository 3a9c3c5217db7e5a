//! What steps read of one another: outputs as texts see them, and the evidence behind them.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::document::Figures;
use crate::event::Event;
use crate::expression::{Scope, View, view};
use crate::id::StepId;
use crate::plan::{Kind, Plan, Step};
use crate::value::Object;

use super::figures::{Evidence, Origin};
use super::state::RunState;

/// The outputs and the evidence of the steps of one run.
pub(super) struct Inputs {
    params: View,
    /// What the params are evidence of; part of every step's evidence.
    given: Arc<Evidence>,
    /// Each output as texts see it, by step.
    views: Vec<Option<View>>,
    /// What each step was given with its own output on top, by step.
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
    pub(super) fn keep(&mut self, state: &RunState, number: usize, event: &Event) {
        let Event::StepSucceeded { output, .. } = event else { return };
        if let Some(slot) = self.views.get_mut(number) {
            *slot = Some(view(output.as_ref()));
        }
        if let (true, Some(step)) = (self.traces, state.plan().steps.get(number)) {
            let given = self.evidence(state, step);
            let none = IndexMap::new();
            let (origin, units) = match &step.kind {
                Kind::Agent(_) => (Origin::Model, &none),
                Kind::Compute(_) => (Origin::Data, &none),
                Kind::Tool(call) => (
                    Origin::Data,
                    state.plan().tools.get(&call.tool).map_or(&none, |tool| &tool.units),
                ),
            };
            let evidence = Evidence::of_output(
                format!("steps.{}.output", step.id),
                output,
                units,
                origin,
                &given,
            );
            if let Some(slot) = self.evidence.get_mut(number) {
                *slot = Some(evidence);
            }
        }
    }

    /// What a step was given: the params, the outputs of the steps it waits for, and what those were given in turn.
    pub(super) fn evidence(&self, state: &RunState, step: &Step) -> Arc<Evidence> {
        if !self.traces {
            return Arc::clone(&self.given);
        }
        let read = step
            .needs
            .iter()
            .filter_map(|need| self.evidence.get(state.number(&need.step)?)?.clone());
        Evidence::gather(read.chain([Arc::clone(&self.given)]))
    }

    /// What a text sees that reads these steps.
    pub(super) fn scope<'s>(
        &self,
        state: &RunState,
        reads: impl IntoIterator<Item = &'s StepId>,
    ) -> Scope {
        let steps = reads.into_iter().filter_map(|id| {
            let number = state.number(id)?;
            let view = self.views.get(number).cloned().flatten();
            Some((id.as_str(), view, state.step(number)?.phase.name()))
        });
        Scope::new(&self.params, steps)
    }
}

impl Drop for Inputs {
    fn drop(&mut self) {
        // Later steps hold on to earlier ones: taken apart from the end, a chain of any length needs no deep stack.
        while self.evidence.pop().is_some() {}
    }
}
