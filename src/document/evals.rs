//! What the schema of an eval says badly: what a case asks, where its rows come from, what a figure is held against.

use super::check::Checker;
use super::eval::{CASE_KINDS, ROW_KINDS};
use super::foreign::{self, Place};
use super::steps::listed;
use crate::diagnostic::nearest;
use crate::value::{Object, Value};

impl Checker<'_> {
    /// Which kind each case is, and what its assertions lack.
    pub(super) fn evals(&mut self, file: &Value) {
        self.assertions(file, "");
        self.contents(file);
        let cases = file.get("cases").and_then(Value::as_array).into_iter().flatten();
        for (number, case) in cases.enumerate() {
            let Some(object) = case.as_object() else { continue };
            let pointer = format!("/cases/{number}");
            self.one_of(object, &CASE_KINDS, "the case", &pointer);
            if let Some(rows) = object.get("for_each").and_then(Value::as_object) {
                self.one_of(rows, &ROW_KINDS, "`for_each`", &format!("{pointer}/for_each"));
            }
            for (key, owner) in
                [("params", "workflow"), ("route_only", "question"), ("when", "for_each")]
            {
                if object.contains_key(key) && !object.contains_key(owner) {
                    let message = format!("`{key}` means nothing without `{owner}`");
                    self.misplaced(
                        &format!("{pointer}/{key}"),
                        message,
                        &format!("add `{owner}:`, or remove it"),
                    );
                }
            }
            self.assertions(case, &pointer);
            let turns = object.get("conversation").and_then(Value::as_array).into_iter().flatten();
            for (number, turn) in turns.enumerate() {
                self.assertions(turn, &format!("{pointer}/conversation/{number}"));
            }
        }
    }

    /// Without cases it needs examples for the judge; a key that is like one of the two is told itself.
    fn contents(&mut self, file: &Value) {
        const KEYS: [&str; 2] = ["cases", "examples"];
        let keys = || file.as_object().into_iter().flat_map(Object::keys);
        let meant = |key: &str| foreign::stands_for(Place::Eval, key) == Some("cases");
        let told = |key: &String| {
            KEYS.contains(&key.as_str()) || nearest(key, KEYS).is_some() || meant(key)
        };
        if !keys().any(told) {
            let message =
                format!("the eval has neither {}", listed(&KEYS).replace(" or ", " nor "));
            let help = "add `cases:` with what is to be run or asked".to_owned();
            self.report("missing-key", message, Some(help), self.value_span(""));
        }
    }

    fn one_of(&mut self, object: &Object, keys: &[&str], what: &str, pointer: &str) {
        let mut found = keys.iter().filter(|key| object.contains_key(**key));
        let Some(first) = found.next() else {
            let span = self.value_span(pointer);
            let message = format!("{what} has neither {}", listed(keys).replace(" or ", " nor "));
            self.report("missing-key", message, Some(format!("add one of {}", listed(keys))), span);
            return;
        };
        for other in found {
            let span = self.key_span(&format!("{pointer}/{other}"));
            let message = format!("{what} has `{first}` and `{other}`");
            self.report("wrong-kind", message, Some("keep one of them".to_owned()), span);
        }
    }

    fn assertions(&mut self, owner: &Value, pointer: &str) {
        let all = owner.get("assert").and_then(Value::as_array).into_iter().flatten();
        for (number, assertion) in all.enumerate() {
            let pointer = format!("{pointer}/assert/{number}");
            for (key, check) in assertion.as_object().into_iter().flatten() {
                let place = format!("{pointer}/{key}");
                match (key.trim_start_matches("not-"), check) {
                    ("figure", Value::Object(figure)) => {
                        self.one_of(figure, &["is", "sql"], "the figure", &place);
                    }
                    ("json-schema", schema) => self.json_schema(schema, &place),
                    _ => {}
                }
            }
        }
    }
}
