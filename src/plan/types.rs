//! What is known of a step's output before it runs.

use std::collections::BTreeSet;

use crate::document::{Document, Param, ParamType, Returns, Step, Tool, Workflow};
use crate::expression::{Type, Unit};
use crate::value::Value;

use super::Library;

/// The keys that tell what a step gives.
const TELLING: [&str; 9] =
    ["agent", "tool", "workflow", "compute", "plan", "approval", "output", "default", "for_each"];

/// Whether something is missing from a step, or in doubt, that tells what it gives.
pub(super) fn is_open(document: &Document<Workflow>, number: usize) -> bool {
    !document.is_whole()
        && TELLING.iter().any(|key| document.lacks(&format!("/steps/{number}/{key}")))
}

/// The type of a step's output, as far as its own keys tell.
pub(super) fn of_step(step: &Step, library: &Library) -> Type {
    with_default(own_of_step(step, library), step)
}

/// The type of a step's output, given what it makes of one item, or at all where it is not repeated.
pub(super) fn with_default(own: Type, step: &Step) -> Type {
    let with_default = match &step.default {
        // A default that is wrong for its schema is told where it stands.
        Some(default) if step.output.is_none() => own.or(of_written(default)),
        Some(_) | None => own,
    };
    // An item that is skipped gives null.
    match step.for_each {
        Some(_) => Type::List(Box::new(with_default)),
        None => with_default,
    }
}

/// The name by which the texts of a step with `for_each` read the item.
pub(super) fn item_name(step: &Step) -> &str {
    step.item_name.as_deref().unwrap_or(ITEM)
}

/// The name of an item where the step gives it none.
pub const ITEM: &str = "item";

/// The type of what a step gives for one item, or at all where it is not repeated.
fn own_of_step(step: &Step, library: &Library) -> Type {
    if let Some(compute) = &step.compute {
        Type::Fields(compute.keys().map(|name| (name.clone(), Type::Any)).collect())
    } else if let Some(name) = &step.tool {
        library.tool(name).map_or(Type::Any, |tool| of_tool(tool, library))
    } else if let Some(name) = &step.workflow {
        library.workflow(name).map_or(Type::Any, |workflow| {
            if workflow.lacks("/outputs") { Type::Any } else { of_outputs(&workflow.value) }
        })
    } else if step.plan.is_some() {
        Type::Text
    } else if let Some(approval) = &step.approval {
        let choice = Type::Words(approval.choices.iter().cloned().collect());
        let fields =
            [("choice", choice), ("by", Type::Any), ("at", Type::Text), ("comment", Type::Any)];
        Type::Fields(fields.map(|(name, found)| (name.to_owned(), found)).into())
    } else {
        step.output.as_ref().map_or(Type::Text, |output| of_schema(&output.schema))
    }
}

/// The type of what a workflow gives back. Where it writes no outputs, its last steps are.
fn of_outputs(workflow: &Workflow) -> Type {
    if workflow.outputs.is_empty() {
        return Type::Any;
    }
    let outputs = workflow.outputs.iter();
    Type::Fields(outputs.map(|(name, value)| (name.clone(), of_written(value))).collect())
}

/// The type of a value of the file, whose texts may be templates.
fn of_written(value: &Value) -> Type {
    match value {
        Value::String(text) if text.contains("{{") => {
            if text.trim().starts_with("{{") {
                Type::Any
            } else {
                Type::Text
            }
        }
        Value::Object(_) | Value::Array(_) => Type::Any,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Type::of(value),
    }
}

/// The type of what a tool gives.
pub(super) fn of_tool(tool: &Tool, library: &Library) -> Type {
    let columns = library.columns.get(&tool.name);
    if library.lacks(&tool.name, "") {
        return Type::Any;
    }
    match (tool.returns, columns) {
        (Returns::Rows, None) => Type::List(Box::new(Type::Any)),
        (Returns::Row | Returns::Value, None) => Type::Any,
        (returns, Some(columns)) => {
            let fields = columns
                .iter()
                .map(|(name, found)| (name.clone(), measured(tool.units.get(name), found)));
            match returns {
                Returns::Rows => Type::List(Box::new(Type::Fields(fields.collect()))),
                Returns::Row => Type::Fields(fields.collect()),
                Returns::Value => columns.first().map_or(Type::Any, |(name, found)| {
                    // The unit of a single value is told by any name.
                    measured(tool.units.get(name).or(tool.units.values().next()), found)
                }),
            }
        }
    }
}

/// A column with the unit that the tool gives it. Units of texts say how they are written: a month is `2025-11`.
fn measured(unit: Option<&String>, found: &Type) -> Type {
    match (unit.map(String::as_str), found) {
        (Some("month" | "date" | "period" | "list"), Type::Any) => Type::Text,
        (Some("month" | "date" | "period" | "list") | None, _) | (_, Type::Text) => found.clone(),
        (Some(unit), _) => Type::Number(Unit::new(unit)),
    }
}

/// The type of a param's value.
pub(super) fn of_param(param: &Param) -> Type {
    match param.kind {
        ParamType::String => words(&param.choices),
        ParamType::Number | ParamType::Integer => Type::NUMBER,
        ParamType::Boolean => Type::Boolean,
        ParamType::Array | ParamType::Object => Type::Any,
    }
}

/// A text that is one of these, where they are texts.
fn words(choices: &[Value]) -> Type {
    let words: Option<BTreeSet<String>> =
        choices.iter().map(|choice| choice.as_str().map(str::to_owned)).collect();
    words.filter(|words| !words.is_empty()).map_or(Type::Text, Type::Words)
}

/// The type of `steps.ID.status`: what has become of a step that others read.
pub(super) fn status() -> Type {
    let words = ["succeeded", "cached", "defaulted", "failed", "skipped"];
    Type::Words(words.map(str::to_owned).into())
}

/// Whether a value of this type can be one of the param's.
pub(super) fn fits(kind: ParamType, found: &Type) -> bool {
    matches!(
        (kind, found),
        (_, Type::Any | Type::Null)
            | (ParamType::String, Type::Text | Type::Words(_))
            | (ParamType::Number | ParamType::Integer, Type::Number(_))
            | (ParamType::Boolean, Type::Boolean)
            | (ParamType::Array, Type::List(_))
            | (ParamType::Object, Type::Fields(_))
    )
}

fn of_schema(schema: &Value) -> Type {
    let kind = match schema.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        Some(_) | None => return Type::Any,
    };
    match kind {
        "object" => match schema.get("properties").and_then(Value::as_object) {
            Some(properties) => Type::Fields(
                properties.iter().map(|(name, schema)| (name.clone(), of_schema(schema))).collect(),
            ),
            None => Type::Any,
        },
        "array" => Type::List(Box::new(schema.get("items").map_or(Type::Any, of_schema))),
        "string" => {
            let one = schema.get("const").cloned().map(|value| vec![value]);
            let several = || schema.get("enum").and_then(Value::as_array).cloned();
            words(&one.or_else(several).unwrap_or_default())
        }
        "number" | "integer" => Type::NUMBER,
        "boolean" => Type::Boolean,
        _ => Type::Any,
    }
}
