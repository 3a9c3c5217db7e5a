//! Periods that are told from the end of the data: `last quarter`, `past 12 months`, `this year`, `YTD`.

use super::super::months::{Month, Period};
use super::super::numbers::number;
use super::super::words::Token;
use super::Reading;

const LAST: &[&str] = &["last", "previous", "prior", "recent", "latest", "past", "trailing"];
const THIS: &[&str] = &["this", "current"];
const NEXT: &[&str] = &["next", "coming", "upcoming"];

const DAYS: &[&str] = &["yesterday", "tomorrow"];

/// Words for what is finer than the months of the data.
pub(in super::super) const FINER: &[&str] =
    &["week", "weeks", "day", "days", "weekend", "yesterday", "tomorrow"];

/// Reads the period that the tokens start with.
pub(super) fn reading(tokens: &[Token], last: Month) -> Option<Reading> {
    to_date(tokens, last).or_else(|| counted(tokens, last)).or_else(|| finer(tokens))
}

/// `a year ago`, `two quarters ago`: so many before the last complete one, with that one and the number of tokens.
pub(super) fn ago(tokens: &[Token], last: Month) -> Option<(Period, Period, usize)> {
    let one = tokens.first()?.is(&["a", "an"]).then_some((1, 1));
    let counted =
        || number(tokens).filter(|it| it.scale.is_none()).map(|it| (whole(it.value), it.length));
    let (count, start) = one.or_else(counted).filter(|(count, _)| (1..=1200).contains(count))?;
    let (unit, words) = unit(tokens.get(start..)?)?;
    let end = start + words;
    tokens.get(end).filter(|token| token.is(&["ago"]))?;
    let now = last_complete(unit, last);
    let now = Period { from: Some(now.plus(1 - unit)), to: now };
    Some((now.shifted(-unit * count), now, end + 1))
}

/// `last week`, `the past 30 days`: finer than the data, which has months.
fn finer(tokens: &[Token]) -> Option<Reading> {
    if tokens.first()?.is(DAYS) {
        return Some((None, 1));
    }
    let lead = tokens.first()?.is(LAST) || tokens.first()?.is(THIS) || tokens.first()?.is(NEXT);
    let count = number(tokens.get(1..)?).map_or(0, |number| number.length);
    let unit = tokens.get(1 + count)?;
    (lead && unit.is(FINER)).then_some((None, count + 2))
}

/// `YTD`, `year to date`, `TTM`.
fn to_date(tokens: &[Token], last: Month) -> Option<Reading> {
    let first = tokens.first()?;
    let year = Period { to: last, ..last.span(12) };
    if first.is(&["ytd"]) {
        return Some((Some(year), 1));
    }
    if first.is(&["ttm", "ltm"]) {
        return Some((Some(Period { from: Some(last.plus(-11)), to: last }), 1));
    }
    let (unit, words) = unit(tokens)?;
    let [to, date] = tokens.get(words..words + 2)? else { return None };
    (to.is(&["to"]) && date.is(&["date"]))
        .then(|| (Some(Period { to: last, ..last.span(unit) }), words + 2))
}

/// `last [six] months`, `this quarter`, `next year`.
fn counted(tokens: &[Token], last: Month) -> Option<Reading> {
    let lead = tokens.first()?;
    let rolling = lead.is(&["past", "trailing"]);
    let gone = lead.is(LAST);
    let mut at = 1;
    // The "complete" of "last complete quarter" is what is meant anyway.
    at += usize::from(tokens.get(at).is_some_and(|word| word.is(&["complete", "full", "few"])));
    let count = number(tokens.get(at..)?).filter(|number| number.scale.is_none());
    at += count.map_or(0, |number| number.length);
    let (unit, words) = unit(tokens.get(at..)?)?;
    let length = at + words;
    if gone {
        let count = count.map_or(1, |number| whole(number.value));
        let count = if (1..=1200).contains(&count) { count } else { return None };
        let to = if rolling { last } else { last_complete(unit, last) };
        return Some((Some(Period { from: Some(to.plus(1 - unit * count)), to }), length));
    }
    if lead.is(THIS) && count.is_none() {
        return Some((last.span(unit).within(last), length));
    }
    lead.is(NEXT).then_some((None, length))
}

/// The end of the last complete month, quarter, half or year.
fn last_complete(unit: i32, last: Month) -> Month {
    let holding = last.span(unit);
    if holding.to == last { last } else { holding.to.plus(-unit) }
}

/// A unit of time in months, and the tokens it takes.
fn unit(tokens: &[Token]) -> Option<(i32, usize)> {
    let first = tokens.first()?;
    let skipped = usize::from(first.is(&["fiscal", "calendar"]));
    let word = tokens.get(skipped)?;
    let months = match word.text.as_str() {
        "month" | "months" | "mo" | "mos" | "mth" | "mths" => 1,
        "quarter" | "quarters" | "qtr" | "qtrs" => 3,
        "half" if tokens.get(skipped + 1).is_some_and(|next| next.is(&["year"])) => {
            return Some((6, skipped + 2));
        }
        "half" => 6,
        "year" | "years" | "yr" | "yrs" => 12,
        _ => return None,
    };
    Some((months, skipped + 1))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "bounded by the caller; a cast of f64 saturates"
)]
fn whole(value: f64) -> i32 {
    value as i32
}
