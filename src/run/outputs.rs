//! The outputs of a plan, made from what its steps gave.

use std::fmt::Display;

use super::executor::inputs_of;
use super::figures::{figures as read, made_number, made_output};
use super::frame::Frame;
use super::inputs::Inputs;
use super::state::RunState;
use super::step_state::{Phase, StepState};
use crate::event::{Fault, FigureCount, FigureEntry, RunStatus, SkipReason};
use crate::expression::{Root, Template, Written, analyse_expression};
use crate::id::StepId;
use crate::plan::{Output, Step};
use crate::value::{Object, Value, at_path, each_text, pointer_segment};

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
    // What was to be changed outside and was not is missing as an output is.
    let unwritten = |step: &&Step| {
        let failed = frame.step_by_id(&step.id).is_some_and(|found| found.phase == Phase::Failed);
        failed && plan.written_to(step).is_some()
    };
    missing += plan.steps.iter().filter(unwritten).count();
    let status = match (made, missing) {
        (_, 0) => RunStatus::Succeeded,
        (0, _) => RunStatus::Failed,
        _ => RunStatus::Partial,
    };
    let fault = fault.or_else(|| (missing > 0).then(|| first_failure(frame)).flatten());
    (status, outputs, fault)
}

/// The figures of the outputs that no step of an agent tells: those of texts that a template made, and bare numbers, which are in the
/// ledger alone.
pub(super) fn figures(state: &RunState, outputs: &Object) -> FigureCount {
    let mut found = FigureCount::default();
    let mut inputs = None;
    for (name, output) in &state.plan().outputs {
        let pointer = format!("/{}", pointer_segment(name));
        match (&output.value, outputs.get(name)) {
            (_, None | Some(Value::Null)) => {}
            (Template::Expression(_), _) if output.told => {}
            (Template::Expression(source), Some(value)) if value.is_number() => {
                found.ledger.push(FigureEntry { pointer, ..made_number(value, source) });
            }
            (_, Some(value)) => {
                let mut texts = false;
                each_text(value, "", &mut |text, _| texts |= !read(text).is_empty());
                if texts {
                    let inputs = inputs.get_or_insert_with(|| inputs_of(state));
                    let Some(own) = inputs.first() else { continue };
                    found.add(of_texts(state.root(), own, output, (value, &pointer)));
                }
            }
        }
    }
    found
}

/// The figures of an output's texts.
fn of_texts(
    frame: &Frame,
    inputs: &Inputs,
    output: &Output,
    (value, pointer): (&Value, &str),
) -> FigureCount {
    let scope = inputs.scope(frame, &output.reads);
    // What cannot be rendered a second time is followed by its values alone.
    let mut written = output.value.render_telling(&scope).map_or_else(|_| Vec::new(), |(_, w)| w);
    for one in &mut written {
        one.pointer.insert_str(0, pointer);
    }
    // A number of a model is no text of it.
    let is_told = |written: &Written| {
        let mut reads = analyse_expression(&written.expression).reads.into_iter();
        reads.any(|read| {
            let number = read.path.first().and_then(|id| frame.number(&StepId::from(id.as_str())));
            let step = number.and_then(|number| frame.plan().steps.get(number));
            let output = number.and_then(|number| frame.steps().get(number)?.output.as_ref());
            let below: Vec<&str> = read.path.iter().skip(2).map(String::as_str).collect();
            let is_number =
                output.and_then(|output| at_path(output, &below)).is_some_and(Value::is_number);
            read.root == Root::Steps && step.is_some_and(Step::is_told) && !is_number
        })
    };
    let (passed, written): (Vec<Written>, Vec<Written>) = written.into_iter().partition(is_told);
    let evidence = inputs.behind(frame, &output.reads);
    made_output(&OUTPUTS.into(), (value, pointer), (&written, &passed), &evidence)
}

/// Where the ledger has the figures of outputs that no step tells.
pub const OUTPUTS: &str = "outputs";

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
    let mut steps = frame.plan().steps.iter().zip(frame.steps());
    steps.find_map(|(step, at)| failure(&step.id, at))
}

/// The first failure that other steps went on without, wherever in the run: what they made has a gap.
pub(super) fn gap(state: &RunState) -> Option<Fault> {
    let mut optional = state.units().filter(|(unit, _)| state.is_optional(*unit));
    optional.find_map(|(unit, at)| failure(&state.path(unit), at))
}

fn failure(step: &impl Display, at: &StepState) -> Option<Fault> {
    let error = at.error.as_ref().filter(|_| at.phase == Phase::Failed)?;
    Some(Fault { message: format!("step `{step}` failed: {}", error.message), ..error.clone() })
}
