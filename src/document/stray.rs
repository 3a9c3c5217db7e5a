//! `wrong-file`: a file of one kind where one of another is read.

use super::read::Kind;
use crate::diagnostic::Diagnostic;
use crate::value::{Object, Value};

/// What the files of each kind begin with, and how many of these keys tell that a file is one of them.
const MARKS: [(Kind, &[&str], usize); 5] = [
    (Kind::Workflow, &["steps"], 1),
    (Kind::Tools, &["tools"], 1),
    (Kind::Eval, &["cases"], 1),
    (Kind::Agent, &["role", "goal", "covers", "instructions", "consult", "overview"], 2),
    (Kind::Project, &["default_model", "models", "sources", "limits", "mcp"], 1),
];

/// The fault of a file that is one of another kind, and the key that tells it.
pub(super) fn check(kind: Kind, value: &Value) -> Option<(Diagnostic, &'static str)> {
    let file = value.as_object()?;
    if mark(kind, file).is_some() {
        return None;
    }
    let mut others = MARKS.iter().filter_map(|(other, ..)| Some((*other, mark(*other, file)?)));
    let (other, key) = others.next().filter(|_| kind != Kind::Project)?;
    let name = file.get("name").and_then(Value::as_str).unwrap_or("NAME");
    let message = format!("this is {}, not {}", called(other), called(kind));
    Some((Diagnostic::new("wrong-file", message).help(use_of(other, name)), key))
}

/// The first of the keys that tell of a file of this kind, if it is one.
fn mark(kind: Kind, file: &Object) -> Option<&'static str> {
    let (_, keys, least) = MARKS.iter().find(|(one, ..)| *one == kind)?;
    let holds = |key: &&&'static str| match (kind, file.get(**key)) {
        (_, None) => false,
        // An agent has a list of tools, too: of names.
        (Kind::Tools, Some(tools)) => {
            tools.as_array().is_some_and(|tools| tools.iter().any(Value::is_object))
        }
        (_, Some(_)) => true,
    };
    let mut found = keys.iter().filter(holds);
    let first = found.next()?;
    (found.count() + 1 >= *least).then_some(first)
}

fn called(kind: Kind) -> &'static str {
    match kind {
        Kind::Project => "a project's engine.yaml",
        Kind::Agent => "an agent",
        Kind::Tools => "a file of tools",
        Kind::Workflow => "a workflow",
        Kind::Eval => "an eval",
    }
}

/// Where such a file belongs, and how it is used.
fn use_of(kind: Kind, name: &str) -> String {
    match kind {
        Kind::Project => {
            "`engine validate` checks it with the project that it makes of its folder".to_owned()
        }
        Kind::Agent => format!(
            "it belongs into agents/: a step asks it (`agent: {name}`), and so does `engine ask`"
        ),
        Kind::Tools => {
            "it belongs into tools/: a step calls one of them (`tool: NAME`), and so do agents"
                .to_owned()
        }
        Kind::Workflow => {
            format!("it belongs into workflows/: `engine run {name}` runs it")
        }
        Kind::Eval => "it belongs into evals/: `engine eval` does its cases".to_owned(),
    }
}
