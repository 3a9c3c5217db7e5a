//! What agents say of things they call alike.

use std::collections::{BTreeMap, BTreeSet};

use super::readings::Reading;
use super::scope::{Scope, says};
use super::{Conflict, ConflictingValue};
use crate::event::Tracing;
use crate::plan;
use crate::run::figures::{Figure, Kind, Sign, figures, is_named_alike, name_of};
use crate::run::frame::Unit;
use crate::run::ledger::{FigureSource, LedgerEntry};
use crate::run::state::RunState;
use crate::value::{Object, Value};

/// No more figures of a run than these are compared with one another.
const COMPARED: usize = 500;

/// A figure of an agent's text that its evidence has.
struct Finding<'l> {
    unit: Unit,
    entry: &'l LedgerEntry,
    figure: Figure,
    /// The words that name it.
    name: Vec<String>,
    scope: Scope,
    /// What tells the row of the value from others, and is nowhere spoken of: nobody asked for it, and the text does not say it.
    silent: BTreeSet<String>,
}

/// Figures of different agents that are named alike, are for the same, and differ.
pub(super) fn conflicts(
    state: &RunState,
    ledger: &[LedgerEntry],
    readings: &[Reading<'_>],
) -> Vec<Conflict> {
    let mut read = Read::new();
    let told = |(unit, entry)| finding(state, unit, entry, readings, &mut read);
    let all: Vec<Finding<'_>> = entries(state, ledger).filter_map(told).take(COMPARED).collect();
    let mut found = Vec::new();
    let mut taken = BTreeSet::new();
    for (number, one) in all.iter().enumerate() {
        if !taken.insert(number) {
            continue;
        }
        let same: Vec<(usize, &Finding<'_>)> = all
            .iter()
            .enumerate()
            .skip(number)
            .filter(|(_, other)| one.unit.frame == other.unit.frame && one.is_of_the_same(other))
            .collect();
        taken.extend(same.iter().map(|(number, _)| *number));
        // Who gives a name to two values means two things by it.
        let torn = |finding: &Finding<'_>| {
            same.iter().any(|(_, other)| other.unit == finding.unit && finding.differs(other))
        };
        let mut values: Vec<&Finding<'_>> = Vec::new();
        for (_, finding) in &same {
            if !torn(finding) && values.iter().all(|known| known.differs(finding)) {
                values.push(finding);
            }
        }
        if values.len() > 1 {
            found.push(one.conflict(&values));
        }
    }
    found
}

/// The figures of each text, by its unit and its pointer.
type Read<'l> = BTreeMap<(Unit, &'l str), Vec<Figure>>;

/// The entries of the ledger with their units, in the same order.
fn entries<'l>(
    state: &RunState,
    ledger: &'l [LedgerEntry],
) -> impl Iterator<Item = (Unit, &'l LedgerEntry)> {
    let units =
        state.units().flat_map(|(unit, at)| std::iter::repeat_n(unit, at.figures.ledger.len()));
    units.collect::<Vec<_>>().into_iter().zip(ledger)
}

fn finding<'l>(
    state: &RunState,
    unit: Unit,
    entry: &'l LedgerEntry,
    readings: &[Reading<'_>],
    read: &mut Read<'l>,
) -> Option<Finding<'l>> {
    let traced = matches!(entry.figure.how, Tracing::Cited | Tracing::Matched | Tracing::Derived);
    if !traced || !state.definition(unit)?.is_told() {
        return None;
    }
    let output = state.step(unit)?.output.as_ref()?;
    let text = output.pointer(&entry.figure.pointer)?.as_str()?;
    let pointer = entry.figure.pointer.as_str();
    let all = read.entry((unit, pointer)).or_insert_with(|| figures(text));
    let figure = all.iter().find(|figure| figure.range.contains(&entry.figure.at))?.clone();
    let name = name_of(text, &figure, all);
    if name.is_empty() {
        return None;
    }
    let mut scope = Scope::default();
    for source in &entry.sources {
        scope.call(source.arguments.as_ref().unwrap_or(&Object::new()));
    }
    let asked: BTreeSet<String> = scope.named.values().cloned().collect();
    for path in entry.figure.path.iter().chain(&entry.figure.operands) {
        let mut reading = readings.iter().filter(|reading| reading.frame == unit.frame);
        if let Some(row) = reading.find_map(|reading| row(reading, path)) {
            scope.beside(row);
        }
    }
    let spoken = spoken(state, unit, text);
    let of_row = scope.named.values().filter(|value| !asked.contains(*value));
    let silent = of_row.filter(|value| !says(&spoken, value)).cloned().collect();
    Some(Finding { unit, entry, figure, name, scope, silent })
}

