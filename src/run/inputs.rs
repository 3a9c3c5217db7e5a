//! What steps read of one another: outputs as texts see them, and the evidence behind them.

use std::sync::{Arc, LazyLock};

use indexmap::IndexMap;

use super::figures::{Evidence, Origin};
use super::frame::{Frame, Unit};
use super::state::RunState;
use super::step_state::Phase;
use crate::document::Figures;
use crate::event::LookedUp;
use crate::expression::{Scope, View, view};
use crate::id::StepId;
use crate::plan::{ForEach, Kind, Plan, Step};
use crate::value::{Object, Value};

/// The outputs and the evidence of the steps of one frame.
pub(super) struct Inputs {
    params: View,
    /// What the params are evidence of; part of every step's evidence.
    given: Arc<Evidence>,
    /// Each output as texts see it, by step.
    views: Vec<Option<View>>,
    /// What each step was given with its own output on top, by step.
    evidence: Vec<Option<Arc<Evidence>>>,
    /// Whether any step of the plan traces figures; without one no evidence is kept.
    traces: bool,
}

impl Inputs {
    /// Those of a run's own plan.
    pub(super) fn new(plan: &Plan, params: &Object) -> Self {
        Self::with(plan, params, Arc::new(Evidence::of_params(params, units(plan, "params"))))
    }

    /// Those of a workflow that a step runs. `told` are the params whose values may come from a model.
    pub(super) fn within(plan: &Plan, params: &Object, told: &[String]) -> Self {
        let (told, known) = split(params, |name| told.contains(name));
        let units = units(plan, "params");
        let known = Arc::new(Evidence::of_params(&known, units));
        let path = "params".to_owned();
        let told = Arc::new(Value::Object(told));
        Self::with(plan, params, Evidence::of_output(path, &told, units, Origin::Model, &known))
    }

    fn with(plan: &Plan, params: &Object, given: Arc<Evidence>) -> Self {
        Self {
            params: view(params),
            given,
            views: vec![None; plan.steps.len()],
            evidence: vec![None; plan.steps.len()],
            traces: plan
                .steps
                .iter()
                .any(|step| step.agent().is_some_and(|agent| agent.figures != Figures::None)),
        }
    }

    /// Keeps evidence whether or not a step of the plan needs it.
    pub(super) fn trace(&mut self) {
        self.traces = true;
    }

    /// What an output is made of that reads these steps.
    pub(super) fn behind(&self, frame: &Frame, reads: &[StepId]) -> Arc<Evidence> {
        let read = reads.iter().filter_map(|id| self.evidence.get(frame.number(id)?)?.clone());
        Evidence::gather(read.chain([Arc::clone(&self.given)]))
    }

    /// Keeps the output of a step that ended, if it has one.
    pub(super) fn keep(&mut self, state: &RunState, unit: Unit) {
        let Some(output) = state.step(unit).and_then(|found| found.output.as_ref()) else { return };
        if let Some(slot) = self.views.get_mut(unit.step) {
            *slot = Some(view(output.as_ref()));
        }
        if let (true, Some(step)) = (self.traces, state.definition(unit)) {
            let evidence = self.evidence_of(state, unit, step, output);
            if let Some(slot) = self.evidence.get_mut(unit.step) {
                *slot = Some(evidence);
            }
        }
    }

    /// What a step was given, with its own output on top.
    fn evidence_of(
        &self,
        state: &RunState,
        unit: Unit,
        step: &Step,
        output: &Arc<Value>,
    ) -> Arc<Evidence> {
        let Some(frame) = state.frames().get(unit.frame) else { return Arc::default() };
        let given = looked_up(state, frame, unit, step, self.evidence(frame, step, None));
        let path = format!("steps.{}.output", step.id);
        let of = |value: &Arc<Value>, units, origin, given: &_| {
            Evidence::of_output(path.clone(), value, units, origin, given)
        };
        match &step.kind {
            Kind::Agent(_) | Kind::Plan(_) => of(output, &UNKNOWN, Origin::Model, &given),
            Kind::Compute(_) | Kind::Approval(_) => {
                let units = units(frame.plan(), &format!("steps.{}", step.id));
                of(output, units, Origin::Data, &given)
            }
            Kind::Tool(call) => {
                let tool = frame.plan().tools.get(&call.tool);
                let units = tool.map_or(&*UNKNOWN, |tool| &tool.units);
                let arguments = state.step(unit).and_then(|found| found.arguments.as_ref());
                Evidence::of_call(path.clone(), output, units, arguments, &given)
            }
            Kind::Workflow(call) => {
                let inner = state.plan().workflows.get(&call.workflow);
                let is_told = |name: &String| {
                    inner.and_then(|plan| plan.outputs.get(name)).is_none_or(|o| o.told)
                };
                let units = inner.map_or(&*UNKNOWN, |plan| units(plan, "outputs"));
                let Some(object) = output.as_object() else {
                    return of(output, units, Origin::Model, &given);
                };
                let (told, known) = split(object, is_told);
                let known = of(&Arc::new(known.into()), units, Origin::Data, &given);
                of(&Arc::new(told.into()), units, Origin::Model, &known)
            }
        }
    }

