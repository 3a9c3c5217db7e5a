//! The budget of a run: before a call its greatest possible cost is reserved, after it the true cost is booked.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::document::{self, OnExceed};
use crate::event::{Fault, Usage};

use super::allowance::Period;
use super::pool::{Dollars, Look, Pool};

/// What a run may spend, and what it has spent; shared by its steps.
#[derive(Debug, Default)]
pub(super) struct Budget {
    usd: Vec<Limit>,
    tokens: Option<u64>,
    on_exceed: OnExceed,
    taken: Mutex<Taken>,
    /// What the runs of a day and of a month spend together.
    pool: Arc<Pool>,
    /// What the calls might have cost in US dollars that did not fit.
    refused_usd: Mutex<f64>,
    /// Whether it was told that a model's price is not known.
    unpriced_told: AtomicBool,
}

/// A bound in US dollars.
#[derive(Clone, Copy, Debug)]
struct Limit {
    usd: f64,
    /// None where it is the run's own; else the bound on what the pool may hold.
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
    /// The budget of a run; what `limit` gives a day and a month bounds the pool.
    pub(super) fn new(limit: Option<&document::Budget>, pool: &Arc<Pool>) -> Arc<Self> {
        Self::after(limit, pool, 0.0, 0)
    }

    /// The budget of a run that has spent some of it.
    pub(super) fn after(
        limit: Option<&document::Budget>,
        pool: &Arc<Pool>,
        usd: f64,
        tokens: u64,
    ) -> Arc<Self> {
        let taken = Mutex::new(Taken { usd, tokens });
        let pool = Arc::clone(pool);
        let Some(limit) = limit else { return Arc::new(Self { taken, pool, ..Self::default() }) };
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
            pool,
            refused_usd: Mutex::default(),
            unpriced_told: AtomicBool::new(false),
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
        let mut taken = self.taken();
        let mut pool = self.pool.lock();
        let mut dollars = pool.dollars;
        let look = pool.look(self.usd.iter().any(|limit| limit.period.is_some()))?;
        let warning = match (self.exceeded(*taken, dollars, &look, wanted)?, self.on_exceed) {
            (Some(fault), OnExceed::Stop) => {
                *self.refused() += wanted.usd;
                return Err(fault);
            }
            (Some(fault), OnExceed::Warn) => Some(format!("over budget: {}", fault.message)),
            (None, _) if usd.is_none() => self.unbounded(dollars.limit),
            (None, _) => None,
        };
        dollars.reserved += wanted.usd;
        look.show(dollars)?;
        drop(look);
        pool.dollars = dollars;
        taken.usd += wanted.usd;
        taken.tokens = taken.tokens.saturating_add(wanted.tokens);
        Ok(Reservation { budget: Arc::clone(self), reserved: wanted, warning })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refused(&self) -> MutexGuard<'_, f64> {
        self.refused_usd.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the calls that did not fit may cost at most, and a budget in which they fit with as much again for what comes
    /// after them; none where all fit, or have no price.
    pub(super) fn beyond(&self) -> Option<(f64, f64)> {
        let refused = *self.refused();
        let enough = 2.0 * (self.taken().usd + refused);
        (refused > 0.0).then(|| (refused, rounded_up(enough)))
    }

    /// Says once that a budget in US dollars bounds nothing that a model without a price costs.
    fn unbounded(&self, of_all: Option<f64>) -> Option<String> {
        let told = self.usd.is_empty() && of_all.is_none()
            || self.unpriced_told.swap(true, Ordering::Relaxed);
        (!told).then(|| {
            "its model has no price, so no budget in US dollars bounds it: write a `price` in engine.yaml, or bound the tokens"
                .to_owned()
        })
    }

    /// The first bound that a call does not fit.
    fn exceeded(
        &self,
        taken: Taken,
        pool: Dollars,
        look: &Look<'_>,
        wanted: Taken,
    ) -> Result<Option<Fault>, Fault> {
        for limit in &self.usd {
            let taken_usd = match limit.period {
                Some(period) => look.taken(period)?,
                None => taken.usd,
            };
            if taken_usd + wanted.usd <= limit.usd {
                continue;
            }
            let next = format!("the next call may cost ${:.6}", wanted.usd);
            let (message, help) = match limit.period {
                None => (
                    format!("{next}, and ${taken_usd:.6} of the budget of ${} is taken", limit.usd),
                    "raise `limits.budget.usd` or --max-cost-usd, or set the step's `max_tokens`"
                        .to_owned(),
                ),
                Some(period) => (
                    format!(
                        "{next}, more than the ${:.6} left of the budget of {}",
                        (limit.usd - taken_usd).max(0.0),
                        period.name()
                    ),
                    format!("raise `{}`, or set the step's `max_tokens`", period.key()),
                ),
            };
            return Ok(Some(Fault::new(OVER_BUDGET, message).help(help)));
        }
        if let Some(limit) = pool.limit.filter(|limit| pool.taken() + wanted.usd > *limit) {
            let message = format!(
                "the next call may cost ${:.6}, and ${:.6} of the ${limit} that the runs may spend together is taken",
                wanted.usd,
                pool.taken()
            );
            let help = "raise --max-batch-cost-usd";
            return Ok(Some(Fault::new(OVER_BUDGET, message).help(help)));
        }
        let Some(limit) = self.tokens else { return Ok(None) };
        Ok((taken.tokens.saturating_add(wanted.tokens) > limit).then(|| {
            let message = format!(
                "the next call may take {} tokens, and {} of the budget of {limit} are taken",
                wanted.tokens, taken.tokens
            );
            let help = "raise `limits.budget.tokens`, or set the step's `max_tokens`";
            Fault::new(OVER_BUDGET, message).help(help)
        }))
    }
}

impl Reservation {
    /// Books what the call cost in truth.
    pub(super) fn book(mut self, usd: Option<f64>, usage: Usage) {
        let true_cost = Taken {
            usd: usd.unwrap_or_default(),
            tokens: usage.input_tokens + usage.output_tokens,
        };
        let mut taken = self.budget.taken();
        let mut pool = self.budget.pool.lock();
        pool.dollars.booked += true_cost.usd;
        pool.dollars.reserved -= self.reserved.usd;
        pool.show();
        drop(pool);
        taken.usd += true_cost.usd - self.reserved.usd;
        taken.tokens =
            taken.tokens.saturating_add(true_cost.tokens).saturating_sub(self.reserved.tokens);
        drop(taken);
        self.reserved = Taken::default();
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut taken = self.budget.taken();
        if self.reserved.usd > 0.0 {
            let mut pool = self.budget.pool.lock();
            pool.dollars.reserved -= self.reserved.usd;
            pool.show();
        }
        taken.usd -= self.reserved.usd;
        taken.tokens = taken.tokens.saturating_sub(self.reserved.tokens);
    }
}

/// An amount that people type: two digits, rounded up.
fn rounded_up(usd: f64) -> f64 {
    // Whole multiples are divided, so that no digits come in that nobody means.
    let digits = 1.0 - usd.log10().floor();
    let scale = 10_f64.powf(digits);
    (usd * scale - 1e-9).ceil() / scale
}

/// The kind of fault of a call that does not fit the budget.
pub const OVER_BUDGET: &str = "over-budget";

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
        let budget = Budget::new(Some(&limits()), &Arc::default());
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
        let pool = Arc::default();
        let [one, other] = [(); 2].map(|()| Budget::new(Some(&budget), &pool));
        let fault = one.reserve(Some(0.3), usage(1)).unwrap_err();
        assert!(fault.message.contains("$0.200000 left of the budget of today"), "{fault}");
        let under_way = one.reserve(Some(0.15), usage(1)).unwrap();
        let fault = other.reserve(Some(0.1), usage(1)).unwrap_err();
        assert!(fault.message.contains("$0.050000 left of the budget of today"), "{fault}");
        under_way.book(Some(0.05), usage(1));
        assert!(other.reserve(Some(0.1), usage(1)).is_ok(), "what was not needed is there again");
        assert!(other.reserve(Some(0.2), usage(1)).is_err(), "what was spent is not");
    }

    #[test]
    fn what_would_be_enough_is_told() {
        let budget = Budget::new(Some(&limits()), &Arc::default());
        assert_eq!(budget.beyond(), None);
        budget.reserve(Some(0.5), usage(1)).unwrap().book(Some(0.1), usage(1));
        budget.reserve(Some(1.23), usage(1)).unwrap_err();
        assert_eq!(budget.beyond(), Some((1.23, 2.7)));
        for (usd, told) in [(0.002_72, "0.0028"), (0.0112, "0.012"), (0.02, "0.02"), (13.1, "14")] {
            assert_eq!(rounded_up(usd).to_string(), told);
        }
    }

    #[test]
    fn a_budget_that_cannot_bound_a_model_says_so_once() {
        let budget = Budget::new(Some(&limits()), &Arc::default());
        let first = budget.reserve(None, usage(1)).unwrap();
        assert!(first.warning.as_ref().is_some_and(|text| text.contains("has no price")));
        assert_eq!(budget.reserve(None, usage(1)).unwrap().warning, None);
    }

    #[test]
    fn a_budget_that_only_warns_lets_calls_through_and_says_so() {
        let budget = document::Budget { on_exceed: OnExceed::Warn, ..limits() };
        let budget = Budget::new(Some(&budget), &Arc::default());
        assert_eq!(budget.reserve(Some(0.9), usage(1)).unwrap().warning, None);
        let over = budget.reserve(Some(1.5), usage(1)).unwrap();
        assert!(over.warning.as_ref().is_some_and(|text| text.contains("over budget")));
    }

    #[test]
    fn without_a_limit_everything_fits() {
        assert!(Budget::new(None, &Arc::default()).reserve(Some(1e9), usage(u64::MAX)).is_ok());
    }
}
