//! What is next. Pure: it reads the state and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::event::{Record, SkipReason};
use crate::plan::Plan;

use super::frame::Unit;
use super::state::{Change, IllegalEvent, RunState};
use super::step_state::Phase;

/// The state of a run together with the units whose turn it is.
///
/// Every unit becomes ready once: the moment the last step it waits for settles. Finding that out costs
/// one decrement an edge, whatever the size of the plan.
#[derive(Clone, Debug)]
pub struct Scheduler {
    state: RunState,
    /// One for each frame of the state.
    queues: Vec<Queue>,
    /// Steps with `for_each` that are under way.
    repeats: BTreeMap<Unit, Repeat>,
    ready: BTreeSet<Unit>,
    /// Units all of whose parts have settled: items, or the steps of the workflow they run.
    complete: BTreeSet<Unit>,
}

/// What the steps of a frame wait for.
#[derive(Clone, Debug)]
struct Queue {
    /// For each step, how many steps it waits for have not settled.
    unsettled: Vec<usize>,
    /// Steps that have not settled.
    open: usize,
}

/// How far a step with `for_each` is.
#[derive(Clone, Copy, Debug)]
struct Repeat {
    /// The next item to become ready.
    next: usize,
    /// Items that are ready or under way.
    open: usize,
    /// Whether an item failed, so that no other one starts.
    failed: bool,
}

/// What is to be done about a unit whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// It can start (its `when` decides).
    Start(Unit),
    /// It cannot run.
    Skip(Unit, SkipReason),
    /// All its parts have settled: its output can be put together.
    Complete(Unit),
}

impl Scheduler {
    /// The scheduler of a run before its first event.
    pub fn new(plan: Arc<Plan>) -> Self {
        let mut scheduler = Self {
            state: RunState::new(plan),
            queues: Vec::new(),
            repeats: BTreeMap::new(),
            ready: BTreeSet::new(),
            complete: BTreeSet::new(),
        };
        scheduler.enter(0);
        scheduler
    }

