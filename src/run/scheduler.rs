//! Which step is next. Pure: it reads the state and nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::event::{Event, Record, SkipReason};
use crate::plan::{Graph, Plan};

use super::state::{IllegalEvent, Phase, RunState};

/// The state of a run together with the steps whose turn it is.
///
/// Every step becomes ready once: the moment the last step it waits for settles. Finding that out costs
/// one decrement an edge, whatever the size of the plan.
#[derive(Clone, Debug)]
pub struct Scheduler {
    state: RunState,
    successors: Arc<[Vec<usize>]>,
    /// For each step, how many steps it waits for have not settled.
    unsettled: Vec<usize>,
    ready: BTreeSet<usize>,
}

/// What is to be done about a step whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// It can start (its `when` decides).
    Start(usize),
    /// It cannot run.
    Skip(usize, SkipReason),
}

impl Scheduler {
    /// The scheduler of a run before its first event.
    pub fn new(plan: Arc<Plan>) -> Self {
        let graph = Graph::of(&plan);
        let steps = plan.steps.len();
        let unsettled: Vec<usize> = (0..steps).map(|step| graph.predecessors(step).len()).collect();
        let ready = unsettled
            .iter()
            .enumerate()
            .filter(|(_, waits)| **waits == 0)
            .map(|(step, _)| step)
            .collect();
        let successors = (0..steps).map(|step| graph.successors(step)).collect();
        Self { state: RunState::new(plan), successors, unsettled, ready }
    }

    /// The state of the run.
    pub fn state(&self) -> &RunState {
        &self.state
    }

    /// Applies an event; steps it sets free become ready.
    pub fn apply(&mut self, record: &Record) -> Result<(), IllegalEvent> {
        if let Event::StepStarted { step }
        | Event::StepSkipped { step, .. }
        | Event::StepFailed { step, .. } = &record.event
            && let Some(number) = self.state.number(step)
        {
            self.ready.remove(&number);
        }
        let Some(settled) = self.state.apply(record)? else { return Ok(()) };
        let successors = Arc::clone(&self.successors);
        for successor in successors.get(settled).into_iter().flatten() {
            if let Some(waits) = self.unsettled.get_mut(*successor) {
                *waits = waits.saturating_sub(1);
                if *waits == 0
                    && self.state.step(*successor).is_some_and(|s| s.phase == Phase::Pending)
                {
                    self.ready.insert(*successor);
                }
            }
        }
        Ok(())
    }

    /// The first step, in the order written, whose turn it is. It stays ready until an event says otherwise.
    pub fn next(&self) -> Option<Next> {
        let number = *self.ready.first()?;
        Some(match self.obstacle(number) {
            Some(reason) => Next::Skip(number, reason),
            None => Next::Start(number),
        })
    }

    /// The steps whose turn it is.
    pub fn ready(&self) -> impl Iterator<Item = usize> + '_ {
        self.ready.iter().copied()
    }

    /// Steps that have not settled.
    pub fn open(&self) -> Vec<usize> {
        let steps = self.state.steps().iter().enumerate();
        steps.filter(|(_, state)| !state.phase.is_settled()).map(|(number, _)| number).collect()
    }

    /// Why a step cannot run: the first step that it cannot do without and that has no output.
    fn obstacle(&self, number: usize) -> Option<SkipReason> {
        let step = self.state.plan().steps.get(number)?;
        step.needs.iter().find_map(|need| {
            let state = self.state.step_by_id(&need.step)?;
            let failed = match (state.phase, &state.skipped) {
                (Phase::Failed, _) | (Phase::Skipped, Some(SkipReason::RunEnded)) => true,
                (Phase::Skipped, Some(SkipReason::Needs { failed, .. })) => *failed,
                (Phase::Skipped, _) => false,
                _ => return None,
            };
            let blocked = failed || !need.tolerant;
            blocked.then(|| SkipReason::Needs { step: need.step.clone(), failed })
        })
    }
}
