//! What stands in the way of an answer, for people who want to hear of nothing else.

use std::fmt::Write as _;

use crate::event::{Fault, RunStatus};
use crate::run::{Outcome, StepOutcome, StepStatus};

use super::summary::{MOST, approvals, more};

/// What went wrong in a run with how to mend it, and what it waits for; nothing of one that succeeded. With `strict`,
/// figures that could not be traced went wrong as well.
pub fn problems(outcome: &Outcome, strict: bool) -> String {
    let mut faults = Vec::new();
    match &outcome.error {
        Some(error) => faults.push((error.message.clone(), error.help.clone())),
        None if outcome.status == RunStatus::Partial => failed(&outcome.steps, &mut faults),
        None => {}
    }
    if strict {
        faults.extend(outcome.figures.unverified.iter().map(|figure| {
            let (text, step, reason) = (&figure.text, &figure.step, &figure.reason);
            (format!("`{text}` in step `{step}`: {reason}"), None)
        }));
    }
    let mut out = String::new();
    for (message, help) in faults.iter().take(MOST) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "error: {message}");
        if let Some(help) = help {
            let _ = writeln!(out, "  help: {help}");
        }
    }
    if let Some(more) = more(faults.len(), outcome) {
        let _ = writeln!(out, "error: {more}");
    }
    for step in approvals(&outcome.steps) {
        let run = &outcome.run_id;
        let _ = writeln!(out, "waiting: `engine approve {run} {step} --choice CHOICE` answers");
    }
    out
}

/// The steps that failed by themselves.
fn failed(steps: &[StepOutcome], faults: &mut Vec<(String, Option<String>)>) {
    for step in steps.iter().filter(|step| step.status == StepStatus::Failed) {
        let before = faults.len();
        failed(&step.steps, faults);
        if let (Some(Fault { message, help, .. }), true) = (&step.error, faults.len() == before) {
            faults.push((format!("step `{}` failed: {message}", step.id), help.clone()));
        }
    }
}
