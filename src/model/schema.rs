//! A JSON Schema in the narrower form that providers enforce while a model writes.
//!
//! Every object is closed, and what a provider does not enforce moves into the description, where
//! the model reads it; the runner checks answers against the author's own schema in any case. A
//! schema that would mean something else in that form has none: an object that may hold unknown
//! keys, or a property that may be left out and that the model would have to invent.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::value::{Object, Value};

/// What a provider enforces.
#[derive(Debug)]
pub(super) struct Dialect {
    /// Whether every property has to be required.
    all_required: bool,
    /// Whether constraints that are not enforced may move into the description.
    describes: bool,
    /// Whether `$ref` is understood.
    references: bool,
    /// Constraints that are enforced.
    constraints: &'static [&'static str],
}

/// OpenAI's own server, which refuses constraints that it does not enforce.
pub(super) static OPENAI: Dialect = Dialect { describes: true, ..COMPATIBLE };

/// Other servers that speak chat completions: many enforce more, so nothing is moved.
pub(super) static COMPATIBLE: Dialect = Dialect {
    all_required: true,
    describes: false,
    references: true,
    constraints: &[
        "pattern",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minItems",
        "maxItems",
    ],
};

/// Anthropic's server.
pub(super) static ANTHROPIC: Dialect =
    Dialect { all_required: false, describes: true, references: false, constraints: &[] };

/// Formats that all of them enforce.
const FORMATS: &[&str] =
    &["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];

/// A schema that can be written strictly; serialising it does so, without a copy of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strict<'a> {
    schema: &'a Value,
    dialect: &'static Dialect,
}

/// What becomes of a keyword.
enum Fate {
    Kept,
    Nested,
    NestedList,
    NestedMap,
    Described,
    Rewritten,
    Dropped,
    Refused,
}

impl Dialect {
    /// The schema in this dialect, where it can be said in it.
    pub(super) fn strict<'a>(&'static self, schema: &'a Value) -> Option<Strict<'a>> {
        let strict = Strict { schema, dialect: self };
        let is_object = schema.get("type").is_some_and(|kind| kind == "object");
        (is_object && schema.get("anyOf").is_none() && strict.holds()).then_some(strict)
    }

    fn fate(&self, keyword: &str, value: &Value) -> Fate {
        match keyword {
            "type" | "title" | "const" => Fate::Kept,
            "enum" if value.as_array().is_some_and(|values| values.iter().all(is_plain)) => {
                Fate::Kept
            }
            "description" | "required" => Fate::Rewritten,
            "additionalProperties" if value == false => Fate::Rewritten,
            "items" => Fate::Nested,
            "anyOf" => Fate::NestedList,
            "properties" => Fate::NestedMap,
            "$defs" | "definitions" if self.references => Fate::NestedMap,
            "$ref" if self.references && value.as_str().is_some_and(|to| to.starts_with("#/")) => {
                Fate::Kept
            }
            "format" if value.as_str().is_some_and(|format| FORMATS.contains(&format)) => {
                Fate::Kept
            }
            constraint if self.constraints.contains(&constraint) => Fate::Kept,
            "minLength" | "maxLength" | "pattern" | "format" | "minimum" | "maximum"
            | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" | "minItems" | "maxItems"
            | "uniqueItems" | "minProperties" | "maxProperties"
                if self.describes =>
            {
                Fate::Described
            }
            "default" | "examples" | "$schema" | "$id" | "$comment" | "deprecated" | "readOnly"
            | "writeOnly" => Fate::Dropped,
            own if own.starts_with("x-") => Fate::Dropped,
            _ => Fate::Refused,
        }
    }
}

impl<'a> Strict<'a> {
    fn of(self, schema: &'a Value) -> Self {
        Self { schema, ..self }
    }

