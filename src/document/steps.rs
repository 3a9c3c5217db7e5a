//! What the flat schema of a step says badly: its kind and whose keys are whose, expressions, and schemas of answers.

use super::check::{Checker, is_misspelt};
use super::foreign::{self, Place};
use super::schema::{KEYS_OF_FOR_EACH, KEYS_OF_KIND, STEP_KINDS};
use super::{helps, places};
use crate::diagnostic::{line_and_column, nearest, suggest};
use crate::value::{Object, Value, one_line, pointer_segment};

impl Checker<'_> {
    /// What the flat schema of a step says badly: its kind, keys of other kinds, and `default` without `on_error`.
    pub(super) fn steps(&mut self, workflow: &Value) {
        let known = self.keys_of("Step");
        for (number, step) in
            workflow.get("steps").and_then(Value::as_array).into_iter().flatten().enumerate()
        {
            let Some(step) = step.as_object() else { continue };
            let pointer = format!("/steps/{number}");
            let id = step
                .get("id")
                .and_then(Value::as_str)
                .map_or_else(String::new, |id| format!(" `{id}`"));
            let kinds: Vec<&str> =
                STEP_KINDS.into_iter().filter(|kind| step.contains_key(*kind)).collect();
            let span = self.value_span(&pointer);
            let misspelt = |name: &str| {
                let meant = |key: &String| foreign::stands_for(Place::Step, key) == Some(name);
                is_misspelt(step, name, &known) || step.keys().any(meant)
            };
            if kinds.is_empty() {
                self.faulty.doubt(&pointer);
            }
            match kinds.as_slice() {
                [] if step.keys().any(|key| foreign::makes_a_kind(key)) => {}
                [] if near_a_kind(step, &known) => {}
                [] => {
                    let help = format!("give it one of {}", listed(&STEP_KINDS));
                    self.report("wrong-kind", format!("step{id} has no kind"), Some(help), span);
                }
                [kind] => self.keys_of_kind(kind, step, &pointer, &id, misspelt("prompt")),
                [first, others @ ..] => {
                    self.faulty.doubt(&pointer);
                    for other in others {
                        let span = self.key_span(&format!("{pointer}/{other}"));
                        let message = format!("step{id} is of kind `{first}` and `{other}`");
                        self.report(
                            "wrong-kind",
                            message,
                            Some("make it two steps".to_owned()),
                            span,
                        );
                    }
                }
            }
            let takes_default = step.get("on_error").and_then(Value::as_str) == Some("default");
            if takes_default && !step.contains_key("default") && !misspelt("default") {
                let span = self.value_span(&format!("{pointer}/on_error"));
                self.report(
                    "missing-key",
                    format!("step{id} has no `default` to take"),
                    Some("add `default:`".to_owned()),
                    span,
                );
            }
            if step.contains_key("default") && !takes_default && !misspelt("on_error") {
                let span = self.key_span(&format!("{pointer}/default"));
                let help = "add `on_error: default`".to_owned();
                self.report(
                    "misplaced-key",
                    format!("step{id} never takes its `default`"),
                    Some(help),
                    span,
                );
            }
            self.expressions(step, &pointer);
            self.answer_schema(step, &pointer);
            if step.get("for_each").and_then(Value::as_array).is_some_and(Vec::is_empty) {
                let span = self.value_span(&format!("{pointer}/for_each"));
                let help = "list what the step is done for, or remove the key to do it once";
                self.report("empty", "`for_each` is empty".to_owned(), Some(help.to_owned()), span);
            }
            if step.get("compute").and_then(Value::as_object).is_some_and(Object::is_empty) {
                let span = self.value_span(&format!("{pointer}/compute"));
                let help = "write at least one `name: expression` below it, or remove the step";
                self.report("empty", "`compute` is empty".to_owned(), Some(help.to_owned()), span);
            }
        }
    }

    /// Outputs that were begun and hold nothing.
    pub(super) fn outputs(&mut self, workflow: &Value) {
        let outputs = workflow.get("outputs").and_then(Value::as_object).into_iter().flatten();
        for (name, _) in outputs.filter(|(_, value)| value.is_null()) {
            let span = self.key_span(&format!("/outputs/{}", pointer_segment(name)));
            let help = "write what it gives, such as `\"{{ steps.ID.output }}\"`, or remove it";
            self.report("empty", format!("output `{name}` is empty"), Some(help.to_owned()), span);
        }
    }

    fn keys_of_kind(
        &mut self,
        kind: &str,
        step: &Object,
        pointer: &str,
        id: &str,
        prompt_misspelt: bool,
    ) {
        if kind == "agent" && !step.contains_key("prompt") && !prompt_misspelt {
            let span = self.key_span(&format!("{pointer}/agent"));
            self.report(
                "missing-key",
                format!("step{id} asks its agent nothing"),
                Some("add `prompt:`".to_owned()),
                span,
            );
        }
        if step.get("prompt").and_then(Value::as_str).is_some_and(|text| text.trim().is_empty()) {
            let span = self.value_span(&format!("{pointer}/prompt"));
            let help = "say what the agent is asked".to_owned();
            self.report("empty", "`prompt` is empty".to_owned(), Some(help), span);
        }
        for (owners, keys) in KEYS_OF_KIND.into_iter().filter(|(owners, _)| !owners.contains(&kind))
        {
            for key in keys.iter().filter(|key| step.contains_key(**key)) {
                let message = format!(
                    "`{key}` belongs to steps of kind {}, this one is of kind `{kind}`",
                    listed(owners)
                );
                let help = if *key == "prompt" && kind == "tool" {
                    // An agent may be what the tool's name means.
                    self.faulty.doubt(&format!("{pointer}/tool"));
                    "a step that asks an agent names it at `agent:`; else remove `prompt`"
                } else {
                    "remove it"
                };
                self.misplaced(&format!("{pointer}/{key}"), message, help);
            }
        }
        if !step.contains_key("for_each") {
            for key in KEYS_OF_FOR_EACH.into_iter().filter(|key| step.contains_key(*key)) {
                let message = format!("`{key}` means nothing without `for_each`");
                let place = format!("{pointer}/{key}");
                self.misplaced(&place, message, "add `for_each:`, or remove it");
            }
        }
    }

    pub(super) fn misplaced(&mut self, pointer: &str, message: String, help: &str) {
        let span = self.key_span(pointer);
        self.report("misplaced-key", message, Some(help.to_owned()), span);
    }

    /// `when` and `compute` take bare expressions: braces around them are what people try first.
    fn expressions(&mut self, step: &Object, pointer: &str) {
        let when = step.get("when").map(|value| ("when".to_owned(), value));
        let compute = step.get("compute").and_then(Value::as_object).into_iter().flatten();
        let compute =
            compute.map(|(name, value)| (format!("compute/{}", pointer_segment(name)), value));
        for (key, value) in when.into_iter().chain(compute) {
            let place = format!("{pointer}/{key}");
            if let Some(name @ ("steps" | "params" | "loop")) = key.strip_prefix("compute/") {
                let span = self.key_span(&place);
                let message = format!("`{name}` has a meaning of its own");
                let help = format!("give it another name: `{name}` is what expressions read from");
                self.report("reserved-name", message, Some(help), span);
            }
            let Some(text) = value.as_str() else { continue };
            let Some(at) = text.find("{{") else { continue };
            self.faulty.cut(&place);
            let node = self.tree.at(&place).0;
            let begins = matches!(text.get(..at).map(str::trim), Some("" | "$"));
            let (line, column) = line_and_column(text, at);
            let span = if begins {
                node.span
            } else {
                places::inside(&self.file.text, node, line, column, 2)
            };
            let bare = text.replace("${{", " ").replace("{{", " ").replace("}}", " ");
            let bare = one_line(&bare);
            let message = "an expression stands here without braces".to_owned();
            self.report("braces", message, Some(format!("write `{bare}`")), span);
        }
    }

    fn answer_schema(&mut self, step: &Object, pointer: &str) {
        if let Some(schema) = step.get("output").and_then(|output| output.get("schema")) {
            let place = format!("{pointer}/output/schema");
            let told = self.told();
            self.json_schema(schema, &place);
            let kind = schema.get("type");
            if let Some(kind) = kind.and_then(Value::as_str).filter(|kind| *kind != "object")
                && TYPES.contains(&kind)
            {
                let message =
                    format!("an answer with a schema is an object, this is of type `{kind}`");
                let help = format!(
                    "write `{{type: object, required: [value], properties: {{value: {{type: {kind}}}}}}}`; a step without `output` gives a text"
                );
                let span = self.value_span(&format!("{place}/type"));
                self.report("invalid-schema", message, Some(help), span);
            }
            if self.told() > told {
                self.faulty.doubt(&format!("{pointer}/output"));
            }
        }
    }

    /// A JSON Schema that the file holds.
    pub(super) fn json_schema(&mut self, schema: &Value, place: &str) {
        match jsonschema::validator_for(schema) {
            // That it is no map is told by its type.
            Err(_) if !schema.is_object() => {}
            Err(error) => {
                let span = self.value_span(&format!("{place}{}", error.instance_path().as_str()));
                let help = "write it as JSON Schema says (draft 2020-12): `{type: object, required: [a], properties: {a: {type: string}}}`".to_owned();
                let (message, help) =
                    match (error.instance_path().as_str(), error.instance().as_ref()) {
                        (path, Value::String(word)) if path.ends_with("/type") => (
                            format!("`{word}` is no type of JSON Schema"),
                            helps::of_value("type", word)
                                .map_or_else(|| suggest(word, TYPES, "types"), str::to_owned),
                        ),
                        _ => (format!("this is no JSON Schema: {error}"), help),
                    };
                self.report("invalid-schema", message, Some(help), span);
            }
            Ok(_) => self.required(schema, place),
        }
    }

    /// What a schema requires it also describes.
    fn required(&mut self, schema: &Value, pointer: &str) {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            if let Some(items) = schema.get("items") {
                self.required(items, &format!("{pointer}/items"));
            }
            return;
        };
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        for (index, name) in required.enumerate() {
            let Some(name) = name.as_str().filter(|name| !properties.contains_key(*name)) else {
                continue;
            };
            let span = self.value_span(&format!("{pointer}/required/{index}"));
            let help = suggest(name, properties.keys().map(String::as_str), "properties");
            let message = format!("`{name}` is required, but no property is called so");
            self.report("invalid-schema", message, Some(help), span);
        }
        for (name, below) in properties {
            self.required(below, &format!("{pointer}/properties/{}", pointer_segment(name)));
        }
    }
}

/// The types of JSON Schema.
const TYPES: [&str; 7] = ["string", "number", "integer", "boolean", "array", "object", "null"];

/// Names in a row: `a`, `b` or `c`.
pub(super) fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        all => all.join(""),
    }
}

/// Whether an unknown key of a step is like one that makes a kind: then that is the fault.
fn near_a_kind(step: &Object, known: &[String]) -> bool {
    let mut unknown = step.keys().filter(|key| !known.contains(key));
    unknown.any(|key| nearest(key, STEP_KINDS).is_some())
}