/// The words of a step's text, of its prompt as it is written, and of the params behind it.
fn spoken(state: &RunState, unit: Unit, text: &str) -> BTreeSet<String> {
    let mut all = vec![text.to_owned()];
    if let Some(plan::Kind::Agent(agent)) = state.definition(unit).map(|step| &step.kind) {
        all.extend(serde_json::to_string(&agent.prompt));
    }
    let params = state.frames().get(unit.frame).map(|frame| serde_json::to_string(frame.params()));
    all.extend(params.into_iter().flatten());
    let words = all.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    words.map(str::to_lowercase).collect()
}

/// The object of a reading that holds the value at a path.
fn row<'s>(reading: &Reading<'s>, path: &str) -> Option<&'s Object> {
    let rest = path.strip_prefix(reading.path.as_str())?.strip_prefix('.')?;
    let mut at = reading.value;
    let mut holder = None;
    for segment in rest.split('.') {
        at = match at {
            Value::Object(object) => {
                holder = Some(object);
                object.get(segment)?
            }
            Value::Array(items) => items.get(segment.parse::<usize>().ok()?)?,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
        };
    }
    holder
}

impl Finding<'_> {
    /// Whether both are said of one thing.
    fn is_of_the_same(&self, other: &Self) -> bool {
        let words: BTreeSet<String> =
            self.name.iter().filter(|word| other.name.contains(word)).cloned().collect();
        // A row that nobody speaks of is not what a full name speaks of (`Marketing spend was ...`, of the row of one channel).
        let is_spoken_of = |value: &str| {
            let silent = self.silent.contains(value) || other.silent.contains(value);
            says(&words, value) || silent && words.len() > 1
        };
        self.figure.kind == other.figure.kind
            && is_named_alike(&self.name, &other.name)
            && self.scope.agrees(&other.scope, is_spoken_of)
    }

    /// Whether the figures are not one, however they are rounded.
    fn differs(&self, other: &Self) -> bool {
        let apart = (self.signed() - other.signed()).abs();
        apart > f64::midpoint(self.figure.quantum, other.figure.quantum) * (1.0 + 1e-9)
    }

    fn signed(&self) -> f64 {
        let negative = match self.figure.sign {
            Sign::Minus => true,
            Sign::Plus => false,
            Sign::None => {
                self.entry.figure.value.as_ref().and_then(Value::as_f64).is_some_and(|v| v < 0.0)
            }
        };
        if negative { -self.figure.value } else { self.figure.value }
    }

    fn conflict(&self, values: &[&Self]) -> Conflict {
        let unit = match self.figure.kind {
            Kind::Percent => Some("percent".to_owned()),
            Kind::Ratio => Some("ratio".to_owned()),
            Kind::Money(_) | Kind::Plain => self.entry.figure.unit.clone(),
        };
        Conflict {
            metric: self.name.join(" "),
            unit,
            of: Object::new(),
            values: values.iter().map(|finding| finding.told()).collect(),
        }
    }

    fn told(&self) -> ConflictingValue {
        let figure = &self.entry.figure;
        let formula = figure.formula.as_ref().map(|formula| formula.trim_start_matches("= "));
        let sources = self.entry.sources.iter().cloned();
        ConflictingValue {
            value: figure.value.clone().unwrap_or_default(),
            text: Some(figure.text.clone()),
            step: self.entry.step.clone(),
            path: figure.path.clone().or(formula.map(str::to_owned)).unwrap_or_default(),
            sources: sources.map(|source| FigureSource { query: None, ..source }).collect(),
        }
    }
}