    /// Whether the schema means the same when it is written strictly.
    fn holds(self) -> bool {
        let Some(schema) = self.schema.as_object() else {
            return false;
        };
        let typed = ["type", "anyOf", "$ref"].iter().any(|keyword| schema.contains_key(*keyword));
        let nested =
            |(keyword, value): (&String, &'a Value)| match self.dialect.fate(keyword, value) {
                Fate::Kept | Fate::Described | Fate::Rewritten | Fate::Dropped => true,
                Fate::Nested => self.of(value).holds(),
                Fate::NestedList => value
                    .as_array()
                    .is_some_and(|list| list.iter().all(|item| self.of(item).holds())),
                Fate::NestedMap => value
                    .as_object()
                    .is_some_and(|map| map.values().all(|item| self.of(item).holds())),
                Fate::Refused => false,
            };
        typed
            && (!admits(self.schema, "object") || self.closes(schema))
            && schema.iter().all(nested)
    }

    /// Whether an object means the same when it is closed.
    fn closes(self, schema: &Object) -> bool {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            return false;
        };
        let named = required(schema).all(|name| properties.contains_key(name));
        let stays_open = |name: &str, property: &Value| {
            self.dialect.all_required
                && !admits(property, "null")
                && !required(schema).any(|required| required == name)
        };
        named
            && !properties.is_empty()
            && !properties.iter().any(|(name, property)| stays_open(name, property))
    }

    /// The description with the constraints that moved into it.
    fn description(self, schema: &Object) -> Option<String> {
        let moved: Vec<String> = schema
            .iter()
            .filter(|(keyword, value)| matches!(self.dialect.fate(keyword, value), Fate::Described))
            .map(|(keyword, value)| format!("{keyword}: {value}"))
            .collect();
        let description = schema.get("description").and_then(Value::as_str);
        match (description, moved.is_empty()) {
            (description, true) => description.map(str::to_owned),
            (None, false) => Some(format!("({})", moved.join(", "))),
            (Some(description), false) => Some(format!("{description} ({})", moved.join(", "))),
        }
    }
}

impl Serialize for Strict<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(schema) = self.schema.as_object() else {
            return self.schema.serialize(serializer);
        };
        let mut map = serializer.serialize_map(None)?;
        if let Some(description) = self.description(schema) {
            map.serialize_entry("description", &description)?;
        }
        for (keyword, value) in schema {
            match self.dialect.fate(keyword, value) {
                Fate::Kept => map.serialize_entry(keyword, value)?,
                Fate::Nested => map.serialize_entry(keyword, &self.of(value))?,
                Fate::NestedList | Fate::NestedMap => {
                    map.serialize_entry(keyword, &Each(*self, value))?;
                }
                Fate::Described | Fate::Rewritten | Fate::Dropped | Fate::Refused => {}
            }
        }
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            if self.dialect.all_required {
                map.serialize_entry("required", &properties.keys().collect::<Vec<_>>())?;
            } else if let Some(required) = schema.get("required") {
                map.serialize_entry("required", required)?;
            }
            map.serialize_entry("additionalProperties", &false)?;
        }
        map.end()
    }
}

/// The schemas within a list or a map.
struct Each<'a>(Strict<'a>, &'a Value);

impl Serialize for Each<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(strict, within) = self;
        match within.as_object() {
            Some(map) => {
                serializer.collect_map(map.iter().map(|(name, item)| (name, strict.of(item))))
            }
            None => serializer
                .collect_seq(within.as_array().into_iter().flatten().map(|item| strict.of(item))),
        }
    }
}

/// A system message that asks for a schema in words, where it cannot be asked for otherwise.
pub(super) fn spoken<'a>(system: &'a str, schema: Option<&Value>) -> Cow<'a, str> {
    let Some(schema) = schema else {
        return Cow::Borrowed(system);
    };
    let gap = if system.is_empty() { "" } else { "\n\n" };
    Cow::Owned(format!(
        "{system}{gap}Answer with one JSON value that is valid against this JSON Schema, and with \
         nothing else:\n{schema}"
    ))
}

/// Whether a schema admits a type: by `type`, or by one of `anyOf`.
fn admits(schema: &Value, kind: &str) -> bool {
    let by_type = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(|one| one == kind),
        Some(one) => one == kind,
        None => false,
    };
    let branches = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    by_type || (kind == "null" && branches.into_iter().any(|branch| admits(branch, kind)))
}

