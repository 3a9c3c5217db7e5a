//! Which of several equal values a sentence speaks of: the number of Google's spend may be that of an affiliate's revenue as well.

use std::ops::Range;

use super::clause::Clause;
use super::naming::{fits, is};
use super::numbers::Figure;
use super::operands::Operand;
use super::sentence::Sentence;

/// No more paths than these are told beside the one that was taken.
const TOLD: usize = 4;

/// Where a figure comes from.
pub(super) struct Source {
    pub(super) path: String,
    /// Other values that it may be as well, where the sentence names none of them.
    pub(super) alike: Vec<String>,
}

/// The value that the words nearest to a figure name, of those that it may be; `first` where they name none, with the others.
/// `figures` are where the figures of the text stand, in order.
pub(super) fn source(
    text: &str,
    figure: &Figure,
    figures: &[Range<usize>],
    operands: &[Operand],
    first: String,
) -> Source {
    let fitting: Vec<&Operand> =
        operands.iter().filter(|one| !one.total && fits(one, figure) && is(one, figure)).collect();
    if fitting.len() < 2 || !fitting.iter().any(|one| one.path == first) {
        return Source { path: first, alike: Vec::new() };
    }
    let clause = Clause::around(text, figure, figures);
    let near = Sentence::of(&format!("{} {}", clause.nearest(), clause.right));
    let said = Sentence::of(clause.sentence);
    let rank = |one: &Operand| {
        let row =
            |place: &Sentence| one.is_row() && one.telling.iter().any(|label| place.labels(label));
        let field = |place: &Sentence| {
            let count = one.words.iter().filter(|word| place.says(word)).count();
            (count == one.words.len(), count > 0)
        };
        // A whole name is more than a part of a longer one, and a row more than a field.
        (row(&near), field(&near), row(&said), field(&said))
    };
    let nothing = (false, (false, false), false, (false, false));
    let ranked: Vec<_> = fitting.iter().map(|one| (rank(one), *one)).collect();
    let best = ranked.iter().map(|(rank, _)| *rank).max().unwrap_or(nothing);
    // The nearest step comes first.
    let path =
        ranked.iter().find(|(rank, _)| *rank == best).map_or(first, |(_, one)| one.path.clone());
    let others =
        ranked.iter().filter(|(rank, one)| best == nothing && *rank == best && one.path != path);
    let alike = others.map(|(_, one)| one.path.clone()).take(TOLD).collect();
    Source { path, alike }
}
