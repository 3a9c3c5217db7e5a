//! The budgets of the day and of the month: what is spent of them, and what they leave a run.

use std::cell::RefCell;
use std::sync::Arc;

use crate::document::{Budget, OnExceed, Project};
use crate::event::Fault;
use crate::journal::Journal;
use crate::plan::Plan;
use crate::report;
use crate::run::{self, Allowance};

use super::exit::Failure;
use super::load::{self, Place};
use super::setup;

/// The budget that engine.yaml sets. A file at fault sets none: other commands tell its faults.
pub(super) fn budget(place: &Place) -> Option<Budget> {
    load::read::<Project>(place, &place.root.as_ref()?.join("engine.yaml")).0?.value.limits.budget
}

/// What was spent of the budgets of the day and of the month.
pub(super) fn spent(
    budget: Option<&Budget>,
    journal: &Journal,
    now_us: i64,
) -> Result<Vec<Allowance>, Failure> {
    budget
        .map_or_else(|| Ok(Vec::new()), |budget| run::allowances(budget, journal, now_us))
        .map_err(|e| Failure::machine("cannot read the journal", &e))
}

/// What the budgets of the day and of the month leave runs that start now.
pub(super) struct Allowances {
    /// The budget of the plan; none where nothing of a day or month bounds it.
    budget: Option<Budget>,
    spent: RefCell<Vec<Allowance>>,
}

impl Allowances {
    /// Reads what was spent, unless the plan asks no model or no day or month is bounded.
    pub(super) fn of(plan: &Plan, journal: &Journal, offline: bool) -> Result<Self, Failure> {
        let plans = plan.workflows.values().map(AsRef::as_ref).chain([plan]);
        let asks = plans.flat_map(|plan| &plan.steps).any(|step| step.agent().is_some());
        let budget = plan.limits.budget.clone().filter(|_| asks && !offline);
        let spent = spent(budget.as_ref(), journal, setup::now_us())?;
        Ok(Self { budget: budget.filter(|_| !spent.is_empty()), spent: RefCell::new(spent) })
    }

    /// The plan of a run that is about to start, bounded by what is left. It is run under the hash of the plan as it
    /// was: what is left today is no part of it.
    pub(super) fn bound(&self, plan: &Arc<Plan>) -> Result<Arc<Plan>, Failure> {
        let stops = self.budget.as_ref().is_some_and(|one| one.on_exceed == OnExceed::Stop);
        if let Some(over) = self.spent.borrow().iter().find(|one| stops && one.left_usd() <= 0.0) {
            return Err(Failure::OverBudget(refusal(over)));
        }
        Ok(self.bound_again(plan, 0.0))
    }

    /// The plan of a run that goes on and has spent some already, which counts as spent in its own budget too.
    pub(super) fn bound_again(&self, plan: &Arc<Plan>, already_usd: f64) -> Arc<Plan> {
        let mut bounded = Arc::clone(plan);
        if let Some(budget) = &self.budget {
            let left = run::left(budget, &self.spent.borrow(), already_usd);
            Arc::make_mut(&mut bounded).limits.budget = Some(left);
        }
        bounded
    }

    /// Takes note of what a run has spent.
    pub(super) fn book(&self, usd: f64) {
        for allowance in self.spent.borrow_mut().iter_mut() {
            allowance.spent_usd += usd;
        }
    }
}

fn refusal(over: &Allowance) -> Fault {
    let message =
        format!("the budget of {} is spent: {}", over.period.name(), report::of_budget(over));
    let help = format!(
        "raise `{}` in engine.yaml, wait, or run with --offline; `engine costs` tells what it went to",
        over.period.key()
    );
    Fault::new("over-budget", message).help(help)
}
