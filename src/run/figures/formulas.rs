//! Arithmetic on values that a figure may be made of.

use super::derive::Derived;
use super::flows::{Flow, flow};
use super::numbers::{Figure, Kind, Sign};
use super::operands::{Class, Operand, same_thing};
use super::sentence::Sentence;
use super::spoken::ALL;
use super::told::compares;
use super::units::Unit;

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
    "doubled",
    "tripled",
    "quadrupled",
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
pub(super) const CHANGE: &[&str] = &["change", "changed", "changes"];
const YEARLY: &[&str] =
    &["year", "yearly", "annual", "annually", "annualised", "annualized", "twelve"];
const MONTHLY: &[&str] = &["month", "monthly"];
const QUARTERLY: &[&str] = &["quarter", "quarterly"];
const PER: &[&str] = &["per", "each", "every", "average", "averaged", "apiece"];

pub(super) struct Search<'s> {
    pub(super) figure: &'s Figure,
    pub(super) sentence: &'s Sentence,
    /// The word behind the figure.
    pub(super) behind: String,
    /// Whether it is told as a profit, or as a loss.
    pub(super) profit: Option<bool>,
}

/// A formula, as a figure of the kind wanted would write its value.
pub(super) struct Formula<'o> {
    pub(super) value: f64,
    pub(super) operation: Operation,
    pub(super) operands: Vec<&'o Operand>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operation {
    Sum,
    Difference,
    Ratio,
    /// The ratio in percent.
    Share,
    Growth,
    /// How far a share is above one, in percent.
    Excess,
    /// Shares in percentage points.
    Points,
    Times(f64),
    Over(f64),
    Total,
}

impl Search<'_> {
    /// A year's worth of a month and the like, and the sums of columns.
    pub(super) fn alone<'o>(&self, named: &[&'o Operand]) -> Vec<Formula<'o>> {
        let mut found = Vec::new();
        // What all rows make of a share: the return of all channels.
        let blended = named.iter().filter(|one| one.total && one.class == Class::Share);
        let factor = match self.figure.kind {
            Kind::Percent => 100.0,
            Kind::Money(_) | Kind::Ratio | Kind::Plain => 1.0,
        };
        let is_share = !matches!(self.figure.kind, Kind::Money(_)) || self.figure.per_dollar;
        found.extend(blended.filter(|_| is_share).map(|one| Formula {
            value: one.value * factor,
            operation: Operation::Total,
            operands: vec![*one],
        }));
        for operand in named.iter().filter(|o| self.fits(o.class)) {
            let mut add = |operation, value| {
                found.push(Formula { value, operation, operands: vec![operand] });
            };
            if operand.total || !operand.parts.is_empty() {
                add(Operation::Total, operand.value);
            }
            if operand.rows > 1 && self.sentence.has(PER) {
                add(
                    Operation::Over(f64::from(operand.rows)),
                    operand.value / f64::from(operand.rows),
                );
            }
            // A period of some months has so much a month.
            let months =
                operand.span.map(|(first, last)| f64::from(last.saturating_sub(first) + 1));
            if let Some(months) = months.filter(|months| *months > 1.0 && *months < 12.0)
                && self.sentence.has(MONTHLY)
            {
                add(Operation::Over(months), operand.value / months);
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
    pub(super) fn pairs<'o>(
        &self,
        ones: &[&'o Operand],
        others: &[&'o Operand],
    ) -> Vec<Formula<'o>> {
        let mut found: Vec<Formula<'o>> = Vec::new();
        for a in ones {
            for b in others.iter().filter(|b| b.is_apart(a)) {
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
        let alike = a.class.is_like(b.class);
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
                    // `of each dollar of revenue 39 cents`
                    Kind::Money(_) if self.figure.per_dollar && a.class == b.class => !share,
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
        // `a ROAS of 2.76 beats the break-even by 1.05`
        let is_number = matches!(self.figure.kind, Kind::Plain | Kind::Ratio);
        let compared = || self.sentence.words().iter().any(|word| compares(word));
        if is_number && share && alike && a.value > b.value && compared() {
            add(Operation::Difference, a.value - b.value);
        }
    }
}

impl Formula<'_> {
    pub(super) fn told(&self) -> Derived {
        let path = |at: usize| self.operands.get(at).map_or("", |operand| operand.path.as_str());
        let (a, b) = (path(0), path(1));
        let (formula, value) = match self.operation {
            Operation::Sum => (format!("= {a} + {b}"), self.value),
            Operation::Difference => (format!("= {a} - {b}"), self.value),
            Operation::Ratio => (format!("= {a} / {b}"), self.value),
            Operation::Share => (format!("= {a} / {b}"), self.value / 100.0),
            Operation::Growth => (format!("= ({a} - {b}) / {b}"), self.value / 100.0),
            Operation::Excess => (format!("= {a} - 1"), self.value / 100.0),
            Operation::Points => (format!("= {a} - {b}"), self.value / 100.0),
            Operation::Times(n) => (format!("= {a} * {n}"), self.value),
            Operation::Over(n) => (format!("= {a} / {n}"), self.value),
            Operation::Total => {
                // A sum alone needs no brackets.
                let sum = a.strip_prefix('(').and_then(|sum| sum.strip_suffix(')')).unwrap_or(a);
                (format!("= {sum}"), self.operands.first().map_or(self.value, |one| one.value))
            }
        };
        let paths = self.operands.iter().flat_map(|operand| operand.paths()).collect();
        Derived { formula, value, paths }
    }
}
