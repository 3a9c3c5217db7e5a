//! What a run ends with: the JSON that `engine run --json` prints. Stable.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::{Fault, FigureCount, RunStatus, SkipReason, Unverified};
use crate::id::{ModelName, RunId, StepId, StepPath, WorkflowName};
use crate::plan::{Graph, Step};
use crate::value::{Object, is_default, millis};

use super::conflicts::{Conflict, conflicts};
use super::data::DataReport;
use super::executor::inputs_of;
use super::frame::{Frame, Unit};
use super::ledger::{LedgerEntry, ledger, of_outputs};
use super::outputs;
use super::state::RunState;
use super::step_state::{Consulted, Phase, StepState};
use super::times::Time;

/// What a run ended with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// The run; `engine show` takes it. Null for a row of a batch that could not be begun.
    #[schemars(with = "Option<RunId>")]
    pub run_id: RunId,
    /// The run that it does again; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<RunId>,
    /// The workflow's name.
    pub workflow: WorkflowName,
    /// How it ended.
    pub status: RunStatus,
    /// Whether a model was wanted and none answered.
    pub degraded: bool,
    /// What the run gives back, by name; null where it could not be made.
    pub outputs: Object,
    /// Every step, in the order written.
    pub steps: Vec<StepOutcome>,
    /// Requests and tokens of the whole run.
    pub usage: UsageReport,
    /// US dollars of all priced calls.
    pub cost_usd: f64,
    /// US dollars of it that are an estimate: what the calls cost that were called off. Absent where there are none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub estimated_usd: f64,
    /// Calls that were called off, because another answer to the same question came first. Absent where there are none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub called_off_calls: u64,
    /// Charged calls whose model has no price; they are not in `cost_usd`.
    pub unpriced_calls: u64,
    /// How long it took.
    pub timing: Timing,
    /// What became of the figures in its texts.
    pub figures: FigureReport,
    /// The period and the rows that its answers rest on; null where no tool gave anything.
    #[serde(default)]
    pub data: Option<DataReport>,
    /// What the reader should know: steps that took their default, gaps in the outputs.
    pub warnings: Vec<String>,
    /// Why the run gives back less than it should.
    pub error: Option<Fault>,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepOutcome {
    /// The step; an item of it as `regions[0]`, from 0.
    pub id: StepPath,
    /// Its kind: `agent`, `tool`, `workflow`, `compute`, `plan` or `approval`.
    pub kind: String,
    /// How it ended.
    pub status: StepStatus,
    /// Requests or executions it took.
    pub attempts: u32,
    /// When it started, in milliseconds after the run; null where it did not.
    pub started_ms: Option<f64>,
    /// How long it took, in milliseconds, without the time that it waited.
    pub duration_ms: Option<f64>,
    /// How long it waited for a person, or for a process to go on with the run, in milliseconds; absent where it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_ms: Option<f64>,
    /// The model that was asked last.
    pub model: Option<ModelName>,
    /// Its requests and tokens; null where it asked no model.
    pub usage: Option<UsageReport>,
    /// US dollars; null where it asked no model, or only models without a price.
    pub cost_usd: Option<f64>,
    /// Why it failed, was skipped or took its default.
    pub error: Option<Fault>,
    /// What an agent was asked that another one consulted; absent elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// With `for_each` its items, with `workflow` or `plan` the steps inside, with `agent` the agents that it consulted; absent
    /// where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Self>,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StepStatus {
    /// With its output.
    Succeeded,
    /// Without one.
    Failed,
    /// It did not run.
    Skipped,
    /// With its `default`.
    Defaulted,
    /// With an output kept from before.
    Cached,
    /// It waits for a person, or for a step that does.
    Waiting,
}

/// Requests and tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UsageReport {
    /// Requests to models, repeated ones included.
    pub model_calls: u64,
    /// Tokens of the requests.
    pub input_tokens: u64,
    /// Those of them that the provider had cached.
    pub cached_input_tokens: u64,
    /// Tokens of the answers.
    pub output_tokens: u64,
}

impl std::ops::AddAssign for UsageReport {
    fn add_assign(&mut self, other: Self) {
        self.model_calls += other.model_calls;
        self.input_tokens += other.input_tokens;
        self.cached_input_tokens += other.cached_input_tokens;
        self.output_tokens += other.output_tokens;
    }
}

