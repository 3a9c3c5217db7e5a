//! A run goes on where its journal ends.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Decision, Desk, Executor};
use crate::event::{Event, Record};
use crate::id::{RunId, StepPath};
use crate::journal::JournalError;
use crate::plan::{Kind, Plan};
use crate::run::budget::Budget;
use crate::run::context::Context;
use crate::run::frame::Unit;
use crate::run::inputs::Inputs;
use crate::run::outcome::Outcome;
use crate::run::reuse::Reuse;
use crate::run::scheduler::Scheduler;
use crate::run::state::{IllegalEvent, RunState};
use crate::run::steps;

/// A run as the journal tells it.
pub struct Past {
    /// The run.
    pub run_id: RunId,
    /// Its frozen plan.
    pub plan: Arc<Plan>,
    /// What happened in it so far, from its start.
    pub records: Vec<Record>,
    /// The run that it does again, if there is one, for the steps that are still to come.
    pub reuse: Option<Reuse>,
}

impl Past {
    /// The state that the events make.
    pub fn state(&self) -> Result<RunState, IllegalEvent> {
        Ok(Scheduler::replay(Arc::clone(&self.plan), &self.records)?.state().clone())
    }
}

/// Goes on with a run that no process drives. What was under way begins again, and takes the answers of models and
/// tools that were journaled. `decisions` answer its approvals.
#[expect(
    clippy::future_not_send,
    reason = "the runs of a process share one journal and stay on its thread"
)]
pub async fn resume(
    past: Past,
    decisions: Vec<Decision>,
    context: &Arc<Context>,
    desk: Desk<'_>,
) -> Result<Outcome, JournalError> {
    let Past { run_id, plan, records, reuse } = past;
    let cancel = desk.cancel;
    let illegal = |error: IllegalEvent| JournalError::bug(&error.to_string());
    let scheduler = Scheduler::replay(Arc::clone(&plan), &records).map_err(illegal)?;
    let state = scheduler.state();
    let inputs = inputs(state);
    let spent = state.root().steps().iter().fold((0.0, 0), |(usd, tokens), step| {
        (usd + step.cost_usd, tokens + step.usage.input_tokens + step.usage.output_tokens)
    });
    let budget = Budget::after(plan.limits.budget.as_ref(), &context.pool, spent.0, spent.1);
    let past_calls = calls_under_way(state, &records);
    let mut executor = Executor::new(run_id, scheduler, inputs, budget, context, desk);
    executor.past_calls = past_calls;
    executor.reuse = reuse;
    executor.restore_items();
    executor.recorder.emit(Event::RunResumed);
    for decision in decisions {
        executor.decide(decision);
    }
    let limit = plan.limits.run_timeout.map(|limit| limit.0);
    let stopped = executor.drive(cancel, limit).await?;
    executor.finish(stopped.as_ref()).await
}

/// What the steps of every frame read of one another, as far as the run is.
pub(in crate::run) fn inputs(state: &RunState) -> Vec<Inputs> {
    let mut inputs: Vec<Inputs> = state
        .frames()
        .iter()
        .map(|frame| match frame.above.and_then(|above| state.definition(above)) {
            None => Inputs::new(frame.plan(), frame.params()),
            Some(step) => match &step.kind {
                Kind::Workflow(call) => Inputs::within(frame.plan(), frame.params(), &call.told),
                Kind::Plan(_) => steps::planning::inputs(frame.plan(), frame.params()),
                Kind::Agent(_) | Kind::Tool(_) | Kind::Compute(_) | Kind::Approval(_) => {
                    Inputs::new(frame.plan(), frame.params())
                }
            },
        })
        .collect();
    // What the outputs are made of is told as well.
    if let Some(own) = inputs.first_mut() {
        own.trace();
    }
    // A step's evidence stands on that of the steps before it.
    for (number, frame) in state.frames().iter().enumerate() {
        let order = crate::plan::Graph::of(frame.plan()).order();
        for step in order {
            if let Some(inputs) = inputs.get_mut(number) {
                inputs.keep(state, Unit { frame: number, step, item: None });
            }
        }
    }
    inputs
}

/// Calls that ended, of steps that did not.
fn calls_under_way(state: &RunState, records: &[Record]) -> BTreeMap<StepPath, Vec<Event>> {
    let mut calls: BTreeMap<StepPath, Vec<Event>> = BTreeMap::new();
    for record in records {
        let (Event::ModelCalled { step, .. } | Event::ToolCalled { step, .. }) = &record.event
        else {
            continue;
        };
        let open = state.unit(step).and_then(|unit| state.step(unit));
        if open.is_some_and(|state| !state.phase.is_settled()) {
            calls.entry(step.clone()).or_default().push(record.event.clone());
        }
    }
    calls
}

impl Executor<'_> {
    /// Makes the items again of steps that were under way. What they are made of has not changed since.
    fn restore_items(&mut self) {
        let state = self.recorder.scheduler().state();
        let repeated: Vec<Unit> = state
            .units()
            .filter(|(unit, found)| {
                let step = state.definition(*unit);
                unit.item.is_none()
                    && found.started_us.is_some()
                    && !found.phase.is_settled()
                    && step.is_some_and(|step| step.for_each.is_some())
            })
            .map(|(unit, _)| unit)
            .collect();
        for unit in repeated {
            let Some(step) = self.recorder.scheduler().state().definition(unit) else { continue };
            let Some(scope) = self.scope(unit, step) else { continue };
            if let Some(Ok(items)) = step.for_each.as_ref().map(|f| steps::items::of(f, &scope)) {
                self.items.insert(unit, items);
            }
        }
    }
}
