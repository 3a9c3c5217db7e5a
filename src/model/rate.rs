//! How much a model may be asked: requests and tokens in a minute, requests at the same time.
//!
//! The buckets are our own and not `governor`'s, because a reservation of tokens must be corrected
//! when the answer tells their true number, and given back when the wait for it is cancelled.

use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::document::Rate;

/// The limits of one model.
#[derive(Debug)]
pub(super) struct Limiter {
    in_flight: Option<Semaphore>,
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
}

/// The right to send one request. It counts as in flight until this is dropped.
#[derive(Debug, Default)]
pub struct Admission<'a> {
    _permit: Option<SemaphorePermit<'a>>,
    tokens: Option<(&'a Bucket, f64)>,
}

impl Limiter {
    /// The limits, where there are any.
    pub(super) fn new(rate: &Rate) -> Option<Self> {
        let bucket = |per_minute: NonZeroU32| Bucket::new(per_minute, Instant::now());
        let limiter = Self {
            in_flight: rate.max_in_flight.map(|most| Semaphore::new(most.get() as usize)),
            requests: rate.requests_per_minute.map(bucket),
            tokens: rate.tokens_per_minute.map(bucket),
        };
        let any =
            limiter.in_flight.is_some() || limiter.requests.is_some() || limiter.tokens.is_some();
        any.then_some(limiter)
    }

    /// Whether tokens are limited, so that they have to be estimated.
    pub(super) fn counts_tokens(&self) -> bool {
        self.tokens.is_some()
    }

    /// Waits until a request of about so many tokens may be sent, first come first served. When
    /// the wait is dropped, what was reserved is given back.
    pub(super) async fn admit(&self, tokens: u64) -> Admission<'_> {
        // The semaphore is never closed, so its error cannot come.
        let permit = match &self.in_flight {
            Some(semaphore) => semaphore.acquire().await.ok(),
            None => None,
        };
        let now = Instant::now();
        let request = self.requests.as_ref().map(|bucket| Claim::new(bucket, 1.0, now));
        let tokens = self.tokens.as_ref().map(|bucket| Claim::new(bucket, as_amount(tokens), now));
        let waits = [&request, &tokens];
        let wait = waits.into_iter().flatten().map(|claim| claim.wait).max().unwrap_or_default();
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        if let Some(claim) = request {
            claim.keep();
        }
        Admission { _permit: permit, tokens: tokens.map(Claim::keep) }
    }
}

impl Admission<'_> {
    /// Corrects the estimate by what the provider counted.
    pub(super) fn settle(self, tokens: u64) {
        if let Some((bucket, reserved)) = self.tokens {
            bucket.give_back(reserved - as_amount(tokens));
        }
    }
}

/// A reservation that is given back unless it is kept.
struct Claim<'a> {
    bucket: &'a Bucket,
    amount: f64,
    wait: Duration,
    kept: bool,
}

impl<'a> Claim<'a> {
    fn new(bucket: &'a Bucket, amount: f64, now: Instant) -> Self {
        // More than a minute's worth would never be there.
        let amount = amount.min(bucket.per_minute);
        Self { bucket, amount, wait: bucket.reserve(amount, now), kept: false }
    }

    fn keep(mut self) -> (&'a Bucket, f64) {
        self.kept = true;
        (self.bucket, self.amount)
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if !self.kept {
            self.bucket.give_back(self.amount);
        }
    }
}

/// A bucket that holds a minute's worth and fills steadily. It may be overdrawn: who overdraws it
/// waits until it is even, which keeps the order of those who wait.
#[derive(Debug)]
struct Bucket {
    per_minute: f64,
    level: Mutex<Level>,
}

#[derive(Debug)]
struct Level {
    amount: f64,
    at: Instant,
}

impl Bucket {
    fn new(per_minute: NonZeroU32, now: Instant) -> Self {
        let per_minute = f64::from(per_minute.get());
        Self { per_minute, level: Mutex::new(Level { amount: per_minute, at: now }) }
    }

