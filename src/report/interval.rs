//! What a run may cost and how long it may make one wait, with where each figure comes from.

use std::fmt::Write as _;

use serde::Serialize;

use super::money::money;
use super::summary::duration;
use crate::document::OnExceed;
use crate::eval::median;
use crate::id::StepId;
use crate::plan::{Kind, Library, Plan};
use crate::run::{self, Doubts, StepCost};
use crate::value::{counted, sum};

/// What a run may cost.
#[derive(Clone, Debug, Serialize)]
pub struct CostInterval {
    /// The least, if all goes well, every condition is false and lists that are not written out are empty.
    pub least: Bound,
    /// What runs of the workflow cost before.
    pub expected: Expected,
    /// The most.
    pub greatest: Bound,
    /// Steps whose cost nothing bounds.
    pub unbounded: Vec<Unbounded>,
    /// US dollars at which the run stops, where it has a budget of its own.
    pub budget_usd: Option<f64>,
    /// The steps that ask a model.
    pub steps: Vec<StepInterval>,
}

/// One end of the interval.
#[derive(Clone, Debug, Serialize)]
pub struct Bound {
    /// US dollars; null where it cannot be told.
    pub usd: Option<f64>,
    /// Where the figure comes from, or why there is none.
    pub from: String,
}

/// What runs of the workflow cost before.
#[derive(Clone, Debug, Serialize)]
pub struct Expected {
    /// US dollars; null where there are no such runs.
    pub usd: Option<f64>,
    /// Runs that it was told from.
    pub runs: usize,
    /// Where the figure comes from, or why there is none.
    pub from: String,
}

/// A step whose cost nothing bounds.
#[derive(Clone, Debug, Serialize)]
pub struct Unbounded {
    /// The step.
    pub step: StepId,
    /// What a bound would need.
    pub reason: String,
}

/// What a step may cost.
#[derive(Clone, Debug, Serialize)]
pub struct StepInterval {
    /// The step.
    pub step: StepId,
    /// US dollars of doing it once, at least; null where a model has no price.
    pub least_usd: Option<f64>,
    /// US dollars of all its requests, at most; null where nothing bounds them.
    pub greatest_usd: Option<f64>,
    /// Requests that the most is reckoned with.
    pub requests: Option<u64>,
}

/// The longest that a run may make one wait.
#[derive(Clone, Debug, Serialize)]
pub struct WaitReport {
    /// Milliseconds; null where nothing bounds it.
    pub ms: Option<f64>,
    /// The steps that it may wait for, one after another.
    pub path: Vec<StepId>,
    /// Where the figure comes from.
    pub from: String,
}

impl CostInterval {
    /// Tells what a run of a plan may cost.
    pub(super) fn of(plan: &Plan, library: &Library, past_usd: &[f64]) -> Self {
        let costs = run::costs(plan, library);
        let budget = plan.limits.budget.as_ref().filter(|one| one.on_exceed == OnExceed::Stop);
        let budget_usd = budget.and_then(|budget| budget.usd);
        let unbounded: Vec<Unbounded> = costs
            .iter()
            .filter_map(|cost| {
                let reason = cost.greatest.as_ref().err()?.clone();
                Some(Unbounded { step: cost.step.clone(), reason })
            })
            .collect();
        Self {
            least: least(&costs),
            expected: expected(past_usd),
            greatest: greatest(&costs, budget_usd),
            unbounded,
            budget_usd,
            steps: costs
                .into_iter()
                .map(|cost| StepInterval {
                    greatest_usd: cost.greatest.as_ref().ok().map(|bound| bound.usd),
                    requests: cost.greatest.ok().map(|bound| bound.requests),
                    step: cost.step,
                    least_usd: cost.least_usd,
                })
                .collect(),
        }
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        let figure = |usd: Option<f64>, none: &str| usd.map_or_else(|| none.to_owned(), money);
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "\ncost, at least:  {} ({})",
            figure(self.least.usd, "unknown"),
            self.least.from
        );
        let _ = writeln!(
            out,
            "cost, expected:  {} ({})",
            figure(self.expected.usd, "unknown"),
            self.expected.from
        );
        let _ = writeln!(
            out,
            "cost, at most:   {} ({})",
            figure(self.greatest.usd, "unbounded"),
            self.greatest.from
        );
        for one in &self.unbounded {
            let _ = writeln!(out, "                 step `{}`: {}", one.step, one.reason);
        }
        if let (Some(budget), None) = (self.budget_usd, self.greatest.usd) {
            let _ =
                writeln!(out, "                 a run stops at its budget of {}", money(budget));
        }
        out
    }
}