fn required(schema: &Object) -> impl Iterator<Item = &str> {
    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn is_plain(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(dialect: &'static Dialect, schema: &Value, strict: &Value) {
        let written = dialect.strict(schema).map(|schema| serde_json::to_value(schema).unwrap());
        assert_eq!(written.as_ref().unwrap_or(&Value::Null), strict, "{schema}");
    }

    #[test]
    fn every_object_is_closed() {
        let nested =
            json!({"type": "object", "required": ["b"], "properties": {"b": {"type": "string"}}});
        let schema = json!({"type": "object", "required": ["a", "list"], "properties":
            {"a": nested, "list": {"type": "array", "items": nested}}});
        let closed = json!({"type": "object", "required": ["b"], "properties": {"b": {"type": "string"}},
            "additionalProperties": false});
        let strict = json!({"type": "object", "required": ["a", "list"], "properties":
            {"a": closed, "list": {"type": "array", "items": closed}}, "additionalProperties": false});
        check(&OPENAI, &schema, &strict);
        check(&COMPATIBLE, &schema, &strict);
        check(&ANTHROPIC, &schema, &strict);
    }

    #[test]
    fn a_property_may_be_left_out_where_the_provider_allows_it() {
        let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        check(&OPENAI, &schema, &Value::Null);
        let strict = json!({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false});
        check(&ANTHROPIC, &schema, &strict);
        // What may be null need not be invented, so it can be required.
        let schema = json!({"type": "object", "properties": {"a": {"type": ["string", "null"]}}});
        let strict = json!({"type": "object", "properties": {"a": {"type": ["string", "null"]}},
            "required": ["a"], "additionalProperties": false});
        check(&OPENAI, &schema, &strict);
    }

    #[test]
    fn constraints_that_nobody_enforces_move_into_the_description() {
        let schema = json!({"$schema": "x", "type": "object", "required": ["a", "n"], "properties": {
            "a": {"type": "string", "minLength": 1, "description": "Why", "default": ""},
            "n": {"type": "integer", "minimum": 0}}});
        check(&COMPATIBLE, &schema, &Value::Null);
        check(
            &OPENAI,
            &schema,
            &json!({"type": "object", "required": ["a", "n"], "properties": {
            "a": {"type": "string", "description": "Why (minLength: 1)"},
            "n": {"type": "integer", "minimum": 0}}, "additionalProperties": false}),
        );
        check(
            &ANTHROPIC,
            &schema,
            &json!({"type": "object", "required": ["a", "n"], "properties": {
            "a": {"type": "string", "description": "Why (minLength: 1)"},
            "n": {"type": "integer", "description": "(minimum: 0)"}}, "additionalProperties": false}),
        );
    }

    #[test]
    fn what_would_mean_something_else_is_not_strict() {
        let property = |schema: Value| json!({"type": "object", "required": ["a"], "properties": {"a": schema}});
        for schema in [
            json!(true),
            json!({"type": "array", "items": {"type": "string"}}),
            json!({"type": "object"}),
            json!({"type": "object", "properties": {}}),
            json!({"type": "object", "required": ["b"], "properties": {"a": {"type": "string"}}}),
            property(json!({"type": "object", "additionalProperties": {"type": "number"}})),
            property(
                json!({"type": "object", "properties": {"b": {"type": "string"}}, "additionalProperties": true}),
            ),
            property(json!({"description": "anything"})),
            property(json!({"oneOf": [{"type": "string"}, {"type": "number"}]})),
            property(json!({"type": "string", "not": {"const": "x"}})),
        ] {
            check(&OPENAI, &schema, &Value::Null);
            check(&ANTHROPIC, &schema, &Value::Null);
        }
    }

    #[test]
    fn definitions_are_closed_where_the_provider_knows_them() {
        let schema = json!({"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#/$defs/A"}},
            "$defs": {"A": {"anyOf": [{"type": "null"}, {"type": "string", "enum": ["x"]}]}}});
        let mut strict = schema.clone();
        strict["additionalProperties"] = json!(false);
        check(&OPENAI, &schema, &strict);
        check(&ANTHROPIC, &schema, &Value::Null);
    }
}
