//! What a run may cost, and how long it may make one wait, told before it starts: bounds from texts, prices and limits.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::document::{Figures, Model};
use crate::event::Usage;
use crate::expression::Template;
use crate::id::{ModelName, StepId};
use crate::model;
use crate::plan::{self, AgentStep, Graph, Kind, Library, Plan, Step};
use crate::value::{Value, sum};

use super::steps;

/// Room for the words around a model's faults in the turn that repairs its answer, in bytes.
const REPAIR_WORDS: u64 = 1024;

/// What a step that asks a model may cost.
#[derive(Clone, Debug, PartialEq)]
pub struct StepCost {
    /// The step.
    pub step: StepId,
    /// How often it is done at least; or what besides a failure may keep it from asking a model at all.
    pub certain: Result<u32, Doubts>,
    /// The least that it costs to do it once; none where some model has no price.
    pub least_usd: Option<f64>,
    /// Requests that this least is reckoned with.
    pub least_requests: u64,
    /// The most that all its requests cost; or why nothing bounds it.
    pub greatest: Result<Greatest, String>,
}

/// What may keep a step from asking a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doubts {
    /// A condition.
    pub condition: bool,
    /// A list that it, or something around it, is repeated for: it may be empty.
    pub list: bool,
}

impl Doubts {
    fn and(self, other: Self) -> Self {
        Self { condition: self.condition || other.condition, list: self.list || other.list }
    }
}

/// A bound of what a step costs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Greatest {
    /// US dollars.
    pub usd: f64,
    /// Requests that it is reckoned with.
    pub requests: u64,
}

/// The longest that the steps of a plan may make one wait.
#[derive(Clone, Debug, PartialEq)]
pub struct LongestWait {
    /// The chain of steps whose time limits come to most.
    pub path: Vec<StepId>,
    /// Time limits of their attempts, without the pauses between attempts; or why there is no limit.
    pub steps: Result<Duration, String>,
}

/// What each step that asks a model may cost, in the order written. A step that runs a workflow costs what the steps
/// of that workflow do.
pub fn costs(plan: &Plan, library: &Library) -> Vec<StepCost> {
    costs_in(plan, plan, library)
}

/// The costs of a plan that runs inside of another one, which holds all workflows.
fn costs_in(plan: &Plan, root: &Plan, library: &Library) -> Vec<StepCost> {
    let certain = certain(plan);
    let steps = plan.steps.iter().zip(certain);
    steps
        .filter_map(|(step, certain)| {
            let mut doubts = Doubts { condition: !certain, list: false };
            let (least_usd, least_requests, greatest) = match &step.kind {
                Kind::Agent(agent) => {
                    (plan::least_usd(agent, library), 1, greatest(step, agent, library))
                }
                Kind::Workflow(call) => {
                    let inner = costs_in(root.workflows.get(&call.workflow)?, root, library);
                    if inner.is_empty() {
                        return None;
                    }
                    let (usd, requests) = least(&inner);
                    if requests == 0 {
                        doubts = doubts_of(&inner).and(doubts);
                    }
                    (usd, requests, greatest_of_all(&inner))
                }
                // It asks once at least; what comes of it nobody knows before.
                Kind::Plan(_) => (None, 1, Err("its steps are planned while it runs".to_owned())),
                Kind::Tool(_) | Kind::Compute(_) | Kind::Approval(_) => return None,
            };
            let count = items(step);
            doubts.list |= count.as_ref().map_or(true, |count| *count == 0);
            let certain = if doubts == Doubts::default() {
                Ok(count.as_ref().copied().unwrap_or_default())
            } else {
                Err(doubts)
            };
            let greatest = count.and_then(|count| greatest.map(|bound| bound.times(count)));
            Some(StepCost { step: step.id.clone(), certain, least_usd, least_requests, greatest })
        })
        .collect()
}

/// The least that steps cost together in US dollars, if some model without a price may be asked none, and the requests that it
/// is reckoned with.
pub fn least(costs: &[StepCost]) -> (Option<f64>, u64) {
    let certain = || costs.iter().filter_map(|cost| Some((cost, cost.certain.ok()?)));
    let usd: Option<Vec<f64>> =
        certain().map(|(cost, times)| Some(cost.least_usd? * f64::from(times))).collect();
    let requests = certain().map(|(cost, times)| cost.least_requests * u64::from(times)).sum();
    (usd.map(sum), requests)
}

