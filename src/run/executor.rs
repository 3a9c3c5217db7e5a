//! Runs a plan on tokio: one loop owns the state, steps run as tasks of one `JoinSet`, and a step starts the
//! moment the last one it waits for settles.
//!
//! What the journal does not hold, nobody is shown, and no tool acts on. A question to a model is the one thing
//! that may leave while the group that sets it free is being written: should the process die in these few
//! microseconds, it is asked again, as any question is that was under way. No answer that was journaled is.

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::event::{Event, Fault, Record, RunStatus, SkipReason};
use crate::id::{PlanHash, RunId};
use crate::journal::{Journal, JournalError};
use crate::plan::{Kind, Plan};
use crate::value::Object;

use super::budget::{Budget, OVER_BUDGET};
use super::context::Context;
use super::figures::Evidence;
use super::inputs::Inputs;
use super::outcome::Outcome;
use super::outputs;
use super::recorder::Recorder;
use super::scheduler::{Next, Scheduler};
use super::steps::{self, Job};

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
}

/// Runs a plan to its end. `observer` sees every event after it is journaled; `cancel` ends the run early, with
/// an outcome that holds what could be made.
pub async fn run(
    order: Order,
    context: &Arc<Context>,
    journal: &mut Journal,
    observer: &mut (dyn FnMut(&Record) + Send),
    cancel: &CancellationToken,
) -> Result<Outcome, JournalError> {
    let scheduler = Scheduler::new(Arc::clone(&order.plan));
    let recorder = Recorder::new(
        order.run_id.clone(),
        scheduler,
        journal,
        observer,
        Arc::clone(&context.clock),
    );
    let (events, inbox) = mpsc::unbounded_channel();
    let mut executor = Executor {
        inputs: Inputs::new(&order.plan, &order.params),
        context: Arc::clone(context),
        budget: Budget::new(order.plan.limits.budget.as_ref()),
        recorder,
        tasks: JoinSet::new(),
        running: IndexMap::new(),
        events,
        inbox,
        starting: Vec::new(),
    };
    executor.recorder.emit(Event::RunStarted {
        run_id: order.run_id,
        workflow: order.plan.workflow.clone(),
        plan: order.hash,
        params: order.params,
        offline: context.offline,
    });
    // Nothing leaves before the journal knows the run and its plan.
    executor.recorder.commit()?;
    let limit = order.plan.limits.run_timeout.map(|limit| limit.0);
    let stopped = executor.drive(cancel, limit).await?;
    executor.finish(stopped.as_ref())
}

/// Why a run ended before all its steps settled.
enum Stopped {
    Cancelled,
    OutOfTime(Duration),
}

struct Executor<'r> {
    recorder: Recorder<'r>,
    inputs: Inputs,
    context: Arc<Context>,
    budget: Arc<Budget>,
    tasks: JoinSet<Event>,
    /// The step of every task.
    running: IndexMap<tokio::task::Id, usize>,
    events: mpsc::UnboundedSender<Event>,
    inbox: mpsc::UnboundedReceiver<Event>,
    /// Jobs whose start is emitted and that are not spawned yet.
    starting: Vec<Job>,
}

