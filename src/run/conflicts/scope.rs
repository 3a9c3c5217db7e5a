//! What a value is for: whose it is, and of which time.

use std::collections::{BTreeMap, BTreeSet};

use crate::run::data::month;
use crate::value::{Object, Value, unquoted};

/// Names of what tells a time.
const TIMES: &[&str] = &[
    "from",
    "to",
    "since",
    "until",
    "start",
    "end",
    "date",
    "day",
    "week",
    "month",
    "quarter",
    "half",
    "year",
    "fiscal_year",
    "period",
];

/// What a value is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Scope {
    /// Arguments and texts beside the value, by name.
    pub(super) named: BTreeMap<String, String>,
    /// The arguments that ask for a time.
    asked: BTreeMap<String, String>,
    /// The times that stand beside the value.
    times: BTreeSet<String>,
}

impl Scope {
    /// Takes in what a tool was called with.
    pub(super) fn call(&mut self, arguments: &Object) {
        for (name, value) in arguments.iter().filter(|(_, value)| !value.is_null()) {
            let text = unquoted(value);
            if is_time(name) || month(&text).is_some() {
                self.asked.insert(name.clone(), text);
            } else {
                self.named.insert(name.clone(), text);
            }
        }
    }

    /// Takes in what stands beside a value. Of the numbers only those tell one row from another that count time or name it.
    pub(super) fn beside(&mut self, row: &Object) {
        for (name, value) in row {
            let text = unquoted(value);
            match value {
                Value::String(_) if is_time(name) || month(&text).is_some() => {
                    self.times.insert(text);
                }
                Value::Number(_) if is_time(name) => {
                    self.times.insert(text);
                }
                Value::Number(_) if name != "id" && !name.ends_with("_id") => {}
                Value::String(_) | Value::Number(_) | Value::Bool(_) => {
                    self.named.insert(name.clone(), text);
                }
                Value::Null | Value::Array(_) | Value::Object(_) => {}
            }
        }
    }

    /// Whether it says of anything whose a value is.
    pub(super) fn names_something(&self) -> bool {
        !self.named.is_empty()
    }

    /// Whether two values can be one: of what only one of them is for, somebody has to have spoken, and no time may be asked of one
    /// alone.
    pub(super) fn agrees(&self, other: &Self, is_spoken_of: impl Fn(&str) -> bool) -> bool {
        let differs = |one: &Self, two: &Self| {
            let only =
                one.named.iter().filter(|(name, value)| two.named.get(*name) != Some(*value));
            only.map(|(_, value)| value.clone()).collect::<Vec<_>>()
        };
        let mut alone = differs(self, other);
        alone.extend(differs(other, self));
        let times = self.times.is_empty() || other.times.is_empty() || self.times == other.times;
        self.asked == other.asked && times && alone.iter().all(|value| is_spoken_of(value))
    }

    /// What it is, for people.
    pub(super) fn told(&self) -> Object {
        let all = self.named.iter().chain(&self.asked);
        let mut told: Object =
            all.map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
        if !self.times.is_empty() {
            let times: Vec<&str> = self.times.iter().map(String::as_str).collect();
            told.insert("time".to_owned(), times.join(", ").into());
        }
        told
    }
}

/// Whether words hold all of a value's.
pub(super) fn says(words: &BTreeSet<String>, value: &str) -> bool {
    let mut parts = value.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.all(|part| words.contains(&part.to_lowercase()))
}

fn is_time(name: &str) -> bool {
    TIMES
        .iter()
        .any(|time| name == *time || name.strip_suffix(time).is_some_and(|n| n.ends_with('_')))
}
