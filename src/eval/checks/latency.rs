//! `latency`: the time from the question to the answer.

use std::time::Duration;

use super::{Found, told};
use crate::value::HumanDuration;

pub(super) fn look(most: HumanDuration, took: Duration) -> Found {
    told(took <= most.0, format!("it took {} ms", took.as_millis()))
}
