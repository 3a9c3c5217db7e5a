//! What the runs of a process have spent and reserved together, and what they may.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::allowance::Period;
use super::context::Clock;
use crate::event::Fault;
use crate::journal::{Hold, JournalError, Together};

/// US dollars that the runs of a process spend, however many are under way.
#[derive(Debug, Default)]
pub struct Pool(Mutex<Shared>);

/// What the runs share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) dollars: Dollars,
    /// The other processes that spend from the budgets of a day and a month.
    others: Option<Others>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Dollars {
    /// What the runs may spend together, where something bounds them besides the day and the month.
    pub(super) limit: Option<f64>,
    /// Of calls that ended.
    pub(super) booked: f64,
    /// That calls under way may cost at most.
    pub(super) reserved: f64,
    /// Of calls that ended and that the journal knows.
    journaled: f64,
}

impl Dollars {
    pub(super) fn taken(self) -> f64 {
        self.booked + self.reserved
    }

    /// What the journal does not tell yet.
    fn untold(self) -> f64 {
        (self.taken() - self.journaled).max(0.0)
    }
}

/// The processes that write the same journal.
struct Others {
    together: Together,
    clock: Clock,
}

impl fmt::Debug for Others {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.together.fmt(f)
    }
}

/// The one look at what all processes spend, while none of the others can reserve anything.
pub(super) struct Look<'p> {
    hold: Option<(Hold<'p>, &'p Clock)>,
    dollars: Dollars,
}

impl Look<'_> {
    /// What is taken of the budget of a day or a month.
    pub(super) fn taken(&self, period: Period) -> Result<f64, Fault> {
        let Some((hold, clock)) = &self.hold else { return Ok(self.dollars.taken()) };
        let spent = hold.spent_usd(period.begin_us(clock())).map_err(|e| fault(&e))?;
        Ok(spent + self.dollars.untold() + hold.others_usd().map_err(|e| fault(&e))?)
    }

    /// Shows the other processes what is reserved now.
    pub(super) fn show(&self, dollars: Dollars) -> Result<(), Fault> {
        let shown = self.hold.as_ref().map(|(hold, _)| hold.show(dollars.untold()));
        shown.transpose().map(drop).map_err(|e| fault(&e))
    }
}

impl Shared {
    /// Looks at what all processes spend; at this one alone where a budget bounds no day and no month.
    pub(super) fn look(&self, at_all: bool) -> Result<Look<'_>, Fault> {
        let others = self.others.as_ref().filter(|_| at_all);
        let hold = others
            .map(|others| Ok((others.together.hold().map_err(|e| fault(&e))?, &others.clock)))
            .transpose()?;
        Ok(Look { hold, dollars: self.dollars })
    }

    /// Shows the other processes what is taken no more. Where that cannot be done, they only spend less than they might.
    pub(super) fn show(&self) {
        drop(self.look(true).and_then(|look| look.show(self.dollars)));
    }
}

impl Pool {
    /// Bounds what the runs spend together.
    pub fn bound(&self, usd: f64) {
        self.lock().dollars.limit = Some(usd);
    }

    /// Whether nothing is left of what bounds the runs.
    pub fn is_spent(&self) -> bool {
        let dollars = self.lock().dollars;
        dollars.limit.is_some_and(|limit| dollars.booked >= limit)
    }

    /// US dollars of all calls that ended.
    pub fn booked_usd(&self) -> f64 {
        self.lock().dollars.booked
    }

    /// Shares the budgets of a day and a month with other processes from now on.
    pub fn share(&self, together: Together, clock: Clock) {
        self.lock().others = Some(Others { together, clock });
    }

    /// Whether these budgets are shared with other processes.
    pub fn is_shared(&self) -> bool {
        self.lock().others.is_some()
    }

    /// Takes note that the journal knows calls that were booked.
    pub(super) fn journaled(&self, usd: f64) {
        let mut shared = self.lock();
        shared.dollars.journaled += usd;
        shared.show();
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fault(error: &JournalError) -> Fault {
    let message = format!("what other processes spend cannot be told: {error}");
    Fault::new("journal", message).help("see that the folder of the journal can be written")
}
