//! How a unit with parts ends: a step whose items have settled, or one whose workflow has.

use std::sync::Arc;

use super::Executor;
use crate::event::RunStatus;
use crate::event::{Event, Fault, FigureCount};
use crate::plan::{Kind, Step};
use crate::run::figures::Evidence;
use crate::run::frame::Unit;
use crate::run::outputs;
use crate::run::state::RunState;
use crate::run::step_state::{Phase, StepState};
use crate::run::steps::{self, Done};
use crate::value::{Object, Value};

impl Executor<'_> {
    pub(super) fn complete(&mut self, unit: Unit) {
        let state = self.recorder.scheduler().state();
        let (Some(step), Some(found)) = (state.definition(unit).cloned(), state.step(unit)) else {
            return;
        };
        let path = self.path(unit);
        let event = match found.frame {
            Some(frame) => self.of_workflow(unit, &step, frame),
            None => match of_items(state, unit, &step, found) {
                Ok(output) => Event::StepSucceeded {
                    step: path,
                    output: Arc::new(output),
                    key: None,
                    reused: None,
                    defaulted: None,
                    figures: FigureCount::default(),
                    warnings: Vec::new(),
                    looked_up: Vec::new(),
                },
                // `on_error` was each item's own.
                Err(error) => Event::StepFailed { step: path, error },
            },
        };
        self.settled(unit, event);
    }

    /// The outputs of a workflow, whole or not at all.
    fn of_workflow(&self, unit: Unit, step: &Step, number: usize) -> Event {
        let state = self.recorder.scheduler().state();
        let ended = match (state.frames().get(number), self.inputs.get(number)) {
            (Some(frame), Some(inputs)) => match outputs::render(frame, inputs) {
                // Of a plan its answer, with what was said when it was planned.
                (RunStatus::Succeeded, outputs, _) if matches!(step.kind, Kind::Plan(_)) => {
                    let told = state.step(unit).map_or_else(Vec::new, |s| s.warnings.clone());
                    Ok(Done { warnings: told, ..Done::of(answer(outputs)) })
                }
                (RunStatus::Succeeded, outputs, _) => Ok(Done::of(outputs.into())),
                (_, _, fault) => Err(fault.unwrap_or_else(|| {
                    Fault::new("workflow-failed", "the workflow made none of its outputs")
                })),
            },
            _ => Err(Fault::new("bug", "the workflow is gone")),
        };
        let path = self.path(unit);
        match self.scope(unit, step) {
            Some(scope) => steps::end(step, &path, None, ended, &scope, &Evidence::default()),
            None => Event::StepFailed { step: path, error: Fault::new("bug", "no such step") },
        }
    }
}

/// The one output of a plan that was made for a goal.
fn answer(outputs: Object) -> Value {
    outputs.into_iter().next().map_or(Value::Null, |(_, answer)| answer)
}

/// What the items gave, in order: null for one that was skipped.
fn of_items(state: &RunState, unit: Unit, step: &Step, found: &StepState) -> Result<Value, Fault> {
    let failed: Vec<(usize, &StepState)> =
        found.items.iter().enumerate().filter(|(_, item)| item.phase == Phase::Failed).collect();
    let Some((first, item)) = failed.first() else {
        let outputs = found.items.iter();
        return Ok(outputs
            .map(|item| item.output.as_deref().cloned().unwrap_or_default())
            .collect());
    };
    let path = state.path(Unit { item: Some(*first), ..unit });
    let (count, of) = (failed.len(), found.items.len());
    let fault = item.error.clone().unwrap_or_else(|| Fault::new("failed", "it failed"));
    let message = format!("{count} of {of} items failed; `{path}`: {}", fault.message);
    let help = fault.help.clone().unwrap_or_else(|| {
        format!("give step `{}` `on_error: skip` or a default, to go on without an item", step.id)
    });
    Err(Fault { message, help: Some(help), ..fault })
}
