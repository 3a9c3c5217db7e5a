//! The kinds of steps, one file each: given its inputs, a step becomes the event that ends it.

mod agent;
mod answer;
pub(super) mod compute;
mod tool;

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::document::Figures;
use crate::event::{Event, Fault, FigureCount, SkipReason};
use crate::expression::Scope;
use crate::plan::{Kind, OnError, Plan, Step};
use crate::value::Value;

use super::budget::Budget;
use super::context::Context;
use super::figures::Evidence;

/// A step with everything it needs, ready to be spawned.
pub(super) struct Job {
    pub(super) plan: Arc<Plan>,
    pub(super) number: usize,
    pub(super) scope: Scope,
    pub(super) evidence: Arc<Evidence>,
    pub(super) context: Arc<Context>,
    pub(super) budget: Arc<Budget>,
    /// Where the step reports what happens on its way.
    pub(super) events: mpsc::UnboundedSender<Event>,
}

/// What a step gave.
pub(super) struct Done {
    output: Value,
    figures: FigureCount,
    warnings: Vec<String>,
}

impl Done {
    fn of(output: Value) -> Self {
        Self { output, figures: FigureCount::default(), warnings: Vec::new() }
    }
}

impl Job {
    /// Whether the step only asks a model, so that it can begin again as if it had never begun.
    pub(super) fn only_asks(&self) -> bool {
        matches!(self.plan.steps.get(self.number).map(|step| &step.kind), Some(Kind::Agent(_)))
    }

    /// Does the step; gives the event that ends it.
    pub(super) async fn run(self) -> Event {
        let Some(step) = self.plan.steps.get(self.number) else {
            // Jobs are made from the plan's own numbers.
            return Event::StepFailed {
                step: "".into(),
                error: Fault::new("bug", "the plan has no such step"),
            };
        };
        let ended = match &step.kind {
            Kind::Agent(agent) => agent::ask(&self, step, agent).await,
            Kind::Tool(call) => tool::call(&self, step, call).await,
            Kind::Compute(values) => compute::evaluate(values, &self.scope),
        };
        end(step, ended, &self.scope, &self.evidence)
    }

    /// Reports an event. Nobody listens any more only where the run has ended.
    fn report(&self, event: Event) {
        drop(self.events.send(event));
    }
}

/// The event that ends a step; a step that could not be done does what its `on_error` says.
pub(super) fn end(
    step: &Step,
    ended: Result<Done, Fault>,
    scope: &Scope,
    evidence: &Evidence,
) -> Event {
    let id = step.id.clone();
    let fault = match ended {
        Ok(Done { output, figures, warnings }) => {
            return Event::StepSucceeded {
                step: id,
                output: Arc::new(output),
                defaulted: None,
                figures,
                warnings,
            };
        }
        Err(fault) => fault,
    };
    match &step.on_error {
        OnError::Fail => Event::StepFailed { step: id, error: fault },
        OnError::Skip => {
            Event::StepSkipped { step: id, reason: SkipReason::Error { error: fault } }
        }
        OnError::Default(default) => match default.render(scope) {
            Ok(output) => {
                let (output, figures) = match &step.kind {
                    Kind::Agent(agent) if agent.figures != Figures::None => {
                        answer::fill(&id, output, evidence)
                    }
                    Kind::Agent(_) | Kind::Tool(_) | Kind::Compute(_) => {
                        (output, FigureCount::default())
                    }
                };
                let output = Arc::new(output);
                Event::StepSucceeded {
                    step: id,
                    output,
                    defaulted: Some(fault),
                    figures,
                    warnings: Vec::new(),
                }
            }
            Err(error) => {
                let message =
                    format!("{}; its `default` failed as well: {}", fault.message, error.message);
                Event::StepFailed { step: id, error: Fault { message, ..fault } }
            }
        },
    }
}
