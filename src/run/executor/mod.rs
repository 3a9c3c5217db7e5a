//! Runs a plan on tokio: one loop owns the state, steps run as tasks of one `JoinSet`, and a step starts the
//! moment the last one it waits for settles.
//!
//! What the journal does not hold, nobody is shown, and no tool acts on. A question to a model is the one thing
//! that may leave while the group that sets it free is being written: should the process die in these few
//! microseconds, it is asked again, as any question is that was under way. No answer that was journaled is.

mod approvals;
mod complete;
mod resume;
mod start;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::allowance::Period;
use super::budget::{Budget, OVER_BUDGET};
use super::context::Context;
use super::frame::Unit;
use super::inputs::Inputs;
use super::outcome::Outcome;
use super::outputs;
use super::plan_reader::PlanReader;
use super::recorder::Recorder;
use super::reuse::Reuse;
use super::scheduler::{Next, Scheduler};
use super::step_state::Phase;
use super::steps::{Ahead, Job};
use crate::event::{BatchRow, Event, Fault, Record, RunStatus, SkipReason};
use crate::expression::View;
use crate::id::{PlanHash, RunId, StepPath};
use crate::journal::{Journal, JournalError};
use crate::model::Watcher;
use crate::plan::Plan;
use crate::value::{HumanDuration, Object};

pub use approvals::Decision;
pub(super) use resume::inputs as inputs_of;
pub use resume::{Past, resume};

/// How often the journal is asked whether somebody cancelled the run.
const LOOK: Duration = Duration::from_millis(500);

/// What to run.
pub struct Order {
    /// The run's id; new for each run.
    pub run_id: RunId,
    /// The checked plan.
    pub plan: Arc<Plan>,
    /// The hash by which the journal keeps it.
    pub hash: PlanHash,
    /// Values of all params, checked.
    pub params: Object,
    /// Outputs of an earlier run that are taken where a step would do the same again.
    pub reuse: Option<Reuse>,
    /// Who reads what the agents of the run's own steps answer as plans.
    pub plan_reader: Option<Arc<dyn PlanReader>>,
    /// Steps that have begun before the run; those that it begins before a plan are left here where another run is to go
    /// on with them.
    pub ahead: Arc<Ahead>,
    /// Who hears the answer of the run while a model gives it, before it is checked and journaled.
    pub listener: Option<Arc<dyn Watcher>>,
    /// The row of a batch that it is for.
    pub batch: Option<BatchRow>,
    /// The conversation that it belongs to.
    pub session: Option<String>,
}

/// What a run writes to and who is told.
pub struct Desk<'r> {
    /// The journal; runs of one process share it.
    pub journal: &'r RefCell<Journal>,
    /// Sees every event after it is journaled.
    pub observer: &'r mut dyn FnMut(&Record),
    /// Ends the run early, with an outcome that holds what could be made.
    pub cancel: &'r CancellationToken,
}

/// Runs a plan to its end, or until it only waits for a person.
#[expect(
    clippy::future_not_send,
    reason = "the runs of a process share one journal and stay on its thread"
)]
pub async fn run(
    order: Order,
    context: &Arc<Context>,
    desk: Desk<'_>,
) -> Result<Outcome, JournalError> {
    let Order { run_id, plan, hash, params, reuse, plan_reader, ahead, listener, batch, session } =
        order;
    let cancel = desk.cancel;
    let scheduler = Scheduler::new(Arc::clone(&plan));
    let inputs = vec![Inputs::new(&plan, &params)];
    let budget = ahead.budget(|| Budget::new(plan.limits.budget.as_ref(), &context.pool));
    let parent = reuse.as_ref().map(|reuse| reuse.from.clone());
    let mut executor = Executor::new(run_id.clone(), scheduler, inputs, budget, context, desk);
    executor.reuse = reuse;
    executor.plan_reader = plan_reader;
    executor.ahead = ahead;
    executor.listener = listener;
    executor.recorder.emit(Event::RunStarted {
        run_id,
        workflow: plan.workflow.clone(),
        plan: hash,
        params,
        offline: context.offline,
        allow_write: context.allow_write,
        parent,
        batch,
        session,
    });
    let limit = plan.limits.run_timeout.map(|limit| limit.0);
    let stopped = executor.drive(cancel, limit).await?;
    executor.finish(stopped.as_ref()).await
}

/// Why a run ended before all its steps settled.
enum Stopped {
    Cancelled,
    OutOfTime(Duration),
}

