//! What a step was given: values with their paths, units and origin, shared by reference along the graph.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;

use super::index::{Known, index};
use super::numbers::figures;
use super::periods::{Span, hull};
use crate::value::{Object, Value};

/// Who made a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The user, a query or a computed step.
    Data,
    /// A model: what only a model wrote is evidence of nothing.
    Model,
}

/// What a step was given, and what that was made of in turn.
///
/// A step adds one node that points at those before it, so a graph of any size costs as much as it has edges.
#[derive(Default)]
pub struct Evidence {
    own: Vec<Entry>,
    upstream: Vec<Arc<Self>>,
    /// The numbers of the own entries by magnitude; made when the first figure is looked up.
    numbers: OnceLock<Vec<Known>>,
}

/// A value with the path that reads it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// `params`, `steps.roi.output`, `steps.cfo.tools.0`.
    pub(super) path: String,
    pub(super) value: Arc<Value>,
    /// Units by field.
    units: IndexMap<String, String>,
    pub(super) origin: Origin,
    /// The period that its tool was asked for.
    pub(super) asked: Option<Span>,
}

/// Where params stand.
const PARAMS: &str = "params";

/// A single value of the evidence.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scalar<'e> {
    pub(super) path: String,
    pub(super) value: &'e Value,
    pub(super) unit: Option<&'e str>,
    pub(super) origin: Origin,
}

impl Evidence {
    /// The values of params, with what they count.
    pub fn of_params(params: &Object, units: &IndexMap<String, String>) -> Self {
        Self::node(
            Entry {
                path: PARAMS.to_owned(),
                value: Arc::new(Value::Object(params.clone())),
                units: units.clone(),
                origin: Origin::Data,
                asked: None,
            },
            Vec::new(),
        )
    }

    /// The output of a step, or the result of a tool call (`steps.cfo.tools.0`), on top of what was given before.
    ///
    /// A model's text without figures adds nothing, so that a chain of agents that only talk is one node.
    pub fn of_output(
        path: String,
        value: &Arc<Value>,
        units: &IndexMap<String, String>,
        origin: Origin,
        given: &Arc<Self>,
    ) -> Arc<Self> {
        if origin == Origin::Model && value.as_str().is_some_and(|text| figures(text).is_empty()) {
            return Arc::clone(given);
        }
        let (value, units) = (Arc::clone(value), units.clone());
        let entry = Entry { path, value, units, origin, asked: None };
        Arc::new(Self::node(entry, vec![Arc::clone(given)]))
    }

    /// The result of a tool that was called with these arguments, on top of what was given before: the times among them are those of
    /// its values.
    pub fn of_call(
        path: String,
        value: &Arc<Value>,
        units: &IndexMap<String, String>,
        arguments: Option<&Object>,
        given: &Arc<Self>,
    ) -> Arc<Self> {
        let times = arguments.into_iter().flat_map(Object::values).filter_map(Value::as_str);
        let (value, units) = (Arc::clone(value), units.clone());
        let entry = Entry { path, value, units, origin: Origin::Data, asked: hull(times) };
        Arc::new(Self::node(entry, vec![Arc::clone(given)]))
    }

    /// Several pieces of evidence as one. A piece that another one stands on adds nothing.
    pub fn gather(pieces: impl IntoIterator<Item = Arc<Self>>) -> Arc<Self> {
        let mut seen = BTreeSet::new();
        let mut upstream: Vec<Arc<Self>> =
            pieces.into_iter().filter(|piece| seen.insert(Arc::as_ptr(piece))).collect();
        let below: BTreeSet<*const Self> =
            upstream.iter().flat_map(|piece| piece.upstream.iter().map(Arc::as_ptr)).collect();
        upstream.retain(|piece| !below.contains(&Arc::as_ptr(piece)) && !piece.is_empty());
        match upstream.pop() {
            None => Arc::default(),
            Some(only) if upstream.is_empty() => only,
            Some(last) => {
                upstream.push(last);
                Arc::new(Self { own: Vec::new(), upstream, numbers: OnceLock::new() })
            }
        }
    }

    fn node(entry: Entry, upstream: Vec<Arc<Self>>) -> Self {
        Self { own: vec![entry], upstream, numbers: OnceLock::new() }
    }

    fn is_empty(&self) -> bool {
        self.own.is_empty() && self.upstream.is_empty()
    }

    /// This node and all it stands on, nearest first, each once.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &Self> {
        let mut seen = BTreeSet::from([std::ptr::from_ref(self)]);
        let mut next = VecDeque::from([self]);
        std::iter::from_fn(move || {
            let node = next.pop_front()?;
            let upstream = node.upstream.iter().map(Arc::as_ref);
            next.extend(upstream.filter(|piece| seen.insert(std::ptr::from_ref(*piece))));
            Some(node)
        })
    }

    /// The entries of this node alone.
    pub(super) fn own(&self) -> &[Entry] {
        &self.own
    }

    /// The numbers of this node alone, by magnitude.
    pub(super) fn numbers(&self) -> &[Known] {
        self.numbers.get_or_init(|| index(&self.own))
    }

    /// All entries, nearest first.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.nodes().flat_map(|node| &node.own)
    }

    /// The value at a path such as `steps.roi.output.net_profit`, the nearest one where paths are equal.
    pub(super) fn find(&self, path: &str) -> Option<Scalar<'_>> {
        self.entries().find_map(|entry| entry.find(path))
    }

    /// All single values, nearest first.
    pub(super) fn scalars(&self) -> impl Iterator<Item = Scalar<'_>> {
        self.entries().flat_map(|entry| {
            let mut scalars = Vec::new();
            entry.walk(&mut |path, field, value| {
                let (path, unit) = (path.to_owned(), entry.unit(field));
                scalars.push(Scalar { path, value, unit, origin: entry.origin });
            });
            scalars
        })
    }
}

