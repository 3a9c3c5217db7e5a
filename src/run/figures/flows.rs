//! Figures that flow the other way than their verb says: `TikTok spent $258,841`, which is what it brought in.
//!
//! Only a verb right before the figure accuses it, and only where everything that the figure is flows the other way, none of the
//! clause's words is of its name, and the row has a value that flows as the verb says.

use std::ops::Range;

use super::naming::{fits, is, sides};
use super::numbers::Figure;
use super::operands::{Operand, same};

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

/// What of the same row flows as the verb before the figure says, where the figure does not.
pub(super) fn other_way<'o>(
    text: &str,
    figure: &Figure,
    figures: &[Range<usize>],
    operands: &'o [Operand],
) -> Option<&'o Operand> {
    let (left, right) = sides(text, figure, figures);
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect()
    };
    let (left, right) = (words(left), words(right));
    let verb = left.iter().rev().find(|word| !BETWEEN.contains(&word.as_str()))?.as_str();
    let (own, other) = match verb {
        verb if GOES.contains(&verb) => (OUTLAYS, INCOMES),
        verb if COMES.contains(&verb) => (INCOMES, OUTLAYS),
        _ => return None,
    };
    let flows = |operand: &Operand, list: &[&str]| {
        operand.words.iter().any(|word| list.contains(&word.as_str()))
    };
    let is_named = |operand: &Operand| {
        let mut said = left.iter().filter(|word| *word != verb).chain(&right);
        said.any(|word| operand.words.iter().any(|name| same(name, word)))
    };
    let found: Vec<&Operand> = operands.iter().filter(|operand| is(operand, figure)).collect();
    let first = found.first()?;
    let against =
        |operand: &&Operand| flows(operand, other) && !flows(operand, own) && !is_named(operand);
    if !found.iter().all(against) {
        return None;
    }
    operands.iter().find(|operand| {
        operand.object == first.object && fits(operand, figure) && flows(operand, own)
    })
}
