//! What is known of a step's output before it runs.

use std::collections::BTreeMap;

use crate::document::{Returns, Step};
use crate::value::Value;

use super::Library;

/// The shape of a value, as far as it can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Anything.
    Unknown,
    /// A text.
    Text,
    /// A number, boolean or null.
    Scalar,
    /// A map with exactly these names.
    Fields(BTreeMap<String, Self>),
    /// A list of such values.
    List(Box<Self>),
}

impl Shape {
    /// The shape of a step's output.
    pub(super) fn of_step(step: &Step, library: &Library) -> Self {
        if let Some(compute) = &step.compute {
            return Self::Fields(
                compute.keys().map(|name| (name.clone(), Self::Unknown)).collect(),
            );
        }
        if let Some(name) = &step.tool {
            return match library.tool(name).map(|tool| tool.returns) {
                Some(Returns::Rows) => Self::List(Box::new(Self::Unknown)),
                Some(Returns::Row | Returns::Value) | None => Self::Unknown,
            };
        }
        match &step.output {
            Some(output) => Self::of_schema(&output.schema),
            None => Self::Text,
        }
    }

    fn of_schema(schema: &Value) -> Self {
        match schema.get("type").and_then(Value::as_str) {
            Some("object") => match schema.get("properties").and_then(Value::as_object) {
                Some(properties) => Self::Fields(
                    properties
                        .iter()
                        .map(|(name, schema)| (name.clone(), Self::of_schema(schema)))
                        .collect(),
                ),
                None => Self::Unknown,
            },
            Some("array") => {
                Self::List(Box::new(schema.get("items").map_or(Self::Unknown, Self::of_schema)))
            }
            Some("string") => Self::Text,
            Some("number" | "integer" | "boolean" | "null") => Self::Scalar,
            _ => Self::Unknown,
        }
    }

    /// The first segment of `path` that the shape has no place for, by index, and what is there instead.
    pub(super) fn missing(&self, path: &[String]) -> Option<(usize, &Self)> {
        let mut shape = self;
        for (index, segment) in path.iter().enumerate() {
            shape = match shape {
                Self::Unknown => return None,
                Self::Fields(fields) => match fields.get(segment) {
                    Some(field) => field,
                    None => return Some((index, shape)),
                },
                Self::List(items) if segment.parse::<usize>().is_ok() => items,
                Self::Text | Self::Scalar | Self::List(_) => return Some((index, shape)),
            };
        }
        None
    }

    /// How a message calls it.
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::Unknown => "a value",
            Self::Text => "a text",
            Self::Scalar => "a single value",
            Self::Fields(_) => "a map",
            Self::List(_) => "a list",
        }
    }
}