struct Executor<'r> {
    recorder: Recorder<'r>,
    /// What the steps of each frame read of one another.
    inputs: Vec<Inputs>,
    /// The items of steps with `for_each`.
    items: BTreeMap<Unit, Arc<[View]>>,
    context: Arc<Context>,
    budget: Arc<Budget>,
    reuse: Option<Reuse>,
    plan_reader: Option<Arc<dyn PlanReader>>,
    ahead: Arc<Ahead>,
    listener: Option<Arc<dyn Watcher>>,
    /// Calls that ended before the process died that began them, by step.
    past_calls: BTreeMap<StepPath, Vec<Event>>,
    tasks: JoinSet<Event>,
    /// The unit of every task.
    running: IndexMap<tokio::task::Id, Unit>,
    events: mpsc::UnboundedSender<Event>,
    inbox: mpsc::UnboundedReceiver<Event>,
    /// Jobs whose start is emitted and that are not spawned yet.
    starting: Vec<Job>,
}

impl<'r> Executor<'r> {
    fn new(
        run_id: RunId,
        scheduler: Scheduler,
        inputs: Vec<Inputs>,
        budget: Arc<Budget>,
        context: &Arc<Context>,
        Desk { journal, observer, .. }: Desk<'r>,
    ) -> Self {
        let (events, inbox) = mpsc::unbounded_channel();
        Self {
            recorder: Recorder::new(run_id, scheduler, journal, observer, context),
            inputs,
            items: BTreeMap::new(),
            context: Arc::clone(context),
            budget,
            reuse: None,
            plan_reader: None,
            ahead: Arc::default(),
            listener: None,
            past_calls: BTreeMap::new(),
            tasks: JoinSet::new(),
            running: IndexMap::new(),
            events,
            inbox,
            starting: Vec::new(),
        }
    }

