//! Writes what happens: events are journaled in groups, then shown; state changes with them and only with them.

use crate::event::{Event, Record};
use crate::id::RunId;
use crate::journal::{Journal, JournalError};

use super::context::Clock;
use super::scheduler::Scheduler;

/// The one writer of a run.
pub(super) struct Recorder<'r> {
    run_id: RunId,
    scheduler: Scheduler,
    journal: &'r mut Journal,
    observer: &'r mut (dyn FnMut(&Record) + Send),
    clock: Clock,
    pending: Vec<Record>,
}

impl<'r> Recorder<'r> {
    pub(super) fn new(
        run_id: RunId,
        scheduler: Scheduler,
        journal: &'r mut Journal,
        observer: &'r mut (dyn FnMut(&Record) + Send),
        clock: Clock,
    ) -> Self {
        Self { run_id, scheduler, journal, observer, clock, pending: Vec::new() }
    }

    pub(super) fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    /// Applies an event and puts it into the group that the next [`Recorder::commit`] writes. Of what the event
    /// sets free, only what can be repeated may begin before.
    pub(super) fn emit(&mut self, event: Event) {
        let record = Record { at_us: (self.clock)(), event };
        if let Err(fault) = self.scheduler.apply(&record) {
            // The executor emits only what the state allows; anything else is a bug that a test must see.
            debug_assert!(false, "{fault}");
            return;
        }
        self.pending.push(record);
    }

    /// Writes the group to the journal, then shows it.
    pub(super) fn commit(&mut self) -> Result<(), JournalError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.journal.append(&self.run_id, &self.pending)?;
        for record in self.pending.drain(..) {
            (self.observer)(&record);
        }
        Ok(())
    }
}
