//! What was spent on each day, by the runs that are there and by deleted ones.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::spending::{Since, prices, spending};
use super::{Journal, JournalError, Spent, deleted};

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
        let mut days = days_since(&self.connection, at_us)?.into_values();
        let first = days.next().unwrap_or_default();
        Ok(days.fold(first, |sum, day| Spent {
            cost_usd: sum.cost_usd + day.cost_usd,
            unpriced_calls: sum.unpriced_calls + day.unpriced_calls,
        }))
    }
}

/// What was spent on each day since a midnight.
fn days_since(connection: &Connection, at_us: i64) -> rusqlite::Result<BTreeMap<i64, Spent>> {
    let mut days: BTreeMap<i64, Spent> = BTreeMap::new();
    let since = Since { at_us: Some(at_us), workflow: None };
    for call in spending(connection, since)?.iter().flat_map(|run| &run.calls) {
        let day = days.entry(day_of(call.at_us)).or_default();
        day.cost_usd += call.cost_usd.unwrap_or_default();
        day.unpriced_calls += u64::from(call.is_unpriced());
    }
    for row in deleted::rows(connection, Some(at_us))? {
        let day = days.entry(day_of(row.at_us)).or_default();
        day.cost_usd += row.charges.cost_usd;
        day.unpriced_calls += row.charges.unpriced_calls;
    }
    Ok(days)
}

/// US dollars by day, kept up to date by what is new in a journal, so that looking again costs little.
#[derive(Debug, Default)]
pub(super) struct Tally {
    read: Option<Read>,
}

#[derive(Debug)]
struct Read {
    /// The midnight from which on all is counted.
    since_us: i64,
    /// The last group of events that is in it.
    last: i64,
    /// How many runs were deleted. Where more are, groups may bear numbers that were used before.
    deleted: i64,
    days: BTreeMap<i64, f64>,
}

impl Tally {
    /// US dollars of all priced calls since a midnight, in microseconds since the Unix epoch.
    pub(super) fn spent_usd(
        &mut self,
        connection: &Connection,
        at_us: i64,
    ) -> rusqlite::Result<f64> {
        // What is read belongs to one moment of the journal.
        let moment = connection.unchecked_transaction()?;
        let counts = "select (select coalesce(max(key), 0) from events), (select coalesce(sum(runs), 0) from deleted)";
        let (last, deleted): (i64, i64) =
            moment.prepare_cached(counts)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let known = self.read.take();
        let known = known
            .filter(|read| read.since_us <= at_us && read.last <= last && read.deleted == deleted);
        let read = if let Some(mut read) = known {
            read.add(&moment, last)?;
            read
        } else {
            let days = days_since(&moment, at_us)?.into_iter();
            let days = days.map(|(day, spent)| (day, spent.cost_usd)).collect();
            Read { since_us: at_us, last, deleted, days }
        };
        let spent = crate::value::sum(read.days.range(day_of(at_us)..).map(|(_, usd)| *usd));
        self.read = Some(read);
        Ok(spent)
    }
}

impl Read {
    /// Adds the groups that are new.
    fn add(&mut self, connection: &Connection, last: i64) -> rusqlite::Result<()> {
        let new = "select records from events where key > ?1 and key <= ?2 and instr(records, '\"model_called\"') > 0";
        let mut query = connection.prepare_cached(new)?;
        let mut rows = query.query([self.last, last])?;
        while let Some(row) = rows.next()? {
            let json = row.get_ref(0)?.as_bytes_or_null().ok().flatten().unwrap_or_default();
            for (at_us, usd) in prices(json).filter(|(at_us, _)| *at_us >= self.since_us) {
                *self.days.entry(day_of(at_us)).or_default() += usd;
            }
        }
        self.last = last;
        Ok(())
    }
}
