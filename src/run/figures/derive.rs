//! Values that an answer may have made of two others: sums, differences, ratios, shares, growth, and a year's worth of a
//! month. Pure arithmetic finds something for every number, so a formula counts only where chance would hardly find it.

use std::ops::Range;

use super::clause::Clause;
use super::formulas::{CHANGE, DECLINE, Formula, Operation, Search};
use super::numbers::{Figure, Kind, Sign};
use super::operands::{Operand, same_thing};
use super::signs::told_as_profit;
use super::spoken::Spoken;
use super::told::{each, multiples, percentages};
use super::verify::Given;

/// A figure that two values of the evidence make.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Derived {
    /// `= steps.a.output.x - steps.b.output.y`.
    pub(super) formula: String,
    pub(super) value: f64,
    /// The values it is made of.
    pub(super) paths: Vec<String>,
}

/// The most values that are tried with one another.
pub(super) const TRIED: usize = 200;

/// Where both values are named in the sentence, formulas may be right by chance in so many of all cases.
const NAMED: f64 = 0.05;

/// Where the words tell the formula, so few may be right however roughly the figure is written.
const FEW: u32 = 2;

/// Where one is named and the other stands beside it.
const BESIDE: f64 = 0.005;

/// Finds what a figure is made of, the values named in its sentence first.
/// `figures` are where the figures of the text stand, in order.
pub(super) fn derive(
    text: &str,
    figure: &Figure,
    figures: &[Range<usize>],
    operands: &[Operand],
    given: Given<'_>,
) -> Option<Derived> {
    if figure.value <= 0.0 {
        return None;
    }
    let clause = Clause::around(text, figure, figures);
    let spoken = Spoken::of(text, figure, operands, given);
    let profit = told_as_profit(text, figure, figures);
    let search =
        Search { figure, sentence: &spoken.sentence, behind: behind(text, figure), profit };
    let (told, is_all) = match figure.kind {
        Kind::Percent => (percentages(text, &clause, figure, &spoken, operands), true),
        Kind::Ratio => (Some(multiples(&clause, &spoken)), false),
        Kind::Money(_) if figure.per_dollar => (Some(each(&spoken)), false),
        Kind::Money(_) | Kind::Plain => (None, false),
    };
    if let Some(told) = told {
        let found = choose(&search, &told, |count, chance| count <= FEW || chance <= NAMED);
        if is_all || found.is_some() {
            return found;
        }
    }
    let bounded = |most: f64| move |_, chance| chance <= most;
    let ones: Vec<&Operand> = spoken.all().collect();
    let alone = search.alone(&ones);
    if let Some(found) = choose(&search, &alone, bounded(NAMED)) {
        return Some(found);
    }
    let mut formulas = search.pairs(&ones, &ones);
    formulas.extend(search.pairs(&ones, &spoken.asked));
    formulas.extend(alone);
    if let Some(found) = choose(&search, &formulas, bounded(NAMED)) {
        return Some(found);
    }
    let loose: Vec<&Operand> = spoken.loose.iter().collect();
    if let Some(found) = choose(&search, &search.alone(&loose), bounded(BESIDE)) {
        return Some(found);
    }
    let mut named: Vec<&Operand> = spoken.named.iter().chain(&spoken.partly).copied().collect();
    named.truncate(TRIED);
    let mut formulas = search.alone(&named);
    formulas.extend(search.pairs(&named, &named));
    if let Some(found) = choose(&search, &formulas, bounded(NAMED)) {
        return Some(found);
    }
    let mut beside: Vec<&Operand> = operands
        .iter()
        .filter(|o| {
            let by = |n: &&Operand| {
                n.object == o.object || (o.total && o.entry == n.entry && same_thing(n, o))
            };
            named.iter().any(by)
        })
        .collect();
    beside.truncate(TRIED);
    choose(&search, &search.pairs(&named, &beside), bounded(BESIDE))
}

/// The word behind a figure.
fn behind(text: &str, figure: &Figure) -> String {
    let after = text.get(figure.range.end..).unwrap_or_default();
    let after = after.trim_start_matches([' ', '-', '*']);
    after.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_lowercase()
}

/// The formula that gives the figure, where there are so few that it is hardly chance.
///
/// Formulas of about the size of the figure lie as close as they happen to: the figure would meet one of them by
/// chance in as many of all cases as the spans of its tolerance around them cover.
fn choose(
    search: &Search<'_>,
    formulas: &[Formula<'_>],
    is_sure: impl Fn(u32, f64) -> bool,
) -> Option<Derived> {
    let figure = search.figure;
    let (below, above) = figure.reach();
    let mut values: Vec<f64> = formulas
        .iter()
        .map(|formula| formula.value.abs())
        .filter(|value| (figure.value / 2.0..=figure.value * 2.0).contains(value))
        .collect();
    values.sort_by(f64::total_cmp);
    values.dedup_by(|a, b| (*a - *b).abs() <= f64::midpoint(below, above));
    let count = u32::try_from(values.len()).unwrap_or(u32::MAX);
    let chance = f64::from(count) * (below + above) / (figure.value * 1.5);
    if !is_sure(count, chance) {
        return None;
    }
    let slack = figure.quantum * 1e-9 + figure.value * 1e-14;
    let is = |formula: &&Formula<'_>| {
        let value = formula.value.abs();
        // A difference is written without a sign, or with that of the change it tells.
        let signed = match figure.sign {
            Sign::None => true,
            Sign::Plus => formula.value > 0.0,
            Sign::Minus => {
                let falls = formula.operation == Operation::Difference
                    && (search.sentence.has(DECLINE) || search.sentence.has(CHANGE));
                formula.value < 0.0 || falls
            }
        };
        signed && figure.value - below - slack <= value && value <= figure.value + above + slack
    };
    formulas.iter().find(is).map(Formula::told)
}
