//! What was spent on models, on what, and what answers cost by the shape of what made them.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::cast::Cast;
use crate::eval::{median, percentile_95};
use crate::id::{PlanHash, RunId};
use crate::journal::{Charges, Deleted, Spending, SpentCall};
use crate::run::Allowance;
use crate::value::{is_default, millis};

/// What costs are grouped by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The day (UTC) of the call.
    Day,
    /// The workflow that was run.
    #[default]
    Workflow,
    /// The agent that asked.
    Agent,
    /// The model that was asked, as engine.yaml names it.
    Model,
    /// The conversation.
    Session,
}

/// What was spent: what `engine costs --json` prints. Stable.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CostReport {
    /// What the rows stand for.
    pub by: By,
    /// Since when (RFC 3339, UTC); null where everything in the journal counts.
    pub since: Option<String>,
    /// What was spent on each: days in order, anything else from the most expensive down.
    pub rows: Vec<CostRow>,
    /// What was spent in all.
    pub total: Cost,
    /// Runs of it that were deleted since; they count by whole days, and not in `shapes`.
    pub deleted_runs: u64,
    /// The budgets of the day and of the month, where engine.yaml sets any.
    pub budgets: Vec<Allowance>,
    /// What answers cost and how long they took, by the shape of what made them.
    pub shapes: Vec<ShapeCost>,
}

/// What was spent on one thing.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CostRow {
    /// The day, workflow, agent, model or session; null for what belongs to no session.
    pub name: Option<String>,
    /// What was spent on it.
    #[serde(flatten)]
    pub cost: Cost,
}

/// Runs, requests, tokens and dollars.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Cost {
    /// Runs that began in the time asked for or asked a model in it; by agent and model, those that asked.
    pub runs: u64,
    /// Requests to models, repeated ones included.
    pub calls: u64,
    /// Tokens of the requests.
    pub input_tokens: u64,
    /// Those of them that the provider had cached.
    pub cached_input_tokens: u64,
    /// Tokens of the answers.
    pub output_tokens: u64,
    /// US dollars of all priced calls; null where calls were answered and none of them is priced.
    pub cost_usd: Option<f64>,
    /// Answered calls whose model has no price; they are not in `cost_usd`.
    pub unpriced_calls: u64,
    /// US dollars of `cost_usd` that are an estimate: what the calls cost that were called off. Absent where there are none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub estimated_usd: f64,
    /// Calls that were called off for another answer. Absent where there are none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub called_off_calls: u64,
}

/// What makes an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// A plan with one agent step.
    SingleAgent,
    /// A workflow with several agent steps.
    Workflow,
    /// A plan that was made for the question.
    Orchestrated,
}

/// What the answers of a shape cost and how long they took. Only runs that ended with an answer and that a model had a
/// part in are compared.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ShapeCost {
    /// The shape.
    pub shape: Shape,
    /// Runs that are compared.
    pub runs: u64,
    /// Those of them all of whose calls have a price; `cost_usd` is of these.
    pub priced_runs: u64,
    /// US dollars of a run.
    pub cost_usd: Option<Spread>,
    /// Milliseconds from a run's first event to its last, without the time that it waited.
    pub duration_ms: Option<Spread>,
}

/// The middle of some numbers, and what 95 of 100 do not exceed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Spread {
    /// Half of them are no greater.
    pub median: f64,
    /// 95 of 100 are no greater.
    pub p95: f64,
}

/// Sums of calls, with the runs they are of.
#[derive(Default)]
struct Sum<'s> {
    runs: BTreeSet<&'s RunId>,
    deleted_runs: u64,
    charges: Charges,
}

impl<'s> Sum<'s> {
    fn add(&mut self, run: &'s RunId, call: &SpentCall) {
        self.runs.insert(run);
        self.charges += Charges::from(call);
    }

    fn add_deleted(&mut self, row: &Deleted, runs: u64) {
        self.deleted_runs += runs;
        self.charges += row.charges;
    }

    fn end(self) -> Cost {
        let charges = self.charges;
        let is_unknown = charges.priced_calls == 0 && charges.unpriced_calls > 0;
        Cost {
            runs: self.runs.len() as u64 + self.deleted_runs,
            calls: charges.calls,
            input_tokens: charges.usage.input_tokens,
            cached_input_tokens: charges.usage.cached_input_tokens,
            output_tokens: charges.usage.output_tokens,
            cost_usd: (!is_unknown).then_some(charges.cost_usd),
            unpriced_calls: charges.unpriced_calls,
            estimated_usd: charges.estimated_usd,
            called_off_calls: charges.called_off_calls,
        }
    }
}

