//! Answers of people: given, or not given in time.

use super::Executor;
use crate::event::{Event, Fault};
use crate::plan::{ApprovalStep, Kind};
use crate::run::frame::Unit;
use crate::run::state::RunState;

/// An answer to an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The step that asks.
    pub unit: Unit,
    /// One of its choices.
    pub choice: String,
    /// Who gives it.
    pub by: String,
    /// What they say about it.
    pub comment: Option<String>,
}

impl Executor<'_> {
    /// Books an answer.
    pub(super) fn decide(&mut self, decision: Decision) {
        let Decision { unit, choice, by, comment } = decision;
        let step = self.path(unit);
        let event = Event::ApprovalGiven { step, choice, by: Some(by), comment };
        self.settled(unit, event);
    }

    /// Closes the approvals whose time is over.
    pub(super) fn close_overdue(&mut self) {
        let state = self.recorder.scheduler().state();
        let now = (self.context.clock)();
        let overdue: Vec<Unit> = state
            .waiting()
            .filter(|(_, asked)| asked.expires_us.is_some_and(|expires| expires <= now))
            .map(|(unit, _)| unit)
            .collect();
        for unit in overdue {
            let step = self.path(unit);
            let choice = approval(self.recorder.scheduler().state(), unit)
                .and_then(|approval| approval.on_timeout.clone());
            let event = if let Some(choice) = choice {
                Event::ApprovalGiven { step, choice, by: None, comment: None }
            } else {
                let error = Fault::new("approval-timeout", "nobody answered in time")
                    .help("give the approval a longer `timeout`, or an `on_timeout`");
                Event::StepFailed { step, error }
            };
            self.settled(unit, event);
        }
    }
}

fn approval(state: &RunState, unit: Unit) -> Option<&ApprovalStep> {
    match &state.definition(unit)?.kind {
        Kind::Approval(approval) => Some(approval),
        Kind::Agent(_) | Kind::Tool(_) | Kind::Compute(_) | Kind::Workflow(_) | Kind::Plan(_) => {
            None
        }
    }
}
