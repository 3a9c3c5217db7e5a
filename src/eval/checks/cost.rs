//! `cost`: US dollars of all calls of models.

use super::{Found, nothing, told};
use crate::eval::given::Given;
use crate::eval::spent::Spent;

pub(super) fn look(most: f64, given: &Given) -> Found {
    // A question that was asked back or refused may have taken calls all the same.
    if given.outcome.is_none() && given.route.is_none() {
        return nothing(given);
    }
    let Spent { cost_usd, unpriced_calls: calls } = given.spent();
    if calls > 0 {
        return Found::Nothing(format!("{calls} calls were of models without a price"));
    }
    told(cost_usd <= most, format!("it cost ${cost_usd:.6}"))
}
