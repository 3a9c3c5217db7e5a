//! Attempts: how often and how patiently something is tried.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use crate::document::Retry;

/// A server's `Retry-After` is honoured up to here; beyond it the attempt counts as failed for good.
const LONGEST_WAIT: Duration = Duration::from_mins(2);

/// The waits between the attempts of one step.
pub(super) struct Waits {
    delays: backon::ExponentialBackoff,
    /// The attempt under way, from 1.
    pub(super) attempt: u32,
    max_attempts: u32,
}

impl Waits {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a factor needs no more digits than f32 has"
    )]
    pub(super) fn new(retry: &Retry) -> Self {
        // `max_times` counts retries, not attempts.
        let delays = ExponentialBuilder::default()
            .with_min_delay(retry.delay.0)
            .with_max_delay(LONGEST_WAIT)
            .with_factor(retry.backoff.0 as f32)
            .with_max_times(retry.max_attempts.saturating_sub(1) as usize)
            .with_jitter()
            .build();
        Self { delays, attempt: 1, max_attempts: retry.max_attempts }
    }

    /// The wait before the next attempt; `None` where there is none left, or where the server wants too long a wait.
    pub(super) fn next(&mut self, retry_after: Option<Duration>) -> Option<Duration> {
        if self.attempt >= self.max_attempts {
            return None;
        }
        let wait = self.delays.next()?;
        self.attempt += 1;
        match retry_after {
            Some(asked) if asked > LONGEST_WAIT => None,
            Some(asked) => Some(asked.max(wait.min(asked))),
            None => Some(wait),
        }
    }
}