impl CostReport {
    /// Adds up what runs spent since a time in microseconds since the Unix epoch. `casts` tells the agents of their
    /// plans.
    pub fn of<'s>(
        (spending, deleted): (&'s [Spending], &[Deleted]),
        casts: &BTreeMap<PlanHash, Cast>,
        by: By,
        since_us: Option<i64>,
        budgets: Vec<Allowance>,
    ) -> Self {
        let mut sums: IndexMap<Option<String>, Sum<'s>> = IndexMap::new();
        let mut total = Sum::default();
        for run in spending {
            let started = run.started_us >= since_us.unwrap_or(i64::MIN);
            let own = match by {
                By::Day => Some(Some(day(run.started_us))),
                By::Workflow => Some(Some(run.workflow.to_string())),
                By::Session => Some(run.session.clone()),
                By::Agent | By::Model => None,
            };
            // A run that asked no model is a run all the same.
            if let Some(name) = own.filter(|_| started) {
                sums.entry(name).or_default().runs.insert(&run.run_id);
                total.runs.insert(&run.run_id);
            }
            let cast = run.plan.as_ref().and_then(|plan| casts.get(plan));
            for call in &run.calls {
                let name = match by {
                    By::Day => Some(day(call.at_us)),
                    By::Workflow => Some(run.workflow.to_string()),
                    By::Agent => {
                        Some(run.asker(call, cast.and_then(|cast| cast.agent(&call.step))))
                    }
                    By::Model => Some(call.model.to_string()),
                    By::Session => run.session.clone(),
                };
                sums.entry(name).or_default().add(&run.run_id, call);
                total.add(&run.run_id, call);
            }
        }
        for row in deleted {
            let (name, runs) = match by {
                By::Day => (Some(day(row.at_us)), row.runs.by_day),
                By::Workflow => (Some(row.workflow.clone()), row.runs.all),
                By::Session => {
                    (Some(row.session.clone()).filter(|name| !name.is_empty()), row.runs.all)
                }
                // By these only those count that asked a model.
                By::Agent | By::Model if row.charges.calls == 0 => continue,
                By::Agent => (Some(row.agent.clone()), row.runs.by_agent),
                By::Model => (Some(row.model.clone()), row.runs.by_model),
            };
            sums.entry(name).or_default().add_deleted(row, runs);
            total.add_deleted(row, row.runs.all);
        }
        let mut rows: Vec<CostRow> =
            sums.into_iter().map(|(name, sum)| CostRow { name, cost: sum.end() }).collect();
        rows.sort_by(|a, b| a.name.cmp(&b.name));
        if by != By::Day {
            let usd = |row: &CostRow| row.cost.cost_usd.unwrap_or_default();
            rows.sort_by(|a, b| usd(b).total_cmp(&usd(a)).then(b.cost.calls.cmp(&a.cost.calls)));
        }
        Self {
            by,
            since: since_us
                .and_then(|at| Timestamp::from_microsecond(at).ok())
                .map(|at| at.to_string()),
            rows,
            deleted_runs: total.deleted_runs,
            total: total.end(),
            budgets,
            shapes: shapes(spending, casts),
        }
    }
}

/// The day of a moment, UTC.
fn day(at_us: i64) -> String {
    Timestamp::from_microsecond(at_us)
        .map_or_else(|_| String::new(), |at| at.strftime("%Y-%m-%d").to_string())
}

fn shapes(spending: &[Spending], casts: &BTreeMap<PlanHash, Cast>) -> Vec<ShapeCost> {
    let mut by_shape: BTreeMap<Shape, Vec<&Spending>> = BTreeMap::new();
    for run in spending {
        let asked = run.calls.iter().any(|call| call.answered);
        let cast = run.plan.as_ref().and_then(|plan| casts.get(plan));
        let shape = cast.filter(|_| asked && run.has_answer()).and_then(Cast::shape);
        if let Some(shape) = shape {
            by_shape.entry(shape).or_default().push(run);
        }
    }
    let compared = |(shape, runs): (Shape, Vec<&Spending>)| {
        let usd: Vec<f64> = runs.iter().filter_map(|run| run.cost_usd()).collect();
        let times = runs
            .iter()
            .filter_map(|run| Some(millis(run.ended_us? - run.started_us - run.waited_us)));
        ShapeCost {
            shape,
            runs: runs.len() as u64,
            priced_runs: usd.len() as u64,
            cost_usd: spread(&usd),
            duration_ms: spread(&times.collect::<Vec<f64>>()),
        }
    };
    by_shape.into_iter().map(compared).collect()
}

fn spread(values: &[f64]) -> Option<Spread> {
    Some(Spread { median: median(values)?, p95: percentile_95(values)? })
}