/// What may keep steps from asking a model.
pub fn doubts_of(costs: &[StepCost]) -> Doubts {
    costs.iter().filter_map(|cost| cost.certain.err()).fold(Doubts::default(), Doubts::and)
}

fn greatest_of_all(costs: &[StepCost]) -> Result<Greatest, String> {
    costs.iter().try_fold(Greatest::default(), |sum, cost| match &cost.greatest {
        Ok(bound) => Ok(sum.and(*bound)),
        Err(reason) => Err(format!("its step `{}`: {reason}", cost.step)),
    })
}

/// How often a step is done: once, or for each item of a list that the workflow writes out.
fn items(step: &Step) -> Result<u32, String> {
    let Some(each) = &step.for_each else { return Ok(1) };
    let count = match &each.items {
        Template::Literal(Value::Array(items)) => items.len(),
        Template::List(items) => items.len(),
        Template::Literal(_)
        | Template::Expression(_)
        | Template::Text(_)
        | Template::Plain(_)
        | Template::Map(_) => {
            return Err("it is repeated for a list whose length is not known before".to_owned());
        }
    };
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

impl Greatest {
    fn and(self, other: Self) -> Self {
        Self { usd: self.usd + other.usd, requests: self.requests + other.requests }
    }

    fn times(self, count: u32) -> Self {
        let requests = self.requests.saturating_mul(count.into());
        Self { usd: self.usd * f64::from(count), requests }
    }
}

/// For each step whether no condition of its own or of a step that it cannot do without may keep it from running.
fn certain(plan: &Plan) -> Vec<bool> {
    let graph = Graph::of(plan);
    let numbers: BTreeMap<&StepId, usize> =
        plan.steps.iter().enumerate().map(|(number, step)| (&step.id, number)).collect();
    let mut certain = vec![false; plan.steps.len()];
    for number in graph.order() {
        let Some(step) = plan.steps.get(number) else { continue };
        let runs = |id: &StepId| {
            numbers.get(id).and_then(|number| certain.get(*number)).copied().unwrap_or_default()
        };
        let is =
            step.when.is_none() && step.needs.iter().all(|need| need.tolerant || runs(&need.step));
        if let Some(slot) = certain.get_mut(number) {
            *slot = is;
        }
    }
    certain
}

/// The reserve of every request that a step can make.
fn greatest(step: &Step, agent: &AgentStep, library: &Library) -> Result<Greatest, String> {
    let models = plan::candidates(agent, library);
    if models.is_empty() {
        return Err("no model of engine.yaml can be asked".to_owned());
    }
    let each = models
        .iter()
        .map(|(name, model)| {
            // What is late may go out twice, each time that it is asked.
            let twice: u32 = if model.hedge.is_some() { 2 } else { 1 };
            let Greatest { usd, requests } = of_model(step, agent, name, model)?;
            Ok(Greatest { usd: usd * f64::from(twice), requests: requests * u64::from(twice) })
        })
        .collect::<Result<Vec<Greatest>, String>>()?;
    if plan::is_one_of(agent, library) {
        let most = each.into_iter().max_by(|a, b| a.usd.total_cmp(&b.usd));
        return most.ok_or_else(String::new);
    }
    // The next model of a list is asked when the one before it is down.
    Ok(each.into_iter().fold(Greatest::default(), Greatest::and))
}

fn of_model(
    step: &Step,
    agent: &AgentStep,
    name: &ModelName,
    model: &Model,
) -> Result<Greatest, String> {
    let Some(price) = &model.price else {
        return Err(format!("model `{name}` has no price"));
    };
    let Some(output) = agent.max_tokens.or(model.max_tokens).map(u64::from) else {
        return Err(format!("neither the step nor model `{name}` has `max_tokens`"));
    };
    let window = model.context_window.map_or(u64::MAX, u64::from);
    let schema = agent.schema.as_ref().map_or(0, |schema| schema.to_string().len() as u64);
    let first = match fixed_prompt(agent) {
        Some(prompt) => {
            let bytes = agent.system.len() as u64 + prompt.len() as u64 + schema;
            model::greatest_input(bytes, 1)
        }
        None if window < u64::MAX => window,
        None => {
            return Err(format!(
                "its prompt holds data, and model `{name}` has no `context_window`"
            ));
        }
    };
    let usd = |input: u64| {
        let usage = Usage {
            input_tokens: input.min(window),
            cached_input_tokens: 0,
            output_tokens: output,
        };
        model::cost(price, usage)
    };
    let attempts = step.retry.max_attempts;
    if !repairs(agent) {
        return Ok(Greatest { usd: f64::from(attempts) * usd(first), requests: attempts.into() });
    }
    // The second turn holds the first answer, what is wrong with it, and the schema once more.
    let second =
        (first + 2 * output).saturating_add(model::greatest_input(schema + REPAIR_WORDS, 2));
    Ok(Greatest {
        usd: usd(first) + f64::from(attempts) * usd(second),
        requests: u64::from(attempts) + 1,
    })
}

/// The prompt of a step that is the same in every run. A list of evidence, which `figures: cite` adds, is not.
fn fixed_prompt(agent: &AgentStep) -> Option<&str> {
    match (&agent.prompt, agent.figures) {
        (Template::Literal(Value::String(prompt)), Figures::Check | Figures::None) => Some(prompt),
        (_, Figures::Cite | Figures::Check | Figures::None) => None,
    }
}

/// Whether an answer may be at fault, so that the model is asked once more.
fn repairs(agent: &AgentStep) -> bool {
    agent.schema.is_some() || agent.figures == Figures::Cite
}

/// The longest that a plan may make one wait, by the time limits of its steps.
pub fn longest_wait(plan: &Plan, library: &Library) -> LongestWait {
    wait_in(plan, plan, library)
}

fn wait_in(plan: &Plan, root: &Plan, library: &Library) -> LongestWait {
    let waits: Vec<Result<Duration, String>> =
        plan.steps.iter().map(|step| longest(step, root, library)).collect();
    let weight = |wait: &Result<Duration, String>| wait.as_ref().map_or(0.0, Duration::as_secs_f64);
    let weights: Vec<f64> = waits.iter().map(weight).collect();
    let (path, _) = Graph::of(plan).critical_path(&weights);
    let endless = plan.steps.iter().zip(&waits).find_map(|(step, wait)| {
        let reason = wait.as_ref().err()?;
        Some(format!("step `{}`: {reason}", step.id))
    });
    let longest = path.iter().filter_map(|number| waits.get(*number)?.as_ref().ok()).sum();
    LongestWait {
        steps: endless.map_or(Ok(longest), Err),
        path: path
            .into_iter()
            .filter_map(|number| plan.steps.get(number))
            .map(|step| step.id.clone())
            .collect(),
    }
}

/// The time limits of all attempts of a step, for all its items; or why it has none.
fn longest(step: &Step, root: &Plan, library: &Library) -> Result<Duration, String> {
    let attempts = step.retry.max_attempts;
    let of = |usual: Duration| step.timeout.map_or(usual, |timeout| timeout.0);
    let once = match &step.kind {
        Kind::Agent(agent) => {
            let models = if plan::is_one_of(agent, library) {
                1
            } else {
                plan::candidates(agent, library).len().max(1)
            };
            let models = u32::try_from(models).unwrap_or(u32::MAX);
            let requests = (attempts + u32::from(repairs(agent))).saturating_mul(models);
            of(steps::AGENT_TIMEOUT).saturating_mul(requests)
        }
        Kind::Tool(_) => of(steps::TOOL_TIMEOUT).saturating_mul(attempts),
        Kind::Compute(_) => Duration::ZERO,
        Kind::Workflow(call) => match root.workflows.get(&call.workflow) {
            Some(inner) => wait_in(inner, root, library).steps?,
            None => Duration::ZERO,
        },
        Kind::Plan(_) => return Err("its steps are planned while it runs".to_owned()),
        Kind::Approval(approval) => match approval.timeout {
            Some(timeout) => timeout.0,
            None => return Err("it waits for a person and has no `timeout`".to_owned()),
        },
    };
    Ok(once.saturating_mul(items(step)?))
}
