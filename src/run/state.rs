//! The state of a run, as its events make it. [`RunState::apply`] is the only way it changes, live and on replay.

use std::sync::Arc;

use serde_json::json;

use super::frame::{Frame, Shape, Unit};
use super::step_state::{Asked, Consulted, Phase, StepState};
use super::steps::consult_tool;
use super::times::Span;
use crate::event::{Event, Fault, LookedUp, ModelCall, Record, RunStatus, SkipReason, ToolCall};
use crate::id::{RunId, StepPath, WorkflowName};
use crate::plan::{Kind, Plan, Step};
use crate::value::{Object, Value};

/// The state of a run: its plan's steps, and those of the workflows that its steps run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunState {
    /// The first is the run's own plan; one is added whenever a step begins to run a workflow.
    frames: Vec<Frame>,
    run_id: Option<RunId>,
    parent: Option<RunId>,
    offline: bool,
    allow_write: bool,
    started_us: i64,
    ended_us: i64,
    /// When no process drove it, from one event to the next.
    idle: Vec<Span>,
    exceeded: Option<String>,
    end: Option<(RunStatus, Object, Option<Fault>)>,
}

/// What an event did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing that decides what is next.
    None,
    /// The unit is under way.
    Started(Unit),
    /// Nothing will happen to the unit any more.
    Settled(Unit),
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

const UNDER_WAY: &[Phase] = &[Phase::Running];
const OPEN: &[Phase] = &[Phase::Pending, Phase::Running, Phase::Waiting];

impl RunState {
    /// The state before the first event.
    pub fn new(plan: Arc<Plan>) -> Self {
        let shape = Arc::new(Shape::of(&plan));
        Self {
            frames: vec![Frame::new(plan, shape, Arc::default(), None, String::new())],
            run_id: None,
            parent: None,
            offline: false,
            allow_write: false,
            started_us: 0,
            ended_us: 0,
            idle: Vec::new(),
            exceeded: None,
            end: None,
        }
    }

    /// Applies an event.
    pub fn apply(&mut self, record: &Record) -> Result<Change, IllegalEvent> {
        let Record { at_us: at, event } = record;
        let at = *at;
        if self.end.is_some() {
            return Err(illegal(event, "the run has ended"));
        }
        if self.run_id.is_none() != matches!(event, Event::RunStarted { .. }) {
            return Err(illegal(event, "a run starts once, before anything else"));
        }
        let asked = self.may_have_asked(event);
        let change = match event {
            Event::RunStarted { run_id, params, offline, allow_write, parent, .. } => {
                self.run_id = Some(run_id.clone());
                self.parent.clone_from(parent);
                self.offline = *offline;
                self.allow_write = *allow_write;
                self.started_us = at;
                if let Some(frame) = self.frames.first_mut() {
                    frame.params = Arc::new(params.clone());
                }
                Change::None
            }
            Event::RunResumed => self.go_on(at),
            Event::StepStarted { step, items, params } => {
                self.start(step, *items, params.as_ref(), at, event)?
            }
            Event::ModelCalled { step, call } => {
                let unit = self.unit_in(step, event, UNDER_WAY)?;
                self.count(unit, call);
                Change::None
            }
            Event::ToolCalled { step, call } => {
                let unit = self.unit_in(step, event, UNDER_WAY)?;
                self.called(unit, call, at);
                Change::None
            }
            Event::PlanMade { step, plan, params, warning, .. } => {
                self.planned(step, plan, params, warning.as_ref(), event)?
            }
            Event::StepRetrying { step, .. } => {
                self.unit_in(step, event, UNDER_WAY)?;
                Change::None
            }
            Event::ApprovalRequested { step, message, choices, expires_us } => {
                let unit = self.unit_in(step, event, UNDER_WAY)?;
                self.wait(unit, message, choices, *expires_us, at);
                Change::None
            }
            Event::ApprovalGiven { step, choice, by, comment } => {
                self.settle(step, event, &[Phase::Waiting], at, |state| {
                    state.phase = Phase::Succeeded;
                    state.attempts = 1;
                    state.output =
                        Some(Arc::new(decision(choice, by.as_deref(), comment.as_deref(), at)));
                })?
            }
            Event::StepSucceeded {
                step,
                output,
                defaulted,
                reused,
                figures,
                warnings,
                looked_up,
                ..
            } => self.settle(step, event, UNDER_WAY, at, |state| {
                state.looked_up.extend(looked_up.iter().cloned());
                state.phase = match (defaulted, reused) {
                    (Some(_), _) => Phase::Defaulted,
                    (None, Some(_)) => Phase::Cached,
                    (None, None) => Phase::Succeeded,
                };
                state.attempts = state.attempts.max(u32::from(reused.is_none()));
                state.output = Some(Arc::clone(output));
                state.error.clone_from(defaulted);
                state.figures = figures.clone();
                state.warnings.clone_from(warnings);
            })?,
            Event::StepFailed { step, error } => self.settle(step, event, OPEN, at, |state| {
                state.phase = Phase::Failed;
                state.attempts = state.attempts.max(1);
                state.error = Some(error.clone());
                state.started_us.get_or_insert(at);
            })?,
            Event::StepSkipped { step, reason } => self.settle(step, event, OPEN, at, |state| {
                let ended = matches!(reason, SkipReason::RunEnded);
                state.cut_off += u32::from(ended && asked && state.phase == Phase::Running);
                state.phase = Phase::Skipped;
                state.skipped = Some(reason.clone());
            })?,
            Event::BudgetExceeded { message, .. } => {
                self.exceeded = Some(message.clone());
                Change::None
            }
            Event::RunFinished { status, outputs, error } => {
                self.end = Some((*status, outputs.clone(), error.clone()));
                Change::None
            }
        };
        self.ended_us = at;
        Ok(change)
    }