    /// Takes an amount; the wait until it is there.
    fn reserve(&self, amount: f64, now: Instant) -> Duration {
        let mut level = self.level();
        let filled = now.saturating_duration_since(level.at).as_secs_f64() * self.per_minute / 60.0;
        level.amount = (level.amount + filled).min(self.per_minute) - amount;
        level.at = level.at.max(now);
        Duration::try_from_secs_f64(-level.amount * 60.0 / self.per_minute).unwrap_or_default()
    }

    /// Puts an amount back, or takes more where it is negative.
    fn give_back(&self, amount: f64) {
        let mut level = self.level();
        level.amount = (level.amount + amount).min(self.per_minute);
    }

    fn level(&self) -> MutexGuard<'_, Level> {
        // The level is whole after every statement, so a panic elsewhere did not spoil it.
        self.level.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::cast_precision_loss, reason = "no request has 2^52 tokens")]
fn as_amount(tokens: u64) -> f64 {
    tokens as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(per_minute: u32, now: Instant) -> Bucket {
        Bucket::new(NonZeroU32::new(per_minute).unwrap(), now)
    }

    #[test]
    fn a_minutes_worth_is_there_at_once_and_the_rest_comes_steadily() {
        let now = Instant::now();
        let bucket = bucket(60, now);
        for _ in 0..60 {
            assert_eq!(bucket.reserve(1.0, now), Duration::ZERO);
        }
        assert_eq!(bucket.reserve(1.0, now).as_millis(), 1000);
        assert_eq!(bucket.reserve(1.0, now).as_millis(), 2000, "who comes later waits longer");
        assert_eq!(bucket.reserve(1.0, now + Duration::from_secs(3)).as_millis(), 0);
        let later = now + Duration::from_hours(1);
        assert_eq!(bucket.reserve(60.0, later).as_millis(), 0, "no more than a minute's worth");
        assert_eq!(bucket.reserve(1.0, later).as_millis(), 1000);
    }

    #[test]
    fn a_correction_shortens_or_lengthens_the_next_wait() {
        let now = Instant::now();
        let bucket = bucket(6000, now);
        assert_eq!(bucket.reserve(6000.0, now).as_millis(), 0);
        bucket.give_back(5000.0);
        assert_eq!(bucket.reserve(5000.0, now).as_millis(), 0);
        bucket.give_back(-100.0);
        assert_eq!(bucket.reserve(100.0, now).as_millis(), 2000);
    }

    #[tokio::test]
    async fn a_cancelled_wait_gives_back_what_it_reserved() {
        let one = NonZeroU32::new(1);
        let rate = Rate {
            requests_per_minute: one,
            tokens_per_minute: NonZeroU32::new(1000),
            max_in_flight: None,
        };
        let limiter = Limiter::new(&rate).unwrap();
        drop(limiter.admit(1000).await);
        let waiting = tokio::time::timeout(Duration::from_millis(20), limiter.admit(10));
        assert!(waiting.await.is_err(), "one request a minute");
        let requests = limiter.requests.as_ref().unwrap().level().amount;
        assert!((0.0..0.01).contains(&requests), "{requests}");
        let tokens = limiter.tokens.as_ref().unwrap().level().amount;
        assert!((0.0..5.0).contains(&tokens), "{tokens}");
    }

    #[tokio::test]
    async fn a_request_larger_than_the_limit_is_still_admitted() {
        let rate = Rate { tokens_per_minute: NonZeroU32::new(100), ..Rate::default() };
        let limiter = Limiter::new(&rate).unwrap();
        let admission = limiter.admit(1_000_000).await;
        admission.settle(40);
        let left = limiter.tokens.as_ref().unwrap().level().amount;
        assert!((59.9..61.0).contains(&left), "{left}");
    }

    #[test]
    fn no_limits_cost_nothing() {
        assert!(Limiter::new(&Rate::default()).is_none());
    }
}
