//! Periods in a question: `Q3`, `last quarter`, `since June`, `last six months`, `FY25`.
//!
//! Words are read against the last complete month in the data, not against today. *Last quarter* is
//! the last complete one in the data, *this quarter* the one that holds its last month; a quarter or month
//! without a year is the latest that is complete.

mod points;
mod relative;
mod spelling;
#[cfg(test)]
mod tests;

use std::ops::Range;

use super::months::{Month, Period};
use super::words::{Kind, Token};
pub(super) use points::is_season;
use points::{Point, point};
pub(super) use relative::FINER;
pub(super) use spelling::mended;

/// A period with the tokens it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The months; none where they lie beyond the data.
    pub(super) period: Option<Period>,
    pub(super) span: Range<usize>,
}

/// The periods of a question, in order. `last` is the last complete month in the data.
pub(super) fn periods(tokens: &[Token], last: Month) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let before = at.checked_sub(1).and_then(|before| tokens.get(before));
        let rest = tokens.get(at..).unwrap_or_default();
        if let Some((then, now, length)) = relative::ago(rest, last) {
            // `better than a year ago` is about two times.
            if before.is_some_and(|before| before.is(&["than"])) {
                found.push(Found { period: Some(now), span: at - 1..at });
            }
            found.push(Found { period: Some(then), span: at..at + length });
            at += length;
            continue;
        }
        match reading(before, rest, last) {
            Some((period, length)) if length > 0 => {
                found.push(Found { period, span: at..at + length });
                at += length;
            }
            _ => at += 1,
        }
    }
    found
}

/// A period that the tokens start with, and how many it takes.
type Reading = (Option<Period>, usize);

fn reading(before: Option<&Token>, tokens: &[Token], last: Month) -> Option<Reading> {
    between(before, tokens, last)
        .or_else(|| bounded(tokens, last))
        .or_else(|| relative::reading(tokens, last))
        .or_else(|| {
            let (point, length) = point(before, tokens)?;
            Some((point.period(last).within(last), length))
        })
        .or_else(|| is_far_year(before, tokens).then_some((None, 1)))
}

/// Whether the tokens start with a year that no data has: `in 2205?`
fn is_far_year(before: Option<&Token>, tokens: &[Token]) -> bool {
    let year = tokens.first().is_some_and(|token| token.text.len() == 4 && token.whole().is_some());
    let ends = tokens.get(1).is_none_or(|next| next.kind == Kind::Mark && !next.is(&["%", "$"]));
    year && ends && before.is_some_and(|before| before.is(&["in", "during", "since", "until"]))
}

/// `from March to June 2025`, `between Q1 and Q3`, `Jan-Mar`.
fn between(before: Option<&Token>, tokens: &[Token], last: Month) -> Option<Reading> {
    let opened = tokens.first()?.is(&["from", "between"]);
    let start = usize::from(opened);
    let lead = if opened { tokens.first() } else { before };
    let (first, length) = point(lead, tokens.get(start..)?)?;
    let link = start + length;
    let joined = tokens.get(link)?;
    let linked = joined.is(&["to", "-", "until", "till", "through", "thru"])
        || (joined.is(&["and"]) && tokens.first()?.is(&["between"]));
    if !linked {
        return None;
    }
    let (second, length) = point(Some(joined), tokens.get(link + 1..)?)?;
    let to = second.period(last);
    let from = first.in_year_of(second, to);
    let period = Period { from: from.from, to: to.to };
    // No time lies between a month and an earlier one.
    let period = if from.from? <= to.to { period.within(last) } else { None };
    Some((period, link + 1 + length))
}

/// `since June`, `from Q2 on`, `until March 2025`.
fn bounded(tokens: &[Token], last: Month) -> Option<Reading> {
    let lead = tokens.first()?;
    let (point, length) = point(Some(lead), tokens.get(1..)?)?;
    let period = point.period(last);
    let on = tokens.get(1 + length).is_some_and(|token| token.is(&["on", "onward", "onwards"]));
    if lead.is(&["since", "starting"]) {
        return Some((Period { to: last, ..period }.within(last), 1 + length));
    }
    if lead.is(&["from"]) && on {
        return Some((Period { to: last, ..period }.within(last), 2 + length));
    }
    lead.is(&["until", "till", "through"])
        .then(|| (Period { from: None, ..period }.within(last), 1 + length))
}

impl Point {
    /// The period it means by itself.
    fn period(self, last: Month) -> Period {
        let period = Period { from: Some(self.from), to: self.to };
        if self.dated { period } else { period.latest(last) }
    }

    /// As the start of a span that ends with `end`, whose year it takes where it has none.
    fn in_year_of(self, end: Self, to: Period) -> Period {
        let period = Period { from: Some(self.from), to: self.to };
        if self.dated {
            return period;
        }
        let years = to.to.year() - end.to.year() + end.to.year() - self.to.year();
        let same = period.shifted(12 * years);
        if same.from > to.from { same.shifted(-12) } else { same }
    }
}
