//! What calls of models came to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::run::Outcome;
use crate::value::sum;

/// What calls of models came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Spent {
    /// US dollars of all priced calls.
    pub cost_usd: f64,
    /// Calls without a price.
    pub unpriced_calls: u64,
}

impl Spent {
    /// All calls of a run.
    pub fn of(outcome: &Outcome) -> Self {
        Self { cost_usd: outcome.cost_usd, unpriced_calls: outcome.unpriced_calls }
    }

    /// Several, added up.
    pub fn all(all: impl Iterator<Item = Self> + Clone) -> Self {
        Self {
            cost_usd: sum(all.clone().map(|one| one.cost_usd)),
            unpriced_calls: all.map(|one| one.unpriced_calls).sum(),
        }
    }
}
