//! The dressed schemas: that they accept what the plain ones accept, and tell all that an editor can show.

use std::path::{Path, PathBuf};

use crate::document::{self, Kind};
use crate::value::{Object, Value};

use super::{dressed, snippets};

#[test]
fn the_dress_changes_nothing_about_what_is_accepted() {
    let mut seen = 0;
    for kind in Kind::ALL {
        let plain = jsonschema::validator_for(&document::schema(kind)).expect("a schema");
        let dress = jsonschema::validator_for(&dressed(kind)).expect("a schema");
        for value in documents() {
            // Every document is held against every schema: most are wrong for it in their own way.
            assert_eq!(plain.is_valid(&value), dress.is_valid(&value), "{kind:?}: {value:#}");
            seen += 1;
        }
    }
    assert!(seen > 1000, "{seen}");
}

#[test]
fn every_key_is_explained() {
    let mut faults = Vec::new();
    for kind in Kind::ALL {
        keys(&dressed(kind), &mut |name, schema| {
            let has = |key: &str| schema.contains_key(key);
            let named = format!("{} of {}", name, kind.name());
            if !has("description") {
                faults.push(format!("{named} has no description"));
            }
            let types = schema.get("type").map(Value::to_string).unwrap_or_default();
            let written = ["string", "integer", "number"].iter().any(|one| types.contains(one));
            let shown = ["examples", "default", "enum", "defaultSnippets"].into_iter().any(has);
            if written && !shown {
                faults.push(format!("{named} has no example"));
            }
            if let Some(values) = schema.get("enum").and_then(Value::as_array) {
                let about = schema.get("enumDescriptions").and_then(Value::as_array);
                if about.map(Vec::len) != Some(values.len()) {
                    faults.push(format!("{named} does not explain its values"));
                }
            }
        });
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn examples_and_defaults_are_valid_themselves() {
    for kind in Kind::ALL {
        let root = dressed(kind);
        keys(&root, &mut |name, schema| {
            let examples = schema.get("examples").and_then(Value::as_array).into_iter().flatten();
            for value in examples.chain(schema.get("default")) {
                holds(&root, schema, value).unwrap_or_else(|fault| panic!("{name}: {fault}"));
            }
        });
    }
}

#[test]
fn every_snippet_is_valid_where_it_is_offered() {
    for kind in Kind::ALL {
        let root = dressed(kind);
        for (pointer, label, _, body) in snippets::of(kind) {
            let place = root.pointer(pointer).and_then(Value::as_object);
            let place = place.unwrap_or_else(|| panic!("`{label}`: there is no {pointer}"));
            let mut value = filled(&body);
            if place.get("type").is_some_and(|kind| kind == "array") {
                value = Value::Array(vec![value]);
            }
            holds(&root, place, &value).unwrap_or_else(|fault| panic!("`{label}`: {fault}"));
        }
    }
}

/// Holds a value against a part of a schema.
fn holds(root: &Value, part: &Object, value: &Value) -> Result<(), String> {
    let mut schema = part.clone();
    if let Some(definitions) = root.get("$defs") {
        schema.insert("$defs".to_owned(), definitions.clone());
    }
    let validator = jsonschema::validator_for(&Value::Object(schema)).expect("a schema");
    validator.validate(value).map_err(|fault| format!("{value}: {fault}"))
}

/// A snippet with its first words in place of the cursors.
fn filled(body: &Value) -> Value {
    let fill = |text: &str| {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (place, tail) = after.split_once('}').expect("a closing brace");
            out.push_str(before);
            out.push_str(place.split_once(':').map_or("", |(_, word)| word));
            rest = tail;
        }
        out + rest
    };
    match body {
        Value::String(text) => fill(text).trim_matches('"').into(),
        Value::Array(items) => items.iter().map(filled).collect(),
        Value::Object(object) => {
            object.iter().map(|(key, value)| (fill(key), filled(value))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => body.clone(),
    }
}

/// Calls with every key that a schema names, whatever it lies under.
fn keys(schema: &Value, tell: &mut impl FnMut(&str, &Object)) {
    match schema {
        Value::Object(object) => {
            for (name, property) in
                object.get("properties").and_then(Value::as_object).into_iter().flatten()
            {
                // A condition repeats a key without explaining it again.
                if let Some(property) =
                    property.as_object().filter(|property| !property.contains_key("const"))
                {
                    tell(name, property);
                }
            }
            object.values().for_each(|value| keys(value, tell));
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, tell)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The documents of the demo and of the corpus that are YAML.
fn documents() -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open: Vec<PathBuf> =
        ["agents", "tools", "workflows", "tests/corpus"].map(|folder| root.join(folder)).to_vec();
    let mut found = vec![root.join("engine.yaml")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                found.push(path);
            }
        }
    }
    let texts = found.iter().filter_map(|path| std::fs::read_to_string(path).ok());
    texts.filter_map(|text| serde_saphyr::from_str(&text).ok()).collect()
}