impl Executor<'_> {
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
        loop {
            self.start_ready();
            let starting = std::mem::take(&mut self.starting);
            let (asking, acting): (Vec<Job>, Vec<Job>) =
                starting.into_iter().partition(Job::only_asks);
            if !asking.is_empty() {
                self.spawn(asking);
                // Goes on when everything that could be sent is on its way.
                tokio::task::yield_now().await;
            }
            self.recorder.commit()?;
            self.spawn(acting);
            if self.tasks.is_empty() {
                return Ok(None);
            }
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(Some(Stopped::Cancelled)),
                () = &mut out_of_time => return Ok(Some(Stopped::OutOfTime(limit.unwrap_or_default()))),
                Some(event) = self.inbox.recv() => self.recorder.emit(event),
                Some(ended) = self.tasks.join_next_with_id() => self.settle(ended),
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
            let number = job.number;
            let task = self.tasks.spawn(job.run());
            self.running.insert(task.id(), number);
        }
    }

    /// Takes what steps reported on their way.
    fn hear(&mut self) {
        while let Ok(event) = self.inbox.try_recv() {
            self.recorder.emit(event);
        }
    }

    /// Starts every step whose turn it is, as far as `max_parallel` allows; steps that need no waiting end here.
    fn start_ready(&mut self) {
        while let Some(next) = self.recorder.scheduler().next() {
            match next {
                Next::Skip(number, reason) => {
                    let Some(step) = self.step_id(number) else { return };
                    self.recorder.emit(Event::StepSkipped { step, reason });
                }
                Next::Start(number) => {
                    if self.tasks.len() + self.starting.len() >= self.context.max_parallel {
                        return;
                    }
                    self.start(number);
                }
            }
        }
    }

    fn start(&mut self, number: usize) {
        let plan = Arc::clone(self.recorder.scheduler().state().plan());
        let Some(step) = plan.steps.get(number) else { return };
        let scope = self
            .inputs
            .scope(self.recorder.scheduler().state(), step.needs.iter().map(|need| &need.step));
        match step.when.as_deref().map(|when| crate::expression::evaluate_condition(when, &scope)) {
            Some(Ok(false)) => {
                self.recorder
                    .emit(Event::StepSkipped { step: step.id.clone(), reason: SkipReason::When });
                return;
            }
            Some(Err(error)) => {
                self.recorder.emit(Event::StepFailed { step: step.id.clone(), error });
                return;
            }
            Some(Ok(true)) | None => {}
        }
        self.recorder.emit(Event::StepStarted { step: step.id.clone() });
        if let Kind::Compute(values) = &step.kind {
            let ended = steps::compute::evaluate(values, &scope);
            let event = steps::end(step, ended, &scope, &Evidence::default());
            self.settled(number, event);
            return;
        }
        let evidence = self.inputs.evidence(self.recorder.scheduler().state(), step);
        self.starting.push(Job {
            plan,
            number,
            scope,
            evidence,
            context: Arc::clone(&self.context),
            budget: Arc::clone(&self.budget),
            events: self.events.clone(),
        });
    }

    fn settle(&mut self, ended: Result<(tokio::task::Id, Event), tokio::task::JoinError>) {
        // What a step reported on its way stands before its end.
        self.hear();
        match ended {
            Ok((task, event)) => {
                if let Some(number) = self.running.swap_remove(&task) {
                    self.settled(number, event);
                }
            }
            // A step that panicked is a bug of the engine; the run still ends, with the step named.
            Err(error) => {
                let number = self.running.swap_remove(&error.id());
                if let Some(step) = number.and_then(|number| self.step_id(number)) {
                    let message =
                        format!("the engine failed in this step, which is a bug: {error}");
                    self.recorder
                        .emit(Event::StepFailed { step, error: Fault::new("bug", message) });
                }
            }
        }
    }

    fn settled(&mut self, number: usize, event: Event) {
        self.inputs.keep(self.recorder.scheduler().state(), number, &event);
        self.recorder.emit(event);
    }

    fn finish(mut self, stopped: Option<&Stopped>) -> Result<Outcome, JournalError> {
        self.tasks.abort_all();
        self.hear();
        for number in self.recorder.scheduler().open() {
            if let Some(step) = self.step_id(number) {
                self.recorder.emit(Event::StepSkipped { step, reason: SkipReason::RunEnded });
            }
        }
        let state = self.recorder.scheduler().state();
        let scope = self
            .inputs
            .scope(state, state.plan().outputs.values().flat_map(|output| &output.reads));
        let (mut status, outputs, mut error) = outputs::render(state, &scope);
        if let Some(message) = state.exceeded() {
            error = Some(Fault::new(OVER_BUDGET, format!("the budget is exceeded: {message}")));
        }
        match stopped {
            Some(Stopped::Cancelled) => {
                status = RunStatus::Cancelled;
                error = Some(Fault::new("cancelled", "the run was interrupted"));
            }
            Some(Stopped::OutOfTime(limit)) => {
                let limit = crate::value::HumanDuration(*limit);
                error = Some(
                    Fault::new("run-timeout", format!("the run took longer than {limit}"))
                        .help("raise `limits.run_timeout` in engine.yaml"),
                );
            }
            None => {}
        }
        self.recorder.emit(Event::RunFinished { status, outputs, error });
        self.recorder.commit()?;
        Outcome::of(self.recorder.scheduler().state())
            .ok_or_else(|| JournalError::bug("a finished run has an outcome"))
    }

    fn step_id(&self, number: usize) -> Option<crate::id::StepId> {
        Some(self.recorder.scheduler().state().plan().steps.get(number)?.id.clone())
    }
}
