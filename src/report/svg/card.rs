//! What the box of a step says.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::StepId;
use crate::plan::{Kind, Plan, Step};
use crate::run::{Outcome, StepOutcome, StepStatus};

use super::super::graph::{calls, took};

/// A step as it is drawn.
pub(super) struct Card<'p> {
    pub(super) step: &'p Step,
    /// What it calls.
    pub(super) calls: String,
    /// What became of it.
    pub(super) end: Option<End>,
    /// All of it in words.
    pub(super) title: String,
}

/// What became of a step.
pub(super) struct End {
    pub(super) status: StepStatus,
    /// Time and cost.
    pub(super) took: String,
    /// When it ran, in parts of the whole run's time.
    pub(super) span: Option<(f64, f64)>,
    /// Whether the run could not have ended sooner without it.
    pub(super) critical: bool,
}

impl Card<'_> {
    pub(super) fn status(&self) -> Option<StepStatus> {
        self.end.as_ref().map(|end| end.status)
    }

    pub(super) fn is_critical(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end.critical)
    }

    pub(super) fn is_conditional(&self) -> bool {
        self.step.when.is_some()
    }

    pub(super) fn kind(&self) -> &Kind {
        &self.step.kind
    }
}

/// The cards of all steps, in the order written.
pub(super) fn cards<'p>(plan: &'p Plan, outcome: Option<&Outcome>) -> Vec<Card<'p>> {
    let ends: BTreeMap<&str, &StepOutcome> = outcome
        .iter()
        .flat_map(|outcome| outcome.steps.iter().map(|step| (step.id.as_str(), step)))
        .collect();
    let critical: BTreeSet<&StepId> =
        outcome.iter().flat_map(|outcome| &outcome.timing.critical_path).collect();
    let whole = outcome.map_or(0.0, whole);
    plan.steps
        .iter()
        .map(|step| {
            let calls = calls(step);
            let found = ends.get(step.id.as_str()).copied();
            let end = found.map(|found| End {
                status: found.status,
                took: took(found),
                span: span(found, whole),
                critical: critical.contains(&step.id),
            });
            Card { step, title: title(step, &calls, found), calls, end }
        })
        .collect()
}

/// The length of the time axis.
pub(super) fn whole(outcome: &Outcome) -> f64 {
    let ends = outcome.steps.iter().filter_map(|step| Some(step.span_ms()?.1));
    ends.fold(outcome.timing.wall_ms, f64::max)
}

fn span(step: &StepOutcome, whole: f64) -> Option<(f64, f64)> {
    let (start, end) = step.span_ms()?;
    let length = end - start;
    (whole > 0.0).then(|| ((start / whole).clamp(0.0, 1.0), (length / whole).clamp(0.0, 1.0)))
}

fn title(step: &Step, calls: &str, end: Option<&StepOutcome>) -> String {
    let mut title = format!("{}: {calls}", step.id);
    let mut line = |text: &str| {
        title.push('\n');
        title.push_str(text);
    };
    if let Some(description) = &step.description {
        line(description);
    }
    if let Some(when) = &step.when {
        line(&format!("when {when}"));
    }
    if let Some(end) = end {
        line(&took(end));
        if let Some(model) = &end.model {
            line(&format!("model {model}"));
        }
        if let Some(error) = &end.error {
            line(&error.message);
        }
    }
    title
}
