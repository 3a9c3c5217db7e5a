//! Steps that begin while the plan that they are part of is still on its way.
//!
//! ```text
//! inquiry ---{"parts": [{a}, {b}, ...]}---> checked: passes --> frame of the plan --> step a: goes on where it is
//!                 |a is whole                        \--> fails: a ends with the request under way; its cost is told
//!                 +--> a's agent is asked
//! ```
//!
//! What begins early only asks models, and calls tools that read. Its events wait with it: they are journaled when the step
//! takes it over that the whole, checked plan has in its place. Until then it is like a request under way: a process
//! that dies asks again.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::sync::mpsc;

use super::{Done, Job, PastCalls, Work, agent};
use crate::document::Tool;
use crate::event::{Event, Fault};
use crate::id::StepPath;
use crate::model::Watcher;
use crate::plan::{AgentStep, Step};
use crate::run::budget::{Budget, OVER_BUDGET};
use crate::run::frame::{Frame, Shape, Unit};
use crate::run::inputs::Inputs;
use crate::run::plan_reader::{Early, PlanReader};
use crate::value::{Value, counted};

/// What has begun and waits for the plan that it is part of; and the budget that it spends from. One for a run, or for two:
/// that which asks for a plan, and that which runs it.
#[derive(Default)]
pub struct Ahead {
    begun: Mutex<Vec<Begun>>,
    budget: Mutex<Option<Arc<Budget>>>,
}

impl Ahead {
    fn begun(&self) -> MutexGuard<'_, Vec<Begun>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.begun().is_empty()
    }

    /// The budget of a run: that from which what has begun is paid, or else a new one.
    pub(in crate::run) fn budget(&self, new: impl FnOnce() -> Arc<Budget>) -> Arc<Budget> {
        let mut kept = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.as_ref().filter(|_| !self.is_empty()) {
            Some(budget) => Arc::clone(budget),
            None => Arc::clone(kept.insert(new())),
        }
    }

    /// What has begun of a step, if it asks the same.
    pub(in crate::run) fn take(&self, step: &Step, job: &Job) -> Option<Begun> {
        let Work::Ask { system, prompt } = &job.work else { return None };
        let mut begun = self.begun();
        let found = begun.iter().position(|one| {
            one.path == job.path
                && one.step == *step
                && one.system == *system
                && one.prompt == *prompt
        })?;
        Some(begun.remove(found))
    }

    /// What nobody took, with the events of each.
    pub(in crate::run) fn rest(&self) -> Vec<(StepPath, Vec<Event>)> {
        let rest = std::mem::take(&mut *self.begun());
        rest.into_iter().map(|mut one| (one.path.clone(), one.said())).collect()
    }
}

/// A step that has begun.
pub(in crate::run) struct Begun {
    step: Step,
    path: StepPath,
    system: String,
    prompt: String,
    running: Pin<Box<dyn Future<Output = Event> + Send>>,
    ended: Option<Event>,
    events: mpsc::UnboundedReceiver<Event>,
    /// Set where no further request is wanted.
    needless: Arc<AtomicBool>,
}

impl Begun {
    /// Begins a step for a job that asks for its plan. None where it could change something.
    fn new(job: &Job, Early { plan, params, inside }: Early) -> Option<Self> {
        if job.context.allow_write && plan.tools.values().any(Tool::writes) {
            return None;
        }
        let (plan, params) = (Arc::new(plan), Arc::new(params));
        let step = plan.steps.first()?.clone();
        let inputs = match inside {
            Some(_) => super::planning::inputs(&plan, &params),
            None => Inputs::new(&plan, &params),
        };
        let above = inside.map_or_else(String::new, |step| format!("{step}/"));
        let path = StepPath::from(format!("{above}{}", step.id));
        let shape = Arc::new(Shape::of(&plan));
        let frame = Frame::new(Arc::clone(&plan), shape, params, None, above);
        let scope = inputs.scope(&frame, []);
        let evidence = inputs.evidence(&frame, &step, None);
        let (system, prompt) = agent::prepare(step.agent()?, &scope, &evidence, &[]).ok()?;
        let (sender, events) = mpsc::unbounded_channel();
        let needless = Arc::new(AtomicBool::new(false));
        let early = Job {
            plan,
            unit: Unit { frame: 0, step: 0, item: None },
            path: path.clone(),
            run_id: job.run_id.clone(),
            scope,
            evidence,
            context: Arc::clone(&job.context),
            budget: Arc::clone(&job.budget),
            ahead: Arc::clone(&job.ahead),
            begun: Mutex::default(),
            needless: Arc::clone(&needless),
            events: sender,
            work: Work::Ask { system: system.clone(), prompt: prompt.clone() },
            key: None,
            plan_reader: None,
            listener: None,
            past: Mutex::default(),
        };
        let running = early.boxed();
        Some(Self { step, path, system, prompt, running, ended: None, events, needless })
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.ended.is_none() {
            let Poll::Ready(event) = self.running.as_mut().poll(context) else {
                return Poll::Pending;
            };
            self.ended = Some(event);
        }
        Poll::Ready(())
    }

