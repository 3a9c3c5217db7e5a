//! JSON Schemas of the files, generated from the Rust types.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::json;

use super::read::Kind;
use super::{Agent, Eval, Project, ToolFile, Workflow};
use crate::value::{Object, Value};

/// The keys of which a step has exactly one.
pub(super) const STEP_KINDS: [&str; 6] =
    ["agent", "tool", "workflow", "compute", "plan", "approval"];

/// Keys that belong to some kinds of steps, and those kinds.
pub(super) const KEYS_OF_KIND: [(&[&str], &[&str]); 2] = [
    (&["agent"], &["prompt", "model", "tools", "max_turns", "max_tokens", "output", "figures"]),
    (&["tool", "workflow"], &["with"]),
];

/// Keys that mean nothing without `for_each`.
pub const KEYS_OF_FOR_EACH: [&str; 2] = ["as", "max_parallel"];

/// The kind of a step, where its keys make one.
pub(super) fn kind_of_step(step: &Object) -> Option<&'static str> {
    let mut kinds = STEP_KINDS.into_iter().filter(|kind| step.contains_key(*kind));
    kinds.next().filter(|_| kinds.next().is_none())
}

/// Whether a step of a kind may have a key.
pub(super) fn may_have(kind: &str, key: &str) -> bool {
    let of_others =
        KEYS_OF_KIND.iter().any(|(kinds, keys)| keys.contains(&key) && !kinds.contains(&kind));
    !of_others && (key == kind || !STEP_KINDS.contains(&key))
}

/// The JSON Schema (draft 2020-12) of a kind of file.
pub fn of(kind: Kind) -> Value {
    fn generate<T: JsonSchema>(title: &str) -> Value {
        let mut schema =
            SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
        schema.insert("title".to_owned(), title.into());
        let mut schema = schema.to_value();
        without_nothing(&mut schema);
        schema
    }
    match kind {
        Kind::Project => generate::<Project>("engine.yaml"),
        Kind::Agent => generate::<Agent>("An agent: agents/*.yaml"),
        Kind::Tools => generate::<ToolFile>("Tools: tools/*.yaml"),
        Kind::Workflow => generate::<Workflow>("A workflow: workflows/*.yaml"),
        Kind::Eval => generate::<Eval>("Cases with what must hold of them: evals/*.yaml"),
    }
}

/// Takes out of a schema that a key may hold nothing: who writes `when:` and no more has not finished, and a key that may be
/// absent is left out. Keys that hold any value may still hold null.
fn without_nothing(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(without_nothing),
        Value::Object(object) => {
            object.values_mut().for_each(without_nothing);
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|one| one != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    object.insert("type".to_owned(), one);
                }
            }
            if let Some(Value::Array(forms)) = object.get_mut("anyOf") {
                forms.retain(|form| *form != json!({"type": "null"}));
                if let [Value::Object(one)] = forms.as_slice() {
                    let one = one.clone();
                    object.remove("anyOf");
                    for (key, value) in one {
                        object.entry(key).or_insert(value);
                    }
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The validator of a kind of file; made when the first such file is read.
pub(super) fn validator(kind: Kind) -> Option<&'static jsonschema::Validator> {
    type Lazy = LazyLock<Option<jsonschema::Validator>>;
    fn make(kind: Kind) -> Option<jsonschema::Validator> {
        jsonschema::validator_for(&of(kind)).ok()
    }
    static PROJECT: Lazy = LazyLock::new(|| make(Kind::Project));
    static AGENT: Lazy = LazyLock::new(|| make(Kind::Agent));
    static TOOLS: Lazy = LazyLock::new(|| make(Kind::Tools));
    static WORKFLOW: Lazy = LazyLock::new(|| make(Kind::Workflow));
    static EVAL: Lazy = LazyLock::new(|| make(Kind::Eval));
    match kind {
        Kind::Project => &PROJECT,
        Kind::Agent => &AGENT,
        Kind::Tools => &TOOLS,
        Kind::Workflow => &WORKFLOW,
        Kind::Eval => &EVAL,
    }
    .as_ref()
}

/// Whether some file may hold a key of this name.
pub(super) fn is_key(word: &str) -> bool {
    fn collect(schema: &Value, keys: &mut BTreeSet<String>) {
        for (name, below) in schema.as_object().into_iter().flatten() {
            if name == "properties" {
                keys.extend(below.as_object().into_iter().flat_map(|below| below.keys().cloned()));
            }
            collect(below, keys);
        }
    }
    static KEYS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let mut keys = BTreeSet::new();
        for kind in Kind::ALL {
            collect(&of(kind), &mut keys);
        }
        keys
    });
    KEYS.contains(word)
}

/// Adds to the schema of a step what its flat keys cannot say: exactly one kind, and whose keys are whose.
pub(super) fn step_kinds(schema: &mut Schema) {
    let kinds: Vec<Value> = STEP_KINDS.iter().map(|kind| json!({"required": [kind]})).collect();
    schema.insert("oneOf".to_owned(), kinds.into());
    let (mut needed, mut one_of) = (serde_json::Map::new(), serde_json::Map::new());
    for (kinds, keys) in KEYS_OF_KIND {
        for key in keys {
            if let [kind] = kinds {
                needed.insert((*key).to_owned(), json!([kind]));
            } else {
                let kinds: Vec<Value> =
                    kinds.iter().map(|kind| json!({"required": [kind]})).collect();
                one_of.insert((*key).to_owned(), json!({"anyOf": kinds}));
            }
        }
    }
    for key in KEYS_OF_FOR_EACH {
        needed.insert(key.to_owned(), json!(["for_each"]));
    }
    needed.insert("agent".to_owned(), json!(["prompt"]));
    needed.insert("default".to_owned(), json!(["on_error"]));
    schema.insert("dependentRequired".to_owned(), needed.into());
    schema.insert("dependentSchemas".to_owned(), one_of.into());
    schema.insert(
        "if".to_owned(),
        json!({"required": ["on_error"], "properties": {"on_error": {"const": "default"}}}),
    );
    schema.insert("then".to_owned(), json!({"required": ["default"]}));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_is_a_schema() {
        for kind in Kind::ALL {
            assert!(validator(kind).is_some(), "{kind:?}");
            assert!(jsonschema::meta::is_valid(&of(kind)), "{kind:?}");
        }
    }
}
