//! How a unit starts: its `when`, its items, its texts; and what needs no waiting ends here.

use std::sync::{Arc, Mutex};

use super::Executor;
use crate::document::Tool;
use crate::event::{Event, Fault, SkipReason};
use crate::expression::{Scope, evaluate_condition};
use crate::id::StepId;
use crate::journal::JournalError;
use crate::plan::{ApprovalStep, ForEach, Kind, Plan, Step, ToolStep, WorkflowStep, consents};
use crate::run::figures::Evidence;
use crate::run::frame::{Frame, Unit};
use crate::run::inputs::{Inputs, gaps};
use crate::run::step_state::Phase;
use crate::run::steps::{self, Job, PastCalls, Work};
use crate::tool::check_params;
use crate::value::Value;

impl Executor<'_> {
    pub(super) fn start(&mut self, unit: Unit) -> Result<(), JournalError> {
        let frame = self.recorder.scheduler().state().frames().get(unit.frame);
        let Some(plan) = frame.map(|frame| Arc::clone(frame.plan())) else { return Ok(()) };
        let Some(step) = plan.steps.get(unit.step) else { return Ok(()) };
        let Some(scope) = self.scope(unit, step) else { return Ok(()) };
        let path = self.path(unit);
        match goes_ahead(unit, step, &scope) {
            Ok(true) => {}
            Ok(false) => {
                self.recorder.emit(Event::StepSkipped { step: path, reason: SkipReason::When });
                return Ok(());
            }
            Err(error) => {
                self.recorder.emit(Event::StepFailed { step: path, error });
                return Ok(());
            }
        }
        if let (Some(for_each), None) = (&step.for_each, unit.item) {
            self.repeat(unit, for_each, &scope);
            return Ok(());
        }
        let Some(inputs) = self.inputs.get(unit.frame) else { return Ok(()) };
        let Some(frame) = self.recorder.scheduler().state().frames().get(unit.frame) else {
            return Ok(());
        };
        let evidence = inputs.evidence(frame, step, self.item(unit, step));
        let job = |work, key| Job {
            plan: Arc::clone(&plan),
            unit,
            path: path.clone(),
            run_id: self.recorder.run_id().clone(),
            scope: scope.clone(),
            evidence: Arc::clone(&evidence),
            context: Arc::clone(&self.context),
            budget: Arc::clone(&self.budget),
            events: self.events.clone(),
            work,
            key,
            plan_reader: self.plan_reader.clone().filter(|_| unit.frame == 0),
            listener: self.listener.clone().filter(|_| unit.frame == 0 && plan.is_answer(step)),
            ahead: Arc::clone(&self.ahead),
            begun: Mutex::default(),
            needless: Arc::default(),
            past: Mutex::new(PastCalls::of(
                self.past_calls.get(&path).map_or(&[][..], Vec::as_slice),
            )),
        };
        let begins = Event::StepStarted { step: path.clone(), items: None, params: None };
        let prepared = match &step.kind {
            Kind::Workflow(call) => {
                self.enter(unit, step, call, &scope);
                return Ok(());
            }
            Kind::Approval(approval) => {
                self.ask(unit, approval, &scope);
                return Ok(());
            }
            Kind::Compute(values) => {
                let ended = steps::compute::evaluate(values, &scope);
                let event = steps::end(step, &path, None, ended, &scope, &Evidence::default());
                self.recorder.emit(begins);
                self.settled(unit, event);
                return Ok(());
            }
            Kind::Agent(agent) => {
                let gaps = gaps(frame, step);
                steps::agent::prepare(agent, &scope, &evidence, &gaps)
                    .map(|work| (steps::key::of_agent(agent, &work, &plan, &self.context), work))
                    .map(|(key, (system, prompt))| job(Work::Ask { system, prompt }, key))
            }
            Kind::Plan(wanted) => {
                wanted.goal.render_text(&scope).map(|goal| job(Work::Plan(goal), None))
            }
            Kind::Tool(call) if !self.may_write(&plan, frame, step, call) => Err(Fault::new(
                "write-without-approval",
                format!("nobody consented to `{}`, which changes something", call.tool),
            )
            .help("put an approval before it whose refusal stops it, or run with --allow-write")),
            Kind::Tool(call) => steps::tool::prepare(call, &scope).map(|arguments| {
                let key = plan
                    .tools
                    .get(&call.tool)
                    .and_then(|tool| steps::key::of_tool(tool, &arguments, &self.context.tools));
                job(Work::Call(arguments), key)
            }),
        };
        self.recorder.emit(begins);
        match prepared {
            Err(fault) => {
                let event = steps::end(step, &path, None, Err(fault), &scope, &evidence);
                self.settled(unit, event);
            }
            Ok(job) => self.put(unit, step, job)?,
        }
        Ok(())
    }

    /// Has a job done, as far as neither an earlier run nor an early start has done it.
    fn put(&mut self, unit: Unit, step: &Step, job: Job) -> Result<(), JournalError> {
        if let Some(event) = self.kept(step, &job)? {
            self.settled(unit, event);
        } else {
            let begun = Mutex::new(self.ahead.take(step, &job));
            self.starting.push(Job { begun, ..job });
        }
        Ok(())
    }

    /// Whether the tool of a step may be called: one that changes something only where a person consented.
    fn may_write(&self, plan: &Plan, frame: &Frame, step: &Step, call: &ToolStep) -> bool {
        let given = |approval: &&StepId| {
            frame.step_by_id(approval).is_some_and(|state| state.phase == Phase::Succeeded)
        };
        self.context.allow_write
            || !plan.tools.get(&call.tool).is_some_and(Tool::writes)
            || consents(plan, step).iter().any(given)
    }

    /// What a unit's texts see.
    pub(super) fn scope(&self, unit: Unit, step: &Step) -> Option<Scope> {
        let frame = self.recorder.scheduler().state().frames().get(unit.frame)?;
        let inputs = self.inputs.get(unit.frame)?;
        let mut scope = inputs.scope(frame, step.needs.iter().map(|need| &need.step));
        if let (Some(for_each), Some(item)) = (&step.for_each, unit.item) {
            let items = self.items.get(&Unit { item: None, ..unit })?;
            scope.set(&for_each.name, items.get(item)?.clone());
        }
        Some(scope)
    }

    /// The item of a unit as evidence of its step.
    fn item<'s>(&self, unit: Unit, step: &'s Step) -> Option<(&'s ForEach, Value)> {
        let (for_each, number) = (step.for_each.as_ref()?, unit.item?);
        let items = self.items.get(&Unit { item: None, ..unit })?;
        Some((for_each, serde_json::to_value(items.get(number)?).ok()?))
    }

    /// Starts a step with `for_each`: its items become ready.
    fn repeat(&mut self, unit: Unit, for_each: &ForEach, scope: &Scope) {
        let step = self.path(unit);
        match steps::items::of(for_each, scope) {
            Ok(items) => {
                let count = items.len();
                self.items.insert(unit, items);
                let params = None;
                self.recorder.emit(Event::StepStarted { step, items: Some(count), params });
            }
            Err(error) => self.recorder.emit(Event::StepFailed { step, error }),
        }
    }

    /// Starts a workflow inside this run: its steps become ready.
    fn enter(&mut self, unit: Unit, step: &Step, call: &WorkflowStep, scope: &Scope) {
        let path = self.path(unit);
        let state = self.recorder.scheduler().state();
        let plan = state.plan().workflows.get(&call.workflow).cloned();
        let params = steps::tool::render(&call.with, scope).and_then(|given| match &plan {
            Some(plan) => check_params(&plan.params, &given).map_err(|faults| {
                let messages: Vec<String> = faults.into_iter().map(|fault| fault.message).collect();
                let message = format!("workflow `{}`: {}", call.workflow, messages.join("; "));
                Fault::new("bad-argument", message)
            }),
            None => Err(Fault::new("bug", format!("the plan holds no `{}`", call.workflow))),
        });
        match (params, plan) {
            (Ok(params), Some(plan)) => {
                self.inputs.push(Inputs::within(&plan, &params, &call.told));
                let (items, params) = (None, Some(params));
                self.recorder.emit(Event::StepStarted { step: path, items, params });
            }
            (Err(fault), _) => {
                let event = steps::end(step, &path, None, Err(fault), scope, &Evidence::default());
                let begins = Event::StepStarted { step: path, items: None, params: None };
                self.recorder.emit(begins);
                self.settled(unit, event);
            }
            (Ok(_), None) => {}
        }
    }

    /// Asks a person; the run goes on with whatever does not wait for the answer.
    fn ask(&mut self, unit: Unit, approval: &ApprovalStep, scope: &Scope) {
        let step = self.path(unit);
        let started = Event::StepStarted { step: step.clone(), items: None, params: None };
        self.recorder.emit(started);
        match approval.message.render_text(scope) {
            Ok(message) => {
                let choices = approval.choices.clone();
                let now = (self.context.clock)();
                let expires_us = approval.timeout.map(|timeout| {
                    now.saturating_add(i64::try_from(timeout.0.as_micros()).unwrap_or(i64::MAX))
                });
                let asked = Event::ApprovalRequested { step, message, choices, expires_us };
                self.recorder.emit(asked);
            }
            Err(error) => self.recorder.emit(Event::StepFailed { step, error }),
        }
    }

    /// The end of a step that need not be done again: the run that this one repeats did it, or any run that its
    /// `cache` allows.
    fn kept(&mut self, step: &Step, job: &Job) -> Result<Option<Event>, JournalError> {
        let Some(key) = &job.key else { return Ok(None) };
        let again = self.reuse.as_ref().and_then(|reuse| reuse.find(&job.path, key));
        let found = match (again, &step.cache) {
            (Some(found), _) => Some(found),
            (None, Some(cache)) => self.recorder.cached(key, *cache)?,
            (None, None) => None,
        };
        Ok(found.map(|kept| Event::StepSucceeded {
            step: job.path.clone(),
            output: kept.output,
            key: Some(key.clone()),
            reused: Some(kept.run),
            defaulted: None,
            figures: kept.figures,
            warnings: kept.warnings,
            looked_up: kept.looked_up,
        }))
    }
}

/// Whether `when` holds. One that reads the item is asked for each item, any other one once.
fn goes_ahead(unit: Unit, step: &Step, scope: &Scope) -> Result<bool, Fault> {
    let Some(when) = &step.when else { return Ok(true) };
    let for_items = step.for_each.as_ref().is_some_and(|for_each| for_each.when_reads_item);
    if for_items == unit.item.is_some() { evaluate_condition(when, scope) } else { Ok(true) }
}
