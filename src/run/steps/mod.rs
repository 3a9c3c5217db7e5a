//! The kinds of steps, one file each: given its inputs, a step becomes the event that ends it.

pub(super) mod agent;
pub(super) mod ahead;
mod answer;
pub(super) mod compute;
pub(super) mod items;
pub(super) mod key;
mod past;
pub(super) mod planning;
pub(super) mod tool;

use std::pin::Pin;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use crate::document::Figures;
use crate::event::{Event, Fault, FigureCount, SkipReason};
use crate::expression::Scope;
use crate::id::{RunId, StepKey, StepPath};
use crate::model::Watcher;
use crate::plan::{Kind, OnError, Plan, Step};
use crate::value::{Object, Value};

use super::budget::Budget;
use super::context::Context;
use super::figures::Evidence;
use super::frame::Unit;
use super::plan_reader::PlanReader;
use ahead::Begun;

pub use ahead::Ahead;
pub(super) use past::PastCalls;

pub(super) use agent::TIMEOUT as AGENT_TIMEOUT;
pub(super) use agent::consult_tool;
pub(super) use tool::TIMEOUT as TOOL_TIMEOUT;

/// A step with everything it needs, ready to be spawned.
pub(super) struct Job {
    pub(super) plan: Arc<Plan>,
    pub(super) unit: Unit,
    pub(super) path: StepPath,
    pub(super) run_id: RunId,
    pub(super) scope: Scope,
    pub(super) evidence: Arc<Evidence>,
    pub(super) context: Arc<Context>,
    pub(super) budget: Arc<Budget>,
    /// Where the step reports what happens on its way.
    pub(super) events: mpsc::UnboundedSender<Event>,
    pub(super) work: Work,
    pub(super) key: Option<StepKey>,
    /// Who reads its agent's answers as plans.
    pub(super) plan_reader: Option<Arc<dyn PlanReader>>,
    /// Who hears its agent's answer as the answer of the run.
    pub(super) listener: Option<Arc<dyn Watcher>>,
    /// Calls that it need not make again.
    pub(super) past: Mutex<PastCalls>,
    /// Steps that have begun before the plan is whole that they are part of.
    pub(super) ahead: Arc<Ahead>,
    /// What has begun of this one so.
    pub(super) begun: Mutex<Option<Begun>>,
    /// Set where nobody wants to know more: it ends before its next request.
    pub(super) needless: Arc<AtomicBool>,
}

/// What a step sends, its texts rendered.
pub(super) enum Work {
    /// A question to a model.
    Ask {
        /// Who the model is to be, and the rules.
        system: String,
        /// The question.
        prompt: String,
    },
    /// A call of a tool with these arguments.
    Call(Object),
    /// A plan for this goal.
    Plan(String),
}

/// What a step gave.
pub(super) struct Done {
    pub(super) output: Value,
    pub(super) figures: FigureCount,
    pub(super) warnings: Vec<String>,
}

impl Done {
    pub(super) fn of(output: Value) -> Self {
        Self { output, figures: FigureCount::default(), warnings: Vec::new() }
    }
}

impl Job {
    /// Whether the step only asks a model, so that it can begin again as if it had never begun.
    pub(super) fn only_asks(&self) -> bool {
        matches!(self.work, Work::Ask { .. } | Work::Plan(_))
    }

    /// [`Job::run`] for a step that begins within another one.
    fn boxed(self) -> Pin<Box<dyn Future<Output = Event> + Send>> {
        Box::pin(self.run())
    }

    /// Does the step; gives the event that ends it, or that tells what it is made of.
    pub(super) async fn run(self) -> Event {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(begun) = begun
            && let Some(ended) = begun.go_on(&self).await
        {
            return ended;
        }
        let bug = || Fault::new("bug", "the plan has no such step");
        let Some(step) = self.plan.steps.get(self.unit.step) else {
            // Jobs are made from the plan's own numbers.
            return Event::StepFailed { step: self.path, error: bug() };
        };
        let ended = match (&step.kind, &self.work) {
            (Kind::Agent(agent), Work::Ask { system, prompt }) => {
                let texts = (system.as_str(), prompt.as_str());
                match self.plan_reader.as_deref() {
                    Some(plan_reader) => ahead::ask(&self, step, agent, texts, plan_reader).await,
                    None => agent::ask(&self, step, agent, texts, None, None).await,
                }
            }
            (Kind::Tool(call), Work::Call(arguments)) => {
                tool::call(&self, step, call, arguments).await
            }
            (Kind::Plan(wanted), Work::Plan(goal)) => {
                match planning::make(&self, step, wanted, goal).await {
                    Ok(made) => return made,
                    Err(fault) => Err(fault),
                }
            }
            _ => Err(bug()),
        };
        end(step, &self.path, self.key.clone(), ended, &self.scope, &self.evidence)
    }

    fn past(&self) -> MutexGuard<'_, PastCalls> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reports an event. Nobody listens any more only where the run has ended.
    fn report(&self, event: Event) {
        drop(self.events.send(event));
    }
}

/// The event that ends a step; a step that could not be done does what its `on_error` says.
pub(super) fn end(
    step: &Step,
    path: &StepPath,
    key: Option<StepKey>,
    ended: Result<Done, Fault>,
    scope: &Scope,
    evidence: &Evidence,
) -> Event {
    let fault = match ended {
        Ok(Done { output, figures, warnings }) => {
            return Event::StepSucceeded {
                step: path.clone(),
                output: Arc::new(output),
                key,
                reused: None,
                defaulted: None,
                figures,
                warnings,
                looked_up: Vec::new(),
            };
        }
        Err(fault) => fault,
    };
    match &step.on_error {
        OnError::Fail => Event::StepFailed { step: path.clone(), error: fault },
        OnError::Skip => {
            Event::StepSkipped { step: path.clone(), reason: SkipReason::Error { error: fault } }
        }
        OnError::Default(default) => match default.render_telling(scope) {
            Ok((output, written)) => {
                let (output, figures) = match &step.kind {
                    Kind::Agent(agent) if agent.figures != Figures::None => {
                        answer::fill(path, output, &written, evidence)
                    }
                    Kind::Agent(_)
                    | Kind::Tool(_)
                    | Kind::Compute(_)
                    | Kind::Workflow(_)
                    | Kind::Plan(_)
                    | Kind::Approval(_) => (output, FigureCount::default()),
                };
                let output = Arc::new(output);
                Event::StepSucceeded {
                    step: path.clone(),
                    output,
                    key: None,
                    reused: None,
                    defaulted: Some(fault),
                    figures,
                    warnings: Vec::new(),
                    looked_up: Vec::new(),
                }
            }
            Err(error) => {
                let message =
                    format!("{}; its `default` failed as well: {}", fault.message, error.message);
                Event::StepFailed { step: path.clone(), error: Fault { message, ..fault } }
            }
        },
    }
}
