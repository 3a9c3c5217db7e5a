//! Whether a question is one for the project at all.

use std::collections::BTreeMap;
use std::ops::Range;

use super::index::Scored;
use super::periods::FINER;
use super::reading::Text;
use super::slant::loose;
use super::words::Kind;

/// Who says these asks for the own company, in whatever words.
const OWN: &[&str] = &["we", "our", "ours", "us"];

/// Of these alone no question about a company is made.
const CHAT: &[&str] = &["hello", "hi", "hey", "thanks", "thank", "bye", "lol", "you"];

/// Whether a question is surely none of the project's. Not knowing its words is not enough: it must be a
/// sentence in the language of the files, not a fragment, and must not speak of the own company.
pub(super) fn is_foreign(
    text: &Text,
    weights: &BTreeMap<usize, f64>,
    explained: f64,
    most: f64,
) -> bool {
    let has = |words: &[&str]| text.tokens.iter().any(|token| token.is(words));
    if is_own(text) {
        return false;
    }
    // Nor does anyone ask for the last quarter of anything else, though for the next week of much.
    let relative = |span: &Range<usize>| {
        let tokens = text.tokens.get(span.clone()).unwrap_or_default();
        tokens.iter().all(|token| token.kind == Kind::Word && !token.is(FINER))
    };
    if text.periods.iter().any(|found| relative(&found.span)) {
        return false;
    }
    if weights.is_empty() {
        return has(CHAT);
    }
    explained <= most && text.stopped > 0
}

/// Whether hardly a word of a question ties it to the company: the nearest agent explains little of it, it is a sentence in the
/// language of the files, and it names neither the company nor a time nor an amount.
pub(super) fn is_faint(text: &Text, nearest: Option<&Scored<'_>>, most: f64) -> bool {
    let known = nearest.is_some_and(|it| it.coverage >= most || loose(text, it).next().is_none());
    let dated = text.periods.iter().any(|found| found.period.is_some());
    let ties = is_own(text) || dated || !text.amounts.is_empty();
    !known && !ties && text.stopped > 0
}

/// Whether a question speaks of the own company.
pub(super) fn is_own(text: &Text) -> bool {
    text.tokens.iter().any(|token| token.is(OWN))
}

/// Whether a question names someone or something in the middle of a sentence that nobody here knows.
pub(super) fn names_stranger(text: &Text, scored: &[Scored<'_>]) -> bool {
    let knows =
        |at: usize| scored.iter().any(|it| it.explained.get(&at).is_some_and(|tells| *tells > 0.0));
    let mut tokens = text.tokens.iter().zip(&text.idle).enumerate();
    tokens.any(|(at, (token, idle))| token.name && !idle && !knows(at))
}