/// How long a run took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Timing {
    /// From the first event to the last.
    pub wall_ms: f64,
    /// Milliseconds of it in which no process drove the run: it waited for a person, or was interrupted. Absent where there are none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub waiting_ms: f64,
    /// The chain of steps that took longest.
    pub critical_path_ms: f64,
    /// All steps one after another.
    pub sequential_ms: f64,
    /// The steps of that chain.
    pub critical_path: Vec<StepId>,
}

/// What became of the figures in a run's texts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FigureReport {
    /// Filled in from the evidence by the engine.
    pub cited: u64,
    /// Written by a model and found in the evidence.
    pub matched: u64,
    /// Written by a model and made of two values of the evidence by simple arithmetic.
    #[serde(default)]
    pub derived: u64,
    /// Not found.
    pub unverified: Vec<Unverified>,
    /// Metrics that the run has several values for; absent where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<Conflict>,
    /// Every figure with its value and where that comes from; with `--figures`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<Vec<LedgerEntry>>,
}

impl StepOutcome {
    /// From when to when it was under way, in milliseconds after the run's start; none where it did not end.
    pub fn span_ms(&self) -> Option<(f64, f64)> {
        let started = self.started_ms?;
        Some((started, started + self.duration_ms? + self.waiting_ms.unwrap_or_default()))
    }
}

impl Timing {
    /// From the first event to the last, without the time in which no process drove the run.
    pub fn worked_ms(&self) -> f64 {
        self.wall_ms - self.waiting_ms
    }
}

impl Outcome {
    /// The outcome of a run that has ended, or that only waits for a person; none for any other.
    pub fn of(state: &RunState) -> Option<Self> {
        if let Some((status, outputs, error)) = state.end() {
            return Self::with(state, *status, outputs.clone(), error.clone());
        }
        state.waiting().next()?;
        let inputs = inputs_of(state);
        let (_, outputs, _) = outputs::render(state.root(), inputs.first()?);
        Self::with(state, RunStatus::Waiting, outputs, None)
    }

    fn with(
        state: &RunState,
        status: RunStatus,
        outputs: Object,
        error: Option<Fault>,
    ) -> Option<Self> {
        let mut ledger = ledger(state);
        let conflicts = conflicts(state, &ledger);
        let made = outputs::figures(state, &outputs);
        let FigureCount { cited, unverified, .. } = made;
        ledger.extend(of_outputs(state, made.ledger));
        let mut outcome = Self {
            run_id: state.run_id()?.clone(),
            parent: state.parent().cloned(),
            workflow: state.plan().workflow.clone(),
            status,
            degraded: false,
            outputs,
            steps: step_outcomes(state, state.root(), 0),
            usage: UsageReport::default(),
            cost_usd: 0.0,
            estimated_usd: 0.0,
            called_off_calls: 0,
            unpriced_calls: 0,
            timing: timing(state),
            figures: FigureReport {
                cited,
                unverified,
                ledger: Some(ledger),
                conflicts,
                ..FigureReport::default()
            },
            data: DataReport::of(state),
            warnings: Vec::new(),
            error,
        };
        // Steps of the run's own plan count what happened inside them.
        for at in state.root().steps() {
            outcome.usage += usage(at);
            outcome.cost_usd += at.cost_usd;
            outcome.estimated_usd += at.estimated_usd;
            outcome.called_off_calls += at.called_off;
            outcome.unpriced_calls += at.unpriced_calls;
        }
        for (unit, at) in state.units() {
            let asked_nobody = at.phase == Phase::Defaulted && at.answers == 0;
            let asks = state.definition(unit).is_some_and(Step::is_told);
            outcome.degraded |= asked_nobody && asks;
            outcome.figures.cited += at.figures.cited;
            outcome.figures.matched += at.figures.matched;
            outcome.figures.derived += at.figures.derived;
            outcome.figures.unverified.extend(at.figures.unverified.iter().cloned());
            let path = state.path(unit);
            outcome.warnings.extend(warnings(&path, at));
            // A run that has all its outputs did without the step, and so did others that name it as optional.
            let lost = at.error.as_ref().filter(|_| at.phase == Phase::Failed);
            let lost = lost.filter(|_| status == RunStatus::Succeeded || state.is_optional(unit));
            outcome
                .warnings
                .extend(lost.map(|error| format!("step `{path}` failed: {}", error.message)));
        }
        let gaps = gaps(state, &outcome.outputs);
        outcome.warnings.extend(gaps);
        outcome.warnings.extend(state.waiting().map(|(unit, asked)| {
            let path = state.path(unit);
            let until = asked.expires_us.and_then(|at| jiff::Timestamp::from_microsecond(at).ok());
            let until = until.map_or_else(String::new, |at| format!(" until {at:.0}"));
            format!("step `{path}` waits for an answer{until}: {}", asked.message)
        }));
        Some(outcome)
    }
}