    /// The scheduler of a run that these events were journaled of. Units that were under way start again.
    pub fn replay<'r>(
        plan: Arc<Plan>,
        records: impl IntoIterator<Item = &'r Record>,
    ) -> Result<Self, IllegalEvent> {
        let mut scheduler = Self::new(plan);
        for record in records {
            scheduler.apply(record)?;
        }
        let again: Vec<Unit> = scheduler
            .state
            .units()
            .filter(|(unit, state)| {
                let has_parts = state.frame.is_some() || scheduler.repeats.contains_key(unit);
                state.phase == Phase::Running && !has_parts
            })
            .map(|(unit, _)| unit)
            .collect();
        scheduler.ready.extend(again);
        Ok(scheduler)
    }

    /// The state of the run.
    pub fn state(&self) -> &RunState {
        &self.state
    }

    /// Applies an event; units it sets free become ready.
    pub fn apply(&mut self, record: &Record) -> Result<(), IllegalEvent> {
        match self.state.apply(record)? {
            Change::None => {}
            Change::Started(unit) => self.started(unit),
            Change::Settled(unit) => self.settled(unit),
        }
        Ok(())
    }

    fn started(&mut self, unit: Unit) {
        self.ready.remove(&unit);
        let Some(state) = self.state.step(unit) else { return };
        let repeats = unit.item.is_none()
            && self.state.definition(unit).is_some_and(|step| step.for_each.is_some());
        if repeats && !self.repeats.contains_key(&unit) {
            self.repeats.insert(unit, Repeat { next: 0, open: 0, failed: false });
            self.go_on(unit);
        } else if let Some(frame) = state.frame
            && frame >= self.queues.len()
        {
            self.enter(frame);
        }
    }

    /// Looks at the steps of a new frame.
    fn enter(&mut self, frame: usize) {
        let Some(found) = self.state.frames().get(frame) else { return };
        let unsettled = found.shape.waits.clone();
        let free = unsettled.iter().enumerate().filter(|(_, waits)| **waits == 0);
        self.ready.extend(free.map(|(step, _)| Unit { frame, step, item: None }));
        let open = unsettled.len();
        if let Some(above) = found.above.filter(|_| open == 0) {
            self.complete.insert(above);
        }
        self.queues.push(Queue { unsettled, open });
    }

    fn settled(&mut self, unit: Unit) {
        self.ready.remove(&unit);
        self.complete.remove(&unit);
        if unit.item.is_some() {
            let whole = Unit { item: None, ..unit };
            let failed = self.state.step(unit).is_some_and(|state| state.phase == Phase::Failed);
            if let Some(repeat) = self.repeats.get_mut(&whole) {
                repeat.open = repeat.open.saturating_sub(1);
                repeat.failed |= failed;
                self.go_on(whole);
            }
            return;
        }
        self.repeats.remove(&unit);
        let Some(frame) = self.state.frames().get(unit.frame) else { return };
        let Some(queue) = self.queues.get_mut(unit.frame) else { return };
        for step in frame.shape.successors.get(unit.step).into_iter().flatten() {
            if let Some(waits) = queue.unsettled.get_mut(*step) {
                *waits = waits.saturating_sub(1);
                let pending = frame.steps().get(*step).is_some_and(|s| s.phase == Phase::Pending);
                if *waits == 0 && pending {
                    self.ready.insert(Unit { frame: unit.frame, step: *step, item: None });
                }
            }
        }
        queue.open = queue.open.saturating_sub(1);
        if let Some(above) = frame.above.filter(|_| queue.open == 0) {
            self.complete.insert(above);
        }
    }

    /// Sets free as many items of a step as its `max_parallel` allows.
    fn go_on(&mut self, unit: Unit) {
        let items = self.state.step(unit).map_or(0, |state| state.items.len());
        let most = self
            .state
            .definition(unit)
            .and_then(|step| step.for_each.as_ref()?.max_parallel)
            .map_or(usize::MAX, usize::from);
        let Some(repeat) = self.repeats.get_mut(&unit) else { return };
        while !repeat.failed && repeat.next < items && repeat.open < most {
            self.ready.insert(Unit { item: Some(repeat.next), ..unit });
            repeat.next += 1;
            repeat.open += 1;
        }
        if repeat.failed {
            // Items whose turn had come and that nobody took are not begun.
            let from = Unit { item: Some(0), ..unit };
            let to = Unit { item: Some(items), ..unit };
            let waiting: Vec<Unit> = self.ready.range(from..to).copied().collect();
            for item in waiting {
                let pending = self.state.step(item).is_some_and(|s| s.phase == Phase::Pending);
                if pending && self.ready.remove(&item) {
                    repeat.open = repeat.open.saturating_sub(1);
                }
            }
        }
        if repeat.open == 0 {
            self.complete.insert(unit);
        }
    }

    /// What is to be done first, in the order written. It stays so until an event says otherwise.
    pub fn next(&self) -> Option<Next> {
        if let Some(unit) = self.complete.first() {
            return Some(Next::Complete(*unit));
        }
        let unit = *self.ready.first()?;
        Some(match self.obstacle(unit) {
            Some(reason) => Next::Skip(unit, reason),
            None => Next::Start(unit),
        })
    }

    /// Units that have not settled. Items that never began are part of their step.
    pub fn open(&self) -> Vec<Unit> {
        let open = self.state.units().filter(|(unit, state)| {
            !state.phase.is_settled() && (unit.item.is_none() || state.phase != Phase::Pending)
        });
        open.map(|(unit, _)| unit).collect()
    }

    /// Why a unit cannot run: the first step that it cannot do without and that has no output.
    fn obstacle(&self, unit: Unit) -> Option<SkipReason> {
        if unit.item.is_some() {
            return None;
        }
        let frame = self.state.frames().get(unit.frame)?;
        let step = frame.plan.steps.get(unit.step)?;
        step.needs.iter().find_map(|need| {
            let state = frame.step_by_id(&need.step)?;
            let failed = match (state.phase, &state.skipped) {
                (Phase::Failed, _) | (Phase::Skipped, Some(SkipReason::RunEnded)) => true,
                (Phase::Skipped, Some(SkipReason::Needs { failed, .. })) => *failed,
                (Phase::Skipped, _) => false,
                _ => return None,
            };
            let blocked = if failed { !need.optional } else { !need.tolerant };
            blocked.then(|| SkipReason::Needs { step: need.step.clone(), failed })
        })
    }
}
