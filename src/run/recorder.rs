//! Writes what happens: events are journaled in groups, then shown; state changes with them and only with them.

use std::cell::RefCell;
use std::sync::Arc;

use super::context::{Clock, Context};
use super::pool::Pool;
use super::reuse::Kept;
use super::scheduler::Scheduler;
use crate::document::Cache;
use crate::event::{Event, Record};
use crate::id::{RunId, StepKey};
use crate::journal::{Journal, JournalError, Output, Spent, Ticket, Writer};
use crate::value::sum;

/// The one writer of a run.
pub(super) struct Recorder<'r> {
    run_id: RunId,
    scheduler: Scheduler,
    journal: &'r RefCell<Journal>,
    writer: Writer,
    observer: &'r mut dyn FnMut(&Record),
    clock: Clock,
    pool: Arc<Pool>,
    pending: Vec<Record>,
    /// Outputs that later runs may take over.
    outputs: Vec<Output>,
}

impl<'r> Recorder<'r> {
    pub(super) fn new(
        run_id: RunId,
        scheduler: Scheduler,
        journal: &'r RefCell<Journal>,
        observer: &'r mut dyn FnMut(&Record),
        context: &Context,
    ) -> Self {
        // Nothing before its first event; where it goes on, what it had cost when its process died.
        let state = scheduler.state();
        let mut spent = Spent::default();
        for step in state.root().steps() {
            spent.cost_usd += step.cost_usd;
            spent.unpriced_calls += step.unpriced_calls;
        }
        let writer = Writer::after(run_id.clone(), spent, state.ended_us());
        let (pending, outputs) = (Vec::new(), Vec::new());
        let (clock, pool) = (Arc::clone(&context.clock), Arc::clone(&context.pool));
        Self { run_id, scheduler, journal, writer, observer, clock, pool, pending, outputs }
    }

    /// The run.
    pub(super) fn run_id(&self) -> &RunId {
        &self.run_id
    }

    pub(super) fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    /// Whether the journal holds the beginning of the run.
    pub(super) fn is_known(&self) -> bool {
        self.writer.is_placed()
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
        self.keep(&record);
        self.pending.push(record);
    }

    /// Takes note of an output that the step's `cache` wants kept.
    fn keep(&mut self, record: &Record) {
        let Event::StepSucceeded {
            step,
            key: Some(key),
            output,
            reused: None,
            defaulted: None,
            figures,
            warnings,
            ..
        } = &record.event
        else {
            return;
        };
        let state = self.scheduler.state();
        let Some(unit) = state.unit(step) else { return };
        if state.definition(unit).is_some_and(|step| step.cache.is_some()) {
            let looked_up = state.step(unit).map(|step| step.looked_up.clone());
            self.outputs.push(Output {
                key: key.clone(),
                at_us: record.at_us,
                run_id: self.run_id.clone(),
                value: Arc::clone(output),
                figures: figures.clone(),
                warnings: warnings.clone(),
                looked_up: looked_up.unwrap_or_default(),
            });
        }
    }

    /// Writes the group to the journal, then shows it.
    #[expect(
        clippy::future_not_send,
        reason = "the runs of a process share one journal and stay on its thread"
    )]
    pub(super) async fn commit(&mut self) -> Result<(), JournalError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let ticket = self.write()?;
        if !ticket.is_certain() {
            // Whoever else has something to write now does so before the transaction ends.
            tokio::task::yield_now().await;
            self.journal.borrow_mut().settle(ticket)?;
        }
        let usd = sum(self.pending.iter().filter_map(|record| {
            let Event::ModelCalled { call, .. } = &record.event else { return None };
            call.cost_usd.filter(|_| call.is_charged())
        }));
        if usd > 0.0 {
            self.pool.journaled(usd);
        }
        for record in self.pending.drain(..) {
            (self.observer)(&record);
        }
        Ok(())
    }

    fn write(&mut self) -> Result<Ticket, JournalError> {
        let mut journal = self.journal.borrow_mut();
        let ticket = journal.append(&mut self.writer, &self.pending)?;
        for output in self.outputs.drain(..) {
            journal.keep(&output)?;
        }
        Ok(ticket)
    }

    /// Leaves the run to whoever goes on with it: it only waits for a person.
    #[expect(
        clippy::future_not_send,
        reason = "the runs of a process share one journal and stay on its thread"
    )]
    pub(super) async fn pause(&mut self) -> Result<(), JournalError> {
        self.commit().await?;
        self.journal.borrow_mut().pause(&self.writer)
    }

    /// Whether somebody cancelled the run.
    pub(super) fn is_cancelled(&self) -> Result<bool, JournalError> {
        self.journal.borrow().is_cancelled(&self.run_id)
    }

    /// An output that was kept and is not too old.
    pub(super) fn cached(&self, key: &StepKey, cache: Cache) -> Result<Option<Kept>, JournalError> {
        let since_us = match cache {
            Cache::Switch(_) => i64::MIN,
            Cache::For(time) => {
                let age = i64::try_from(time.ttl.0.as_micros()).unwrap_or(i64::MAX);
                (self.clock)().saturating_sub(age)
            }
        };
        let found = self.journal.borrow().kept(key, since_us)?;
        Ok(found.map(|Output { run_id, value, figures, warnings, looked_up, .. }| Kept {
            looked_up,
            run: run_id,
            output: value,
            figures,
            warnings,
        }))
    }
}
