//! What is known of a server that is down: after some faults of its own in a row it is left alone for a time, so that
//! everybody who has not yet begun to ask it need not wait for the same silence. Then one request is let through, and what
//! comes of it decides. Who has begun to ask goes on as often as the step's `retry` allows. Who has nobody else to ask waits,
//! as long as it may be a short outage: a batch loses no rows to a server that starts anew, or to a machine that stood still.

use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::error::{ModelError, ModelErrorKind};
use crate::document::CircuitBreaker;
use crate::value::HumanDuration;

/// How long a row of faults has to last at least. Requests that were under way together when a connection broke are one
/// mishap, however many they are.
const SHORTEST_ROW: Duration = Duration::from_secs(1);

/// As long after the first fault of a row an outage is taken to be a short one.
const SHORT_OUTAGE: Duration = Duration::from_mins(2);

/// What is known of one server. It lives as long as the process.
#[derive(Debug)]
pub(super) struct Breaker {
    /// Faults in a row from which it is left alone.
    most: u32,
    /// For how long.
    pause: Duration,
    /// Faults in a row; nothing else is looked at while there are none.
    faults: AtomicU32,
    state: Mutex<State>,
    /// Told of whatever may let somebody in, or make the pause begin anew.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// When the row of faults began.
    since: Option<Instant>,
    /// Until when nobody else may begin to ask; none where everybody may.
    until: Option<Instant>,
    /// The number of the attempt that was let through and is under way.
    trial: Option<u64>,
    /// Attempts let through so far.
    trials: u64,
    /// The fault before, in words.
    last: String,
}

/// The right to begin to ask. Where it is that of the one who tries whether the server is back, it is given back if nothing is
/// asked.
#[derive(Debug)]
pub struct Entry<'a>(Option<(&'a Breaker, u64)>);

impl Breaker {
    pub(super) fn new(settings: &CircuitBreaker) -> Self {
        Self {
            most: settings.faults,
            pause: settings.pause.0,
            faults: AtomicU32::new(0),
            state: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// The same as [`Breaker::enter`], after a wait where the server may soon be back: for who has nobody else to ask.
    pub(super) async fn enter_when_back(&self) -> Result<Entry<'_>, Shut> {
        loop {
            // What changes from here on wakes it.
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            let now = Instant::now();
            let shut = match self.enter(now) {
                Ok(entry) => return Ok(entry),
                Err(shut) => shut,
            };
            let end = shut.since + SHORT_OUTAGE;
            // While somebody tries, what comes of that wakes all.
            let next = if shut.left.is_zero() { end } else { now + shut.left };
            if now >= end || next > end {
                return Err(shut);
            }
            tokio::select! {
                () = changed => {}
                () = sleep_until(next) => {}
            }
        }
    }

    /// Whether one may begin to ask; else how often the server failed, how at last, and when it is asked again.
    pub(super) fn enter(&self, now: Instant) -> Result<Entry<'_>, Shut> {
        if self.faults.load(Ordering::Relaxed) == 0 {
            return Ok(Entry(None));
        }
        let mut state = self.state();
        let Some(until) = state.until else { return Ok(Entry(None)) };
        let left = until.saturating_duration_since(now);
        if !left.is_zero() || state.trial.is_some() {
            let faults = self.faults.load(Ordering::Relaxed);
            let since = state.since.unwrap_or(now);
            return Err(Shut { faults, last: state.last.clone(), left, since });
        }
        state.trials += 1;
        let number = state.trials;
        state.trial = Some(number);
        Ok(Entry(Some((self, number))))
    }

