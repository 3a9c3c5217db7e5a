//! Values that an answer may have made of two others: sums, differences, ratios, shares, growth, and a year's worth of a
//! month. Pure arithmetic finds something for every number, so a formula counts only where chance would hardly find it.

use std::ops::Range;

use super::flows::{Flow, flow};
use super::numbers::{Figure, Kind, Sign};
use super::operands::{Class, Operand, same_thing};
use super::sentence::Sentence;
use super::signs::told_as_profit;
use super::units::Unit;

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
const TRIED: usize = 200;

/// Where both values are named in the sentence, formulas may be right by chance in so many of all cases.
const NAMED: f64 = 0.05;

/// Where one is named and the other stands beside it.
const BESIDE: f64 = 0.005;

pub(super) const GROWTH: &[&str] = &[
    "grew",
    "grow",
    "grown",
    "growth",
    "rose",
    "risen",
    "rise",
    "increase",
    "increased",
    "up",
    "gained",
    "higher",
    "more",
    "climbed",
];
pub(super) const DECLINE: &[&str] = &[
    "fell",
    "fallen",
    "fall",
    "declined",
    "decline",
    "dropped",
    "drop",
    "decrease",
    "decreased",
    "down",
    "lower",
    "less",
    "shrank",
    "shrunk",
    "lost",
];
const CHANGE: &[&str] = &["change", "changed", "changes"];
const YEARLY: &[&str] =
    &["year", "yearly", "annual", "annually", "annualised", "annualized", "twelve"];
const MONTHLY: &[&str] = &["month", "monthly"];
const QUARTERLY: &[&str] = &["quarter", "quarterly"];
const ALL: &[&str] = &[
    "all",
    "total",
    "overall",
    "whole",
    "combined",
    "together",
    "altogether",
    "every",
    "entire",
    "sum",
];
const PER: &[&str] = &["per", "each", "every", "average", "averaged", "apiece"];

/// Finds what a figure is made of, the values named in its sentence first.
/// `figures` are where the figures of the text stand, in order.
pub(super) fn derive(
    text: &str,
    figure: &Figure,
    figures: &[Range<usize>],
    operands: &[Operand],
) -> Option<Derived> {
    if figure.value <= 0.0 {
        return None;
    }
    let sentence = Sentence::around(text, figure.range.start);
    let profit = told_as_profit(text, figure, figures);
    let search = Search { figure, sentence: &sentence, behind: behind(text, figure), profit };
    let mut named: Vec<&Operand> = operands.iter().filter(|o| sentence.names(o)).collect();
    named.truncate(TRIED);
    let mut formulas = search.alone(&named);
    formulas.extend(search.pairs(&named, &named));
    if let Some(found) = search.choose(&formulas, NAMED) {
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
    search.choose(&search.pairs(&named, &beside), BESIDE)
}

/// The word behind a figure.
fn behind(text: &str, figure: &Figure) -> String {
    let after = text.get(figure.range.end..).unwrap_or_default();
    let after = after.trim_start_matches([' ', '-', '*']);
    after.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_lowercase()
}

struct Search<'s> {
    figure: &'s Figure,
    sentence: &'s Sentence,
    /// The word behind the figure.
    behind: String,
    /// Whether it is told as a profit, or as a loss.
    profit: Option<bool>,
}

/// A formula, as a figure of the kind wanted would write its value.
struct Formula<'o> {
    value: f64,
    operation: Operation,
    operands: Vec<&'o Operand>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operation {
    Sum,
    Difference,
    Ratio,
    /// The ratio in percent.
    Share,
    Growth,
    /// Shares in percentage points.
    Points,
    Times(f64),
    Over(f64),
    Total,
}