    #[expect(
        clippy::future_not_send,
        reason = "the runs of a process share one journal and stay on its thread"
    )]
    async fn drive(
        &mut self,
        cancel: &CancellationToken,
        limit: Option<Duration>,
    ) -> Result<Option<Stopped>, JournalError> {
        let out_of_time = async {
            match limit {
                Some(limit) => tokio::time::sleep(limit).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(out_of_time);
        let mut look = tokio::time::interval_at(tokio::time::Instant::now() + LOOK, LOOK);
        loop {
            if cancel.is_cancelled() {
                return Ok(Some(Stopped::Cancelled));
            }
            self.close_overdue();
            self.start_ready()?;
            if self.tasks.is_empty() && self.starting.is_empty() {
                // The end of the run goes into the same group of the journal.
                return Ok(None);
            }
            let starting = std::mem::take(&mut self.starting);
            // Nothing leaves before the journal knows the run and its plan.
            let known = self.recorder.is_known();
            let (asking, acting): (Vec<Job>, Vec<Job>) =
                starting.into_iter().partition(|job| known && job.only_asks());
            if !asking.is_empty() {
                self.spawn(asking);
                // Goes on when everything that could be sent is on its way.
                tokio::task::yield_now().await;
            }
            self.recorder.commit().await?;
            self.spawn(acting);
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(Some(Stopped::Cancelled)),
                () = &mut out_of_time => return Ok(Some(Stopped::OutOfTime(limit.unwrap_or_default()))),
                Some(event) = self.inbox.recv() => self.recorder.emit(event),
                Some(ended) = self.tasks.join_next_with_id() => self.settle(ended),
                _ = look.tick() => {
                    if self.recorder.is_cancelled()? {
                        return Ok(Some(Stopped::Cancelled));
                    }
                }
            }
            // Everything else that has happened by now goes into the same group of the journal.
            self.hear();
            while let Some(ended) = self.tasks.try_join_next_with_id() {
                self.settle(ended);
            }
        }
    }

    fn spawn(&mut self, jobs: Vec<Job>) {
        for job in jobs {
            let unit = job.unit;
            let task = self.tasks.spawn(job.run());
            self.running.insert(task.id(), unit);
        }
    }

    /// Takes what steps reported on their way.
    fn hear(&mut self) {
        while let Ok(event) = self.inbox.try_recv() {
            self.recorder.emit(event);
        }
    }

    /// Does everything whose turn it is, as far as `max_parallel` allows; what needs no waiting ends here.
    fn start_ready(&mut self) -> Result<(), JournalError> {
        while let Some(next) = self.recorder.scheduler().next() {
            match next {
                Next::Skip(unit, reason) => {
                    let step = self.path(unit);
                    self.recorder.emit(Event::StepSkipped { step, reason });
                }
                Next::Complete(unit) => self.complete(unit),
                Next::Start(unit) => {
                    if self.tasks.len() + self.starting.len() >= self.context.max_parallel {
                        break;
                    }
                    self.start(unit)?;
                }
            }
        }
        Ok(())
    }

    fn settle(&mut self, ended: Result<(tokio::task::Id, Event), tokio::task::JoinError>) {
        // What a step reported on its way stands before its end.
        self.hear();
        match ended {
            Ok((task, event)) => {
                let unit = self.running.swap_remove(&task);
                match (unit, event) {
                    (Some(_), made @ Event::PlanMade { .. }) => self.begin(made),
                    (Some(unit), event) => self.settled(unit, event),
                    (None, _) => {}
                }
            }
            // A step that panicked is a bug of the engine; the run still ends, with the step named.
            Err(error) => {
                if let Some(unit) = self.running.swap_remove(&error.id()) {
                    let message =
                        format!("the engine failed in this step, which is a bug: {error}");
                    let step = self.path(unit);
                    self.recorder
                        .emit(Event::StepFailed { step, error: Fault::new("bug", message) });
                }
            }
        }
    }

    /// Takes a plan that a step made: the steps of the plan become ready.
    fn begin(&mut self, made: Event) {
        self.recorder.emit(made);
        if let Some(frame) = self.recorder.scheduler().state().frames().get(self.inputs.len()) {
            self.inputs.push(super::steps::planning::inputs(frame.plan(), frame.params()));
        }
    }

    /// Takes the event that settles a unit.
    fn settled(&mut self, unit: Unit, event: Event) {
        self.recorder.emit(event);
        self.keep(unit);
    }

    /// Makes the output of a unit that settled readable for those that wait for it.
    fn keep(&mut self, unit: Unit) {
        if unit.item.is_none()
            && let Some(inputs) = self.inputs.get_mut(unit.frame)
        {
            inputs.keep(self.recorder.scheduler().state(), unit);
        }
    }

    #[expect(
        clippy::future_not_send,
        reason = "the runs of a process share one journal and stay on its thread"
    )]
    async fn finish(mut self, stopped: Option<&Stopped>) -> Result<Outcome, JournalError> {
        self.tasks.abort_all();
        self.hear();
        let waits =
            stopped.is_none() && self.recorder.scheduler().state().waiting().next().is_some();
        if !waits && self.plan_reader.is_none() {
            self.account();
        }
        if !waits {
            for unit in self.recorder.scheduler().open() {
                let step = self.path(unit);
                self.recorder.emit(Event::StepSkipped { step, reason: SkipReason::RunEnded });
            }
        }
        let state = self.recorder.scheduler().state();
        let (mut status, outputs, mut error) = match self.inputs.first() {
            Some(inputs) => outputs::render(state.root(), inputs),
            None => (RunStatus::Failed, Object::new(), None),
        };
        if waits {
            let outcome = Outcome::of(state);
            self.recorder.pause().await?;
            return outcome.ok_or_else(|| JournalError::bug("a waiting run has an outcome"));
        }
        if status == RunStatus::Succeeded
            && let Some(gap) = outputs::gap(state)
        {
            (status, error) = (RunStatus::Partial, Some(gap));
        }
        if let Some(message) = state.exceeded() {
            error = Some(
                Fault::new(OVER_BUDGET, format!("the budget is exceeded: {message}"))
                    .help(self.beyond_the_budget()),
            );
        }
        match stopped {
            Some(Stopped::Cancelled) => {
                status = RunStatus::Cancelled;
                error = Some(Fault::new("cancelled", "the run was interrupted"));
            }
            Some(Stopped::OutOfTime(limit)) => {
                let limit = HumanDuration(*limit);
                error = Some(
                    Fault::new("run-timeout", format!("the run took longer than {limit}"))
                        .help("raise `limits.run_timeout` in engine.yaml"),
                );
            }
            None => {}
        }
        self.recorder.emit(Event::RunFinished { status, outputs, error });
        self.recorder.commit().await?;
        Outcome::of(self.recorder.scheduler().state())
            .ok_or_else(|| JournalError::bug("a finished run has an outcome"))
    }

    /// How what a budget stopped can be done.
    fn beyond_the_budget(&self) -> String {
        let run = self.recorder.run_id();
        let rest = "does what is left, and takes over what was done";
        let mut faults = self.recorder.scheduler().state().units().filter_map(|(_, step)| {
            step.error.as_ref().filter(|fault| fault.kind == OVER_BUDGET)?.help.as_deref()
        });
        // The budgets of a day and a month are no run's own.
        let of_all =
            |help: &&str| [Period::Day, Period::Month].iter().any(|p| help.contains(p.key()));
        match faults.find(of_all) {
            Some(help) => format!("{help}; then `engine rerun {run}` {rest}"),
            None => match self.budget.beyond() {
                Some((refused, enough)) => format!(
                    "what did not fit may cost up to ${refused:.4}; `engine rerun {run} --max-cost-usd {enough}` {rest}"
                ),
                None => format!("`engine rerun {run} --max-cost-usd USD` {rest}"),
            },
        }
    }

    /// Journals the requests of steps that had begun and never came to their turn, because the run ended before.
    fn account(&mut self) {
        for (step, events) in self.ahead.rest() {
            let state = self.recorder.scheduler().state();
            let found = state.unit(&step).and_then(|unit| state.step(unit));
            if found.is_some_and(|found| found.phase == Phase::Pending) {
                self.recorder.emit(Event::StepStarted { step, items: None, params: None });
                for event in events {
                    self.recorder.emit(event);
                }
            }
        }
    }

    fn path(&self, unit: Unit) -> StepPath {
        self.recorder.scheduler().state().path(unit)
    }
}
