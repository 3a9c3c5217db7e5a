//! The budgets of the day and of the month: what is spent of them, and what they leave a run.

use std::sync::Arc;

use crate::document::{Budget, OnExceed, Project};
use crate::event::Fault;
use crate::journal::Journal;
use crate::plan::Plan;
use crate::report;
use crate::run::{self, Allowance, Context, Pool};

use super::exit::Failure;
use super::load::{self, Place};
use super::setup;

/// The budget that engine.yaml sets. A file at fault sets none: other commands tell its faults.
pub(super) fn budget(place: &Place) -> Option<Budget> {
    load::read::<Project>(place, &place.root.as_ref()?.join("engine.yaml")).0?.value.limits.budget
}

/// Bounds the day and the month as engine.yaml does by now: these budgets are the project's, whatever a frozen plan says. Outside
/// of a project the plan is all that is known of them.
pub(super) fn renew(plan: &mut Arc<Plan>, place: &Place) {
    if place.root.is_none() {
        return;
    }
    let bounds = |budget: Option<&Budget>| budget.map(|one| (one.usd_per_day, one.usd_per_month));
    let now = bounds(budget(place).as_ref()).unwrap_or_default();
    if bounds(plan.limits.budget.as_ref()).unwrap_or_default() != now {
        let budget = Arc::make_mut(plan).limits.budget.get_or_insert_default();
        (budget.usd_per_day, budget.usd_per_month) = now;
    }
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
    spent: Vec<Allowance>,
    /// What the runs of this process spend.
    pool: Arc<Pool>,
    /// What they had spent when the journal was read.
    booked_usd: f64,
}

impl Allowances {
    /// Reads what was spent, unless the plan asks no model or no day or month is bounded.
    pub(super) fn of(
        plan: &Plan,
        journal: &mut Journal,
        context: &Context,
    ) -> Result<Self, Failure> {
        let plans = plan.workflows.values().map(AsRef::as_ref).chain([plan]);
        let asks = plans.flat_map(|plan| &plan.steps).any(|step| step.agent().is_some());
        let budget = plan.limits.budget.clone().filter(|_| asks && !context.offline);
        let spent = spent(budget.as_ref(), journal, setup::now_us())?;
        let budget = budget.filter(|_| !spent.is_empty());
        let pool = Arc::clone(&context.pool);
        if budget.is_some() && !pool.is_shared() {
            let together =
                journal.together().map_err(|e| Failure::machine("cannot share the budget", &e))?;
            if let Some(together) = together {
                pool.share(together, Arc::clone(&context.clock));
            }
        }
        Ok(Self { budget, spent, booked_usd: pool.booked_usd(), pool })
    }

    /// The plan of a run that is about to start, bounded by what is left. It is run under the hash of the plan as it
    /// was: what is left today is no part of it.
    pub(super) fn bound(&self, plan: &Arc<Plan>) -> Result<Arc<Plan>, Failure> {
        let stops = self.budget.as_ref().is_some_and(|one| one.on_exceed == OnExceed::Stop);
        let since_usd = self.pool.booked_usd() - self.booked_usd;
        let is_spent = |one: &&Allowance| stops && one.left_usd() <= since_usd;
        if let Some(over) = self.spent.iter().find(is_spent) {
            let mut over = over.clone();
            over.spent_usd += since_usd;
            return Err(Failure::OverBudget(refusal(&over)));
        }
        Ok(self.bound_again(plan))
    }

    /// The plan of a run that goes on. Where the journal is shared with other processes, it is looked at before every call;
    /// else this process alone spends what is left.
    pub(super) fn bound_again(&self, plan: &Arc<Plan>) -> Arc<Plan> {
        let mut bounded = Arc::clone(plan);
        if let Some(budget) = self.budget.as_ref().filter(|_| !self.pool.is_shared()) {
            let left = run::left(budget, &self.spent, self.booked_usd);
            Arc::make_mut(&mut bounded).limits.budget = Some(left);
        }
        bounded
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
