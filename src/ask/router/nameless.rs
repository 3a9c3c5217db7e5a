//! Names of things that do not exist: the ROI of a campaign that nobody ran.

use std::ops::Range;

use super::index::Scored;
use super::reading::Text;
use super::target::Entry;
use super::terms::Stems;
use super::words::{Kind, tokens};

/// The most words of a name.
const LONGEST: usize = 6;

/// A name in a question that stands for a value of a param, and none that exists.
pub(super) struct Nameless {
    /// As written.
    pub(super) name: String,
    /// The param.
    pub(super) param: String,
    /// The question without the name.
    pub(super) rest: Text,
}

/// The name in a question that no file and no data knows, where it is called what a required param of a workflow holds (`the
/// Snapchat campaign`), is written as names of data are (`snapchat_launch`), or stands among their words with a number (`instagram
/// summer 2025`).
pub(super) fn nameless(
    question: &str,
    text: &Text,
    scored: &[Scored<'_>],
    entry: &Entry,
    stems: &Stems,
) -> Option<Nameless> {
    let knows =
        |at: usize| scored.iter().any(|it| it.explained.get(&at).is_some_and(|tells| *tells > 0.0));
    let is_unknown = |at: usize| text.idle.get(at) == Some(&false) && !knows(at);
    let first = (0..text.tokens.len()).find(|at| is_unknown(*at))?;
    let last = (first..text.tokens.len()).rfind(|at| is_unknown(*at))?;
    let required = |name: &str| {
        entry.params.iter().any(|(param, spec)| param == name && spec.default.is_none())
    };
    let values = entry.values.iter().find(|values| required(&values.param))?;
    // What else the name is made of: words of values, numbers, marks.
    let belongs = |at: usize| {
        let Some(token) = text.tokens.get(at) else { return false };
        let stem = text.stems.get(at).and_then(Option::as_ref);
        token.kind == Kind::Number
            || is_unknown(at)
            || token.kind == Kind::Word
                && stem.is_some_and(|stem| values.terms().any(|term| term == stem))
    };
    let mut span = first..last + 1;
    while belongs(span.end) {
        span.end += 1;
    }
    while span.start > 0 && belongs(span.start - 1) {
        span.start -= 1;
    }
    let is_name = span.len() <= LONGEST && span.clone().all(belongs);
    let nouns: Vec<String> =
        tokens(&values.param).iter().filter_map(|token| stems.stem(token)).collect();
    let is_noun = |at: usize| {
        text.stems.get(at).and_then(Option::as_ref).is_some_and(|stem| nouns.contains(stem))
    };
    let called = is_noun(span.end) || span.start > 0 && is_noun(span.start - 1);
    let number = |at: usize| text.tokens.get(at).is_some_and(|token| token.kind == Kind::Number);
    let is_among = span.start < first && span.clone().any(number);
    let start = text.tokens.get(span.start)?.span.start;
    let end = text.tokens.get(span.end - 1)?.span.end;
    let name = question.get(start..end)?.to_owned();
    (is_name && (called || is_among || name.contains('_'))).then(|| Nameless {
        name,
        param: values.param.clone(),
        rest: without(text, &span, is_unknown),
    })
}

/// A text whose name says no more than what of it is known, and no period.
fn without(text: &Text, span: &Range<usize>, is_unknown: impl Fn(usize) -> bool) -> Text {
    let mut rest = text.clone();
    for at in span.clone().filter(|at| is_unknown(*at)) {
        if let Some(idle) = rest.idle.get_mut(at) {
            *idle = true;
        }
    }
    let apart = |other: &Range<usize>| other.end <= span.start || span.end <= other.start;
    rest.periods.retain(|found| apart(&found.span));
    rest.amounts.retain(|amount| apart(&amount.span));
    rest
}