    /// What it reported since it was asked last. That it did not fit the budget counts only where it still does not.
    fn said(&mut self) -> Vec<Event> {
        let mut said = Vec::new();
        while let Ok(event) = self.events.try_recv() {
            if !matches!(event, Event::BudgetExceeded { .. }) {
                said.push(event);
            }
        }
        said
    }

    /// Goes on as the step of a job; gives the event that ends it. None where the job has to do it: it did not fit a
    /// budget from which more was reserved than now, and the job knows the calls that it made.
    pub(super) async fn go_on(mut self, job: &Job) -> Option<Event> {
        let mut said = Vec::new();
        std::future::poll_fn(|context| {
            let ended = self.poll(context);
            for event in self.said() {
                said.push(event.clone());
                job.report(event);
            }
            ended
        })
        .await;
        let mut ended = self.ended?;
        if let Event::StepFailed { error, .. } = &ended
            && error.kind == OVER_BUDGET
        {
            *job.past() = PastCalls::of(&said);
            return None;
        }
        if let Event::StepSucceeded { key, .. } = &mut ended {
            key.clone_from(&job.key);
        }
        Some(ended)
    }
}

/// Asks a model for a plan or a decision, and begins what can begin while the answer comes.
pub(super) async fn ask(
    job: &Job,
    step: &Step,
    agent: &AgentStep,
    texts: (&str, &str),
    plan_reader: &dyn PlanReader,
) -> Result<Done, Fault> {
    let starting = Starting { job, plan_reader, state: Mutex::default() };
    let ended = {
        let mut asking =
            Box::pin(agent::ask(job, step, agent, texts, Some(plan_reader), Some(&starting)));
        std::future::poll_fn(|context| {
            let ended = asking.as_mut().poll(context);
            for one in &mut starting.state().begun {
                // It ends by itself; nothing is done about it before the plan is whole.
                let _ = one.poll(context);
            }
            ended
        })
        .await
    };
    starting.settle(ended).await
}

/// Begins steps as their parts arrive.
struct Starting<'a> {
    job: &'a Job,
    plan_reader: &'a dyn PlanReader,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The text of the answer so far.
    text: String,
    /// The parts that were looked at, of all answers so far.
    seen: Vec<Value>,
    begun: Vec<Begun>,
}

impl Starting<'_> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves what the plan holds to its steps, and ends the rest with the request that it waits for.
    async fn settle(self, ended: Result<Done, Fault>) -> Result<Done, Fault> {
        let Self { job, plan_reader, state } = self;
        let State { begun, .. } = state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let passed = ended.is_ok();
        let (mut held, mut needless): (Vec<Begun>, Vec<Begun>) =
            begun.into_iter().partition(|one| passed && plan_reader.holds(&one.step));
        for one in &needless {
            one.needless.store(true, Ordering::Relaxed);
        }
        std::future::poll_fn(|context| {
            for one in &mut held {
                let _ = one.poll(context);
            }
            let polled = needless.iter_mut().map(|one| one.poll(context));
            if polled.filter(Poll::is_pending).count() == 0 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        job.ahead.begun().extend(held);
        let wasted = wasted(job, &mut needless);
        match (ended, wasted) {
            (Ok(mut done), wasted) => {
                done.warnings.extend(wasted);
                Ok(done)
            }
            (Err(fault), Some(wasted)) => {
                Err(Fault { message: format!("{}; {wasted}", fault.message), ..fault })
            }
            (Err(fault), None) => Err(fault),
        }
    }
}

/// Journals the requests that were not needed, as those of the step that asked for the plan, and tells what they cost.
fn wasted(job: &Job, needless: &mut [Begun]) -> Option<String> {
    let (mut answers, mut usd, mut unpriced) = (0, 0.0, false);
    for event in needless.iter_mut().flat_map(Begun::said) {
        let Event::ModelCalled { call, .. } = event else { continue };
        if call.answer.is_some() {
            answers += 1;
            usd += call.cost_usd.unwrap_or_default();
            unpriced |= call.cost_usd.is_none();
        }
        job.report(Event::ModelCalled { step: job.path.clone(), call });
    }
    let cost = if unpriced {
        "at a cost that nobody can tell".to_owned()
    } else {
        format!("for ${usd:.6}")
    };
    (answers > 0).then(|| {
        format!(
            "{} of parts that were begun early and dropped from the plan, {cost}",
            counted(answers, "answer")
        )
    })
}

impl Watcher for Starting<'_> {
    fn began(&self) {
        self.state().text.clear();
    }

    /// The answer is checked now: nothing is won by beginning before.
    fn ended(&self, _rest: &str) {}

    fn said(&self, piece: &str) {
        let mut state = self.state();
        state.text.push_str(piece);
        // A part ends with a brace: nothing else makes one whole.
        if !piece.contains('}') {
            return;
        }
        let parts = self.plan_reader.parts(&state.text);
        for (number, part) in parts.iter().enumerate() {
            if state.seen.contains(part) {
                continue;
            }
            state.seen.push(part.clone());
            // The answer itself is under way as well.
            if state.begun.len() + 1 >= self.job.context.max_parallel {
                continue;
            }
            let before = parts.get(..number).unwrap_or_default();
            let early = self.plan_reader.early(part, before);
            state.begun.extend(early.and_then(|early| Begun::new(self.job, early)));
        }
    }
}