/// The steps of a frame, with what is inside them.
fn step_outcomes(state: &RunState, frame: &Frame, number: usize) -> Vec<StepOutcome> {
    let inside = |at: &StepState| {
        let found = at.frame.and_then(|inner| Some((inner, state.frames().get(inner)?)));
        found.map_or_else(Vec::new, |(inner, frame)| step_outcomes(state, frame, inner))
    };
    let inside = |id: &StepPath, at: &StepState| {
        let mut steps = inside(at);
        let began = state.started_us();
        steps.extend(at.consulted.iter().map(|one| consulted(id, one, began)));
        steps
    };
    let of = |(step, at): (usize, &StepState)| {
        let unit = Unit { frame: number, step, item: None };
        let definition = state.definition(unit)?;
        let kind = definition.kind_name();
        let items = at.items.iter().enumerate().map(|(item, at)| {
            let unit = Unit { item: Some(item), ..unit };
            let id = state.path(unit);
            StepOutcome { steps: inside(&id, at), ..step_outcome(state, unit, kind, at) }
        });
        let id = state.path(unit);
        let steps = if at.items.is_empty() { inside(&id, at) } else { items.collect() };
        Some(StepOutcome { steps, ..step_outcome(state, unit, kind, at) })
    };
    frame.steps().iter().enumerate().filter_map(of).collect()
}

fn usage(state: &StepState) -> UsageReport {
    UsageReport {
        model_calls: state.model_calls,
        input_tokens: state.usage.input_tokens,
        cached_input_tokens: state.usage.cached_input_tokens,
        output_tokens: state.usage.output_tokens,
    }
}

fn step_outcome(run: &RunState, unit: Unit, kind: &str, state: &StepState) -> StepOutcome {
    let waits = run.end().is_none();
    let time = worked(run, unit);
    let status = match state.phase {
        Phase::Succeeded => StepStatus::Succeeded,
        Phase::Cached => StepStatus::Cached,
        Phase::Defaulted => StepStatus::Defaulted,
        Phase::Failed => StepStatus::Failed,
        Phase::Waiting => StepStatus::Waiting,
        Phase::Pending | Phase::Running if waits => StepStatus::Waiting,
        Phase::Skipped | Phase::Pending | Phase::Running => StepStatus::Skipped,
    };
    let skipped = state.skipped.as_ref().and_then(|reason| match reason {
        SkipReason::When => None,
        SkipReason::Error { error } => Some(error.clone()),
        SkipReason::Needs { step, failed: true } => {
            Some(Fault::new("needs", format!("step `{step}` has no output")))
        }
        SkipReason::Needs { step, failed: false } => {
            Some(Fault::new("needs", format!("step `{step}` was skipped")))
        }
        SkipReason::RunEnded => Some(Fault::new("run-ended", "the run ended before the step did")),
    });
    let asked = state.model_calls > 0;
    StepOutcome {
        id: run.path(unit),
        kind: kind.to_owned(),
        status,
        attempts: state.attempts,
        started_ms: state.started_us.map(|at| millis(at - run.started_us())),
        duration_ms: time.map(|time| millis(time.worked_us)),
        waiting_ms: time.filter(|time| time.waited_us > 0).map(|time| millis(time.waited_us)),
        model: state.model.clone(),
        usage: asked.then(|| usage(state)),
        cost_usd: (state.answers + state.called_off > state.unpriced_calls)
            .then_some(state.cost_usd),
        error: state.error.clone().or(skipped),
        question: None,
        steps: Vec::new(),
    }
}

