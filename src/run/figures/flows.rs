//! Figures that flow the other way than their verb says: `TikTok spent $258,841`, which is what it brought in.
//!
//! Only a verb right before the figure accuses it, and only where everything that the figure is flows the other way, none of the
//! clause's words is of its name, and the row has a value that flows as the verb says.

use std::ops::Range;

use super::clause::Clause;
use super::naming::{fits, is};
use super::numbers::Figure;
use super::operands::Operand;
use super::sentence::{same, words_of};

/// Verbs of money that goes.
const GOES: &[&str] =
    &["spent", "spend", "spends", "cost", "costs", "paid", "pays", "consumed", "invested"];

/// Verbs of money that comes.
const COMES: &[&str] = &[
    "brought",
    "brings",
    "bring",
    "earned",
    "earns",
    "generated",
    "generates",
    "returned",
    "yielded",
    "grossed",
];

/// Fields of money that goes.
const OUTLAYS: &[&str] = &[
    "spend",
    "spent",
    "spending",
    "cost",
    "costs",
    "expense",
    "expenses",
    "salary",
    "payroll",
    "outgoings",
    "opex",
    "cogs",
    "outlay",
];

/// Fields of money that comes.
const INCOMES: &[&str] =
    &["revenue", "sales", "turnover", "profit", "income", "receipts", "ebitda", "earnings"];

/// Words that may stand between a verb and its figure.
const BETWEEN: &[&str] = &[
    "in", "us", "only", "just", "about", "around", "roughly", "nearly", "almost", "over", "back",
    "a", "total", "of", "some", "another", "you", "them", "it", "to",
];

/// Which way money goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Comes,
    Goes,
}

/// Which way the money of a value goes, as its name tells.
pub(super) fn flow(operand: &Operand) -> Option<Flow> {
    let is = |list: &[&str]| operand.words.iter().any(|word| list.contains(&word.as_str()));
    match (is(INCOMES), is(OUTLAYS)) {
        (true, false) => Some(Flow::Comes),
        (false, true) => Some(Flow::Goes),
        _ => None,
    }
}

/// What of the same row flows as the verb before the figure says, where the figure does not.
pub(super) fn other_way<'o>(
    text: &str,
    figure: &Figure,
    figures: &[Range<usize>],
    operands: &'o [Operand],
) -> Option<&'o Operand> {
    let clause = Clause::around(text, figure, figures);
    let (left, right) = (words_of(clause.left), words_of(clause.right));
    let verb = left.iter().rev().find(|word| !BETWEEN.contains(&word.as_str()))?.as_str();
    let (own, other) = match verb {
        verb if GOES.contains(&verb) => (Flow::Goes, Flow::Comes),
        verb if COMES.contains(&verb) => (Flow::Comes, Flow::Goes),
        _ => return None,
    };
    let is_named = |operand: &Operand| {
        let mut said = left.iter().filter(|word| *word != verb).chain(&right);
        said.any(|word| operand.words.iter().any(|name| same(name, word)))
    };
    let found: Vec<&Operand> = operands.iter().filter(|operand| is(operand, figure)).collect();
    let first = found.first()?;
    let against = |operand: &&Operand| flow(operand) == Some(other) && !is_named(operand);
    if !found.iter().all(against) {
        return None;
    }
    operands.iter().find(|operand| {
        operand.object == first.object && fits(operand, figure) && flow(operand) == Some(own)
    })
}
