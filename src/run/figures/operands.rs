//! The values of the evidence that a derived figure may be made of, and whether a sentence names them.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::context::is_year;
use super::evidence::{Entry, Evidence, Origin};
use super::periods::{Span, hull};
use super::units::Unit;
use crate::value::{Object, Value};

/// No more rows of a list than these are read.
const ROWS: usize = 5_000;

/// The paths of no more rows than these are written out in a sum.
const LISTED: usize = 3;

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
    pub(super) labels: Rc<[String]>,
    /// Those that tell its row from the others of its list; all where none does.
    pub(super) telling: Rc<[String]>,
    /// Whether it stands in one of several rows, which its texts tell apart.
    row: bool,
    /// Which entry of the evidence it is of.
    pub(super) entry: usize,
    /// Which column or field, of all; those of one number have the same name and entry.
    pub(super) column: usize,
    /// The object that holds it.
    pub(super) object: String,
    /// The names of the fields of that object, by which objects of one kind are known.
    pub(super) shape: Rc<str>,
    /// Whether it is the sum of a column.
    pub(super) total: bool,
    /// How many rows it is the sum of; 0 where it is none.
    pub(super) rows: u32,
    /// The paths of what it is the sum of, where it is not that of a column.
    pub(super) parts: Vec<String>,
    /// Its period: that of the times beside it, for a sum that of its rows, else what its tool was asked for.
    pub(super) span: Option<Span>,
}

impl Operand {
    /// Whether it stands in one of several rows that texts tell apart.
    pub(super) fn is_row(&self) -> bool {
        self.row && !self.labels.is_empty()
    }

    /// The path of the list that holds its row.
    pub(super) fn list(&self) -> &str {
        if self.total {
            return self
                .path
                .strip_prefix("sum(")
                .and_then(|path| path.split_once(".*."))
                .map_or("", |(list, _)| list);
        }
        self.object.rsplit_once('.').map_or("", |(list, _)| list)
    }

    /// The name of its field.
    pub(super) fn field(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or_default().trim_end_matches(')')
    }

    /// The paths of the values that it is made of.
    pub(super) fn paths(&self) -> Vec<String> {
        if self.parts.is_empty() { vec![self.path.clone()] } else { self.parts.clone() }
    }

    /// Whether neither is the other, nor made of it.
    pub(super) fn is_apart(&self, other: &Self) -> bool {
        self.value.to_bits() != other.value.to_bits()
            && !self.parts.contains(&other.path)
            && !other.parts.contains(&self.path)
    }

    /// It, so many times.
    pub(super) fn times(&self, factor: f64) -> Self {
        let parts = self.paths();
        Self {
            path: format!("{factor} * {}", self.path),
            value: self.value * factor,
            parts,
            ..self.clone()
        }
    }

    /// Whether both are of one row but for their times.
    pub(super) fn is_row_of(&self, other: &Self) -> bool {
        let names = |operand: &Self| -> Vec<String> {
            operand
                .labels
                .iter()
                .filter(|label| hull(std::iter::once(label.as_str())).is_none())
                .cloned()
                .collect()
        };
        names(self) == names(other)
    }

    /// Whether another value is of an earlier time, as its period or its name tells.
    pub(super) fn is_earlier(&self, other: &Self) -> bool {
        let years =
            |operand: &Self| operand.words.iter().filter(|word| is_year(word)).max().cloned();
        let is_prior =
            |operand: &Self| operand.words.iter().any(|word| PRIOR.contains(&word.as_str()));
        match (years(self), years(other)) {
            (Some(own), Some(other)) => other < own,
            _ if is_prior(self) != is_prior(other) => is_prior(other),
            _ => self.span.zip(other.span).is_some_and(|(own, other)| other.1 < own.0),
        }
    }

