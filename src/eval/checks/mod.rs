//! What each kind of assertion looks at, one file each.

mod agents;
mod contains;
mod cost;
mod decision;
mod ending;
mod equals;
mod figure;
mod figures;
mod json;
mod latency;
mod parallel;
mod regex;
mod route;
mod rubric;
mod similar;

use std::time::Duration;

use super::given::Given;
use super::judge::Judgement;
use crate::document::{Assertion, Check};
use crate::value::{Value, one_line};

/// What a look at an answer found.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    /// It is so.
    Holds(String),
    /// It is not so, and this is there instead.
    Fails(String),
    /// Nothing is there to be looked at: that fails whether it is turned around or not.
    Nothing(String),
    /// It is left to a model, and nobody asked one.
    Open(String),
}

/// What is known of an answer.
pub(super) struct Known<'k> {
    /// What it is.
    pub(super) given: &'k Given,
    /// How long it took.
    pub(super) took: Duration,
    /// What a query says a figure must be; none where the figure says it itself.
    pub(super) wanted: Option<Value>,
    /// What a judge says; none where no rubric is asked about.
    pub(super) judgement: Option<&'k Judgement>,
}

/// Looks at an answer.
pub(super) fn look(assertion: &Assertion, known: &Known<'_>) -> Found {
    let given = known.given;
    let found = match &assertion.check {
        Check::Equals(wanted) => equals::look(wanted, given),
        Check::Contains(texts) => contains::look(texts, given, str::to_owned),
        Check::Icontains(texts) => contains::look(texts, given, str::to_lowercase),
        Check::Regex(pattern) => regex::look(pattern, given),
        Check::Similar(wanted) => similar::look(wanted, given),
        Check::LlmRubric(rubric) => rubric::look(rubric, known),
        Check::IsJson(wanted) => json::look(*wanted, given),
        Check::JsonSchema(schema) => json::valid(schema, given),
        Check::Cost(most) => cost::look(*most, given),
        Check::Latency(most) => latency::look(*most, known.took),
        Check::Figure(figure) => figure::look(figure, known),
        Check::Route(wanted) => route::look(wanted, given),
        Check::Agents(wanted) => agents::look(wanted, given),
        Check::Params(wanted) => route::params(wanted, given),
        Check::Decision(wanted) => decision::look(wanted, given),
        Check::NoUnverifiedFigures(wanted) => figures::look(*wanted, given),
        Check::StepsInParallel(steps) => parallel::look(steps, given),
        Check::Status(wanted) => ending::status(*wanted, given),
        Check::Exit(wanted) => ending::exit(*wanted, given),
    };
    match found {
        Found::Holds(what) if assertion.not => Found::Fails(what),
        Found::Fails(what) if assertion.not => Found::Holds(what),
        other => other,
    }
}

/// Holds or fails, with what is there.
fn told(holds: bool, what: impl Into<String>) -> Found {
    if holds { Found::Holds(what.into()) } else { Found::Fails(what.into()) }
}

/// The same of where a question goes.
fn settled(given: &Given, holds: bool, what: String) -> Found {
    if given.is_settled() { told(holds, what) } else { Found::Open(what) }
}

/// Why there is no answer.
fn nothing(given: &Given) -> Found {
    let why = match (&given.fault, &given.outcome) {
        (Some(fault), _) => fault.message.clone(),
        (None, Some(outcome)) => {
            let lost = outcome.error.as_ref().map_or("", |error| error.message.as_str());
            format!("the run gave no answer. {lost}").trim().to_owned()
        }
        (None, None) => "nothing ran".to_owned(),
    };
    Found::Nothing(why)
}

/// The beginning of a text, on one line.
fn short(text: &str) -> String {
    const MOST: usize = 200;
    let line = one_line(text);
    let mut short: String = line.chars().take(MOST).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

/// Whether a value is what it must be: numbers within a tolerance, of a map the keys that are wanted, every item of a
/// list. The path and the two values that differ, where it is not.
fn differs(
    wanted: &Value,
    there: Option<&Value>,
    path: &str,
    within: &dyn Fn(f64) -> f64,
) -> Option<String> {
    let at = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    let shown =
        |there: Option<&Value>| there.map_or_else(|| "missing".to_owned(), Value::to_string);
    match (wanted, there) {
        (Value::Object(wanted), Some(Value::Object(there))) => {
            wanted.iter().find_map(|(key, value)| differs(value, there.get(key), &at(key), within))
        }
        (Value::Array(wanted), Some(Value::Array(there))) if wanted.len() == there.len() => {
            wanted.iter().zip(there).enumerate().find_map(|(n, (wanted, there))| {
                differs(wanted, Some(there), &at(&n.to_string()), within)
            })
        }
        (Value::Array(wanted), Some(Value::Array(there))) => {
            Some(format!("{path} has {} items, not {}", there.len(), wanted.len()))
        }
        (Value::Number(wanted), Some(Value::Number(there))) => {
            let (wanted, there) = (wanted.as_f64()?, there.as_f64()?);
            ((wanted - there).abs() > within(wanted))
                .then(|| format!("{path} is {there}, not {wanted}").trim().to_owned())
        }
        // A query knows no booleans.
        (Value::Number(wanted), Some(Value::Bool(there)))
            if wanted.as_i64() == Some(i64::from(*there)) =>
        {
            None
        }
        (wanted, there) if there == Some(wanted) => None,
        (wanted, there) => {
            Some(format!("{path} is {}, not {wanted}", shown(there)).trim().to_owned())
        }
    }
}

/// Differences in the last digits alone, as two ways to the same number have them.
fn rounding(wanted: f64) -> f64 {
    1e-9 * wanted.abs().max(1.0)
}
