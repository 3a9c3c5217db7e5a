//! The params of a workflow that a question gives.

use std::collections::BTreeSet;

use super::amounts::{Amount, Unit};
use super::answer::Missing;
use super::months::{Month, Period};
use super::periods::Found;
use super::reading::{Sense, Text};
use super::target::Entry;
use super::values::Meant;
use crate::document::{Param, ParamType};
use crate::value::{Object, Value};

/// Why a param is missing of which a question says nothing.
const UNNAMED: &str = "the question names none";

/// What a question says of a workflow's params.
#[derive(Clone, Default)]
pub(super) struct Filled {
    pub(super) params: Object,
    pub(super) missing: Vec<Missing>,
    /// It names a period that the workflow cannot be held to.
    pub(super) wrong_period: bool,
}

impl Missing {
    /// Whether the question says nothing of it.
    pub fn is_unnamed(&self) -> bool {
        self.why == UNNAMED
    }
}

impl Filled {
    /// Whether the question gives one of the params that must be given.
    pub(super) fn gives_required(&self, entry: &Entry) -> bool {
        let mut required = entry.params.iter().filter(|(_, param)| param.default.is_none());
        required.any(|(name, _)| self.params.contains_key(name))
    }

    /// It with numbers whose place in the question tells which params they are for.
    pub(super) fn with(&self, numbers: Vec<(String, f64)>, entry: &Entry) -> Self {
        let mut filled = self.clone();
        for (name, value) in numbers {
            let param = entry.params.iter().find(|(param, _)| *param == name);
            let value = number(value);
            let fits = param.is_some_and(|(_, param)| {
                param.bound_broken(&value).is_none()
                    && (param.kind != ParamType::Integer || value.is_i64())
            });
            let open = filled.missing.iter().position(|missing| missing.param == name);
            if let Some(at) = open.filter(|_| fits) {
                filled.missing.remove(at);
                filled.params.insert(name, value);
            }
        }
        filled
    }

    /// Whether the question says something of every param that must be given, clearly or not.
    pub(super) fn names_all(&self) -> bool {
        !self.missing.iter().any(Missing::is_unnamed)
    }
}

/// Fills the params of a workflow from a question and what the workflow made of its words.
pub(super) fn fill(entry: &Entry, text: &Text, told: &[(Sense, f64)], last: Month) -> Filled {
    let asked: BTreeSet<String> =
        told.iter().filter_map(|(sense, _)| sense.stem.clone()).chain(text.numbers()).collect();
    let years = text.years();
    let mut filled = Filled::default();
    let mut dated = false;
    let required_numbers = entry.params.iter().filter(|(_, param)| is_required_number(param));
    let kinds: Vec<ParamType> = required_numbers.map(|(_, param)| param.kind).collect();
    for (name, param) in &entry.params {
        let required = param.default.is_none();
        if let Some(values) = entry.values.iter().find(|values| values.param == *name) {
            let meant = values.meant(&asked, &years);
            dated |= meant.dated;
            match meant {
                Meant { settled: true, values, .. } => {
                    let value = values.into_iter().next().map(|known| known.value);
                    filled.params.extend(value.map(|value| (name.clone(), value)));
                }
                Meant { values: close, .. } if required => {
                    let why = if close.is_empty() { UNNAMED } else { "several are like it" };
                    let values = if close.is_empty() { values.all() } else { close };
                    filled.missing.push(Missing { param: name.clone(), values, why: why.into() });
                }
                Meant { .. } => {}
            }
        } else if is_required_number(param) {
            let alike = kinds.iter().filter(|kind| **kind == param.kind).count();
            match amount(text, param, alike, kinds.len() - alike) {
                Ok(value) => {
                    filled.params.insert(name.clone(), value);
                }
                Err(why) => {
                    let (values, why) = (Vec::new(), why.into());
                    filled.missing.push(Missing { param: name.clone(), values, why });
                }
            }
        } else if required {
            let why = "a question cannot give it".into();
            filled.missing.push(Missing { param: name.clone(), values: Vec::new(), why });
        }
    }
    let settled =
        entry.values.iter().filter_map(|values| values.terms_of(filled.params.get(&values.param)?));
    let own: BTreeSet<&String> = settled.flatten().collect();
    // `facebook holiday 2025` holds its time; of `facebook holiday 2025 in April` a month is left.
    let is_own = |found: &&Found| {
        found.span.clone().all(|at| {
            let stem = text.stems.get(at).and_then(Option::as_ref);
            let held = |word: &String| own.contains(word);
            stem.is_some_and(held) || text.tokens.get(at).is_some_and(|token| held(&token.text))
        })
    };
    let forgiven = dated && own.is_empty();
    let left = text.periods.iter().filter(|found| !forgiven && !is_own(found));
    let left: Vec<Option<Period>> = left.map(|found| found.period).collect();
    filled.wrong_period = !period(entry, &left, last, &mut filled.params);
    filled
}

pub(super) fn is_required_number(param: &Param) -> bool {
    param.default.is_none() && matches!(param.kind, ParamType::Number | ParamType::Integer)
}

/// The one amount of a question that a param can mean, or why there is none. So many params want a number of its kind, itself
/// included, and so many one of the other kind: a count goes to the one that is whole, money to the other.
fn amount(text: &Text, param: &Param, alike: usize, others: usize) -> Result<Value, &'static str> {
    if alike > 1 {
        return Err("there are several numbers to give");
    }
    let counts = param.kind == ParamType::Integer;
    let mut fitting: Vec<&Amount> =
        text.amounts.iter().filter(|amount| counts == (amount.unit == Unit::Count)).collect();
    if !counts && fitting.is_empty() && others == 0 {
        fitting = text.money().collect();
    }
    let one = match fitting.as_slice() {
        [one] => one,
        [] => return Err(UNNAMED),
        _ => return Err("the question names several"),
    };
    match one.unit {
        Unit::Dollars | Unit::Count => {}
        Unit::OtherMoney => return Err("the amount is not in US dollars"),
        Unit::Unclear => {
            return Err(
                "the amount can be read in several ways; write it like $1,500,000 or $1.5m",
            );
        }
        Unit::Rate => return Err("the amount is not spent once"),
        Unit::Percent => return Err("a percentage is not an amount"),
    }
    let value = number(one.value);
    if param.bound_broken(&value).is_some() {
        return Err("the amount is out of bounds");
    }
    Ok(value)
}

/// A number as JSON has it, whole where it is.
#[expect(clippy::cast_possible_truncation, reason = "whole and far below the limit")]
pub(super) fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        Value::from(value as i64)
    } else {
        Value::from(value)
    }
}

/// Puts the period that a question names into `from` and `to`. False where one has no place.
fn period(entry: &Entry, named: &[Option<Period>], last: Month, params: &mut Object) -> bool {
    let period = match named {
        [] => return true,
        [Some(one)] => one,
        _ => return false,
    };
    let kind = |name: &str| {
        entry.params.iter().find(|(param, _)| param == name).map(|(_, spec)| spec.kind)
    };
    if period.give(params, kind) {
        return true;
    }
    // The year that the data ends in is what a workflow without periods is about anyway.
    let year = last.span(12);
    period.from == year.from && period.to == year.to.min(last)
}