fn least(costs: &[StepCost]) -> Bound {
    let (usd, requests) = run::least(costs);
    let unpriced = costs.iter().find(|cost| cost.certain.is_ok() && cost.least_usd.is_none());
    let from = match unpriced {
        Some(cost) => format!("step `{}` may ask a model without a price", cost.step),
        None if costs.is_empty() => "no step asks a model".to_owned(),
        None if requests == 0 => format!("{} every step that asks a model", may_skip(costs)),
        None => format!(
            "the fixed texts of {} and a token of answer each, at the lowest price",
            counted(usize::try_from(requests).unwrap_or(usize::MAX), "request")
        ),
    };
    Bound { usd, from }
}

/// What may keep all steps from asking a model.
fn may_skip(costs: &[StepCost]) -> &'static str {
    match run::doubts_of(costs) {
        Doubts { condition: true, list: true } => "conditions and empty lists may skip",
        Doubts { condition: false, list: true } => "empty lists in `for_each` may skip",
        Doubts { list: false, .. } => "conditions may skip",
    }
}

fn expected(past_usd: &[f64]) -> Expected {
    let from = match past_usd.len() {
        0 => "no run of this workflow in the journal has ended with an answer of priced models"
            .to_owned(),
        runs => format!("the median of {} of this workflow", counted(runs, "run")),
    };
    Expected { usd: median(past_usd), runs: past_usd.len(), from }
}

fn greatest(costs: &[StepCost], budget_usd: Option<f64>) -> Bound {
    let bounds: Option<Vec<run::Greatest>> =
        costs.iter().map(|cost| cost.greatest.clone().ok()).collect();
    let Some(bounds) = bounds else {
        let from = "something that a bound would need is not set".to_owned();
        return Bound { usd: None, from };
    };
    let usd = sum(bounds.iter().map(|bound| bound.usd));
    let requests: u64 = bounds.iter().map(|bound| bound.requests).sum();
    match budget_usd.filter(|budget| usd > *budget) {
        Some(budget) => Bound {
            usd: Some(budget),
            from: format!("the budget of a run; its steps could take {}", money(usd)),
        },
        None if costs.is_empty() => {
            Bound { usd: Some(0.0), from: "no step asks a model".to_owned() }
        }
        None => Bound {
            usd: Some(usd),
            from: format!(
                "the reserve of {requests} requests: the longest prompts and answers, every attempt"
            ),
        },
    }
}

impl WaitReport {
    /// Tells how long a run of a plan may make one wait.
    pub(super) fn of(plan: &Plan, library: &Library) -> Self {
        let longest = run::longest_wait(plan, library);
        // While a person decides, no time of the run passes.
        let asks = plan.steps.iter().any(|step| matches!(step.kind, Kind::Approval(_)));
        let limit = plan.limits.run_timeout.map(|limit| limit.0).filter(|_| !asks);
        let (wait, from) = match (longest.steps, limit) {
            (Ok(steps), Some(limit)) if limit < steps => {
                (Some(limit), "`limits.run_timeout`".to_owned())
            }
            (Ok(steps), _) => {
                let from = "the time limits of all attempts of the longest chain, without the pauses between them";
                (Some(steps), from.to_owned())
            }
            (Err(reason), _) => (None, reason),
        };
        Self { ms: wait.map(|wait| wait.as_secs_f64() * 1000.0), path: longest.path, from }
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let wait = self.ms.map_or_else(|| "unbounded".to_owned(), duration);
        format!("longest wait:    {wait} ({})\n", self.from)
    }
}
