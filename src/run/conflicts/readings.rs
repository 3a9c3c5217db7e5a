//! What tools gave, compared value by value.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::scope::Scope;
use super::{Conflict, ConflictingValue};
use crate::id::{StepPath, ToolName};
use crate::run::data::given;
use crate::run::frame::{Frame, Unit};
use crate::run::ledger::{FigureSource, reads};
use crate::run::state::RunState;
use crate::value::{Object, Value};

/// No more rows of one result than these are compared.
const ROWS: usize = 1_000;

/// What a tool gave.
pub(super) struct Reading<'s> {
    pub(super) frame: usize,
    step: StepPath,
    /// `steps.metrics.output`, `steps.cfo.tools.0`.
    pub(super) path: String,
    tool: &'s ToolName,
    source: Option<String>,
    arguments: Option<&'s Object>,
    units: &'s IndexMap<String, String>,
    pub(super) value: &'s Value,
}

/// What the tools of a run gave.
pub(super) fn readings(state: &RunState) -> Vec<Reading<'_>> {
    let mut found = Vec::new();
    for (unit, at) in state.units() {
        let tools = state.frames().get(unit.frame).map(|frame| &Frame::plan(frame).tools);
        for given in given(state, unit, at) {
            let Some(tool) = tools.and_then(|tools| tools.get(given.tool)) else { continue };
            found.push(Reading {
                frame: unit.frame,
                step: state.path(unit),
                path: given.path.map_or_else(|| own(state, unit), str::to_owned),
                tool: &tool.name,
                source: reads(&tool.kind).0,
                arguments: given.arguments,
                units: &tool.units,
                value: given.value,
            });
        }
    }
    found
}

/// The path of a step's own output.
fn own(state: &RunState, unit: Unit) -> String {
    let id = state.definition(unit).map_or("", |step| step.id.as_str());
    let item = unit.item.map_or_else(String::new, |item| format!(".{item}"));
    format!("steps.{id}.output{item}")
}

/// What a value has in common with others of its metric.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key<'s> {
    field: &'s str,
    unit: Option<&'s str>,
    /// Where nothing says whose the value is, only the same tool speaks of the same.
    tool: Option<&'s ToolName>,
    scope: Scope,
}

/// Values of one field, one unit and one scope that differ.
pub(super) fn conflicts(readings: &[Reading<'_>]) -> Vec<Conflict> {
    let mut metrics: BTreeMap<Key<'_>, Vec<(usize, String, f64)>> = BTreeMap::new();
    for (number, reading) in readings.iter().enumerate() {
        // Of rows that nothing tells apart none is the metric.
        let mut own: BTreeMap<Key<'_>, Option<(String, f64)>> = BTreeMap::new();
        reading.rows(&mut |row, path| {
            for (key, path, value) in reading.numbers(row, path) {
                let entry = (path, value);
                own.entry(key).and_modify(|known| *known = None).or_insert(Some(entry));
            }
        });
        for (key, value) in own {
            let found = value.map(|(path, value)| (number, path, value));
            metrics.entry(key).or_default().extend(found);
        }
    }
    let mut found: Vec<(usize, Conflict)> = Vec::new();
    for (Key { field, unit, scope, .. }, all) in metrics {
        let mut values: Vec<&(usize, String, f64)> = Vec::new();
        for one in &all {
            if !values.iter().any(|known| alike(known.2, one.2)) {
                values.push(one);
            }
        }
        let Some((first, ..)) = values.first().filter(|_| values.len() > 1) else { continue };
        let told = values.iter().filter_map(|(number, path, value)| {
            readings.get(*number).map(|reading| reading.told(path.clone(), *value))
        });
        let conflict = Conflict {
            metric: field.to_owned(),
            unit: unit.map(str::to_owned),
            of: scope.told(),
            values: told.collect(),
        };
        found.push((*first, conflict));
    }
    // In the order of the steps, not of the alphabet.
    found.sort_by_key(|(first, _)| *first);
    found.into_iter().map(|(_, conflict)| conflict).collect()
}

/// Whether two values are one, as far as arithmetic goes.
fn alike(a: f64, b: f64) -> bool {
    (a - b).abs() <= a.abs().max(b.abs()) * 1e-9
}

impl<'s> Reading<'s> {
    /// What the value is for as a whole.
    pub(super) fn scope(&self) -> Scope {
        let mut scope = Scope::default();
        scope.call(self.arguments.unwrap_or(&Object::new()));
        scope
    }

    /// Visits the rows with their paths.
    fn rows(&self, visit: &mut impl FnMut(&'s Value, String)) {
        match self.value {
            Value::Array(rows) => {
                for (at, row) in rows.iter().enumerate().take(ROWS) {
                    visit(row, format!("{}.{at}", self.path));
                }
            }
            one @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_)) => visit(one, self.path.clone()),
        }
    }

    /// The numbers of a row, each with its key and its path.
    fn numbers(&self, row: &'s Value, path: String) -> Vec<(Key<'s>, String, f64)> {
        let mut scope = self.scope();
        let Some(object) = row.as_object() else {
            // A tool that gives one value names it.
            let field = (self.tool.as_str(), row, path);
            return self.number(field, scope).into_iter().collect();
        };
        scope.beside(object);
        let fields =
            object.iter().map(|(field, value)| (field.as_str(), value, format!("{path}.{field}")));
        fields.filter_map(|field| self.number(field, scope.clone())).collect()
    }

    fn number(
        &self,
        (field, value, path): (&'s str, &Value, String),
        scope: Scope,
    ) -> Option<(Key<'s>, String, f64)> {
        let number = value.as_f64()?;
        let unit = self.units.get(field).map(String::as_str);
        let tool = (unit.is_none() || !scope.names_something()).then_some(self.tool);
        Some((Key { field, unit, tool, scope }, path, number))
    }

    fn told(&self, path: String, value: f64) -> ConflictingValue {
        let source = FigureSource {
            path: self.path.clone(),
            tool: Some(self.tool.clone()),
            source: self.source.clone(),
            query: None,
            arguments: self.arguments.cloned(),
        };
        let value = number(value);
        ConflictingValue { value, text: None, step: self.step.clone(), path, sources: vec![source] }
    }
}

/// A number as JSON has it, whole where it is.
#[expect(clippy::cast_possible_truncation, reason = "whole and far below the limit")]
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        Value::from(value as i64)
    } else {
        Value::from(value)
    }
}
