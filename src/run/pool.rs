//! What the runs of a process have spent and reserved together, of the budgets of a day and of a month.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// US dollars that the runs of a process spend, however many are under way.
#[derive(Debug, Default)]
pub struct Pool(Mutex<Dollars>);

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Dollars {
    /// Of calls that ended.
    pub(super) booked: f64,
    /// That calls under way may cost at most.
    pub(super) reserved: f64,
}

impl Dollars {
    pub(super) fn taken(self) -> f64 {
        self.booked + self.reserved
    }
}

impl Pool {
    /// US dollars of all calls that ended.
    pub fn booked_usd(&self) -> f64 {
        self.lock().booked
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Dollars> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
