//! What the runs of a day and of a month may spend together, and what is left of it.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

use crate::document::Budget;
use crate::journal::{Journal, JournalError};

/// A time for which there is a budget. Days and months begin at midnight, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// Since midnight.
    Day,
    /// Since the first of the month.
    Month,
}

/// The budget of a time, and what was spent of it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Allowance {
    /// The time.
    pub period: Period,
    /// When it began (RFC 3339, UTC).
    pub since: String,
    /// US dollars that may be spent in it.
    pub limit_usd: f64,
    /// US dollars of all priced calls since then.
    pub spent_usd: f64,
    /// Answered calls since then whose model has no price; they are not in `spent_usd`.
    pub unpriced_calls: u64,
}

impl Allowance {
    /// US dollars that are left.
    pub fn left_usd(&self) -> f64 {
        (self.limit_usd - self.spent_usd).max(0.0)
    }
}

impl Period {
    /// When the time that a moment lies in began; both in microseconds since the Unix epoch.
    pub fn begin_us(self, now_us: i64) -> i64 {
        let Ok(now) = Timestamp::from_microsecond(now_us) else { return now_us };
        let today = now.to_zoned(TimeZone::UTC).date();
        let first = match self {
            Self::Day => today,
            Self::Month => today.first_of_month(),
        };
        first.to_zoned(TimeZone::UTC).map_or(now_us, |begin| begin.timestamp().as_microsecond())
    }

    /// As texts name it: `today`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "today",
            Self::Month => "this month",
        }
    }

    /// The key of engine.yaml that bounds it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Day => "limits.budget.usd_per_day",
            Self::Month => "limits.budget.usd_per_month",
        }
    }
}

/// The budgets of the day and of the month, as far as there are any, with what the journal knows was spent.
pub fn allowances(
    budget: &Budget,
    journal: &Journal,
    now_us: i64,
) -> Result<Vec<Allowance>, JournalError> {
    let limits = [(Period::Day, budget.usd_per_day), (Period::Month, budget.usd_per_month)];
    let limits = limits.into_iter().filter_map(|(period, limit)| Some((period, limit?)));
    limits
        .map(|(period, limit_usd)| {
            let begin = period.begin_us(now_us);
            let spent = journal.spent_since(begin)?;
            Ok(Allowance {
                period,
                since: Timestamp::from_microsecond(begin).unwrap_or_default().to_string(),
                limit_usd,
                spent_usd: spent.cost_usd,
                unpriced_calls: spent.unpriced_calls,
            })
        })
        .collect()
}

/// The budget of a run: of the day's and the month's, what is left. What the runs of this process had spent when that
/// was read is in it already, and does not count against it.
pub fn left(budget: &Budget, allowances: &[Allowance], booked_usd: f64) -> Budget {
    let of = |period| {
        allowances.iter().find(|one| one.period == period).map(|one| one.left_usd() + booked_usd)
    };
    Budget { usd_per_day: of(Period::Day), usd_per_month: of(Period::Month), ..budget.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_months_begin_at_midnight() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
        let now = at("2026-02-28T23:59:59.5Z");
        assert_eq!(Period::Day.begin_us(now), at("2026-02-28T00:00:00Z"));
        assert_eq!(Period::Month.begin_us(now), at("2026-02-01T00:00:00Z"));
        assert_eq!(Period::Month.begin_us(at("2026-03-01T00:00:00Z")), at("2026-03-01T00:00:00Z"));
    }
}
