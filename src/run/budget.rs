//! The budget of a run: before a call its greatest possible cost is reserved, after it the true cost is booked.

use std::sync::{Arc, Mutex, PoisonError};

use crate::document::{self, OnExceed};
use crate::event::{Fault, Usage};

use super::allowance::Period;

/// What a run may spend, and what it has spent; shared by its steps.
#[derive(Debug, Default)]
pub(super) struct Budget {
    usd: Vec<Limit>,
    tokens: Option<u64>,
    on_exceed: OnExceed,
    taken: Mutex<Taken>,
}

/// A bound in US dollars.
#[derive(Clone, Copy, Debug)]
struct Limit {
    usd: f64,
    /// None where it is the run's own; else what is left of the budget of all runs of that time.
    period: Option<Period>,
}

/// What is spent or reserved.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    usd: f64,
    tokens: u64,
}

/// A part of the budget that a call under way may need. What is not booked is given back.
#[derive(Debug)]
pub(super) struct Reservation {
    budget: Arc<Budget>,
    reserved: Taken,
    /// What is exceeded, where the call is made all the same.
    pub(super) warning: Option<String>,
}

impl Budget {
    /// The budget of a run; what `limit` gives a day and a month is what is left of them.
    pub(super) fn new(limit: Option<&document::Budget>) -> Arc<Self> {
        Self::after(limit, 0.0, 0)
    }

    /// The budget of a run that has spent some of it.
    pub(super) fn after(limit: Option<&document::Budget>, usd: f64, tokens: u64) -> Arc<Self> {
        let taken = Mutex::new(Taken { usd, tokens });
        let Some(limit) = limit else { return Arc::new(Self { taken, ..Self::default() }) };
        let of = |usd: Option<f64>, period| usd.map(|usd| Limit { usd, period });
        let usd = [
            of(limit.usd, None),
            of(limit.usd_per_day, Some(Period::Day)),
            of(limit.usd_per_month, Some(Period::Month)),
        ];
        Arc::new(Self {
            usd: usd.into_iter().flatten().collect(),
            tokens: limit.tokens,
            on_exceed: limit.on_exceed,
            taken,
        })
    }

    /// Reserves what a call may cost at most. The cost of a model without a price cannot be told, so only its
    /// tokens are bounded.
    pub(super) fn reserve(
        self: &Arc<Self>,
        usd: Option<f64>,
        usage: Usage,
    ) -> Result<Reservation, Fault> {
        let wanted = Taken {
            usd: usd.unwrap_or_default(),
            tokens: usage.input_tokens + usage.output_tokens,
        };
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let warning = match (self.exceeded(*taken, wanted), self.on_exceed) {
            (Some(fault), OnExceed::Stop) => return Err(fault),
            (Some(fault), OnExceed::Warn) => Some(format!("over budget: {}", fault.message)),
            (None, _) => None,
        };
        taken.usd += wanted.usd;
        taken.tokens = taken.tokens.saturating_add(wanted.tokens);
        Ok(Reservation { budget: Arc::clone(self), reserved: wanted, warning })
    }

    /// The first bound that a call does not fit.
    fn exceeded(&self, taken: Taken, wanted: Taken) -> Option<Fault> {
        let usd = |limit: &&Limit| taken.usd + wanted.usd > limit.usd;
        if let Some(limit) = self.usd.iter().find(usd) {
            let (budget, help) = match limit.period {
                None => (
                    format!("the budget of ${}", limit.usd),
                    "raise `limits.budget.usd` or --max-cost-usd, or set the step's `max_tokens`"
                        .to_owned(),
                ),
                Some(period) => (
                    format!("the ${:.6} left of the budget of {}", limit.usd, period.name()),
                    format!("raise `{}`, or set the step's `max_tokens`", period.key()),
                ),
            };
            let message = format!(
                "the next call may cost ${:.6}, and ${:.6} of {budget} is taken",
                wanted.usd, taken.usd
            );
            return Some(Fault::new(OVER_BUDGET, message).help(help));
        }
        let limit = self.tokens?;
        (taken.tokens.saturating_add(wanted.tokens) > limit).then(|| {
            let message = format!(
                "the next call may take {} tokens, and {} of the budget of {limit} are taken",
                wanted.tokens, taken.tokens
            );
            let help = "raise `limits.budget.tokens`, or set the step's `max_tokens`";
            Fault::new(OVER_BUDGET, message).help(help)
        })
    }
}

impl Reservation {
    /// Books what the call cost in truth.
    pub(super) fn book(mut self, usd: Option<f64>, usage: Usage) {
        let true_cost = Taken {
            usd: usd.unwrap_or_default(),
            tokens: usage.input_tokens + usage.output_tokens,
        };
        let mut taken = self.budget.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.usd += true_cost.usd - self.reserved.usd;
        taken.tokens =
            taken.tokens.saturating_add(true_cost.tokens).saturating_sub(self.reserved.tokens);
        drop(taken);
        self.reserved = Taken::default();
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut taken = self.budget.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.usd -= self.reserved.usd;
        taken.tokens = taken.tokens.saturating_sub(self.reserved.tokens);
    }
}

/// The kind of fault of a call that does not fit the budget.
pub(super) const OVER_BUDGET: &str = "over-budget";

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(tokens: u64) -> Usage {
        Usage { input_tokens: tokens, ..Usage::default() }
    }

    fn limits() -> document::Budget {
        document::Budget { usd: Some(1.0), tokens: Some(100), ..document::Budget::default() }
    }

    #[test]
    fn what_is_reserved_and_spent_never_exceeds_the_budget() {
        let budget = Budget::new(Some(&limits()));
        let first = budget.reserve(Some(0.6), usage(40)).unwrap();
        assert_eq!(budget.reserve(Some(0.5), usage(1)).unwrap_err().kind, OVER_BUDGET);
        first.book(Some(0.1), usage(10));
        let second = budget.reserve(Some(0.5), usage(40)).unwrap();
        drop(second);
        assert!(budget.reserve(None, usage(90)).is_ok(), "a call that failed gave its part back");
        assert!(budget.reserve(None, usage(91)).is_err(), "tokens are bounded as well");
    }

    #[test]
    fn what_is_left_of_the_day_bounds_a_run_as_well() {
        let budget = document::Budget { usd_per_day: Some(0.2), ..limits() };
        let budget = Budget::new(Some(&budget));
        let fault = budget.reserve(Some(0.3), usage(1)).unwrap_err();
        assert!(fault.message.contains("$0.200000 left of the budget of today"), "{fault}");
        assert!(budget.reserve(Some(0.1), usage(1)).is_ok());
    }

    #[test]
    fn a_budget_that_only_warns_lets_calls_through_and_says_so() {
        let budget = document::Budget { on_exceed: OnExceed::Warn, ..limits() };
        let budget = Budget::new(Some(&budget));
        assert_eq!(budget.reserve(Some(0.9), usage(1)).unwrap().warning, None);
        let over = budget.reserve(Some(1.5), usage(1)).unwrap();
        assert!(over.warning.as_ref().is_some_and(|text| text.contains("over budget")));
    }

    #[test]
    fn without_a_limit_everything_fits() {
        assert!(Budget::new(None).reserve(Some(1e9), usage(u64::MAX)).is_ok());
    }
}
