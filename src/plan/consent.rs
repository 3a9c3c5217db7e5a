//! Which approvals stand between a run and a step: without a person's consent the step does not run. Both the check of
//! a workflow and the run itself ask here.

use std::collections::BTreeSet;

use serde_json::json;

use super::{ApprovalStep, Kind, Need, OnError, Plan, Step};
use crate::expression::{Read, Scope, analyse_expression, evaluate_condition, view};
use crate::id::StepId;

/// The approvals of a plan that a step waits for and whose refusal stops it.
pub fn consents<'p>(plan: &'p Plan, step: &'p Step) -> Vec<&'p StepId> {
    let mut found = Vec::new();
    let mut seen: BTreeSet<&StepId> = BTreeSet::new();
    let mut open = vec![step];
    while let Some(step) = open.pop() {
        // A step that copes with another one having been skipped is not stopped with it.
        for need in step.needs.iter().filter(|need| !need.tolerant) {
            let Some(before) = plan.steps.iter().find(|other| other.id == need.step) else {
                continue;
            };
            if asked(before).is_some_and(|approval| decides(step, need, approval)) {
                found.push(&before.id);
            }
            if seen.insert(&before.id) {
                open.push(before);
            }
        }
    }
    found
}

/// The approval that a step is, if nothing else than a person's answer can end it well.
fn asked(step: &Step) -> Option<&ApprovalStep> {
    match &step.kind {
        Kind::Approval(approval)
            if step.for_each.is_none() && !matches!(step.on_error, OnError::Default(_)) =>
        {
            Some(approval)
        }
        Kind::Approval(_)
        | Kind::Agent(_)
        | Kind::Tool(_)
        | Kind::Compute(_)
        | Kind::Workflow(_)
        | Kind::Plan(_) => None,
    }
}

/// Whether a step runs only where an approval was given: it is stopped by one of the choices at least, and by the one
/// that is taken when nobody answers.
fn decides(step: &Step, need: &Need, approval: &ApprovalStep) -> bool {
    let Some(when) = &step.when else {
        // Who has but one choice consents by making it.
        return approval.choices.len() == 1 && approval.on_timeout.is_none();
    };
    // Nothing but the choice is known here: whatever else is read has to fail, not to be taken for false.
    let vague = |read: &Read| read.guarded || read.path.is_empty();
    if analyse_expression(when).reads.iter().any(vague) {
        return false;
    }
    let stops = |choice: &String| {
        let mut scope = Scope::default();
        let given = json!({"status": "succeeded", "output": {"choice": choice}});
        scope.set("steps", view(&json!({need.step.as_str(): given})));
        evaluate_condition(when, &scope).is_ok_and(|holds| !holds)
    };
    approval.choices.iter().any(stops) && approval.on_timeout.as_ref().is_none_or(stops)
}