    /// The sum of the same field of several rows; none of shares.
    pub(super) fn sum_of(rows: &[&Self]) -> Option<Self> {
        let (first, last) = (rows.first()?, rows.last()?);
        let paths: Vec<String> = rows.iter().map(|row| row.path.clone()).collect();
        let path = if paths.len() > LISTED {
            let row = |row: &&Self| row.object.rsplit('.').next().unwrap_or_default().to_owned();
            let rows: Vec<String> = rows.iter().map(row).collect();
            format!("sum({}.{{{}}}.{})", first.list(), rows.join(","), first.field())
        } else {
            format!("({})", paths.join(" + "))
        };
        let span = match (first.span, last.span) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            _ => None,
        };
        (first.class != Class::Share).then(|| Self {
            path,
            value: rows.iter().map(|row| row.value).sum(),
            labels: Rc::default(),
            telling: Rc::default(),
            row: false,
            span,
            rows: u32::try_from(rows.len()).unwrap_or(u32::MAX),
            parts: paths,
            object: format!("{}.", first.list()),
            ..(*first).clone()
        })
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

impl Class {
    /// Whether values of both may be compared.
    pub(super) fn is_like(self, other: Self) -> bool {
        match (self, other) {
            (Self::Sized(a), Self::Sized(b)) => a == b,
            (Self::Share, Self::Share) => true,
            (Self::Share, _) | (_, Self::Share) => false,
            (Self::Amount, _) | (_, Self::Amount) => true,
        }
    }
}

/// The operands of an evidence, nearest first, and no more than `most` of them.
pub(super) fn operands(evidence: &Evidence, most: usize) -> Vec<Operand> {
    let (mut found, mut columns) = (Vec::new(), BTreeMap::new());
    let data = evidence.entries().enumerate().filter(|(_, entry)| entry.origin == Origin::Data);
    for (number, entry) in data {
        let mut reader = Reader { columns: &mut columns, entry, number, found: &mut found };
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
    texts: Rc<[String]>,
    telling: Rc<[String]>,
    shape: Rc<str>,
    row: bool,
    span: Option<Span>,
}

impl Beside {
    fn within(object: &Object, row: bool) -> Self {
        let names: Vec<&str> = object.keys().map(String::as_str).collect();
        let texts = texts(object);
        let span = hull(texts.iter().map(String::as_str));
        let texts: Rc<[String]> = texts.into();
        Self { telling: Rc::clone(&texts), texts, shape: names.join(" ").into(), row, span }
    }

    /// The rows of a list, of which the texts that several have tell none.
    fn rows(items: &[Value]) -> Vec<Self> {
        let mut rows: Vec<Self> = items
            .iter()
            .take(ROWS)
            .map(|item| match item.as_object() {
                Some(object) => Self::within(object, true),
                None => Self { row: true, ..Self::default() },
            })
            .collect();
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for text in rows.iter().flat_map(|row| row.texts.iter()) {
            *count.entry(text.clone()).or_default() += 1;
        }
        for row in &mut rows {
            let is_own = |text: &&String| count.get(*text) == Some(&1);
            let own: Vec<String> = row.texts.iter().filter(is_own).cloned().collect();
            if !own.is_empty() {
                row.telling = own.into();
            }
        }
        rows
    }
}

struct Reader<'e, 'f> {
    columns: &'f mut BTreeMap<(usize, String), usize>,
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
                for ((at, item), beside) in items.iter().enumerate().zip(Beside::rows(items)) {
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
            if let Some(last) = self.found.last_mut() {
                last.rows = u32::try_from(items.len()).unwrap_or(u32::MAX);
            }
            // The sum of shares is none, but a share of two columns is that of their sums.
            if self.found.last().is_some_and(|last| last.class == Class::Share) {
                self.found.pop();
                self.blended(items, path, key, span);
            }
        }
    }

    /// What two columns make together, where a third is the one over the other in every row: the return of all channels.
    fn blended(&mut self, items: &[Value], path: &str, key: &str, span: Option<Span>) {
        let number = |item: &Value, key: &str| item.get(key).and_then(Value::as_f64);
        let Some(first) = items.first().and_then(Value::as_object) else { return };
        let is_ratio = |above: &str, below: &str| {
            items.iter().all(|item| {
                let (Some(above), Some(below)) = (number(item, above), number(item, below)) else {
                    return false;
                };
                let made = number(item, key).map(|ratio| ratio * below - above);
                made.map_or(below == 0.0, |made| made.abs() <= above.abs().max(1.0) * 1e-6)
            })
        };
        let names = || first.keys().filter(|name| first.get(*name).is_some_and(Value::is_number));
        let pairs = names().flat_map(|above| names().map(move |below| (above, below)));
        let mut pairs =
            pairs.filter(|(above, below)| above != below && *above != key && *below != key);
        let Some((above, below)) = pairs.find(|(above, below)| is_ratio(above, below)) else {
            return;
        };
        let sum = |key: &str| items.iter().filter_map(|item| number(item, key)).sum::<f64>();
        let parts = [above, below].map(|name| format!("sum({path}.*.{name})"));
        let value = sum(above) / sum(below);
        if value.is_finite() {
            let beside = Beside { span, ..Beside::default() };
            self.push(parts.join(" / "), Some(key), value, &beside, true);
            if let Some(last) = self.found.last_mut() {
                (last.class, last.parts) = (Class::Share, parts.to_vec());
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
        let field = field.unwrap_or(last);
        let next = self.columns.len();
        let column = *self.columns.entry((self.number, field.to_owned())).or_insert(next);
        self.found.push(Operand {
            column,
            words: words(field),
            labels: Rc::clone(&beside.texts),
            telling: Rc::clone(&beside.telling),
            shape: Rc::clone(&beside.shape),
            row: beside.row,
            entry: self.number,
            path,
            value,
            class,
            object,
            total,
            rows: 0,
            parts: Vec::new(),
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

/// Those of them that tell an earlier time.
const PRIOR: &[&str] = &["prior", "previous", "last", "before", "ago", "old", "base", "baseline"];

/// Whether two operands are the same thing, maybe of different times.
pub(super) fn same_thing(a: &Operand, b: &Operand) -> bool {
    let words = |operand: &Operand| -> Vec<String> {
        let is_time = |word: &String| BEFORE.contains(&word.as_str()) || is_year(word);
        operand.words.iter().filter(|word| !is_time(word)).cloned().collect()
    };
    words(a) == words(b)
}