impl Search<'_> {
    /// A year's worth of a month and the like, and the sums of columns.
    fn alone<'o>(&self, named: &[&'o Operand]) -> Vec<Formula<'o>> {
        let mut found = Vec::new();
        for operand in named.iter().filter(|o| self.fits(o.class)) {
            let mut add = |operation, value| {
                found.push(Formula { value, operation, operands: vec![operand] });
            };
            if operand.total {
                add(Operation::Total, operand.value);
            }
            let year = self.sentence.has(YEARLY);
            for (words, parts) in [(MONTHLY, 12.0), (QUARTERLY, 4.0)] {
                if year || self.sentence.has(words) {
                    add(Operation::Times(parts), operand.value * parts);
                    add(Operation::Over(parts), operand.value / parts);
                }
            }
        }
        found
    }

    /// Whether the figure may be a sum of values of this class.
    fn fits(&self, class: Class) -> bool {
        match (self.figure.kind, class) {
            (Kind::Money(figure), Class::Sized(Unit::Money(value))) => figure == value,
            (Kind::Money(_) | Kind::Plain, Class::Amount) | (Kind::Plain, Class::Sized(_)) => true,
            (Kind::Money(_) | Kind::Percent | Kind::Ratio | Kind::Plain, _) => false,
        }
    }

    /// What a value of each list makes with one of the other.
    fn pairs<'o>(&self, ones: &[&'o Operand], others: &[&'o Operand]) -> Vec<Formula<'o>> {
        let mut found: Vec<Formula<'o>> = Vec::new();
        for a in ones {
            for b in others.iter().filter(|b| b.path != a.path) {
                // Both orders are tried here, so a pair of named values comes up twice.
                self.pair(a, b, &mut found);
                self.pair(b, a, &mut found);
            }
        }
        found
    }

    fn pair<'o>(&self, a: &'o Operand, b: &'o Operand, found: &mut Vec<Formula<'o>>) {
        let mut add = |operation, value: f64| {
            if value.is_finite() && value != 0.0 {
                found.push(Formula { value, operation, operands: vec![a, b] });
            }
        };
        let alike = match (a.class, b.class) {
            (Class::Sized(a), Class::Sized(b)) => a == b,
            (Class::Share, Class::Share) => true,
            (Class::Share, _) | (_, Class::Share) => false,
            (Class::Amount, _) | (_, Class::Amount) => true,
        };
        let share = a.class == Class::Share;
        // A share is of the whole, other arithmetic only where the sentence speaks of it.
        let whole = !(a.total || b.total) || self.sentence.has(ALL);
        match self.figure.kind {
            Kind::Money(_) | Kind::Plain => {
                if alike && whole && self.fits(a.class) && self.fits(b.class) {
                    // Of a small addend nothing is seen.
                    if a.value.abs().min(b.value.abs()) > self.figure.quantum {
                        if a.path < b.path && !(a.total || b.total) {
                            add(Operation::Sum, a.value + b.value);
                        }
                        // What is left of the income is a profit, and what is missing a loss.
                        let is_profit = match (flow(a), flow(b)) {
                            (Some(Flow::Comes), Some(Flow::Goes)) => Some(true),
                            (Some(Flow::Goes), Some(Flow::Comes)) => Some(false),
                            _ => None,
                        };
                        let is_told = is_profit.is_none()
                            || self.profit.is_none()
                            || is_profit == self.profit;
                        if a.value > b.value && is_told {
                            add(Operation::Difference, a.value - b.value);
                        }
                    }
                }
                let times = ["months", "month", "years", "weeks", "times", "quarters"];
                let each = match self.figure.kind {
                    Kind::Money(currency) => {
                        a.class == Class::Sized(Unit::Money(currency))
                            && b.class == Class::Sized(Unit::Count)
                            && self.sentence.has(PER)
                    }
                    Kind::Plain => alike && !share && times.contains(&self.behind.as_str()),
                    Kind::Percent | Kind::Ratio => false,
                };
                if each {
                    add(Operation::Ratio, a.value / b.value);
                }
            }
            Kind::Percent => {
                if share && alike && a.value > b.value {
                    add(Operation::Points, (a.value - b.value) * 100.0);
                }
                if alike && !share {
                    if a.value > 0.0 && b.value > 0.0 && a.value <= b.value {
                        add(Operation::Share, a.value / b.value * 100.0);
                    }
                    let (up, down) = (self.sentence.has(GROWTH), self.sentence.has(DECLINE));
                    let growth = (a.value - b.value) / b.value.abs() * 100.0;
                    let told = match self.figure.sign {
                        Sign::Minus => growth < 0.0,
                        Sign::Plus => growth > 0.0,
                        Sign::None => {
                            (up && growth > 0.0)
                                || (down && growth < 0.0)
                                || self.sentence.has(CHANGE)
                        }
                    };
                    if told && same_thing(a, b) {
                        add(Operation::Growth, growth);
                    }
                }
            }
            Kind::Ratio => {
                if alike && !share && whole {
                    add(Operation::Ratio, a.value / b.value);
                }
            }
        }
    }

    /// The formula that gives the figure, where there are so few that it is hardly chance.
    ///
    /// Formulas of about the size of the figure lie as close as they happen to: the figure would meet one of them by
    /// chance in as many of all cases as the spans of its tolerance around them cover.
    fn choose(&self, formulas: &[Formula<'_>], limit: f64) -> Option<Derived> {
        let figure = self.figure;
        let (below, above) = figure.reach();
        let mut values: Vec<f64> = formulas
            .iter()
            .map(|formula| formula.value.abs())
            .filter(|value| (figure.value / 2.0..=figure.value * 2.0).contains(value))
            .collect();
        values.sort_by(f64::total_cmp);
        values.dedup_by(|a, b| (*a - *b).abs() <= f64::midpoint(below, above));
        let count = u32::try_from(values.len()).map_or(f64::MAX, f64::from);
        let chance = count * (below + above) / (figure.value * 1.5);
        if chance > limit {
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
                        && (self.sentence.has(DECLINE) || self.sentence.has(CHANGE));
                    formula.value < 0.0 || falls
                }
            };
            signed && figure.value - below - slack <= value && value <= figure.value + above + slack
        };
        formulas.iter().find(is).map(Formula::told)
    }
}

impl Formula<'_> {
    fn told(&self) -> Derived {
        let path = |at: usize| self.operands.get(at).map_or("", |operand| operand.path.as_str());
        let (a, b) = (path(0), path(1));
        let (formula, value) = match self.operation {
            Operation::Sum => (format!("= {a} + {b}"), self.value),
            Operation::Difference => (format!("= {a} - {b}"), self.value),
            Operation::Ratio => (format!("= {a} / {b}"), self.value),
            Operation::Share => (format!("= {a} / {b}"), self.value / 100.0),
            Operation::Growth => (format!("= ({a} - {b}) / {b}"), self.value / 100.0),
            Operation::Points => (format!("= {a} - {b}"), self.value / 100.0),
            Operation::Times(n) => (format!("= {a} * {n}"), self.value),
            Operation::Over(n) => (format!("= {a} / {n}"), self.value),
            Operation::Total => (format!("= {a}"), self.value),
        };
        let paths = self.operands.iter().map(|operand| operand.path.clone()).collect();
        Derived { formula, value, paths }
    }
}
