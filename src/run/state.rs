//! The state of a run, as its events make it. [`RunState::apply`] is the only way it changes, live and on replay.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::event::{Event, Fault, FigureCount, Record, RunStatus, SkipReason, Usage};
use crate::id::{ModelName, RunId, StepId};
use crate::plan::Plan;
use crate::value::{Object, Value};

/// Where a step stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It waits.
    #[default]
    Pending,
    /// It is under way.
    Running,
    /// It has an output.
    Succeeded,
    /// It has its `default` as output.
    Defaulted,
    /// It ended without an output.
    Failed,
    /// It did not run.
    Skipped,
}

impl Phase {
    /// Whether nothing will happen to the step any more.
    pub fn is_settled(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }

    /// The name that texts read as `steps.ID.status`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Defaulted => "defaulted",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// The state of one step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepState {
    /// Where it stands.
    pub phase: Phase,
    /// Requests or executions it took so far.
    pub attempts: u32,
    /// When it started, in microseconds since the Unix epoch.
    pub started_us: Option<i64>,
    /// When it settled.
    pub ended_us: Option<i64>,
    /// What later steps read.
    pub output: Option<Arc<Value>>,
    /// Why it failed, or why it took its default.
    pub error: Option<Fault>,
    /// Why it did not run.
    pub skipped: Option<SkipReason>,
    /// The model that was asked last.
    pub model: Option<ModelName>,
    /// Requests to models, with and without an answer.
    pub model_calls: u64,
    /// Requests to models that were answered.
    pub answers: u64,
    /// Tokens.
    pub usage: Usage,
    /// US dollars of its priced calls.
    pub cost_usd: f64,
    /// Answered calls of models without a price.
    pub unpriced_calls: u64,
    /// What became of the figures of its texts.
    pub figures: FigureCount,
    /// What the reader of the outcome should know.
    pub warnings: Vec<String>,
}

/// The state of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunState {
    plan: Arc<Plan>,
    numbers: Arc<BTreeMap<StepId, usize>>,
    steps: Vec<StepState>,
    run_id: Option<RunId>,
    params: Arc<Object>,
    offline: bool,
    started_us: i64,
    ended_us: i64,
    exceeded: Option<String>,
    end: Option<(RunStatus, Object, Option<Fault>)>,
}

/// An event that cannot happen in the state it met: a fault of the engine or of the journal, never of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {event} cannot happen: {reason}")]
pub struct IllegalEvent {
    /// The event, in short.
    pub event: String,
    /// Why it cannot happen.
    pub reason: String,
}

impl RunState {
    /// The state before the first event.
    pub fn new(plan: Arc<Plan>) -> Self {
        let numbers =
            plan.steps.iter().enumerate().map(|(number, step)| (step.id.clone(), number)).collect();
        Self {
            steps: vec![StepState::default(); plan.steps.len()],
            numbers: Arc::new(numbers),
            plan,
            run_id: None,
            params: Arc::default(),
            offline: false,
            started_us: 0,
            ended_us: 0,
            exceeded: None,
            end: None,
        }
    }