/// An agent that was consulted. Its requests are those of the step that asked.
fn consulted(above: &StepPath, consulted: &Consulted, run_started_us: i64) -> StepOutcome {
    let Consulted { place, question, ended_us, duration_ms, error } = consulted;
    let took_us = i64::try_from(*duration_ms).unwrap_or(i64::MAX).saturating_mul(1000);
    StepOutcome {
        id: StepPath::from(format!("{above}{place}")),
        kind: "agent".to_owned(),
        status: if error.is_some() { StepStatus::Failed } else { StepStatus::Succeeded },
        attempts: 1,
        started_ms: Some(millis((ended_us - took_us - run_started_us).max(0))),
        duration_ms: Some(millis(took_us)),
        waiting_ms: None,
        model: None,
        usage: None,
        cost_usd: None,
        error: error.clone(),
        question: Some(question.clone()),
        steps: Vec::new(),
    }
}

/// How long a unit that has settled took.
fn worked(run: &RunState, unit: Unit) -> Option<Time> {
    run.step(unit)?.ended_us.and_then(|_| run.time(unit))
}

fn timing(state: &RunState) -> Timing {
    let plan = state.plan();
    let root = state.root();
    let units = (0..root.steps().len()).map(|step| Unit { frame: 0, step, item: None });
    let weights: Vec<f64> =
        units.map(|unit| worked(state, unit).map_or(0.0, |time| millis(time.worked_us))).collect();
    let wall_us = state.ended_us() - state.started_us();
    let (path, critical_path_ms) = Graph::of(plan).critical_path(&weights);
    Timing {
        wall_ms: millis(wall_us),
        waiting_ms: millis(wall_us - state.elapsed_us(state.ended_us())),
        critical_path_ms,
        sequential_ms: weights.iter().sum(),
        critical_path: path
            .into_iter()
            .filter_map(|n| plan.steps.get(n))
            .map(|step| step.id.clone())
            .collect(),
    }
}

/// The warning about a step that took its default.
pub fn took_default(id: &StepPath, error: Option<&Fault>) -> String {
    let why = error.map_or_else(String::new, |fault| format!(": {}", fault.message));
    format!("step `{id}` took its default{why}")
}

fn warnings(id: &StepPath, state: &StepState) -> Vec<String> {
    let defaulted =
        (state.phase == Phase::Defaulted).then(|| took_default(id, state.error.as_ref()));
    let skipped = match &state.skipped {
        Some(SkipReason::Error { error }) => {
            Some(format!("step `{id}` was skipped: {}", error.message))
        }
        _ => None,
    };
    let own = state.warnings.iter().map(|warning| format!("step `{id}`: {warning}"));
    let cut_off = (state.cut_off > 0).then(|| {
        let times = if state.cut_off == 1 { "" } else { &format!(", {} times", state.cut_off) };
        format!(
            "step `{id}` was cut off while a model may have been asked{times}: what that cost is not counted"
        )
    });
    defaulted.into_iter().chain(skipped).chain(own).chain(cut_off).collect()
}

/// Names the outputs that a failure left without a value, and the step that is to blame.
fn gaps(state: &RunState, outputs: &Object) -> Vec<String> {
    let plan = state.plan();
    plan.outputs
        .iter()
        .filter(|(name, _)| outputs.get(*name).is_none_or(serde_json::Value::is_null))
        .filter_map(|(name, output)| {
            let culprit = output.needs.iter().find_map(|step| culprit(state, step))?;
            Some(format!("output `{name}` is missing: {culprit}"))
        })
        .collect()
}

/// The failure at the beginning of a chain of steps that were skipped because of it.
fn culprit(state: &RunState, step: &StepId) -> Option<String> {
    let mut at = step.clone();
    loop {
        let found = state.root().step_by_id(&at)?;
        match (&found.phase, &found.skipped) {
            (Phase::Failed, _) => {
                let why = found
                    .error
                    .as_ref()
                    .map_or_else(String::new, |fault| format!(": {}", fault.message));
                return Some(format!("step `{at}` failed{why}"));
            }
            (Phase::Skipped, Some(SkipReason::Needs { step, failed: true })) => at = step.clone(),
            (Phase::Skipped, Some(SkipReason::RunEnded)) => {
                return Some(format!("step `{at}` did not end"));
            }
            _ => return None,
        }
    }
}