    /// Takes note that nothing was done since the last event.
    fn go_on(&mut self, at: i64) -> Change {
        self.idle.push(self.ended_us..at.max(self.ended_us));
        Change::None
    }

    /// Whether an event ends a step that asks models itself.
    fn may_have_asked(&self, event: &Event) -> bool {
        let Event::StepSkipped { step, reason: SkipReason::RunEnded } = event else { return false };
        let unit = self.unit(step);
        let step = unit.filter(|unit| {
            self.step(*unit).is_some_and(|found| found.items.is_empty() && found.frame.is_none())
        });
        !self.offline && step.and_then(|unit| self.definition(unit)).is_some_and(Step::is_told)
    }

    fn start(
        &mut self,
        path: &StepPath,
        items: Option<usize>,
        params: Option<&Object>,
        at: i64,
        event: &Event,
    ) -> Result<Change, IllegalEvent> {
        // A run that goes on after its process died starts again what was under way.
        let unit = self.unit_in(path, event, &[Phase::Pending, Phase::Running])?;
        let Some(step) = self.definition(unit) else {
            return Err(illegal(event, "the plan has no such step"));
        };
        let repeats = step.for_each.is_some() && unit.item.is_none();
        if repeats != items.is_some() {
            return Err(illegal(event, "a step has items where it says `for_each`"));
        }
        let asks = !repeats && step.is_told();
        let workflow = match &step.kind {
            Kind::Workflow(call) if !repeats => Some(call.workflow.clone()),
            Kind::Workflow(_)
            | Kind::Agent(_)
            | Kind::Tool(_)
            | Kind::Compute(_)
            | Kind::Plan(_)
            | Kind::Approval(_) => None,
        };
        let frame = match (workflow, params) {
            (Some(workflow), Some(params)) => Some(self.enter(unit, &workflow, params, event)?),
            // A workflow whose params are at fault never begins.
            (_, None) => None,
            (None, Some(_)) => return Err(illegal(event, "only a workflow has params")),
        };
        let asks = !self.offline && asks;
        if let Some(state) = self.step_mut(unit) {
            let again = state.phase == Phase::Running;
            state.cut_off += u32::from(again && asks);
            state.phase = Phase::Running;
            state.started_us.get_or_insert(at);
            if let Some(items) = items {
                state.items = vec![StepState::default(); items];
            }
            state.frame = frame.or(state.frame);
        }
        Ok(Change::Started(unit))
    }

    /// Adds the frame of a plan that a step has made.
    fn planned(
        &mut self,
        path: &StepPath,
        plan: &Value,
        params: &Object,
        warning: Option<&String>,
        event: &Event,
    ) -> Result<Change, IllegalEvent> {
        let unit = self.unit_in(path, event, UNDER_WAY)?;
        let plan = serde_json::from_value(plan.clone())
            .map_err(|error| illegal(event, &format!("it holds no plan: {error}")))?;
        let frame = self.add(unit, Arc::new(plan), params);
        if let Some(state) = self.step_mut(unit) {
            state.frame = Some(frame);
            state.warnings.extend(warning.cloned());
        }
        Ok(Change::Started(unit))
    }

