//! Which numbers of a text state something about the evidence: all figures, and of those that are none by themselves (years, counts
//! of a few things) the ones that the evidence makes figures.

use std::ops::Range;

use super::context::{is_letter, last_word};
use super::evidence::Evidence;
use super::numbers::{Figure, all_figures};
use super::operands::{Class, Operand, operands};
use super::sentence::{Sentence, same};
use super::units::{COUNTED, Unit};
use super::verify::SPOKEN_OF;
use super::years::Years;

/// Behind these a few things are such as are spoken of or planned: `these two channels`, `in 3 months`, `hire 2 engineers`.
const NO_CLAIMS: &[&str] = &[
    "the", "these", "those", "all", "both", "other", "next", "last", "past", "first", "another",
    "every", "each", "per", "top", "in", "within", "after", "for", "over", "than", "to", "hire",
    "hiring", "add", "adding", "our", "its", "their", "any", "or", "and", "a", "one", "least",
    "most", "up", "of", "by", "from",
];

/// The figures of a text outside `filled` that need a source, in order.
pub(super) fn claims(
    text: &str,
    filled: &[Range<usize>],
    evidence: &Evidence,
    given: &[&str],
) -> Vec<Figure> {
    let mut found = all_figures(text);
    let is_filled = |figure: &Figure| {
        filled.iter().any(|span| span.start < figure.range.end && figure.range.start < span.end)
    };
    found.retain(|figure| !is_filled(figure));
    if found.iter().any(|figure| figure.may_be_year) {
        let years = Years::of(evidence, given);
        found.retain(|figure| !figure.may_be_year || !years.hold(figure.value));
    }
    let mut near = None;
    found.retain(|figure| {
        !figure.counts()
            || (may_claim(text, figure) && {
                let operands = near.get_or_insert_with(|| operands(evidence, SPOKEN_OF));
                counted(text, figure, operands).next().is_some()
            })
    });
    found
}

fn may_claim(text: &str, figure: &Figure) -> bool {
    let before = text.get(..figure.range.start).unwrap_or_default();
    let word = last_word(before.trim_end_matches([' ', '*', '_'])).to_lowercase();
    !NO_CLAIMS.contains(&word.as_str())
}

/// The values that count what a figure counts, where its sentence speaks of them: `It covers 3 months` of a field `cover_months`.
pub(super) fn counted<'o>(
    text: &str,
    figure: &Figure,
    operands: &'o [Operand],
) -> impl Iterator<Item = &'o Operand> {
    let behind = text.get(figure.range.end..).unwrap_or_default();
    let clause = behind.split(['.', ',', ';', ':', '(', '|', '\n']).next().unwrap_or_default();
    let clause = clause.to_lowercase();
    let mut words = clause.split(|c: char| !is_letter(c)).filter(|word| !word.is_empty()).take(2);
    let first = words.clone().next();
    let noun = words.find(|word| COUNTED.contains(word)).or(first).unwrap_or_default().to_owned();
    let sentence = Sentence::around(text, figure.range.start);
    let is_zero = figure.value <= 0.0;
    let counts = move |class: Class| match class {
        Class::Sized(Unit::Count) | Class::Amount => true,
        // Of money there is none or an amount.
        Class::Sized(_) | Class::Share => is_zero,
    };
    operands.iter().filter(move |operand| {
        let (counted, others): (Vec<&String>, Vec<&String>) =
            operand.words.iter().partition(|word| same(word, &noun));
        !operand.total
            && counts(operand.class)
            && !counted.is_empty()
            && (others.is_empty() || others.iter().any(|word| sentence.says(word)))
            && (!operand.is_row() || sentence.names_row(operand))
    })
}
