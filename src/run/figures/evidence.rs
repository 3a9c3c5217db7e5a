//! What a step was given: values with their paths, units and origin, shared by reference along the graph.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::value::{Object, Value, at_path};

/// The most scalars that are listed to a model.
const LISTED: usize = 200;

/// A text longer than this is no scalar to cite.
const LONGEST_TEXT: usize = 120;

/// Who made a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The user, a query or a computed step.
    Data,
    /// A model: what only a model wrote is evidence of nothing.
    Model,
}

/// What a step was given, and what that was made of in turn.
#[derive(Debug, Default)]
pub struct Evidence {
    own: Vec<Entry>,
    upstream: Vec<Arc<Self>>,
}

#[derive(Debug)]
struct Entry {
    /// The path that reads it: `params`, `steps.roi.output`.
    path: String,
    value: Arc<Value>,
    /// Units by field.
    units: IndexMap<String, String>,
    origin: Origin,
}

/// A single value of the evidence.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scalar<'e> {
    pub(super) path: String,
    pub(super) value: &'e Value,
    pub(super) unit: Option<&'e str>,
    pub(super) origin: Origin,
}

impl Evidence {
    /// The values of params.
    pub fn of_params(params: &Object) -> Self {
        let value = Arc::new(Value::Object(params.clone()));
        Self {
            own: vec![Entry {
                path: "params".to_owned(),
                value,
                units: IndexMap::new(),
                origin: Origin::Data,
            }],
            upstream: Vec::new(),
        }
    }

    /// The output of a step on top of what the step was given.
    pub fn of_output(
        path: String,
        value: &Arc<Value>,
        units: &IndexMap<String, String>,
        origin: Origin,
        given: &Arc<Self>,
    ) -> Arc<Self> {
        // A model's text adds nothing: its figures are looked up where it was written. So a chain of agents costs nothing.
        if value.is_string() && origin == Origin::Model {
            return Arc::clone(given);
        }
        let entry = Entry { path, value: Arc::clone(value), units: units.clone(), origin };
        Arc::new(Self { own: vec![entry], upstream: vec![Arc::clone(given)] })
    }

    /// Several pieces of evidence as one.
    pub fn gather(pieces: impl IntoIterator<Item = Arc<Self>>) -> Arc<Self> {
        let mut seen = BTreeSet::new();
        let mut upstream: Vec<Arc<Self>> =
            pieces.into_iter().filter(|piece| seen.insert(Arc::as_ptr(piece))).collect();
        match (upstream.pop(), upstream.is_empty()) {
            (None, _) => Arc::default(),
            (Some(only), true) => only,
            (Some(last), false) => {
                upstream.push(last);
                Arc::new(Self { own: Vec::new(), upstream })
            }
        }
    }

    /// All entries, nearest first, each once.
    fn entries(&self) -> Vec<&Entry> {
        let mut seen = BTreeSet::new();
        let mut entries = Vec::new();
        let mut nearest: std::collections::VecDeque<&Self> = [self].into();
        while let Some(evidence) = nearest.pop_front() {
            if seen.insert(std::ptr::from_ref(evidence)) {
                entries.extend(&evidence.own);
                nearest.extend(evidence.upstream.iter().map(Arc::as_ref));
            }
        }
        entries
    }

    /// The value at a path such as `steps.roi.output.net_profit`.
    pub(super) fn find(&self, path: &str) -> Option<Scalar<'_>> {
        self.entries().into_iter().find_map(|entry| {
            let rest = path.strip_prefix(entry.path.as_str())?;
            let segments: Vec<&str> = match rest.strip_prefix('.') {
                Some(rest) => rest.split('.').collect(),
                None if rest.is_empty() => Vec::new(),
                None => return None,
            };
            let value = at_path(&entry.value, &segments)?;
            Some(Scalar {
                path: path.to_owned(),
                value,
                unit: entry.unit(segments.last().copied()),
                origin: entry.origin,
            })
        })
    }

    /// All single values, nearest first.
    pub(super) fn scalars(&self) -> Vec<Scalar<'_>> {
        let mut scalars = Vec::new();
        for entry in self.entries() {
            walk(&entry.value, &mut entry.path.clone(), None, &mut |path, field, value| {
                scalars.push(Scalar {
                    path: path.to_owned(),
                    value,
                    unit: entry.unit(field),
                    origin: entry.origin,
                });
            });
        }
        scalars
    }

    /// The scalars that can be cited, a line each: `path = value (unit)`. At most 200; a last line counts the rest.
    pub fn listing(&self) -> String {
        let listed = |scalar: &Scalar<'_>| match scalar.value {
            Value::String(text) => text.chars().count() <= LONGEST_TEXT && !text.contains('\n'),
            Value::Null => false,
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => true,
        };
        let scalars: Vec<Scalar<'_>> = self.scalars().into_iter().filter(listed).collect();
        let mut out = String::new();
        for scalar in scalars.iter().take(LISTED) {
            let unit = scalar.unit.map_or_else(String::new, |unit| format!(" ({unit})"));
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{} = {}{unit}", scalar.path, plain(scalar.value));
        }
        if scalars.len() > LISTED {
            let _ = writeln!(out, "... and {} more", scalars.len() - LISTED);
        }
        out.truncate(out.trim_end().len());
        out
    }
}

impl Entry {
    /// The unit of a field; a field named after a unit has it.
    fn unit(&self, field: Option<&str>) -> Option<&str> {
        let field = field?;
        match self.units.get(field) {
            Some(unit) => Some(unit),
            None if field.ends_with("_usd") => Some("usd"),
            None => None,
        }
    }
}

fn walk<'v>(
    value: &'v Value,
    path: &mut String,
    field: Option<&str>,
    found: &mut impl FnMut(&str, Option<&str>, &'v Value),
) {
    let mut enter = |segment: &str, field: Option<&str>, value: &'v Value, path: &mut String| {
        let length = path.len();
        path.push('.');
        path.push_str(segment);
        walk(value, path, field, found);
        path.truncate(length);
    };
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(key, value)| enter(key, Some(key), value, path));
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, value)| enter(&index.to_string(), field, value, path));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            found(path, field, value);
        }
    }
}

/// A value as a listing shows it: whole numbers without a point.
fn plain(value: &Value) -> String {
    match (value, value.as_f64()) {
        (Value::String(text), _) => text.clone(),
        (_, Some(number)) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
        _ => value.to_string(),
    }
}
