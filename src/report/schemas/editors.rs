//! The shape in which yaml-language-server and its kin show a schema well. It accepts exactly the same files.
//!
//! Editors explain a key by the innermost schema that its value meets: next to a `$ref` the words of the definition
//! hide those of the key, and every alternative hides the whole. So definitions are written out where a key has words of
//! its own, alternatives leave the words to the whole, and constants become an `enum` with its descriptions.

use std::collections::BTreeSet;

use crate::value::{Object, Value};

/// Definitions inside definitions are written out no deeper; a definition may hold itself.
const DEEPEST: usize = 8;

/// Gives a whole schema that shape.
pub(super) fn adapt(root: &mut Value) {
    let definitions = root.get("$defs").cloned().unwrap_or_default();
    visit(root, &definitions, 0);
    prune(root);
}

fn visit(schema: &mut Value, definitions: &Value, depth: usize) {
    match schema {
        // The map under `properties` passes for a schema here: its keys hold schemas, never what is looked for.
        Value::Object(object) => {
            let inside = if object.contains_key("description") && depth < DEEPEST {
                inline(object, definitions);
                depth + 1
            } else {
                depth
            };
            choices(object);
            lone_keys(object);
            for value in object.values_mut() {
                visit(value, definitions, inside);
            }
            quieten(object);
        }
        Value::Array(items) => {
            for item in items {
                visit(item, definitions, depth);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Writes out the definition that a `$ref` names; what stands beside the `$ref` wins.
fn inline(object: &mut Object, definitions: &Value) {
    let target = object.get("$ref").and_then(Value::as_str);
    let name = target.and_then(|target| target.strip_prefix("#/$defs/"));
    if let Some(Value::Object(definition)) = name.and_then(|name| definitions.get(name)) {
        object.shift_remove("$ref");
        merge(object, definition.clone());
    }
}

fn merge(object: &mut Object, more: Object) {
    for (key, value) in more {
        object.entry(key).or_insert(value);
    }
}

/// Constants with descriptions become an enumeration with descriptions.
fn choices(object: &mut Object) {
    let Some(Value::Array(several)) = object.get("oneOf") else { return };
    let part = |key: &str| several.iter().map(|one| one.get(key).cloned()).collect::<Option<_>>();
    let (Some(values), Some(about)) = (part("const"), part("description")) else { return };
    object.shift_remove("oneOf");
    object.insert("type".to_owned(), "string".into());
    object.insert("enum".to_owned(), Value::Array(values));
    object.insert("enumDescriptions".to_owned(), Value::Array(about));
}

/// Of alternatives that are one key each, the words and examples become those of the key.
fn lone_keys(object: &mut Object) {
    let several = object.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten();
    for one in several.filter_map(Value::as_object_mut) {
        let about = one.get("description").cloned();
        let examples = one.get("examples").and_then(Value::as_array).cloned().unwrap_or_default();
        let keys = one.get_mut("properties").and_then(Value::as_object_mut);
        for (name, key) in keys.into_iter().flatten() {
            let Some(key) = key.as_object_mut() else { continue };
            let examples: Vec<Value> =
                examples.iter().filter_map(|one| one.get(name)).cloned().collect();
            if let Some(about) = &about {
                key.entry("description").or_insert_with(|| about.clone());
            }
            if !examples.is_empty() {
                key.entry("examples").or_insert(Value::Array(examples));
            }
        }
    }
}

/// Leaves the words to the whole where alternatives have words too.
fn quieten(object: &mut Object) {
    if object.contains_key("description")
        && let Some(Value::Array(several)) = object.get_mut("anyOf")
    {
        for one in several.iter_mut().filter_map(Value::as_object_mut) {
            one.shift_remove("description");
        }
    }
}

/// Removes the definitions that nothing names any more.
fn prune(root: &mut Value) {
    let Some(definitions) = root.as_object_mut().and_then(|root| root.shift_remove("$defs")) else {
        return;
    };
    let mut open = vec![&*root];
    let mut named = BTreeSet::new();
    while let Some(value) = open.pop() {
        match value {
            Value::Object(object) => {
                let target = object.get("$ref").and_then(Value::as_str);
                if let Some(name) = target.and_then(|target| target.strip_prefix("#/$defs/"))
                    && named.insert(name.to_owned())
                {
                    open.extend(definitions.get(name));
                }
                open.extend(object.values());
            }
            Value::Array(items) => open.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    if let (Some(root), Value::Object(mut definitions)) = (root.as_object_mut(), definitions) {
        definitions.retain(|name, _| named.contains(name));
        if !definitions.is_empty() {
            root.insert("$defs".to_owned(), Value::Object(definitions));
        }
    }
}
