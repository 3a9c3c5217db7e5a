//! What the word at a cursor means.

use serde_json::{Value, json};

use crate::expression::filter_help;
use crate::id::{AgentName, WorkflowName};

use super::describe;
use super::knowledge::Knowledge;
use super::schema;
use super::subject::{self, Subject};

/// What is told of the word at the cursor; null where nothing is known.
pub(super) fn at(known: &Knowledge<'_>) -> Value {
    let found = known
        .cursor
        .as_ref()
        .and_then(|cursor| subject::at(known.kind, &known.outline, cursor, known.place));
    let Some(found) = found else { return Value::Null };
    let Some(text) = about(known, &found.subject) else { return Value::Null };
    json!({
        "contents": {"kind": "markdown", "value": text},
        "range": known.lines.on_line(found.at, found.width),
    })
}

fn about(known: &Knowledge<'_>, subject: &Subject) -> Option<String> {
    let library = &known.surroundings.library;
    match subject {
        Subject::Step { id, path } => describe::step(known, id, path),
        Subject::Param(name) => {
            let params = known.params();
            let (_, param) = params.iter().find(|(known, _)| known == name)?;
            Some(param.map_or_else(|| format!("param `{name}`"), |p| describe::param(name, p)))
        }
        Subject::Computed { step, name } => {
            let id = known.outline.steps().find(|(number, _)| number == step)?.1.text.clone();
            describe::step(known, &id, &["output".to_owned(), name.clone()])
        }
        Subject::Filter(name) => filter_help(name).map(describe::filter),
        Subject::Agent(name) => library.agent(&AgentName::from(name.as_str())).map(describe::agent),
        Subject::Tool(name) => known.tool(name).map(describe::tool),
        Subject::Model(name) => {
            let project = &library.project.as_ref()?.value;
            let Some(model) = project.models.get(name.as_str()) else {
                let auto = name == "auto";
                return auto.then(|| {
                    "`auto`: the first model whose key is set or whose server answers".to_owned()
                });
            };
            Some(format!("model `{name}`: {}", model.model))
        }
        Subject::Source(_) => None,
        Subject::Workflow(name) => {
            let document = library.workflow(&WorkflowName::from(name.as_str()))?;
            Some(describe::workflow(&document.value))
        }
        Subject::Item { step, path } => describe::item(known, *step, path),
        Subject::Argument { step, param } => {
            Some(describe::param(param, known.params_of_call(*step)?.get(param)?))
        }
        Subject::Key(path) => {
            let guide = schema::at(known.kind, path);
            let about = guide.about()?.to_owned();
            let examples: Vec<String> =
                guide.examples().map(|example| format!("`{example}`")).collect();
            Some(if examples.is_empty() {
                about
            } else {
                format!("{about}\n\nFor example {}", examples.join(", "))
            })
        }
    }
}