impl fmt::Debug for Evidence {
    /// Only this node: what it stands on may be ten thousand deep.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths: Vec<&str> = self.own.iter().map(|entry| entry.path.as_str()).collect();
        f.debug_struct("Evidence")
            .field("own", &paths)
            .field("upstream", &self.upstream.len())
            .finish_non_exhaustive()
    }
}

impl Drop for Evidence {
    /// Takes a long chain apart without recursion, which would need a stack as deep as the chain.
    fn drop(&mut self) {
        let mut rest = std::mem::take(&mut self.upstream);
        while let Some(piece) = rest.pop() {
            if let Some(mut piece) = Arc::into_inner(piece) {
                rest.append(&mut piece.upstream);
            }
        }
    }
}

impl Entry {
    /// The unit of a field; a field named after a unit has it, and a value without fields has the only unit there is.
    pub(super) fn unit(&self, field: Option<&str>) -> Option<&str> {
        let Some(field) = field else {
            return (self.units.len() == 1)
                .then(|| self.units.values().next())?
                .map(String::as_str);
        };
        if let Some(unit) = self.units.get(field) {
            return Some(unit);
        }
        let named = |name: &str| {
            field == name || field.strip_suffix(name).is_some_and(|f| f.ends_with('_'))
        };
        let units = [("usd", "usd"), ("eur", "eur"), ("pct", "percent"), ("percent", "percent")];
        let counts =
            [("months", "months"), ("days", "days"), ("headcount", "number"), ("count", "number")];
        units.into_iter().chain(counts).find_map(|(name, unit)| named(name).then_some(unit))
    }

    fn find(&self, path: &str) -> Option<Scalar<'_>> {
        let rest = path.strip_prefix(self.path.as_str())?;
        let (value, field) = match rest.strip_prefix('.') {
            Some(rest) => resolve(&self.value, rest, None)?,
            None if rest.is_empty() => (self.value.as_ref(), None),
            None => return None,
        };
        // The field is a piece of the caller's path; the unit is looked up before it goes.
        Some(Scalar { path: path.to_owned(), value, unit: self.unit(field), origin: self.origin })
    }

    /// Whether it is what the run was given.
    pub(super) fn is_params(&self) -> bool {
        self.path == PARAMS
    }

    /// Visits every single value with its path and the field that holds it, in the order it was written.
    pub(super) fn walk<'e>(&'e self, found: &mut impl FnMut(&str, Option<&'e str>, &'e Value)) {
        walk(&self.value, &mut self.path.clone(), None, found);
    }

    /// Visits every list with its path and how many rows it has.
    pub(super) fn lists(&self, found: &mut impl FnMut(&str, f64)) {
        lists(&self.value, &mut self.path.clone(), found);
    }
}

fn lists(value: &Value, path: &mut String, found: &mut impl FnMut(&str, f64)) {
    let inside: Vec<(String, &Value)> = match value {
        Value::Array(items) => {
            found(path, u32::try_from(items.len()).map_or(f64::MAX, f64::from));
            items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect()
        }
        Value::Object(object) => object.iter().map(|(key, item)| (key.clone(), item)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return,
    };
    for (segment, value) in inside.into_iter().filter(|(_, v)| v.is_array() || v.is_object()) {
        let length = path.len();
        path.push('.');
        path.push_str(&segment);
        lists(value, path, found);
        path.truncate(length);
    }
}

/// Enters a value by a dotted path. A key may hold dots itself.
fn resolve<'v, 'p>(
    value: &'v Value,
    path: &'p str,
    field: Option<&'p str>,
) -> Option<(&'v Value, Option<&'p str>)> {
    let mut ends = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
    ends.find_map(|end| {
        let segment = path.get(..end)?;
        let (entered, field) = match value {
            Value::Object(object) => (object.get(segment)?, Some(segment)),
            Value::Array(items) => (items.get(segment.parse::<usize>().ok()?)?, field),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
        };
        match path.get(end + 1..) {
            Some(rest) => resolve(entered, rest, field),
            None => Some((entered, field)),
        }
    })
}

fn walk<'v>(
    value: &'v Value,
    path: &mut String,
    field: Option<&'v str>,
    found: &mut impl FnMut(&str, Option<&'v str>, &'v Value),
) {
    let mut enter = |segment: &str, field: Option<&'v str>, value: &'v Value| {
        let length = path.len();
        path.push('.');
        path.push_str(segment);
        walk(value, path, field, found);
        path.truncate(length);
    };
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(key, value)| enter(key, Some(key), value));
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, value)| enter(&index.to_string(), field, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            found(path, field, value);
        }
    }
}
