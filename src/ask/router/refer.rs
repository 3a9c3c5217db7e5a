//! Questions that lean on the one before: `and the quarter before?`, `is it profitable?`, `What about Instagram?` where
//! nothing but the question itself tells what the one before was about.

use std::collections::BTreeSet;

use super::index::Index;
use super::lift::{Named, Said, said};
use super::months::{Month, Period};
use super::reading::Text;
use super::slant::is_negated;
use super::terms::Stems;
use super::words::{Kind, Token, tokens};
use crate::value::unquoted;

const EARLIER: &[&str] = &["before", "earlier", "prior", "previous", "preceding"];
const LATER: &[&str] = &["after", "later", "next", "following"];

/// Words for what was spoken of.
const PRONOUNS: &[&str] = &["it", "this", "that", "they", "them", "those", "these"];

/// Words for whose something is, of what was spoken of.
const WHOSE: &[&str] = &["its", "their"];

/// Before a pronoun that is not what is asked about: `all of them`, `better than it`.
const APART: &[&str] = &["of", "than", "besides", "except"];

/// What a pronoun may stand before: `that campaign`.
const NOUNS: &[&str] = &[
    "campaign",
    "campaigns",
    "channel",
    "channels",
    "category",
    "department",
    "team",
    "role",
    "one",
    "ones",
    "spend",
    "amount",
    "budget",
];

/// The period that a question names by the one that was spoken of: the quarter before it, the same a year earlier.
pub fn period_from(index: &Index, question: &str, spoken_of: Period) -> Option<Period> {
    let text = index.text(question);
    let length = spoken_of.months()?;
    let has = |words: &[&str]| text.tokens.iter().any(|token| token.is(words));
    let forward = match (has(EARLIER), has(LATER)) {
        (true, false) => -1,
        (false, true) => 1,
        _ => return None,
    };
    let unit = text.tokens.iter().find_map(|token| match token.text.as_str() {
        "month" => Some(1),
        "quarter" => Some(3),
        "half" => Some(6),
        "year" => Some(12),
        "one" | "period" | "that" | "this" => Some(length),
        _ => None,
    })?;
    // `before the launch` is another matter.
    let known = |(at, token): (usize, &Token)| {
        text.idle.get(at).copied().unwrap_or(true)
            || token.is(EARLIER)
            || token.is(LATER)
            || token.is(&["month", "quarter", "half", "year", "period"])
    };
    if !text.tokens.iter().enumerate().all(known) {
        return None;
    }
    if unit > length {
        return Some(spoken_of.shifted(forward * unit));
    }
    let from = if forward < 0 { spoken_of.from?.plus(-unit) } else { spoken_of.to.plus(1) };
    Some(Period { from: Some(from), to: from.plus(unit - 1) })
}

/// Whether a question names nothing but a period by another one, whichever that is.
pub fn needs_period(index: &Index, question: &str) -> bool {
    let any = Period { from: Some(index.last.plus(-2)), to: index.last };
    period_from(index, question, any).is_some()
}

/// A period from what two params hold.
pub fn period_of(from: &str, to: &str) -> Option<Period> {
    Some(Period { from: Some(Month::read(from)?), to: Month::read(to)? })
}

/// A question with a name for its first pronoun; none where it has no pronoun.
pub fn with_noun(question: &str, noun: &str) -> Option<String> {
    let tokens = tokens(question);
    let at = tokens.iter().position(|token| token.is(PRONOUNS))?;
    let (pronoun, behind) = (tokens.get(at)?, tokens.get(at + 1));
    let before = at.checked_sub(1).and_then(|at| tokens.get(at));
    if is_negated(&tokens) || before.is_some_and(|token| token.is(APART)) {
        return None;
    }
    let last = behind.filter(|token| !pronoun.is(&["it"]) && token.is(NOUNS)).unwrap_or(pronoun);
    let before = question.get(..pronoun.span.start)?;
    Some(format!("{before}{noun}{}", question.get(last.span.end..)?))
}

/// Whether a question speaks of something by a pronoun.
pub fn has_pronoun(question: &str) -> bool {
    tokens(question).iter().any(|token| token.is(PRONOUNS) || token.is(WHOSE))
}

/// The question before with what this one names instead, where it names nothing else; a period is added where it had none.
pub fn rewritten(index: &Index, before: &str, question: &str) -> Option<String> {
    let old = said(index, before);
    let spoken_of = old.iter().find_map(|one| match one.what {
        Said::Period(period) => Some((one, period)),
        Said::Value { .. } | Said::Money(_) | Said::Count(_) => None,
    });
    if let Some((place, period)) = spoken_of
        && let Some(Period { from: Some(from), to }) = period_from(index, question, period)
    {
        return replaced(before, vec![(place, months(from, to))]);
    }
    let new = said(index, question);
    if new.is_empty() || is_negated(&tokens(question)) || is_about_more(&index.text(question), &new)
    {
        return None;
    }
    if spoken_of.is_none() && matches!(new.as_slice(), [Named { what: Said::Period(_), .. }]) {
        let end = |c: char| c.is_whitespace() || c == '?' || c == '.' || c == '!';
        return Some(format!("{} {}?", before.trim_end_matches(end), question.trim_matches(end)));
    }
    let mut changes: Vec<(&Named, String)> = Vec::new();
    for one in &new {
        let place = old.iter().find(|other| is_alike(&one.what, &other.what))?;
        let text = match one.what {
            Said::Period(Period { from: Some(from), to }) => months(from, to),
            _ => question.get(one.range.clone())?.to_owned(),
        };
        changes.push((place, text));
    }
    replaced(before, changes).filter(|changed| changed != before)
}

fn months(from: Month, to: Month) -> String {
    format!("from {from} to {to}")
}

fn replaced(text: &str, mut changes: Vec<(&Named, String)>) -> Option<String> {
    changes.sort_by_key(|(place, _)| place.range.start);
    let (mut out, mut from) = (String::new(), 0);
    for (place, with) in changes {
        out.push_str(text.get(from..place.range.start)?);
        out.push_str(&with);
        from = place.range.end;
    }
    Some(out + text.get(from..)?)
}

/// Whether one may stand in the other's place.
fn is_alike(one: &Said, other: &Said) -> bool {
    match (one, other) {
        (Said::Value { param: one, .. }, Said::Value { param: other, .. }) => one == other,
        (Said::Money(_), Said::Money(_))
        | (Said::Count(_), Said::Count(_))
        | (Said::Period(_), Said::Period(_)) => true,
        _ => false,
    }
}

/// Whether it says anything besides what it names.
fn is_about_more(text: &Text, named: &[Named]) -> bool {
    let within = |token: &Token| {
        named.iter().any(|one| one.range.start < token.span.end && token.span.start < one.range.end)
    };
    text.tokens.iter().zip(&text.idle).any(|(token, idle)| !idle && !within(token))
}

/// The values that a question names, as people call them.
pub fn nouns(index: &Index, question: &str) -> Vec<String> {
    let named = said(index, question).into_iter().filter_map(|one| match one.what {
        Said::Value { known, .. } => Some(known.label.unwrap_or_else(|| unquoted(&known.value))),
        Said::Money(_) | Said::Count(_) | Said::Period(_) => None,
    });
    named.collect()
}

/// The stems of a text's telling words.
pub fn telling(text: &str) -> BTreeSet<String> {
    let stems = Stems::new();
    let tokens = tokens(text);
    let telling = tokens.iter().filter(|token| token.kind == Kind::Number || !stems.is_idle(token));
    telling.filter_map(|token| stems.stem(token)).collect()
}
