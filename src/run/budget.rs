//! The budget of a run: before a call its greatest possible cost is reserved, after it the true cost is booked.

use std::sync::{Arc, Mutex, PoisonError};

use crate::document;
use crate::event::{Fault, Usage};

/// What a run may spend, and what it has spent; shared by its steps.
#[derive(Debug, Default)]
pub(super) struct Budget {
    usd: Option<f64>,
    tokens: Option<u64>,
    taken: Mutex<Taken>,
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
}

impl Budget {
    pub(super) fn new(limit: Option<&document::Budget>) -> Arc<Self> {
        Self::after(limit, 0.0, 0)
    }

    /// The budget of a run that has spent some of it.
    pub(super) fn after(limit: Option<&document::Budget>, usd: f64, tokens: u64) -> Arc<Self> {
        let taken = Mutex::new(Taken { usd, tokens });
        let (usd, tokens) = limit.map_or((None, None), |limit| (limit.usd, limit.tokens));
        Arc::new(Self { usd, tokens, taken })
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
        if let Some(limit) = self.usd.filter(|limit| taken.usd + wanted.usd > *limit) {
            let message = format!(
                "the next call may cost ${:.6}, and ${:.6} of the budget of ${limit} is taken",
                wanted.usd, taken.usd
            );
            let help =
                "raise `limits.budget.usd` or --max-cost-usd, or set the step's `max_tokens`";
            return Err(Fault::new(OVER_BUDGET, message).help(help));
        }
        if let Some(limit) =
            self.tokens.filter(|limit| taken.tokens.saturating_add(wanted.tokens) > *limit)
        {
            let message = format!(
                "the next call may take {} tokens, and {} of the budget of {limit} are taken",
                wanted.tokens, taken.tokens
            );
            let help = "raise `limits.budget.tokens`, or set the step's `max_tokens`";
            return Err(Fault::new(OVER_BUDGET, message).help(help));
        }
        taken.usd += wanted.usd;
        taken.tokens = taken.tokens.saturating_add(wanted.tokens);
        Ok(Reservation { budget: Arc::clone(self), reserved: wanted })
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

    #[test]
    fn what_is_reserved_and_spent_never_exceeds_the_budget() {
        let budget = Budget::new(Some(&document::Budget { usd: Some(1.0), tokens: Some(100) }));
        let first = budget.reserve(Some(0.6), usage(40)).unwrap();
        assert_eq!(budget.reserve(Some(0.5), usage(1)).unwrap_err().kind, OVER_BUDGET);
        first.book(Some(0.1), usage(10));
        let second = budget.reserve(Some(0.5), usage(40)).unwrap();
        drop(second);
        assert!(budget.reserve(None, usage(90)).is_ok(), "a call that failed gave its part back");
        assert!(budget.reserve(None, usage(91)).is_err(), "tokens are bounded as well");
    }

    #[test]
    fn without_a_limit_everything_fits() {
        assert!(Budget::new(None).reserve(Some(1e9), usage(u64::MAX)).is_ok());
    }
}
