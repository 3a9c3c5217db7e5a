//! Months, quarters, halves and years by name: `March 2025`, `2025-03`, `Q3 '24`, `H1`, `FY25`, `2025`.

use super::super::months::Month;
use super::super::words::{Kind, Token};

/// A stretch of the calendar as written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) from: Month,
    pub(super) to: Month,
    /// Whether a year was written; where none was, the year is 0.
    pub(super) dated: bool,
}

impl Point {
    fn new(year: Option<i32>, first: i32, length: i32) -> Self {
        let from = Month::new(year.unwrap_or_default(), 1).plus(first);
        Self { from, to: from.plus(length - 1), dated: year.is_some() }
    }
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
pub(super) const NAMES: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Seasons with the place of their first month; each has three.
const SEASONS: &[(&str, i32)] =
    &[("spring", 2), ("summer", 5), ("autumn", 8), ("fall", 8), ("winter", 11)];

/// Before these words the name of a season is a time, and not a part of what somebody called something.
const SEASON_LEADS: &[&str] = &[
    "in", "over", "during", "since", "from", "until", "till", "through", "to", "between", "and",
    "last", "this", "past", "of",
];

/// Before these words a month's name that is also a verb is a month.
const LEADS: &[&str] = &[
    "in", "of", "since", "from", "until", "till", "through", "to", "during", "for", "between",
    "and", "-",
];

/// Reads the point that the tokens start with, and how many it takes. `before` is the token before.
pub(super) fn point(before: Option<&Token>, tokens: &[Token]) -> Option<(Point, usize)> {
    quarter(tokens)
        .or_else(|| half(tokens))
        .or_else(|| month(before, tokens))
        .or_else(|| season(before, tokens))
        .or_else(|| iso(tokens))
        .or_else(|| fiscal(tokens))
        .or_else(|| bare_year(before, tokens))
}

/// `Q3`, `3Q25`, `third quarter of 2024`.
fn quarter(tokens: &[Token]) -> Option<(Point, usize)> {
    let (first, second) = (tokens.first()?, tokens.get(1)?);
    let number = if first.is(&["q"]) {
        second.whole()
    } else if second.is(&["q"]) && second.glued {
        first.whole()
    } else if second.is(&["quarter"]) {
        ordinal(first)
    } else {
        None
    };
    let number = number.filter(|number| (1..=4).contains(number))?;
    let (year, length) = year_behind(tokens, 2);
    Some((Point::new(year, (number - 1) * 3, 3), length))
}

/// `H1 2025`, `second half of 2025`.
fn half(tokens: &[Token]) -> Option<(Point, usize)> {
    let (first, second) = (tokens.first()?, tokens.get(1)?);
    let number = if first.is(&["h"]) && second.glued {
        second.whole()
    } else if second.is(&["half"]) {
        ordinal(first)
    } else {
        None
    };
    let number = number.filter(|number| (1..=2).contains(number))?;
    let (year, length) = year_behind(tokens, 2);
    Some((Point::new(year, (number - 1) * 6, 6), length))
}

/// `March`, `mar 2025`, `last June`.
fn month(before: Option<&Token>, tokens: &[Token]) -> Option<(Point, usize)> {
    let lead = usize::from(tokens.first()?.is(&["last"]));
    let name = tokens.get(lead)?;
    let place = NAMES
        .iter()
        .position(|full| name.text == *full)
        .or_else(|| MONTHS.iter().position(|short| name.text == *short))
        .or_else(|| name.is(&["sept"]).then_some(8))?;
    let (year, length) = year_behind(tokens, lead + 1);
    let verb = name.is(&["may", "march", "mar"]);
    let named = lead == 1 || year.is_some() || before.is_some_and(|before| before.is(LEADS));
    let place = i32::try_from(place).ok()?;
    (!verb || named).then(|| (Point::new(year, place, 1), length))
}

/// `summer`, `the spring of 2025`, `last winter`. A winter begins in the year that it is named by.
fn season(before: Option<&Token>, tokens: &[Token]) -> Option<(Point, usize)> {
    let first = tokens.first()?;
    let lead = usize::from(first.is(&["last", "this", "past", "the"]));
    let opened = lead == 1 && !first.is(&["the"]);
    let name = tokens.get(lead)?;
    let (_, place) = SEASONS.iter().find(|(season, _)| name.text == *season)?;
    let named = opened || before.is_some_and(|before| before.is(SEASON_LEADS));
    let (year, length) = year_behind(tokens, lead + 1);
    named.then(|| (Point::new(year, *place, 3), length))
}

/// Whether a word names a season.
pub(in super::super) fn is_season(word: &str) -> bool {
    SEASONS.iter().any(|(season, _)| *season == word)
}

/// `2025-03`.
fn iso(tokens: &[Token]) -> Option<(Point, usize)> {
    let [year, dash, month] = tokens.get(..3)? else { return None };
    let glued = dash.is(&["-"]) && dash.glued && month.glued && month.text.len() == 2;
    let month = month.whole().filter(|month| glued && (1..=12).contains(month))?;
    Some((Point::new(Some(full_year(year)?), month - 1, 1), 3))
}

/// `FY25`, `FY 2025`, `fiscal year 2025`, `year 2025`.
fn fiscal(tokens: &[Token]) -> Option<(Point, usize)> {
    let mut at = 0;
    if tokens.first()?.is(&["fy"]) {
        at += 1;
    } else {
        at += usize::from(tokens.first()?.is(&["fiscal", "calendar"]));
        at += usize::from(tokens.get(at)?.is(&["year"]));
    }
    let token = tokens.get(at).filter(|_| at > 0)?;
    let year = full_year(token).or_else(|| short_year(token))?;
    Some((Point::new(Some(year), 0, 12), at + 1))
}

/// `2025`, unless it is money or a count of something.
fn bare_year(before: Option<&Token>, tokens: &[Token]) -> Option<(Point, usize)> {
    let year = full_year(tokens.first()?)?;
    let money =
        before.is_some_and(|before| before.is(&["$", "\u{20ac}", "\u{a3}", "usd", "spend"]));
    let counted = tokens.get(1).is_some_and(|next| {
        next.is(&["k", "m", "%", "$", "dollars", "usd", "bucks", "grand", "people", "thousand"])
    });
    (!money && !counted).then(|| (Point::new(Some(year), 0, 12), 1))
}

/// A year behind the name of a part of it, and where what was read ends: `of 2024`, `, 2024`, `FY24`, `'24`.
fn year_behind(tokens: &[Token], start: usize) -> (Option<i32>, usize) {
    let is = |at: usize, texts: &[&str]| tokens.get(at).is_some_and(|token| token.is(texts));
    let mut at = start + usize::from(is(start, &["of", "in", ",", "/"]));
    let marked = is(at, &["fy", "'"]);
    at += usize::from(marked);
    at += usize::from(!marked && is(at, &["fiscal"]));
    let year = tokens.get(at).and_then(|token| {
        // `3Q25` and `Q3 25` leave no doubt; `March 25` is a day.
        let short = marked || (at == start && is(1, &["q"])) || is(0, &["q"]);
        full_year(token).or_else(|| short.then(|| short_year(token)).flatten())
    });
    (year, if year.is_some() { at + 1 } else { start })
}

fn full_year(token: &Token) -> Option<i32> {
    token.whole().filter(|year| token.text.len() == 4 && (1990..2100).contains(year))
}

fn short_year(token: &Token) -> Option<i32> {
    let digits = token.kind == Kind::Number && token.text.len() == 2;
    token.whole().filter(|_| digits).map(|year| 2000 + year)
}

fn ordinal(token: &Token) -> Option<i32> {
    match token.text.as_str() {
        "first" => Some(1),
        "second" => Some(2),
        "third" => Some(3),
        "fourth" => Some(4),
        _ => None,
    }
}
