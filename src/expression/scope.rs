//! What a text can read while a run is under way.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::Value;

/// A value as texts see it.
pub type View = Value;

/// Makes a value readable for texts.
pub fn view(value: &impl serde::Serialize) -> View {
    Value::from(minijinja::value::Serde(value))
}

/// The names that a text sees: `params`, the `steps` it reads, and names local to its place.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    names: BTreeMap<Arc<str>, Value>,
}

impl Scope {
    /// A scope with `params` and `steps`; the steps are given as `(id, output, status)`.
    pub fn new<'s>(
        params: &Value,
        steps: impl IntoIterator<Item = (&'s str, Option<Value>, &'static str)>,
    ) -> Self {
        let steps: BTreeMap<Arc<str>, Value> = steps
            .into_iter()
            .map(|(id, output, status)| {
                let mut fields = BTreeMap::from([("status", Value::from(status))]);
                if let Some(output) = output {
                    fields.insert("output", output);
                }
                (Arc::from(id), Value::from_object(fields))
            })
            .collect();
        let names = [
            (Arc::from("params"), params.clone()),
            (Arc::from("steps"), Value::from_object(steps)),
        ];
        Self { names: names.into() }
    }

    /// Adds a local name.
    pub fn set(&mut self, name: &str, value: Value) {
        self.names.insert(Arc::from(name), value);
    }

    /// The value of a dotted name; none where it is undefined.
    pub(super) fn get(&self, path: &[String]) -> Option<Value> {
        let (first, rest) = path.split_first()?;
        let mut value = self.names.get(first.as_str())?.clone();
        for segment in rest {
            value = value.get_attr(segment).ok()?;
        }
        (!value.is_undefined()).then_some(value)
    }

    pub(super) fn root(&self) -> Value {
        Value::from_object(self.names.clone())
    }
}
