//! The outputs of a plan, made from what its steps gave.

use super::frame::Frame;
use super::inputs::Inputs;
use super::step_state::Phase;
use crate::event::{Fault, RunStatus, SkipReason};
use crate::id::StepId;
use crate::value::{Object, Value};

/// Renders every output that can be made; the rest is null. The status tells how many could not be made
/// because something failed: an output of a step that was skipped on purpose is null and no failure.
pub(super) fn render(frame: &Frame, inputs: &Inputs) -> (RunStatus, Object, Option<Fault>) {
    let plan = frame.plan();
    let scope = inputs.scope(frame, plan.outputs.values().flat_map(|output| &output.reads));
    let mut outputs = Object::new();
    let (mut made, mut missing) = (0, 0);
    let mut fault = None;
    for (name, output) in &plan.outputs {
        let unsettled =
            |step: &StepId| frame.step_by_id(step).is_none_or(|found| !found.phase.is_settled());
        let lacks = |step: &StepId| frame.step_by_id(step).is_none_or(|s| s.output.is_none());
        // What a step may still give stands for no default.
        let without = output.needs.iter().find(|step| lacks(step));
        let without = without.or_else(|| output.reads.iter().find(|step| unsettled(step)));
        let value = match without {
            None => match output.value.render(&scope) {
                Ok(value) => {
                    made += 1;
                    value
                }
                Err(error) => {
                    missing += 1;
                    fault.get_or_insert_with(|| Fault {
                        message: format!("output `{name}` cannot be made: {}", error.message),
                        ..error
                    });
                    Value::Null
                }
            },
            Some(step) => {
                if skipped_on_purpose(frame, step) {
                    made += 1;
                } else {
                    missing += 1;
                }
                Value::Null
            }
        };
        outputs.insert(name.clone(), value);
    }
    let status = match (made, missing) {
        (_, 0) => RunStatus::Succeeded,
        (0, _) => RunStatus::Failed,
        _ => RunStatus::Partial,
    };
    let fault = fault.or_else(|| (missing > 0).then(|| first_failure(frame)).flatten());
    (status, outputs, fault)
}

fn skipped_on_purpose(frame: &Frame, step: &StepId) -> bool {
    frame.step_by_id(step).is_some_and(|s| {
        s.phase == Phase::Skipped
            && matches!(
                s.skipped,
                Some(
                    SkipReason::When
                        | SkipReason::Error { .. }
                        | SkipReason::Needs { failed: false, .. }
                )
            )
    })
}

fn first_failure(frame: &Frame) -> Option<Fault> {
    frame.plan().steps.iter().zip(frame.steps()).find_map(|(step, at)| {
        let error = at.error.as_ref().filter(|_| at.phase == Phase::Failed)?;
        Some(Fault {
            message: format!("step `{}` failed: {}", step.id, error.message),
            ..error.clone()
        })
    })
}
