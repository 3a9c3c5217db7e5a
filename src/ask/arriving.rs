//! What can be read of a model's plan while it is still on its way: its kind, and the parts that are whole.
//!
//! Nothing here says that the plan will do: that can be said of a whole plan only.

use crate::value::Value;

/// What has arrived of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Arrived {
    /// Its `kind`, where it has one and it is whole.
    pub(super) kind: Option<String>,
    /// The elements of `parts` that are whole, in their order.
    pub(super) parts: Vec<Value>,
}

/// Reads the beginning of an answer: a JSON object, whatever stands before it.
pub(super) fn arrived(text: &str) -> Arrived {
    let mut found = Arrived::default();
    let mut place = Place::default();
    let Some(text) = text.find('{').and_then(|start| text.get(start..)) else { return found };
    for (at, c) in text.char_indices() {
        if let Some(start) = place.string {
            if place.escaped {
                place.escaped = false;
            } else if c == '\\' {
                place.escaped = true;
            } else if c == '"' {
                place.string = None;
                if place.depth == 1 {
                    let said = text.get(start..=at).and_then(|raw| serde_json::from_str(raw).ok());
                    match &place.key {
                        Some(key) if key == "kind" => found.kind = said,
                        Some(_) => {}
                        None => place.last = said,
                    }
                }
            }
            continue;
        }
        match c {
            '"' => place.string = Some(at),
            ':' if place.depth == 1 => place.key = place.last.take(),
            ',' if place.depth == 1 => place.key = None,
            '{' | '[' => {
                let of_parts = place.key.as_deref() == Some("parts");
                match place.depth {
                    1 => place.in_parts = c == '[' && of_parts,
                    2 if place.in_parts && c == '{' => place.part = Some(at),
                    _ => {}
                }
                place.depth += 1;
            }
            '}' | ']' => {
                place.depth = place.depth.saturating_sub(1);
                if place.depth == 0 {
                    break;
                }
                if let Some(start) = place.part.filter(|_| place.depth == 2) {
                    place.part = None;
                    let raw = text.get(start..=at).unwrap_or_default();
                    // What is no JSON makes the whole answer none.
                    let Ok(part) = serde_json::from_str(raw) else { break };
                    found.parts.push(part);
                }
            }
            _ => {}
        }
    }
    found
}

/// Where a reader stands.
#[derive(Default)]
struct Place {
    /// Braces and brackets that are open.
    depth: usize,
    /// Where the text began that it is in.
    string: Option<usize>,
    /// Whether the character before was a backslash.
    escaped: bool,
    /// The last text outside of any value.
    last: Option<String>,
    /// The key whose value it is in.
    key: Option<String>,
    /// Whether it is in the list of parts.
    in_parts: bool,
    /// Where the part began that it is in.
    part: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn parts_are_read_as_soon_as_they_are_whole() {
        let text = r#"```json
{"kind":"plan","params":[{"name":"parts","value":"[{\"id\":1}]"}],"parts":[{"id":"a","with":[{"name":"x"}]},{"id":"b","task":"a } \" ] b"}],"reason":"parts"}"#;
        let at = |end: &str| arrived(text.split_inclusive(end).next().unwrap());
        assert_eq!(at("\"pla"), Arrived::default());
        assert_eq!(at("\"plan\"").kind.as_deref(), Some("plan"));
        assert_eq!(at("x\"}").parts, Vec::<Value>::new());
        let first = json!({"id": "a", "with": [{"name": "x"}]});
        assert_eq!(at("x\"}]}").parts, std::slice::from_ref(&first));
        assert_eq!(at("a } \\\" ] b\"").parts, std::slice::from_ref(&first));
        let second = json!({"id": "b", "task": "a } \" ] b"});
        assert_eq!(arrived(text).parts, [first, second]);
    }

    #[test]
    fn what_is_no_object_with_parts_has_none() {
        for text in
            ["", "I would ask {", "[1, {\"a\": 2}]", "{\"parts\": {\"a\": {\"b\": 1}}}", "}{]["]
        {
            assert_eq!(arrived(text).parts, Vec::<Value>::new(), "{text}");
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            r#"[a-z"\\{}\[\]:,é ]{0,8}"#.prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[a-z\"]{1,3}|parts|kind", inner, 0..3)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn parts() -> impl Strategy<Value = Vec<Value>> {
        let part = ("[a-z]{1,3}", value(), value());
        let part =
            part.prop_map(|(id, with, needs)| json!({"id": id, "with": with, "needs": needs}));
        prop::collection::vec(part, 0..4)
    }

    proptest! {
        /// However far an answer has come, what was read of it is the beginning of what it says in the end.
        #[test]
        fn what_was_read_stays_true(parts in parts(), other in value(), spaced in any::<bool>()) {
            let whole = json!({"other": other, "kind": "plan", "parts": parts, "more": other});
            let text = if spaced {
                serde_json::to_string_pretty(&whole).unwrap()
            } else {
                whole.to_string()
            };
            let mut seen = 0;
            for (end, _) in text.char_indices() {
                let now = arrived(text.get(..end).unwrap());
                prop_assert!(now.kind.as_deref().is_none_or(|kind| kind == "plan"));
                prop_assert!(now.parts.len() >= seen, "parts are never taken back");
                seen = now.parts.len();
                prop_assert_eq!(&now.parts[..], &parts[..seen]);
            }
            prop_assert_eq!(arrived(&text).parts, parts);
        }

        /// Nothing that a model writes makes it fail.
        #[test]
        fn any_text_can_be_read(text in r#"[{}\[\]",:\\a-zé]{0,60}"#) {
            arrived(&text);
        }
    }
}