    /// What a step was given: the params, the outputs of the steps it waits for, and what those were given in turn;
    /// and the item that it is done for.
    pub(super) fn evidence(
        &self,
        frame: &Frame,
        step: &Step,
        item: Option<(&ForEach, Value)>,
    ) -> Arc<Evidence> {
        if !self.traces {
            return Arc::clone(&self.given);
        }
        let read = step
            .needs
            .iter()
            .filter_map(|need| self.evidence.get(frame.number(&need.step)?)?.clone());
        let given = Evidence::gather(read.chain([Arc::clone(&self.given)]));
        match item {
            None => given,
            Some((for_each, item)) => {
                let origin = if for_each.told { Origin::Model } else { Origin::Data };
                let path = for_each.name.clone();
                Evidence::of_output(path, &Arc::new(item), &IndexMap::new(), origin, &given)
            }
        }
    }

    /// What a text sees that reads these steps.
    pub(super) fn scope<'s>(
        &self,
        frame: &Frame,
        reads: impl IntoIterator<Item = &'s StepId>,
    ) -> Scope {
        let steps = reads.into_iter().filter_map(|id| {
            let number = frame.number(id)?;
            let view = self.views.get(number).cloned().flatten();
            Some((id.as_str(), view, frame.steps().get(number)?.phase.name()))
        });
        Scope::new(&self.params, steps)
    }
}

/// Nobody says what the fields count.
static UNKNOWN: LazyLock<IndexMap<String, String>> = LazyLock::new(IndexMap::new);

/// What the fields count of something that a plan holds.
fn units<'p>(plan: &'p Plan, holder: &str) -> &'p IndexMap<String, String> {
    plan.units.get(holder).unwrap_or(&UNKNOWN)
}

/// What the tools gave that the agents of a step called, on top of what it was given. Below `steps.ID`, an item's
/// results stand below its number.
fn looked_up(
    state: &RunState,
    frame: &Frame,
    unit: Unit,
    step: &Step,
    given: Arc<Evidence>,
) -> Arc<Evidence> {
    let Some(found) = state.step(unit) else { return given };
    let place = format!("steps.{}", step.id);
    let items = found.items.iter().enumerate();
    let items = items.map(|(number, item)| (format!("{place}.{number}"), &item.looked_up));
    let own = std::iter::once((place.clone(), &found.looked_up));
    own.chain(items).fold(given, |given, (below, results)| {
        results.iter().fold(given, |given, LookedUp { path, tool, arguments, value }| {
            let path = format!("{below}{}", path.strip_prefix(&place).unwrap_or(path));
            match frame.plan().tools.get(tool) {
                Some(tool) => {
                    Evidence::of_call(path, value, &tool.units, arguments.as_ref(), &given)
                }
                // What is no tool of the plan is an agent that was asked.
                None => Evidence::of_output(path, value, &UNKNOWN, Origin::Model, &given),
            }
        })
    })
}

/// The steps that a step does without although it wanted them, with the reasons.
pub(super) fn gaps(frame: &Frame, step: &Step) -> Vec<String> {
    let optional = step.needs.iter().filter(|need| need.optional);
    optional
        .filter_map(|need| {
            let found = frame.step_by_id(&need.step)?;
            let why = match (&found.error, found.phase) {
                (Some(error), Phase::Failed) => error.message.clone(),
                (_, Phase::Failed | Phase::Skipped) => "it did not run".to_owned(),
                _ => return None,
            };
            Some(format!("{}: {why}", need.step))
        })
        .collect()
}

/// Parts an object in two: the entries that a name is told of, and the rest.
fn split(object: &Object, told: impl Fn(&String) -> bool) -> (Object, Object) {
    object.clone().into_iter().partition(|(name, _)| told(name))
}

impl Drop for Inputs {
    fn drop(&mut self) {
        // Later steps hold on to earlier ones: taken apart from the end, a chain of any length needs no deep stack.
        while self.evidence.pop().is_some() {}
    }
}