    /// A unit waits for a person.
    fn wait(
        &mut self,
        unit: Unit,
        message: &str,
        choices: &[String],
        expires_us: Option<i64>,
        at: i64,
    ) {
        if let Some(state) = self.step_mut(unit) {
            state.phase = Phase::Waiting;
            state.asked_us = Some(at);
            let (message, choices) = (message.to_owned(), choices.to_vec());
            state.asked = Some(Asked { message, choices, expires_us });
        }
    }

    /// Adds the frame of a workflow that a unit begins to run.
    fn enter(
        &mut self,
        unit: Unit,
        workflow: &WorkflowName,
        params: &Object,
        event: &Event,
    ) -> Result<usize, IllegalEvent> {
        let plan = self.plan().workflows.get(workflow).cloned();
        let plan = plan.ok_or_else(|| illegal(event, "the plan has no such workflow"))?;
        Ok(self.add(unit, plan, params))
    }

    /// Adds the frame of a plan that a unit begins to run.
    fn add(&mut self, unit: Unit, plan: Arc<Plan>, params: &Object) -> usize {
        let known = self.frames.iter().find(|frame| Arc::ptr_eq(&frame.plan, &plan));
        let shape = known.map(|frame| Arc::clone(&frame.shape));
        let shape = shape.unwrap_or_else(|| Arc::new(Shape::of(&plan)));
        let path = format!("{}/", self.path(unit));
        let params = Arc::new(params.clone());
        self.frames.push(Frame::new(plan, shape, params, Some(unit), path));
        self.frames.len() - 1
    }

    fn settle(
        &mut self,
        path: &StepPath,
        event: &Event,
        phases: &[Phase],
        at: i64,
        change: impl FnOnce(&mut StepState),
    ) -> Result<Change, IllegalEvent> {
        let unit = self.unit_in(path, event, phases)?;
        if let Some(state) = self.step_mut(unit) {
            change(state);
            state.asked = None;
            state.ended_us = Some(at);
        }
        Ok(Change::Settled(unit))
    }

    /// Counts a request to a model for the unit that asked and all around it.
    fn count(&mut self, unit: Unit, call: &ModelCall) {
        self.around(unit, |state| {
            state.attempts += 1;
            state.model = Some(call.model.clone());
            state.model_calls += 1;
            state.usage += call.usage;
            state.answers += u64::from(call.answer.is_some());
            state.called_off += u64::from(call.called_off);
            match call.cost_usd.filter(|_| call.is_charged()) {
                Some(cost) => {
                    state.cost_usd += cost;
                    state.estimated_usd += if call.called_off { cost } else { 0.0 };
                }
                None => state.unpriced_calls += u64::from(call.is_charged()),
            }
        });
    }

    /// Keeps what an agent looked up. Calls of a step are counted, of an agent only its requests.
    fn called(&mut self, unit: Unit, call: &ToolCall, at: i64) {
        let consulted = self.consulted(unit, call, at);
        if call.evidence.is_none() {
            self.around(unit, |state| state.attempts += 1);
            if let Some(state) = self.step_mut(unit) {
                state.arguments = Some(call.arguments.clone());
            }
        } else if let Some(state) = self.step_mut(unit) {
            state.looked_up.extend(LookedUp::of(call));
            state.consulted.extend(consulted);
        }
    }

    /// What became of a call that asked an agent, if it is one.
    fn consulted(&self, unit: Unit, call: &ToolCall, at: i64) -> Option<Consulted> {
        let frame = self.frames.get(unit.frame)?;
        let is_agent = !frame.plan.tools.contains_key(&call.tool)
            && frame.plan.agents.keys().any(|name| consult_tool(name) == call.tool.as_str());
        let step = &frame.plan.steps.get(unit.step)?.id;
        let place = call.evidence.as_ref()?.strip_prefix(&format!("steps.{step}"))?;
        let question = call.arguments.get("question").and_then(Value::as_str);
        is_agent.then(|| Consulted {
            place: place.to_owned(),
            question: question.unwrap_or_default().to_owned(),
            ended_us: at,
            duration_ms: call.duration_ms,
            error: call.error.clone(),
        })
    }

    /// Changes a unit, the step it is an item of, and the steps that run the workflows around it.
    fn around(&mut self, unit: Unit, mut change: impl FnMut(&mut StepState)) {
        let mut next = Some(unit);
        while let Some(unit) = next {
            if let Some(state) = self.step_mut(unit) {
                change(state);
            }
            next = match unit.item {
                Some(_) => Some(Unit { item: None, ..unit }),
                None => self.frames.get(unit.frame).and_then(|frame| frame.above),
            };
        }
    }

