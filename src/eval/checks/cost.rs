//! `cost`: US dollars of all calls of models.

use super::{Found, nothing, told};
use crate::eval::given::Given;

pub(super) fn look(most: f64, given: &Given) -> Found {
    let Some(outcome) = &given.outcome else { return nothing(given) };
    if outcome.unpriced_calls > 0 {
        let calls = outcome.unpriced_calls;
        return Found::Nothing(format!("{calls} calls were of models without a price"));
    }
    told(outcome.cost_usd <= most, format!("it cost ${:.6}", outcome.cost_usd))
}
