//! What was spent on each day, whatever becomes of the runs that spent it. It is written with the calls, in one transaction.

use rusqlite::params;

use super::sqlite::Spent;
use super::{Journal, JournalError};
use crate::event::ModelCall;

/// Microseconds of a day; days are those of UTC.
const DAY_US: i64 = 86_400_000_000;

/// The number of the day of a moment in microseconds since the Unix epoch.
pub(super) fn day_of(at_us: i64) -> i64 {
    at_us.div_euclid(DAY_US)
}

/// When a day begins, in microseconds since the Unix epoch.
pub(super) fn begin_of(day: i64) -> i64 {
    day * DAY_US
}

impl Journal {
    /// What all runs have spent since a midnight, UTC, given in microseconds since the Unix epoch.
    pub fn spent_since(&self, at_us: i64) -> Result<Spent, JournalError> {
        Ok(spent_since(&self.connection, at_us)?)
    }

    /// Adds a call to its day.
    pub(super) fn count_call(&self, call: &ModelCall, at_us: i64) -> rusqlite::Result<()> {
        let add = "insert into days (day, cost_usd, unpriced_calls) values (?1, ?2, ?3)
                   on conflict (day) do update set cost_usd = cost_usd + excluded.cost_usd,
                       unpriced_calls = unpriced_calls + excluded.unpriced_calls";
        let usd = call.cost_usd.unwrap_or_default();
        let unpriced = i64::from(call.cost_usd.is_none());
        self.connection.prepare_cached(add)?.execute(params![day_of(at_us), usd, unpriced])?;
        Ok(())
    }
}

/// What all runs of a journal have spent since a midnight.
pub(super) fn spent_since(
    connection: &rusqlite::Connection,
    at_us: i64,
) -> rusqlite::Result<Spent> {
    let query = "select coalesce(sum(cost_usd), 0.0), coalesce(sum(unpriced_calls), 0) from days where day >= ?1";
    connection.prepare_cached(query)?.query_row([day_of(at_us)], |row| {
        let unpriced: i64 = row.get(1)?;
        let unpriced_calls = u64::try_from(unpriced).unwrap_or_default();
        Ok(Spent { cost_usd: row.get(0)?, unpriced_calls })
    })
}