    fn unit_in(
        &self,
        path: &StepPath,
        event: &Event,
        phases: &[Phase],
    ) -> Result<Unit, IllegalEvent> {
        let unit = self.unit(path).ok_or_else(|| illegal(event, "the plan has no such step"))?;
        let phase = self.step(unit).map(|state| state.phase).unwrap_or_default();
        if phases.contains(&phase) {
            Ok(unit)
        } else {
            Err(illegal(event, &format!("step `{path}` is {}", phase.name())))
        }
    }

    /// The unit at a path.
    pub fn unit(&self, path: &StepPath) -> Option<Unit> {
        let mut frame = 0;
        let mut segments = path.as_str().split('/').peekable();
        loop {
            let segment = segments.next()?;
            let (id, item) = match segment.strip_suffix(']').and_then(|s| s.split_once('[')) {
                Some((id, item)) => (id, Some(item.parse().ok()?)),
                None => (segment, None),
            };
            let step = self.frames.get(frame)?.shape.number(id)?;
            let unit = Unit { frame, step, item };
            if segments.peek().is_none() {
                return self.step(unit).map(|_| unit);
            }
            frame = self.step(unit)?.frame?;
        }
    }

    /// The way to a unit.
    pub fn path(&self, unit: Unit) -> StepPath {
        let Some((frame, step)) =
            self.frames.get(unit.frame).and_then(|f| Some((f, f.plan.steps.get(unit.step)?)))
        else {
            return StepPath::from("");
        };
        match (frame.path.is_empty(), unit.item) {
            (true, None) => StepPath::from(&step.id),
            (_, None) => StepPath::from(format!("{}{}", frame.path, step.id)),
            (_, Some(item)) => StepPath::from(format!("{}{}[{item}]", frame.path, step.id)),
        }
    }

    /// What a unit does.
    pub fn definition(&self, unit: Unit) -> Option<&Step> {
        self.frames.get(unit.frame)?.plan.steps.get(unit.step)
    }

    /// Whether other steps go on without a unit that failed.
    pub fn is_optional(&self, unit: Unit) -> bool {
        let frame = self.frames.get(unit.frame);
        frame.zip(self.definition(unit)).is_some_and(|(at, step)| at.plan.is_optional(&step.id))
    }

    /// The state of a unit.
    pub fn step(&self, unit: Unit) -> Option<&StepState> {
        self.frames.get(unit.frame)?.step(unit)
    }

    fn step_mut(&mut self, unit: Unit) -> Option<&mut StepState> {
        self.frames.get_mut(unit.frame)?.step_mut(unit)
    }

    /// The plans under way, the run's own first; a unit's `frame` is the number of one.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// The plan that is run.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.root().plan
    }

    /// The run's own plan, under way.
    pub fn root(&self) -> &Frame {
        // There is one from the start, and none is ever taken away.
        self.frames.first().unwrap_or_else(|| unreachable!("a run has a plan"))
    }

    /// Approvals that are waited for.
    pub fn waiting(&self) -> impl Iterator<Item = (Unit, &Asked)> {
        self.units().filter_map(|(unit, state)| Some((unit, state.asked.as_ref()?)))
    }

    /// Every unit that there is by now, items included.
    pub fn units(&self) -> impl Iterator<Item = (Unit, &StepState)> {
        self.frames.iter().enumerate().flat_map(|(frame, found)| found.units(frame))
    }

    /// The run; none before its first event.
    pub fn run_id(&self) -> Option<&RunId> {
        self.run_id.as_ref()
    }

    /// The run that this one does again.
    pub fn parent(&self) -> Option<&RunId> {
        self.parent.as_ref()
    }

    /// Whether models were ruled out by the user.
    pub fn offline(&self) -> bool {
        self.offline
    }

    /// Whether tools may write where nobody consents.
    pub fn allow_write(&self) -> bool {
        self.allow_write
    }

    /// When the run started, in microseconds since the Unix epoch.
    pub fn started_us(&self) -> i64 {
        self.started_us
    }

    /// When the last event happened.
    pub fn ended_us(&self) -> i64 {
        self.ended_us
    }

    /// When no process drove the run.
    pub fn idle(&self) -> &[Span] {
        &self.idle
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

/// The output of an approval.
fn decision(choice: &str, by: Option<&str>, comment: Option<&str>, at: i64) -> Value {
    let at = jiff::Timestamp::from_microsecond(at).map(|at| at.to_string()).ok();
    json!({"choice": choice, "by": by, "at": at, "comment": comment})
}

fn illegal(event: &Event, reason: &str) -> IllegalEvent {
    let mut event = format!("{event:?}");
    if let Some((end, _)) = event.char_indices().nth(120) {
        event.truncate(end);
    }
    IllegalEvent { event, reason: reason.to_owned() }
}