    /// Notes what came of a request: an answer, or the fault.
    pub(super) fn note(&self, fault: Option<&ModelError>, now: Instant) {
        let Some(error) = fault.filter(|error| is_the_servers(error)) else {
            // Whatever else it says, it is there. An answer that nobody can read says nothing about that.
            let unclear = fault.is_some_and(|error| error.kind == ModelErrorKind::UnreadableAnswer);
            if !unclear && self.faults.load(Ordering::Relaxed) != 0 {
                let mut state = self.state();
                self.faults.store(0, Ordering::Relaxed);
                *state = State { trials: state.trials, ..State::default() };
                self.changed.notify_waiters();
            }
            return;
        };
        if self.most == 0 {
            return;
        }
        let mut state = self.state();
        let faults = self.faults.load(Ordering::Relaxed).saturating_add(1);
        self.faults.store(faults, Ordering::Relaxed);
        let since = *state.since.get_or_insert(now);
        state.last.clone_from(&error.message);
        let long = now.saturating_duration_since(since) >= SHORTEST_ROW;
        let shuts = match state.until {
            Some(until) => until <= now,
            None => faults >= self.most && long,
        };
        if shuts {
            state.until = now.checked_add(self.pause);
            state.trial = None;
            self.changed.notify_waiters();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is whole after every statement, so a panic elsewhere did not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether it is the server that is down, and not the request that is at fault.
fn is_the_servers(error: &ModelError) -> bool {
    match error.kind {
        ModelErrorKind::Connection | ModelErrorKind::ServerError => true,
        // A server that says so itself is there.
        ModelErrorKind::Timeout => error.status.is_none(),
        ModelErrorKind::BadRequest
        | ModelErrorKind::ContextTooLong
        | ModelErrorKind::Unauthorized
        | ModelErrorKind::Forbidden
        | ModelErrorKind::NotFound
        | ModelErrorKind::Redirected
        | ModelErrorKind::QuotaExceeded
        | ModelErrorKind::RateLimited
        | ModelErrorKind::Conflict
        | ModelErrorKind::UnreadableAnswer
        | ModelErrorKind::Refused
        | ModelErrorKind::UnknownModel
        | ModelErrorKind::MissingKey
        | ModelErrorKind::BadModel
        | ModelErrorKind::NotAsked
        | ModelErrorKind::NotRecorded => false,
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        if let Some((breaker, number)) = self.0 {
            let mut state = breaker.state();
            // Where it did ask, another trial may be under way by now.
            if state.trial == Some(number) {
                state.trial = None;
                breaker.changed.notify_waiters();
            }
        }
    }
}

/// Why one may not begin to ask.
#[derive(Debug)]
pub(super) struct Shut {
    faults: u32,
    last: String,
    left: Duration,
    /// When the row of faults began.
    since: Instant,
}

impl Shut {
    /// The error of a model that is called this.
    pub(super) fn error(self, label: &str, name: &str) -> ModelError {
        let Self { faults, last, left, since: _ } = self;
        let again = if left.is_zero() {
            "somebody tries it just now".to_owned()
        } else {
            // Rounded up: at the time told it is asked indeed.
            let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
            format!("it is asked again in {}", HumanDuration(Duration::from_secs(seconds)))
        };
        let message = format!(
            "{label} is not asked: its server failed {faults} times in a row; {again}; last: {last}"
        );
        ModelError::new(ModelErrorKind::NotAsked, message).help(format!(
            "name another model after `{name}`, or set `circuit_breaker` of model `{name}` in engine.yaml"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker() -> Breaker {
        Breaker::new(&CircuitBreaker { faults: 3, pause: HumanDuration(Duration::from_secs(10)) })
    }

    fn down() -> ModelError {
        ModelError::new(ModelErrorKind::Connection, "refused")
    }

    /// A server that failed three times in two seconds.
    fn shut(now: Instant) -> Breaker {
        let breaker = breaker();
        for second in 0..3 {
            breaker.note(Some(&down()), now + Duration::from_secs(second));
        }
        breaker
    }

    #[test]
    fn a_row_of_faults_shuts_it_and_one_is_let_through_when_the_pause_is_over() {
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        let breaker = shut(now);
        let told = breaker.enter(after(3)).unwrap_err().error("model `m`", "m");
        assert!(
            told.message
                .contains("failed 3 times in a row; it is asked again in 9s; last: refused"),
            "{told}"
        );
        let trial = breaker.enter(after(12)).unwrap();
        assert!(breaker.enter(after(12)).is_err(), "one at a time");
        drop(trial);
        let _trial = breaker.enter(after(12)).expect("nobody asked, so another one may");
        breaker.note(Some(&down()), after(13));
        assert!(breaker.enter(after(22)).is_err(), "the pause begins anew");
        let _trial = breaker.enter(after(23)).unwrap();
        breaker.note(None, after(24));
        let _one = breaker.enter(after(24)).unwrap();
        assert!(breaker.enter(after(24)).is_ok(), "it is back");
    }

    #[tokio::test]
    async fn who_has_nobody_else_to_ask_waits_for_the_end_of_a_short_outage() {
        let pause = HumanDuration(Duration::from_millis(20));
        let breaker = || Breaker::new(&CircuitBreaker { faults: 2, pause });
        let ago = |seconds| Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap();
        let (failing, fault) = (breaker(), down());
        failing.note(Some(&down()), ago(2));
        failing.note(Some(&down()), Instant::now());
        // A trial fails, the next one answers, and everybody is let in; until then one at a time tries.
        let answers = std::cell::Cell::new(0);
        let one = async || {
            let entry = failing.enter_when_back().await.expect("a short outage");
            let before = answers.get();
            tokio::task::yield_now().await;
            assert!(before > 1 || answers.get() == before, "one at a time");
            answers.set(before + 1);
            failing.note(if before == 0 { Some(&fault) } else { None }, Instant::now());
            drop(entry);
        };
        tokio::join!(one(), one(), one());
        assert_eq!(answers.get(), 3);

        let away = breaker();
        away.note(Some(&down()), ago(SHORT_OUTAGE.as_secs() + 1));
        away.note(Some(&down()), Instant::now());
        assert!(away.enter_when_back().await.is_err(), "nobody waits for one that stays away");
        let slow = shut(Instant::now());
        slow.state().since = Some(ago(SHORT_OUTAGE.as_secs() - 5));
        assert!(slow.enter_when_back().await.is_err(), "nor for a pause that ends too late");
    }

    #[test]
    fn only_a_long_row_of_its_own_faults_shuts_it() {
        let now = Instant::now();
        let breaker = breaker();
        for _ in 0..100 {
            breaker.note(Some(&down()), now);
        }
        assert!(breaker.enter(now).is_ok(), "what broke in one moment is one mishap");
        let later = now + Duration::from_mins(1);
        for kind in [ModelErrorKind::BadRequest, ModelErrorKind::RateLimited] {
            let breaker = shut(now);
            breaker.note(Some(&ModelError::new(kind, "no")), now);
            breaker.note(Some(&down()), later);
            assert!(breaker.enter(later).is_ok(), "a server that says no is there");
        }
        let off = Breaker::new(&CircuitBreaker { faults: 0, ..CircuitBreaker::default() });
        off.note(Some(&down()), now);
        off.note(Some(&down()), later);
        assert!(off.enter(later).is_ok());
    }

    #[test]
    fn a_trial_that_asked_gives_nothing_back_that_is_not_its_own() {
        let now = Instant::now();
        let breaker = shut(now);
        let first = breaker.enter(now + Duration::from_secs(20)).unwrap();
        breaker.note(Some(&down()), now + Duration::from_secs(20));
        let _second = breaker.enter(now + Duration::from_secs(40)).unwrap();
        drop(first);
        assert!(breaker.enter(now + Duration::from_secs(40)).is_err(), "the second is under way");
    }
}
