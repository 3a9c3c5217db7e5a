//! Whether `2025` is a year or a number: `in 2025`, `2025 customers`. Where the words around it leave both open, it is a year only
//! where the data or the prompt has that year, or one beside it.

use std::collections::BTreeSet;

use super::context::{MONTHS, is_letter, is_year, last_word};
use super::evidence::{Evidence, Origin};
use super::numbers::counts_things;
use crate::value::Value;

/// What four digits are by the words around them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Year,
    Number,
    /// Either.
    Open,
}

/// Words that are said of a time: what follows is a year.
const DATED: &[&str] = &[
    "year",
    "years",
    "fy",
    "cy",
    "fiscal",
    "calendar",
    "q1",
    "q2",
    "q3",
    "q4",
    "h1",
    "h2",
    "quarter",
    "half",
    "spring",
    "summer",
    "autumn",
    "fall",
    "winter",
    "holiday",
    "christmas",
    "early",
    "mid",
    "late",
    "pre",
    "post",
    "since",
    "during",
    "until",
    "till",
];

/// Parts of a year: `the end of 2025`.
const PARTS: &[&str] = &["end", "beginning", "start", "middle", "rest", "months", "all", "most"];

/// Words that a year may follow as well as a number, where a noun follows.
const BEFORE_NOUN: &[&str] = &[
    "the", "a", "our", "your", "their", "its", "this", "that", "these", "those", "both", "all",
    "every", "each", "versus", "vs", "than", "in", "of", "for", "from", "to", "with", "between",
    "and", "or", "by", "on", "against", "into", "through", "as",
];

/// What is told behind these is a value.
const IS: &[&str] = &[
    "is", "was", "are", "were", "be", "been", "reached", "hit", "totalled", "totaled", "equals",
    "equalled", "reaches",
];

/// `brought in 2000` tells how much, `came in 2000` may tell when.
const BROUGHT: &[&str] = &[
    "brought",
    "bring",
    "brings",
    "bringing",
    "took",
    "take",
    "takes",
    "taking",
    "pulled",
    "pull",
    "raked",
    "drew",
    "draw",
    "reeled",
    "result",
    "results",
    "resulted",
    "resulting",
    "invest",
    "invested",
    "put",
    "cash",
];

/// Words with an `s` that are no things.
const NO_THINGS: &[&str] =
    &["was", "is", "has", "does", "as", "its", "this", "thus", "less", "plus", "versus", "across"];

/// Reads four digits that may be a year, between `before` and `after`.
pub(super) fn reading(before: &str, after: &str) -> Reading {
    let head = before.trim_end_matches([' ', '\u{a0}', '-', '–', '*', '_', ',', '/', '(']);
    let word = last_word(head).to_lowercase();
    let begins = ends_sentence(head) || head.is_empty();
    let is_dated = |word: &str| DATED.contains(&word) || MONTHS.contains(&word);
    // `the third quarter of 2025`
    let of = (word == "of").then(|| {
        last_word(head.get(..head.len() - 2).unwrap_or_default().trim_end()).to_lowercase()
    });
    let dated =
        is_dated(&word) || of.is_some_and(|word| is_dated(&word) || PARTS.contains(&word.as_str()));
    if after.starts_with(['\'', '’']) {
        return Reading::Year;
    }
    let rest = behind_span(after);
    let things = counts_things(rest);
    if things || is_plural(rest) {
        let open = dated || begins || BEFORE_NOUN.contains(&word.as_str());
        return if open { Reading::Open } else { Reading::Number };
    }
    let ends_span = before.ends_with(['-', '–']) && head.len() < before.len() && {
        head.get(head.len().saturating_sub(4)..).is_some_and(is_year)
    };
    if dated || rest.len() < after.len() || ends_span {
        return Reading::Year;
    }
    if word == "in" {
        let verb = last_word(head.get(..head.len() - 2).unwrap_or_default().trim_end());
        let brought = BROUGHT.contains(&verb.to_lowercase().as_str());
        return if brought { Reading::Open } else { Reading::Year };
    }
    let told = IS.contains(&word.as_str())
        || before.trim_end_matches([' ', '*', '_']).ends_with([':', '=']);
    let clause = head.rsplit(['.', '\n', ';', '|']).next().unwrap_or_default().to_lowercase();
    let of_time = ["year", "month", "quarter", "period", "date", "season", "since", "when"];
    if told && ends_clause(rest) && !of_time.iter().any(|word| clause.contains(word)) {
        return Reading::Number;
    }
    Reading::Open
}

/// What follows a year, or the span of years that begins with it: `-2025`.
fn behind_span(after: &str) -> &str {
    let span = after.strip_prefix(['-', '–']).filter(|rest| rest.get(..4).is_some_and(is_year));
    span.and_then(|rest| rest.get(4..))
        .filter(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
        .unwrap_or(after)
}

/// Whether the word behind is the name of several things.
fn is_plural(after: &str) -> bool {
    let Some(rest) = after.strip_prefix([' ', '\u{a0}', '-']) else { return false };
    let word =
        rest.get(..rest.find(|c: char| !is_letter(c)).unwrap_or(rest.len())).unwrap_or_default();
    let stops = rest.get(word.len()..).is_some_and(|rest| rest.starts_with(['\'', '’']));
    word.len() > 3
        && word.ends_with('s')
        && !word.ends_with("ss")
        && word.chars().all(char::is_lowercase)
        && !stops
        && !NO_THINGS.contains(&word)
}

fn ends_sentence(head: &str) -> bool {
    head.ends_with(['.', '!', '?', '\n', '|', '#', '>', ':'])
}

fn ends_clause(rest: &str) -> bool {
    let rest = rest.trim_start_matches([' ', '*', '_']);
    rest.is_empty() || rest.starts_with(['.', ',', ';', ')', '\n', '|', '!'])
}

/// The years that data and prompt speak of.
#[derive(Debug, Default)]
pub(super) struct Years(BTreeSet<u32>);

impl Years {
    pub(super) fn of(evidence: &Evidence, given: &[&str]) -> Self {
        let mut years = BTreeSet::new();
        for text in given {
            read(text, &mut years);
        }
        for entry in evidence.entries().filter(|entry| entry.origin == Origin::Data) {
            years.extend(entry.asked.into_iter().flat_map(|(first, last)| [first / 12, last / 12]));
            entry.walk(&mut |_, field, value| match value {
                Value::String(text) => read(text, &mut years),
                Value::Number(number) if field.is_some_and(|field| field.contains("year")) => {
                    let year = number.as_u64().and_then(|year| u32::try_from(year).ok());
                    years.extend(year.filter(|year| is_year(&year.to_string())));
                }
                Value::Number(_)
                | Value::Null
                | Value::Bool(_)
                | Value::Array(_)
                | Value::Object(_) => {}
            });
        }
        Self(years)
    }

    /// Whether they speak of a year: it is one of theirs, of the year before them or of two behind.
    pub(super) fn hold(&self, year: f64) -> bool {
        let (Some(first), Some(last)) = (self.0.first(), self.0.last()) else { return false };
        (f64::from(*first) - 1.0..=f64::from(*last) + 2.0).contains(&year)
    }
}

/// Finds the groups of four digits that are years.
fn read(text: &str, years: &mut BTreeSet<u32>) {
    let groups = text.split(|c: char| !c.is_ascii_digit()).filter(|group| is_year(group));
    years.extend(groups.filter_map(|group| group.parse::<u32>().ok()));
}
