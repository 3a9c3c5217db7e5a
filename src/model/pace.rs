//! How long a model's answers take, as far as this process knows: from when on one is late.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::document::Hedge;

/// Answers that have to be known at least: of fewer, nobody can tell which is the slowest in twenty.
const LEAST: usize = 20;

/// Answers that are looked back on. A model that has become slower is not late for long.
const MOST: usize = 200;

/// The times of a model's last answers.
#[derive(Debug)]
pub(super) struct Pace {
    hedge: Hedge,
    times: Mutex<VecDeque<Duration>>,
}

impl Pace {
    pub(super) fn new(hedge: Hedge) -> Self {
        Self { hedge, times: Mutex::default() }
    }

    /// Notes the time of an answer.
    pub(super) fn took(&self, time: Duration) {
        let mut times = self.times();
        if times.len() >= MOST {
            times.pop_front();
        }
        times.push_back(time);
    }

    /// The time that as many in a hundred answers did not exceed as are to be in time.
    pub(super) fn late_after(&self) -> Option<Duration> {
        let mut times: Vec<Duration> = {
            let times = self.times();
            if times.len() < LEAST {
                return None;
            }
            times.iter().copied().collect()
        };
        let in_time = (times.len() * self.hedge.percent()).div_ceil(100);
        let (_, last, _) = times.select_nth_unstable(in_time.saturating_sub(1));
        Some(*last)
    }

    fn times(&self) -> MutexGuard<'_, VecDeque<Duration>> {
        // The list is whole after every statement, so a panic elsewhere did not spoil it.
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_late_by_the_last_ones_and_never_by_a_few() {
        let pace = Pace::new(Hedge::P95);
        let millis = Duration::from_millis;
        for time in 1..20 {
            pace.took(millis(time));
        }
        assert_eq!(pace.late_after(), None);
        pace.took(millis(900));
        assert_eq!(pace.late_after(), Some(millis(19)), "the slowest in twenty is late");
        for _ in 0..MOST {
            pace.took(millis(50));
        }
        assert_eq!(pace.late_after(), Some(millis(50)), "what was long ago does not count");
    }
}
