//! `mixed-units`: numbers that count different things, added, compared, or written as what they are not.

use minijinja::machinery::Span;
use minijinja::machinery::ast::{Expr, Filter};

use super::Typer;
use crate::expression::analysis::problem;
use crate::expression::types::{Type, Unit};

impl Typer<'_> {
    /// The unit of a sum; a number of unknown unit takes that of the other.
    pub(super) fn same_unit(
        &mut self,
        a: Option<Unit>,
        b: Option<Unit>,
        verb: &str,
        span: Span,
    ) -> Option<Unit> {
        if let (Some(one), Some(other)) = (&a, &b)
            && one != other
        {
            let message = format!("{} and {} cannot be {verb}", one.as_str(), other.as_str());
            self.problems.push(problem("mixed-units", &message, Some(alike(one, other)), span));
            return None;
        }
        a.or(b)
    }

    /// Whether `sum`, `min` or `max` takes items of different units that are written out.
    pub(super) fn unlike_items(&mut self, node: &Filter<'_>, span: Span) -> bool {
        let Some(Expr::List(list)) = &node.expr else { return false };
        let told = self.problems.len();
        let items = list.items.iter().map(|item| self.expression(item));
        let units: Vec<Unit> = items
            .filter_map(|found| match found {
                Type::Number(unit) => unit,
                _ => None,
            })
            .collect();
        // What is wrong with an item itself was told when the list was looked at.
        self.problems.truncate(told);
        let mut pairs = units.iter().zip(units.iter().skip(1));
        let Some((one, other)) = pairs.find(|(one, other)| one != other) else { return false };
        self.same_unit(Some(one.clone()), Some(other.clone()), "put together", span);
        true
    }

    /// A filter that would write a number as what it is not.
    pub(super) fn other_unit(&mut self, filter: &str, found: &Type, span: Span) {
        let Type::Number(Some(unit)) = found else { return };
        let Some((message, help)) = misread(filter, unit) else { return };
        self.problems.push(problem("mixed-units", &message, Some(help), span));
    }
}

/// How numbers of two units are made to count the same.
fn alike(one: &Unit, other: &Unit) -> String {
    let (one, other) = (one.as_str(), other.as_str());
    let of = |unit: &'static str| one == unit || other == unit;
    let how = if of("percent") && of("ratio") {
        "a ratio is a percent divided by 100".to_owned()
    } else if let (Some((a, _)), Some((b, time))) =
        (one.split_once("_per_"), other.split_once("_per_"))
        && a == b
    {
        format!("multiply the first, so that it is for a {time} as well")
    } else if of("percent") || of("ratio") {
        "a share of an amount is the two multiplied".to_owned()
    } else if one.len() == 3 && other.len() == 3 {
        "an amount in another currency is multiplied by its rate".to_owned()
    } else {
        "multiply or divide one of them by what turns it into the other".to_owned()
    };
    format!("bring both to the same unit first: {how}")
}

/// What is wrong with writing a number of a unit by a filter, and how to mend it.
fn misread(filter: &str, unit: &Unit) -> Option<(String, String)> {
    let (writes, fits) = match filter {
        "usd" => ("US dollars", "usd"),
        "percent" => ("a ratio as percents", "ratio"),
        "ratio" => ("a ratio", "ratio"),
        _ => return None,
    };
    if unit.as_str() == fits {
        return None;
    }
    let message = format!("`{filter}` writes {writes}, and this is {}", unit.as_str());
    let help = match (unit.as_str(), filter) {
        ("percent", "percent") => "it is in percent already: write `{{ value | number }}%`",
        ("usd", _) => "write `| usd`",
        ("ratio", _) => "write `| percent` or `| ratio`",
        _ => "write `| number`, and the unit behind it",
    };
    Some((message, help.to_owned()))
}

/// A ratio scales; anything else times a unit is beyond words.
pub(super) fn product(a: Option<Unit>, b: Option<Unit>) -> Option<Unit> {
    match (a, b) {
        (Some(a), Some(b)) if a.is_ratio() => Some(b),
        (Some(a), Some(b)) if b.is_ratio() => Some(a),
        _ => None,
    }
}

pub(super) fn quotient(a: Option<Unit>, b: Option<Unit>) -> Option<Unit> {
    match (a, b) {
        (Some(a), Some(b)) if a == b => Some(Unit::ratio()),
        (Some(a), Some(b)) if b.is_ratio() => Some(a),
        _ => None,
    }
}
