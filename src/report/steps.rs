//! The steps of a run as its events tell them, those of nested workflows included.

use indexmap::IndexMap;

use crate::event::{Event, Record, SkipReason};
use crate::id::{ModelName, StepPath};
use crate::run::{Outcome, RunState, StepOutcome, StepStatus};
use crate::value::Value;

/// What became of a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct StepLine {
    /// How it ended, or where it stands.
    pub(super) status: &'static str,
    /// Whether it failed, took its default or was skipped because it could not be done.
    pub(super) faulty: bool,
    /// Microseconds of the run before it, without those in which no process drove the run.
    pub(super) started_us: Option<i64>,
    pub(super) ended_us: Option<i64>,
    /// Microseconds in which something was done; none where it did not start.
    pub(super) worked_us: Option<i64>,
    /// Microseconds in which a person was waited for, or in which no process drove the run.
    pub(super) waited_us: i64,
    /// The model that was asked last.
    pub(super) model: Option<ModelName>,
    /// Requests to models.
    pub(super) calls: u64,
    /// US dollars of its priced calls; none where there are none.
    pub(super) cost_usd: Option<f64>,
    /// Answered calls of models without a price.
    pub(super) unpriced_calls: u64,
}

/// The steps of a run: those of its plan in the order written, then nested ones as they came.
pub(super) fn steps(
    state: &RunState,
    outcome: Option<&Outcome>,
    events: &[Record],
) -> IndexMap<StepPath, StepLine> {
    let pending = StepLine { status: "pending", ..StepLine::default() };
    let mut lines: IndexMap<StepPath, StepLine> =
        state.plan().steps.iter().map(|step| (StepPath::from(&step.id), pending.clone())).collect();
    for record in events {
        if let Some(step) = step_of(&record.event) {
            let line = lines.entry(step.clone()).or_insert_with(|| pending.clone());
            line.apply(record);
        }
    }
    for (path, line) in &mut lines {
        let time = state.unit(path).and_then(|unit| state.time(unit)).unwrap_or_default();
        line.worked_us = line.started_us.map(|_| time.worked_us);
        line.waited_us = time.waited_us;
        for at in [&mut line.started_us, &mut line.ended_us].into_iter().flatten() {
            *at = state.elapsed_us(*at);
        }
    }
    for step in outcome.into_iter().flat_map(|outcome| &outcome.steps) {
        told(step, &mut lines);
    }
    lines
}

/// The outcome of a step, and of those nested in it, says more than its last event.
fn told(step: &StepOutcome, lines: &mut IndexMap<StepPath, StepLine>) {
    if let Some(line) = lines.get_mut(&step.id) {
        line.status = name(step.status);
    }
    step.steps.iter().for_each(|inner| told(inner, lines));
}

impl StepLine {
    fn apply(&mut self, record: &Record) {
        self.faulty |= matches!(
            &record.event,
            Event::StepFailed { .. }
                | Event::StepSucceeded { defaulted: Some(_), .. }
                | Event::StepSkipped { reason: SkipReason::Error { .. }, .. }
        );
        let mut end = |status| {
            self.status = status;
            self.ended_us = Some(record.at_us);
        };
        match &record.event {
            Event::StepSucceeded { defaulted: None, .. } | Event::ApprovalGiven { .. } => {
                end("succeeded");
            }
            Event::StepSucceeded { defaulted: Some(_), .. } => end("defaulted"),
            Event::StepFailed { .. } => end("failed"),
            Event::StepSkipped { .. } => end("skipped"),
            Event::StepStarted { .. } => {
                self.status = "running";
                self.started_us.get_or_insert(record.at_us);
            }
            Event::ModelCalled { call, .. } => {
                self.calls += 1;
                self.model = Some(call.model.clone());
                if let Some(usd) = call.cost_usd {
                    *self.cost_usd.get_or_insert(0.0) += usd;
                }
                self.unpriced_calls += u64::from(call.is_charged() && call.cost_usd.is_none());
            }
            Event::ApprovalRequested { .. } => self.status = "waiting",
            Event::RunStarted { .. }
            | Event::RunResumed
            | Event::ToolCalled { .. }
            | Event::PlanMade { .. }
            | Event::StepRetrying { .. }
            | Event::BudgetExceeded { .. }
            | Event::RunFinished { .. } => {}
        }
    }
}

/// The step that an event is about.
pub(super) fn step_of(event: &Event) -> Option<&StepPath> {
    match event {
        Event::StepStarted { step, .. }
        | Event::ModelCalled { step, .. }
        | Event::ToolCalled { step, .. }
        | Event::PlanMade { step, .. }
        | Event::StepSucceeded { step, .. }
        | Event::StepFailed { step, .. }
        | Event::StepRetrying { step, .. }
        | Event::StepSkipped { step, .. }
        | Event::ApprovalRequested { step, .. }
        | Event::ApprovalGiven { step, .. }
        | Event::BudgetExceeded { step, .. } => Some(step),
        Event::RunStarted { .. } | Event::RunResumed | Event::RunFinished { .. } => None,
    }
}

/// The steps of a workflow document that was made in a run.
pub(super) fn planned(document: &Value) -> String {
    let steps = document.get("steps").and_then(Value::as_array);
    let ids = steps.into_iter().flatten().filter_map(|step| step.get("id")?.as_str());
    ids.collect::<Vec<_>>().join(", ")
}

/// Whether a step is the one named, or nested in it: `regions` names `regions[3]/answer` too.
pub fn is_within(step: &StepPath, named: &str) -> bool {
    step.as_str()
        .strip_prefix(named)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '[']))
}

fn name(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Succeeded => "succeeded",
        StepStatus::Failed => "failed",
        StepStatus::Skipped => "skipped",
        StepStatus::Defaulted => "defaulted",
        StepStatus::Cached => "cached",
        StepStatus::Waiting => "waiting",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_what_is_nested_in_it() {
        let within = |step: &str, named: &str| is_within(&step.into(), named);
        assert!(
            within("a", "a")
                && within("a[3]/b", "a")
                && within("a/b", "a")
                && within("a[3]/b", "a[3]")
        );
        assert!(!within("ab", "a") && !within("a", "a/b") && !within("a[31]", "a[3"));
    }
}
