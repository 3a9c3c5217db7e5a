//! Tools as models see them: a name, what it is for, and a JSON Schema of its arguments.

use serde_json::json;

use crate::document::{Param, ParamType, Tool};
use crate::value::{Object, Value};

/// A tool as models see it.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolDefinition {
    /// The name that calls name.
    pub name: String,
    /// What it is for, in a sentence.
    pub description: String,
    /// The JSON Schema of its arguments: an object.
    pub parameters: Value,
}

impl From<&Tool> for ToolDefinition {
    fn from(tool: &Tool) -> Self {
        let properties: Object =
            tool.params.iter().map(|(name, param)| (name.clone(), schema(param))).collect();
        let params = tool.params.iter();
        let required: Vec<&str> = params
            .filter(|(_, param)| param.default.is_none())
            .map(|(name, _)| name.as_str())
            .collect();
        Self {
            name: tool.name.to_string(),
            description: tool.description.trim().to_owned(),
            parameters: arguments(&properties, &required),
        }
    }
}

/// The schema of arguments with these properties. That there are no others goes without saying, in every request: what a call
/// brings is held against the tool's params, and a fault goes back to the model.
fn arguments(properties: &Object, required: &[&str]) -> Value {
    let mut schema = json!({"type": "object", "properties": properties});
    if let (Some(schema), false) = (schema.as_object_mut(), required.is_empty()) {
        schema.insert("required".to_owned(), json!(required));
    }
    schema
}

impl ToolDefinition {
    /// A tool that takes one text.
    pub fn of_text(name: String, description: String, argument: &str, about: &str) -> Self {
        let property = json!({"type": "string", "description": about});
        let properties = Object::from_iter([(argument.to_owned(), property)]);
        Self { name, description, parameters: arguments(&properties, &[argument]) }
    }
}

fn schema(param: &Param) -> Value {
    let kind = match param.kind {
        ParamType::String => "string",
        ParamType::Number => "number",
        ParamType::Integer => "integer",
        ParamType::Boolean => "boolean",
        ParamType::Array => "array",
        ParamType::Object => "object",
    };
    let mut schema = Object::from_iter([("type".to_owned(), kind.into())]);
    let mut set = |keyword: &str, value: Value| schema.insert(keyword.to_owned(), value);
    let listed = param
        .values
        .as_ref()
        .map(|values| format!("One that tool `{}` gives as `{}`.", values.tool, values.field));
    let about: Vec<&str> = [param.description.as_deref().map(str::trim), listed.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    if !about.is_empty() {
        set("description", about.join(" ").into());
    }
    if !param.choices.is_empty() {
        set("enum", param.choices.clone().into());
    }
    for (keyword, bound) in [("minimum", param.minimum), ("maximum", param.maximum)] {
        if let Some(bound) = bound {
            set(keyword, number(bound));
        }
    }
    // Words tell a form in fewer tokens than a regular expression. What a call brings is held against the pattern all the same,
    // and a fault goes back to the model.
    if let (Some(pattern), None) = (&param.pattern, &param.description) {
        set("pattern", pattern.as_str().into());
    }
    // A param that is optional because its default is null is left out, not given as null.
    if let Some(default) = param.default.as_ref().filter(|default| !default.is_null()) {
        set("default", default.clone());
    }
    schema.into()
}

/// A number as people write it: 5, not 5.0.
#[expect(
    clippy::cast_possible_truncation,
    reason = "only whole numbers that an integer holds are cast"
)]
fn number(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        Value::from(number as i64)
    } else {
        Value::from(number)
    }
}