    /// Applies an event; gives the number of the step it settled, if any.
    pub fn apply(&mut self, record: &Record) -> Result<Option<usize>, IllegalEvent> {
        let at = record.at_us;
        if self.end.is_some() {
            return Err(illegal(&record.event, "the run has ended"));
        }
        if self.run_id.is_none() != matches!(record.event, Event::RunStarted { .. }) {
            return Err(illegal(&record.event, "a run starts once, before anything else"));
        }
        self.ended_us = at;
        match &record.event {
            Event::RunStarted { run_id, params, offline, .. } => {
                self.run_id = Some(run_id.clone());
                self.params = Arc::new(params.clone());
                self.offline = *offline;
                self.started_us = at;
            }
            Event::StepStarted { step } => {
                // A run that goes on after its process died starts again what was under way.
                let state = self.step_in(step, &record.event, &[Phase::Pending, Phase::Running])?.1;
                state.phase = Phase::Running;
                state.started_us.get_or_insert(at);
            }
            Event::ModelCalled { step, call } => {
                let state = self.step_in(step, &record.event, &[Phase::Running])?.1;
                state.attempts += 1;
                state.model = Some(call.model.clone());
                state.model_calls += 1;
                state.usage += call.usage;
                if call.answer.is_some() {
                    state.answers += 1;
                    match call.cost_usd {
                        Some(cost) => state.cost_usd += cost,
                        None => state.unpriced_calls += 1,
                    }
                }
            }
            Event::ToolCalled { step, .. } => {
                self.step_in(step, &record.event, &[Phase::Running])?.1.attempts += 1;
            }
            Event::StepRetrying { step, .. } => {
                self.step_in(step, &record.event, &[Phase::Running])?;
            }
            Event::StepSucceeded { step, output, defaulted, figures, warnings } => {
                let (number, state) = self.step_in(step, &record.event, &[Phase::Running])?;
                state.phase = if defaulted.is_some() { Phase::Defaulted } else { Phase::Succeeded };
                state.attempts = state.attempts.max(1);
                state.output = Some(Arc::clone(output));
                state.error.clone_from(defaulted);
                state.figures = figures.clone();
                state.warnings.clone_from(warnings);
                state.ended_us = Some(at);
                return Ok(Some(number));
            }
            Event::StepFailed { step, error } => {
                let (number, state) =
                    self.step_in(step, &record.event, &[Phase::Pending, Phase::Running])?;
                state.phase = Phase::Failed;
                state.attempts = state.attempts.max(1);
                state.error = Some(error.clone());
                state.started_us.get_or_insert(at);
                state.ended_us = Some(at);
                return Ok(Some(number));
            }
            Event::StepSkipped { step, reason } => {
                let (number, state) =
                    self.step_in(step, &record.event, &[Phase::Pending, Phase::Running])?;
                state.phase = Phase::Skipped;
                state.skipped = Some(reason.clone());
                state.ended_us = Some(at);
                return Ok(Some(number));
            }
            Event::BudgetExceeded { message, .. } => self.exceeded = Some(message.clone()),
            Event::RunFinished { status, outputs, error } => {
                self.end = Some((*status, outputs.clone(), error.clone()));
            }
        }
        Ok(None)
    }

    fn step_in(
        &mut self,
        step: &StepId,
        event: &Event,
        phases: &[Phase],
    ) -> Result<(usize, &mut StepState), IllegalEvent> {
        let number = self
            .numbers
            .get(step)
            .copied()
            .ok_or_else(|| illegal(event, "the plan has no such step"))?;
        let state = self
            .steps
            .get_mut(number)
            .ok_or_else(|| illegal(event, "the plan has no such step"))?;
        if phases.contains(&state.phase) {
            Ok((number, state))
        } else {
            Err(illegal(event, &format!("step `{step}` is {}", state.phase.name())))
        }
    }

    /// The plan that is run.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The number of a step, in the order written.
    pub fn number(&self, step: &StepId) -> Option<usize> {
        self.numbers.get(step).copied()
    }

    /// The state of a step.
    pub fn step(&self, number: usize) -> Option<&StepState> {
        self.steps.get(number)
    }

    /// The state of a step, by id.
    pub fn step_by_id(&self, step: &StepId) -> Option<&StepState> {
        self.step(self.number(step)?)
    }

    /// The states of all steps, in the order written.
    pub fn steps(&self) -> &[StepState] {
        &self.steps
    }

    /// The run; none before its first event.
    pub fn run_id(&self) -> Option<&RunId> {
        self.run_id.as_ref()
    }

    /// The values of all params.
    pub fn params(&self) -> &Arc<Object> {
        &self.params
    }

    /// Whether models were ruled out by the user.
    pub fn offline(&self) -> bool {
        self.offline
    }

    /// When the run started, in microseconds since the Unix epoch.
    pub fn started_us(&self) -> i64 {
        self.started_us
    }

    /// When the last event happened.
    pub fn ended_us(&self) -> i64 {
        self.ended_us
    }

    /// What of the budget was exceeded.
    pub fn exceeded(&self) -> Option<&str> {
        self.exceeded.as_deref()
    }

    /// How the run ended, what it gives back, and why no more.
    pub fn end(&self) -> Option<&(RunStatus, Object, Option<Fault>)> {
        self.end.as_ref()
    }
}

fn illegal(event: &Event, reason: &str) -> IllegalEvent {
    let mut event = format!("{event:?}");
    if let Some((end, _)) = event.char_indices().nth(120) {
        event.truncate(end);
    }
    IllegalEvent { event, reason: reason.to_owned() }
}
