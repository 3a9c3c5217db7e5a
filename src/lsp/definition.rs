//! Where the thing is that the word at a cursor names.

use serde_json::{Value, json};

use crate::diagnostic::{SourceFile, Span};
use crate::document::{Document, ToolFile};
use crate::id::WorkflowName;

use super::diagnostics::range;
use super::knowledge::Knowledge;
use super::outline::{Outline, Segment, Word, path};
use super::position::Encoding;
use super::subject::{self, Subject};
use super::uri;

/// The place of the definition; null where there is none.
pub(super) fn at(known: &Knowledge<'_>, encoding: Encoding) -> Value {
    let found = known
        .cursor
        .as_ref()
        .and_then(|cursor| subject::at(known.kind, &known.outline, cursor, known.place));
    let Some(found) = found else { return Value::Null };
    place(known, &found.subject, encoding).unwrap_or(Value::Null)
}

fn place(known: &Knowledge<'_>, subject: &Subject, encoding: Encoding) -> Option<Value> {
    let here = |word: &Word| json!({"uri": known.buffer.uri, "range": known.lines.on_line(word.at, word.width())});
    let there = |file: &SourceFile, span: Span| json!({"uri": uri::of_path(&file.path), "range": range(file, Some(span), encoding)});
    let library = &known.surroundings.library;
    match subject {
        Subject::Step { id, path } => {
            let (number, word) = known.outline.steps().find(|(_, word)| word.text == *id)?;
            let field = path.get(1).and_then(|field| field_of(known, number, field));
            Some(here(field.unwrap_or(word)))
        }
        Subject::Param(name) => {
            known.outline.keys(&path(["params"])).find(|key| key.text == *name).map(here)
        }
        Subject::Computed { step, name } => field_of(known, *step, name).map(here),
        Subject::Agent(name) => {
            let document = library.agents().find(|agent| agent.value.name.as_str() == name)?;
            Some(there(&document.file, document.span_of("/name")))
        }
        Subject::Tool(name) => {
            let (document, at) = tool(known, name)?;
            Some(there(&document.file, document.span_of(&format!("{at}/name"))))
        }
        Subject::Workflow(name) => {
            let document = library.workflow(&WorkflowName::from(name.as_str()))?;
            Some(there(&document.file, document.span_of("/name")))
        }
        Subject::Item { step, .. } => known.item_of_step(*step).map(|(_, word)| here(word)),
        Subject::Argument { step, param } => {
            let called = |key| known.outline.scalar(&Outline::of_step(*step, key));
            if let Some(name) = called("tool") {
                let (document, at) = tool(known, &name.text)?;
                return Some(there(
                    &document.file,
                    document.key_span(&format!("{at}/params/{param}")),
                ));
            }
            let name = WorkflowName::from(called("workflow")?.text.as_str());
            let document = library.workflow(&name)?;
            Some(there(&document.file, document.key_span(&format!("/params/{param}"))))
        }
        Subject::Model(name) => {
            let project = library.project.as_ref()?;
            project.value.models.get(name.as_str())?;
            Some(there(&project.file, project.key_span(&format!("/models/{name}"))))
        }
        Subject::Source(name) => {
            let project = library.project.as_ref()?;
            project.value.sources.get(name.as_str())?;
            Some(there(&project.file, project.key_span(&format!("/sources/{name}"))))
        }
        Subject::Filter(_) | Subject::Key(_) => None,
    }
}

/// Where a step says that it gives a field.
fn field_of<'k>(known: &'k Knowledge<'_>, step: usize, field: &str) -> Option<&'k Word> {
    let compute = Outline::of_step(step, "compute");
    let schema = [Outline::of_step(step, "output"), path(["schema", "properties"])].concat();
    [compute, schema].iter().find_map(|map: &Vec<Segment>| {
        let entry = known.outline.at(&[map.clone(), path([field])].concat())?;
        entry.key.as_ref()
    })
}

/// The file of a tool, and its place in it.
fn tool<'k>(known: &'k Knowledge<'_>, name: &str) -> Option<(&'k Document<ToolFile>, String)> {
    let mut places = known.surroundings.library.tool_places();
    let (document, index, _) = places.find(|(_, _, tool)| tool.name.as_str() == name)?;
    Some((document, format!("/tools/{index}")))
}
