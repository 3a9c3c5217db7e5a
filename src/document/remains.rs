//! What is left of a document when what is at fault is taken out of it, so that the rest can be checked for what it means.
//!
//! Nothing moves: items of lists are never removed, so that every place stays where it is in the file.

use std::collections::BTreeSet;

use super::check::pointer_of;
use super::read::{Kind, Kindred};
use crate::value::{Object, Value};

/// Values that are looked for one by one, because only their type refuses them; a file with more is left alone.
const ROUNDS: usize = 64;

/// The places of a document, as JSON pointers, where something is at fault.
#[derive(Debug, Default)]
pub(super) struct Faulty {
    /// What cannot stay.
    cut: BTreeSet<String>,
    /// What is there, or is not, and means something else than it says.
    doubtful: BTreeSet<String>,
}

impl Faulty {
    /// A value that cannot stay.
    pub(super) fn cut(&mut self, pointer: &str) {
        self.cut.insert(pointer.to_owned());
    }

    /// A value that may be there in earnest and under another name, or mean something else.
    pub(super) fn doubt(&mut self, pointer: &str) {
        self.doubtful.insert(pointer.to_owned());
    }
}

/// What is left, and where something is missing from it; nothing where too much is.
pub(super) fn of<T: Kindred>(mut value: Value, faulty: Faulty) -> Option<(T, BTreeSet<String>)> {
    let Faulty { cut, doubtful: mut gaps } = faulty;
    for pointer in cut {
        gaps.extend(take_out(T::KIND, &mut value, &pointer));
    }
    for pointer in names(T::KIND, &value) {
        gaps.extend(take_out(T::KIND, &mut value, &pointer));
    }
    for _ in 0..ROUNDS {
        match serde_path_to_error::deserialize::<_, T>(&value) {
            Ok(document) => return Some((document, gaps)),
            Err(error) => {
                let pointer = pointer_of(error.path());
                gaps.insert(take_out(T::KIND, &mut value, &pointer)?);
            }
        }
    }
    None
}

/// The names without which nothing is left of what bears them, and that are missing.
fn names(kind: Kind, value: &Value) -> Vec<String> {
    let (key, below) = match kind {
        Kind::Workflow => ("id", "steps"),
        Kind::Tools => ("name", "tools"),
        Kind::Agent | Kind::Project | Kind::Eval => ("name", ""),
    };
    let items = value.get(below).and_then(Value::as_array).into_iter().flatten().enumerate();
    let unnamed = items.filter(|(_, item)| item.as_object().is_some_and(|o| !o.contains_key(key)));
    let mut found: Vec<String> =
        unnamed.map(|(number, _)| format!("/{below}/{number}/{key}")).collect();
    if matches!(kind, Kind::Workflow | Kind::Agent) && value.get("name").is_none() {
        found.push("/name".to_owned());
    }
    found
}

/// Takes out what stands at a pointer, or what it cannot be taken out of. Gives the pointer of what is missing then.
fn take_out(kind: Kind, root: &mut Value, pointer: &str) -> Option<String> {
    let (above, key) = pointer.rsplit_once('/')?;
    let key = key.replace("~1", "/").replace("~0", "~");
    let parts: Vec<&str> = pointer.split('/').skip(1).collect();
    let place = root.pointer_mut(above)?;
    match (place, kind, parts.as_slice()) {
        (Value::Array(items), Kind::Workflow, ["steps", number]) => {
            let step = items.get_mut(number.parse::<usize>().ok()?)?;
            let id = step.get("id").filter(|id| id.is_string()).cloned();
            *step = object([("id", id.unwrap_or_else(|| unnamed(number)))]);
        }
        (Value::Array(items), Kind::Tools, ["tools", number]) => {
            let tool = items.get_mut(number.parse::<usize>().ok()?)?;
            let name = tool.get("name").filter(|name| name.is_string()).cloned();
            let nothing = || Value::String(String::new());
            let mcp = object([("server", nothing()), ("tool", nothing())]);
            let name = name.unwrap_or_else(|| unnamed(number));
            *tool = object([("name", name), ("description", nothing()), ("mcp", mcp)]);
        }
        (Value::Array(_), _, _) => return take_out(kind, root, above),
        (Value::Object(step), Kind::Workflow, ["steps", number, "id"]) => {
            // Others call it by its name.
            let known = step.get("name").and_then(Value::as_str).filter(|name| !name.contains(' '));
            let id = known.map_or_else(|| unnamed(number), Into::into);
            step.insert(key, id);
        }
        (Value::Object(tool), Kind::Tools, ["tools", number, "name"]) => {
            tool.insert(key, unnamed(number));
        }
        (Value::Object(tool), Kind::Tools, ["tools", _, "description"]) => {
            tool.insert(key, "".into());
        }
        (Value::Object(file), Kind::Workflow | Kind::Agent, ["name"]) => {
            file.insert(key, unnamed(""));
        }
        // A name that is computed stays one, whatever it is.
        (Value::Object(compute), Kind::Workflow, ["steps", _, "compute", _]) => {
            compute.insert(key, Value::Null);
        }
        (Value::Object(param), Kind::Workflow, ["params", _, "type"])
        | (Value::Object(param), Kind::Tools, ["tools", _, "params", _, "type"]) => {
            param.insert(key, "string".into());
        }
        (Value::Object(object), _, _) => drop(object.shift_remove(&key)),
        _ => return None,
    }
    Some(pointer.to_owned())
}

/// A name that nobody can write.
fn unnamed(number: &str) -> Value {
    Value::String(format!(" {number}"))
}

/// Whether a name of a document that is not whole stands for one that nobody knows.
pub fn is_unnamed(name: &str) -> bool {
    name.starts_with(' ')
}

fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Object(
        entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Object>(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{ToolFile, Workflow};

    fn remains<T: Kindred>(text: &str, cut: &[&str]) -> (T, Vec<String>) {
        let value = crate::document::read_value(text).expect("YAML");
        let faulty =
            Faulty { cut: cut.iter().map(|&p| p.to_owned()).collect(), ..Faulty::default() };
        let (document, gaps) = of::<T>(value, faulty).expect("something is left");
        (document, gaps.into_iter().collect())
    }

    #[test]
    fn what_is_sound_stays_where_it_is() {
        let text = "name: w\nsteps:\n- {id: a, tool: t, timeout: soon}\n- {tool: u}\n- {id: c, tool: [t]}\n- 5\n- {id: e, compute: {x: [1], y: x}}";
        let (workflow, gaps) = remains::<Workflow>(text, &["/steps/4/compute/x"]);
        let ids: Vec<&str> = workflow.steps.iter().map(|step| step.id.as_str()).collect();
        assert_eq!(ids, ["a", " 1", "c", " 3", "e"]);
        assert_eq!(
            gaps,
            ["/steps/0/timeout", "/steps/1/id", "/steps/2/tool", "/steps/3", "/steps/4/compute/x"]
        );
        let compute = workflow.steps[4].compute.as_ref().expect("it computes");
        assert_eq!(compute.keys().collect::<Vec<_>>(), ["x", "y"]);
    }

    #[test]
    fn a_tool_of_no_kind_keeps_its_name() {
        let text = "tools:\n- {name: a, description: d}\n- {name: b, sql: {source: s, query: q}, description: d, returns: table}";
        let (file, gaps) = remains::<ToolFile>(text, &[]);
        let names: Vec<&str> = file.tools.iter().map(|tool| tool.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(gaps, ["/tools/0", "/tools/1/returns"]);
    }
}
