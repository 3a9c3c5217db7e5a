//! Whether a figure stands at its place: in the row and the column of its table, the row, the period and the flow that its sentence
//! names.

use std::ops::Range;

use super::derive::{Derived, derive};
use super::flows::other_way;
use super::numbers::Figure;
use super::operands::Operand;
use super::periods::{OtherTime, other_time};
use super::rows::{Stranger, stranger};
use super::signs::{OtherSign, other_sign};
use super::tables::{Cell, cell};
use super::verify::{Fate, Given, speaks_of, written};

/// What becomes of a figure that was found at `path` by where it stands; none where nothing can be said. `figures` are where the
/// figures of the text stand, in order; `operands` have to be all values of the evidence.
pub(super) fn placed(
    text: &str,
    figure: &Figure,
    figures: &[Range<usize>],
    operands: &[Operand],
    path: &str,
    given: Given<'_>,
) -> Option<Fate> {
    let unverified = |reason| Some(Fate::Unverified { reason });
    match cell(text, figure, operands) {
        Some(Cell::Right(operand)) => return Some(Fate::matched(operand.path.clone())),
        Some(Cell::Wrong { expected: Some(expected), .. }) => {
            return unverified(speaks_of("table", expected, figure.kind, path));
        }
        Some(Cell::Wrong { expected: None, found, row, .. }) => {
            return unverified(format!("the row of the table is `{row}`; this is {}", found.path));
        }
        None => {}
    }
    if let Some(Stranger { found, of, named }) = stranger(text, figure, figures, operands, path) {
        let told = |operand: &&Operand| operand.labels.iter().any(|label| label == of);
        let others: Vec<Operand> = operands.iter().filter(|one| !told(one)).cloned().collect();
        if let Some(Derived { formula, value, paths }) =
            derive(text, figure, figures, &others, given)
        {
            return Some(Fate::Derived { formula, value, operands: paths });
        }
        let found = &found.path;
        return unverified(format!(
            "the sentence speaks of `{named}`; this is of `{of}` ({found})"
        ));
    }
    if let Some(OtherTime { found, meant }) = other_time(text, figure, figures, operands) {
        let value = written(meant.value, figure.kind);
        let (meant, found) = (&meant.path, &found.path);
        return unverified(format!(
            "the sentence speaks of another period: {value} ({meant}); this is {found}"
        ));
    }
    if let Some(OtherSign { found, word }) = other_sign(text, figure, figures, operands) {
        let value = written(found.value, figure.kind);
        return unverified(format!(
            "`{word}` tells the other sign: the evidence has {value} ({})",
            found.path
        ));
    }
    let flow = other_way(text, figure, figures, operands)?;
    unverified(speaks_of("sentence", flow, figure.kind, path))
}
