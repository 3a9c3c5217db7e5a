//! What the JSON Schemas say of a place in a file: which keys may stand there, which values, and what they mean.

use std::sync::LazyLock;

use crate::document::{self, KEYS_OF_FOR_EACH, Kind};
use crate::value::Value;

use super::outline::Segment;

/// A key or a value that may stand at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice<'s> {
    pub(super) name: &'s str,
    pub(super) about: Option<&'s str>,
}

/// Everything that the schema says of one place.
pub(super) struct Guide<'s> {
    /// The schemas that hold there, references followed, all alternatives.
    parts: Vec<&'s Value>,
    /// The names of the definitions they came from: `ToolName` tells that a tool's name is wanted.
    pub(super) names: Vec<&'s str>,
}

/// What the schema of a kind of file says of a place.
pub(super) fn at(kind: Kind, path: &[Segment]) -> Guide<'static> {
    let root = schema(kind);
    let mut guide = Guide { parts: Vec::new(), names: Vec::new() };
    guide.add(root, root, 0);
    for segment in path {
        let mut inside = Guide { parts: Vec::new(), names: Vec::new() };
        for part in &guide.parts {
            let next = match segment {
                Segment::Key(key) => part
                    .get("properties")
                    .and_then(|properties| properties.get(key))
                    .or_else(|| part.get("additionalProperties")),
                Segment::Item(_) => part.get("items"),
            };
            if let Some(next) = next.filter(|next| next.is_object()) {
                inside.add(next, root, 0);
            }
        }
        guide = inside;
    }
    guide
}

fn schema(kind: Kind) -> &'static Value {
    static SCHEMAS: LazyLock<Vec<Value>> =
        LazyLock::new(|| Kind::ALL.into_iter().map(document::schema).collect());
    let at = Kind::ALL.into_iter().position(|known| known == kind);
    at.and_then(|at| SCHEMAS.get(at)).unwrap_or(&Value::Null)
}

/// References of references go no deeper.
const DEEPEST: usize = 8;

impl<'s> Guide<'s> {
    fn add(&mut self, part: &'s Value, root: &'s Value, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        self.parts.push(part);
        let reference = part.get("$ref").and_then(Value::as_str);
        if let Some(name) = reference.and_then(|reference| reference.strip_prefix("#/$defs/"))
            && let Some(target) = root.get("$defs").and_then(|defs| defs.get(name))
        {
            self.names.push(name);
            self.add(target, root, depth + 1);
        }
        for several in ["anyOf", "oneOf", "allOf"] {
            for one in part.get(several).and_then(Value::as_array).into_iter().flatten() {
                self.add(one, root, depth + 1);
            }
        }
    }

    /// What the place is for.
    pub(super) fn about(&self) -> Option<&'s str> {
        self.parts.iter().find_map(|part| part.get("description")?.as_str())
    }

    /// Values as an author would write them.
    pub(super) fn examples(&self) -> impl Iterator<Item = &'s Value> {
        self.parts.iter().filter_map(|part| part.get("examples")?.as_array()).flatten()
    }

    /// The keys that may stand there beside those that do.
    pub(super) fn keys(&self, present: &[&str]) -> Vec<Choice<'s>> {
        let mut found: Vec<Choice<'s>> = Vec::new();
        for part in &self.parts {
            let properties = part.get("properties").and_then(Value::as_object);
            for (name, property) in properties.into_iter().flatten() {
                if !present.contains(&name.as_str()) && !excluded(part, name, present) {
                    let about = property.get("description").and_then(Value::as_str);
                    found.push(Choice { name, about });
                }
            }
        }
        found
    }

    /// The values that may stand there, where they are few.
    pub(super) fn values(&self) -> Vec<Choice<'s>> {
        let mut found = Vec::new();
        for part in &self.parts {
            let about = part.get("description").and_then(Value::as_str);
            if let Some(name) = part.get("const").and_then(Value::as_str) {
                found.push(Choice { name, about });
            }
            let listed = part.get("enum").and_then(Value::as_array).into_iter().flatten();
            found.extend(listed.filter_map(Value::as_str).map(|name| Choice { name, about: None }));
        }
        found
    }
}

/// Whether a key cannot stand beside those that are there: a step is of one kind, and some keys belong to one kind.
fn excluded(part: &Value, name: &str, present: &[&str]) -> bool {
    let kinds: Vec<&str> = part
        .get("oneOf")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|one| one.pointer("/required/0")?.as_str())
        .collect();
    let Some(kind) = kinds.iter().find(|kind| present.contains(kind)) else { return false };
    // A key belongs to one kind, or to any of several.
    let one = part.get("dependentRequired").and_then(|needed| needed.get(name)?.as_array());
    let one = one.into_iter().flatten().filter_map(Value::as_str);
    let several = part.get("dependentSchemas").and_then(|n| n.get(name)?.get("anyOf")?.as_array());
    let several =
        several.into_iter().flatten().filter_map(|one| one.pointer("/required/0")?.as_str());
    let owners: Vec<&str> = one.chain(several).filter(|owner| kinds.contains(owner)).collect();
    let lacks_list = KEYS_OF_FOR_EACH.contains(&name) && !present.contains(&"for_each");
    kinds.contains(&name) || lacks_list || !owners.is_empty() && !owners.contains(kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lsp::outline::{Outline, path};

    #[test]
    fn a_place_tells_what_it_wants() {
        let names = |kind, path: &[Segment]| at(kind, path).names;
        assert!(names(Kind::Workflow, &Outline::of_step(3, "tool")).contains(&"ToolName"));
        assert!(names(Kind::Workflow, &Outline::of_step(3, "agent")).contains(&"AgentName"));
        let need = [Outline::of_step(0, "needs"), vec![Segment::Item(1)]].concat();
        assert!(names(Kind::Workflow, &need).contains(&"StepId"));
        assert!(
            names(Kind::Workflow, &path(["params", "x", "values", "tool"])).contains(&"ToolName")
        );
        assert!(names(Kind::Agent, &path(["model"])).contains(&"ModelName"));
        let step = [path(["steps"]), vec![Segment::Item(0)]].concat();
        let keys: Vec<&str> = at(Kind::Workflow, &step)
            .keys(&["id", "tool"])
            .into_iter()
            .map(|choice| choice.name)
            .collect();
        assert!(keys.contains(&"with") && keys.contains(&"needs"), "{keys:?}");
        assert!(!keys.contains(&"prompt") && !keys.contains(&"agent"), "{keys:?}");
        let figures: Vec<&str> = at(Kind::Workflow, &Outline::of_step(0, "figures"))
            .values()
            .iter()
            .map(|c| c.name)
            .collect();
        assert_eq!(figures, ["cite", "check", "none"]);
    }
}
