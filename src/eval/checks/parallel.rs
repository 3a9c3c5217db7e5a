//! `steps-in-parallel`: each two of the steps overlap in time.

use super::{Found, nothing, told};
use crate::eval::given::Given;
use crate::id::StepId;
use crate::run::Outcome;

pub(super) fn look(steps: &[StepId], given: &Given) -> Found {
    let Some(outcome) = &given.outcome else { return nothing(given) };
    let mut spans = Vec::new();
    for step in steps {
        match span(outcome, step) {
            Some(span) => spans.push((step, span)),
            None => return Found::Nothing(format!("step `{step}` did not run")),
        }
    }
    for (number, (step, (start, end))) in spans.iter().enumerate() {
        for (other, (begin, finish)) in spans.iter().skip(number + 1) {
            if start.max(*begin) >= end.min(*finish) {
                return told(false, format!("`{step}` and `{other}` run one after the other"));
            }
        }
    }
    told(true, "they overlap")
}

/// When a step began and ended, in milliseconds after the run.
fn span(outcome: &Outcome, step: &StepId) -> Option<(f64, f64)> {
    let found = outcome.steps.iter().find(|one| one.id.as_str() == step.as_str())?;
    found.span_ms()
}
