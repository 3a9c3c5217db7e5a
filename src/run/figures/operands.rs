//! The values of the evidence that a derived figure may be made of, and whether a sentence names them.

use std::rc::Rc;

use super::evidence::{Entry, Evidence, Origin};
use super::periods::{Span, hull};
use super::units::Unit;
use crate::value::{Object, Value};

/// No more rows of a list than these are read.
const ROWS: usize = 5_000;

/// A longer text beside a number is no name of its row.
const LONGEST_LABEL: usize = 60;

/// A value that a formula may use.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    /// As a formula writes it: a path, or the sum of a column.
    pub(super) path: String,
    /// A percentage as a ratio.
    pub(super) value: f64,
    pub(super) class: Class,
    /// The words of its field, without those of its unit.
    pub(super) words: Vec<String>,
    /// The texts beside it, in lower case.
    pub(super) labels: Vec<String>,
    /// Whether it stands in one of several rows, which its texts tell apart.
    row: bool,
    /// Which entry of the evidence it is of.
    pub(super) entry: usize,
    /// The object that holds it.
    pub(super) object: String,
    /// The names of the fields of that object, by which objects of one kind are known.
    pub(super) shape: Rc<str>,
    /// Whether it is the sum of a column.
    pub(super) total: bool,
    /// Its period: that of the times beside it, for a sum that of its rows, else what its tool was asked for.
    pub(super) span: Option<Span>,
}

impl Operand {
    /// Whether it stands in one of several rows that texts tell apart.
    pub(super) fn is_row(&self) -> bool {
        self.row && !self.labels.is_empty()
    }
}

/// What may be added to what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Class {
    /// Money, or a number of things.
    Sized(Unit),
    /// An amount of nobody knows what.
    Amount,
    /// A share, a margin, a multiple.
    Share,
}

/// The operands of an evidence, nearest first, and no more than `most` of them.
pub(super) fn operands(evidence: &Evidence, most: usize) -> Vec<Operand> {
    let mut found = Vec::new();
    let data = evidence.entries().enumerate().filter(|(_, entry)| entry.origin == Origin::Data);
    for (number, entry) in data {
        let mut reader = Reader { entry, number, found: &mut found };
        reader.read(&entry.value, &entry.path, None, &Beside::default());
        if found.len() >= most {
            break;
        }
    }
    found.truncate(most);
    found
}

/// What stands beside a value in its object.
#[derive(Clone, Default)]
struct Beside {
    texts: Vec<String>,
    shape: Rc<str>,
    row: bool,
    span: Option<Span>,
}

impl Beside {
    fn within(object: &Object, row: bool) -> Self {
        let names: Vec<&str> = object.keys().map(String::as_str).collect();
        let texts = texts(object);
        let span = hull(texts.iter().map(String::as_str));
        Self { texts, shape: names.join(" ").into(), row, span }
    }
}

struct Reader<'e, 'f> {
    entry: &'e Entry,
    number: usize,
    found: &'f mut Vec<Operand>,
}

impl Reader<'_, '_> {
    fn read(&mut self, value: &Value, path: &str, field: Option<&str>, beside: &Beside) {
        match value {
            Value::Number(number) => {
                let value = number.as_f64().unwrap_or_default();
                self.push(path.to_owned(), field, value, beside, false);
            }
            Value::Object(object) => {
                let own = Beside::within(object, false);
                let beside = if beside.row { beside } else { &own };
                for (key, value) in object {
                    self.read(value, &format!("{path}.{key}"), Some(key), beside);
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate().take(ROWS) {
                    let beside = item.as_object().map(|object| Beside::within(object, true));
                    let beside =
                        beside.unwrap_or_else(|| Beside { row: true, ..Beside::default() });
                    self.read(item, &format!("{path}.{at}"), field, &beside);
                }
                self.totals(items, path);
            }
            Value::Null | Value::Bool(_) | Value::String(_) => {}
        }
    }

    /// The sums of the columns of a list, as further operands.
    fn totals(&mut self, items: &[Value], path: &str) {
        let Some(first) = items.first().and_then(Value::as_object).filter(|_| items.len() > 1)
        else {
            return;
        };
        let times: Vec<String> =
            items.iter().filter_map(Value::as_object).flat_map(texts).collect();
        let span = hull(times.iter().map(String::as_str));
        for key in first.keys() {
            let column = items.iter().map(|item| match item.get(key) {
                Some(Value::Null) => Some(0.0),
                Some(value) => value.as_f64(),
                None => None,
            });
            let total: Option<f64> = column.sum();
            let Some(total) = total else { continue };
            let sum = format!("sum({path}.*.{key})");
            let beside = Beside { span, ..Beside::default() };
            self.push(sum, Some(key), total, &beside, true);
            // The sum of shares is none.
            if self.found.last().is_some_and(|last| last.class == Class::Share) {
                self.found.pop();
            }
        }
    }

    fn push(
        &mut self,
        path: String,
        field: Option<&str>,
        value: f64,
        beside: &Beside,
        total: bool,
    ) {
        let unit = Unit::named(self.entry.unit(field));
        let value = if unit == Unit::Percent { value / 100.0 } else { value };
        let class = match unit {
            unit @ (Unit::Money(_) | Unit::Count) => Class::Sized(unit),
            Unit::Ratio | Unit::Percent => Class::Share,
            Unit::Unknown if value.fract() != 0.0 && value.abs() < 10.0 => Class::Share,
            Unit::Unknown => Class::Amount,
        };
        let object = path.rsplit_once('.').map_or("", |(object, _)| object).to_owned();
        let last = path.rsplit('.').next().unwrap_or_default();
        self.found.push(Operand {
            words: words(field.unwrap_or(last)),
            labels: beside.texts.clone(),
            shape: Rc::clone(&beside.shape),
            row: beside.row,
            entry: self.number,
            path,
            value,
            class,
            object,
            total,
            span: beside.span.or(self.entry.asked),
        });
    }
}

/// The texts of an object that may name it.
fn texts(object: &Object) -> Vec<String> {
    let texts = object.values().filter_map(Value::as_str);
    texts.filter(|text| text.len() <= LONGEST_LABEL).map(str::to_lowercase).collect()
}

/// Words that tell how a value is counted, not what it is.
pub(super) const UNITS: &[&str] = &[
    "usd", "eur", "gbp", "chf", "jpy", "pct", "percent", "ratio", "number", "count", "total",
    "sum", "value", "amount",
];

/// The words of a field.
fn words(field: &str) -> Vec<String> {
    let all = || {
        field.split(|c: char| !c.is_alphanumeric()).filter(|w| w.len() > 1).map(str::to_lowercase)
    };
    let named: Vec<String> = all().filter(|word| !UNITS.contains(&word.as_str())).collect();
    if named.is_empty() { all().collect() } else { named }
}

/// Words that tell a value from the same one of another time.
pub(super) const BEFORE: &[&str] = &[
    "prior", "previous", "last", "before", "ago", "year", "old", "new", "current", "base",
    "baseline",
];

/// Whether two operands are the same thing, maybe of different times.
pub(super) fn same_thing(a: &Operand, b: &Operand) -> bool {
    let words = |operand: &Operand| -> Vec<String> {
        operand.words.iter().filter(|word| !BEFORE.contains(&word.as_str())).cloned().collect()
    };
    words(a) == words(b)
}
