//! Renames a step, a param, a computed name or the item of `for_each` wherever the workflow names it.
//!
//! The workflow must be readable: what cannot be read may hold the name unseen. What comes out is read again before it
//! is given to the editor, and must say the same as before under the new name, with no fault that was not there.

mod mentions;
mod said;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::diagnostic::{SourceFile, suggest};
use crate::document::{self, Document, Kind, Workflow};
use crate::plan;

use super::knowledge::Knowledge;
use super::outline::Outline;
use super::server::Refusal;
use super::subject::{self, Found, Subject};
use mentions::{Edit, Names};

/// What is renamed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Step,
    Param,
    /// A name that a step computes.
    Computed {
        step: usize,
        id: String,
    },
    /// The item of a step with `for_each`.
    Item {
        step: usize,
    },
}

impl What {
    /// What stands before the name where any text may read it; nothing for an item, which only its own step reads.
    fn trail(&self) -> Vec<&str> {
        match self {
            Self::Step => vec!["steps"],
            Self::Param => vec!["params"],
            Self::Computed { id, .. } => vec!["steps", id, "output"],
            Self::Item { .. } => Vec::new(),
        }
    }

    /// Whether the text at a pointer reads it by its bare name.
    fn is_bare_in(&self, pointer: &str) -> bool {
        let below =
            |start: &str| pointer.strip_prefix(start).is_some_and(|rest| rest.starts_with('/'));
        match self {
            Self::Step | Self::Param => false,
            Self::Computed { step, .. } => below(&format!("/steps/{step}/compute")),
            Self::Item { step } => {
                let at = format!("/steps/{step}");
                below(&at) && pointer != format!("{at}/for_each")
            }
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Param => "param",
            Self::Computed { .. } => "computed name",
            Self::Item { .. } => "item",
        }
    }

    /// The names beside which it stands, itself among them.
    fn taken<'w>(&self, workflow: &'w Workflow) -> Vec<&'w str> {
        let step = |number: &usize| workflow.steps.get(*number);
        match self {
            Self::Step => workflow.steps.iter().map(|step| step.id.as_str()).collect(),
            Self::Param => workflow.params.keys().map(String::as_str).collect(),
            Self::Computed { step: number, .. } | Self::Item { step: number } => {
                let computed = step(number).and_then(|step| step.compute.as_ref());
                let item = step(number).filter(|step| step.for_each.is_some());
                let item = item.map(|step| step.item_name.as_deref().unwrap_or(plan::ITEM));
                let computed = computed.into_iter().flat_map(|names| names.keys());
                computed.map(String::as_str).chain(item).collect()
            }
        }
    }
}

/// The name at the cursor, and where it stands.
pub(super) fn prepare(known: &Knowledge<'_>) -> Result<Value, Refusal> {
    let (found, _, name) = named(known)?;
    read(known)?;
    let range = known.lines.on_line(found.at, found.width);
    Ok(json!({"range": range, "placeholder": name}))
}

/// The edits that give the thing at the cursor another name.
pub(super) fn rename(known: &Knowledge<'_>, new: &str) -> Result<Value, Refusal> {
    let (_, what, old) = named(known)?;
    let document = read(known)?;
    let names = Names { what: &what, old: &old, new };
    check(&document.value, &names)?;
    let faults = faults(known, &document);
    let wanted = said::said(&document.value, Some(&names));
    let is_safe = |edits: &Vec<Edit>| {
        let renamed = read_text(known, apply(&known.buffer.text, edits));
        !edits.is_empty()
            && renamed.is_some_and(|renamed| {
                said::said(&renamed.value, None) == wanted
                    && self::faults(known, &renamed) <= faults
            })
    };
    let safe = mentions::find(&document, &names, &known.lines).into_iter().find(is_safe);
    let Some(edits) = safe else {
        let message = format!("`{old}` is named in a way that cannot be renamed safely");
        return Err(Refusal::failed(message));
    };
    let edits: Vec<Value> = edits
        .iter()
        .map(|edit| {
            let range = lsp_types::Range {
                start: known.lines.position(known.lines.place_at(edit.offset)),
                end: known.lines.position(known.lines.place_at(edit.offset + edit.length)),
            };
            json!({"range": range, "newText": edit.text})
        })
        .collect();
    let uri = known.buffer.uri.clone();
    Ok(json!({"changes": {uri: edits}}))
}

/// How many faults of its texts a workflow has: after a rename it has no more, so that no text was missed.
fn faults(known: &Knowledge<'_>, document: &Document<Workflow>) -> usize {
    plan::compile(document, &known.surroundings.library).1.len()
}

/// What the cursor is on, if it can be renamed.
fn named(known: &Knowledge<'_>) -> Result<(Found, What, String), Refusal> {
    let found = known
        .cursor
        .as_ref()
        .filter(|_| known.kind == Kind::Workflow)
        .and_then(|cursor| subject::at(known.kind, &known.outline, cursor, known.place));
    let named = found.and_then(|found| {
        let (what, name) = match &found.subject {
            Subject::Step { id, path } => match path.as_slice() {
                [] => (What::Step, id.clone()),
                [output, name] if output == "output" => {
                    let (step, _) = known.outline.steps().find(|(_, word)| word.text == *id)?;
                    (computed(known, step, name)?, name.clone())
                }
                _ => return None,
            },
            Subject::Param(name) => (What::Param, name.clone()),
            Subject::Computed { step, name } => (computed(known, *step, name)?, name.clone()),
            Subject::Item { step, path } if path.is_empty() => {
                let (name, _) = known.item_of_step(*step)?;
                (What::Item { step: *step }, name.to_owned())
            }
            _ => return None,
        };
        Some((found, what, name))
    });
    named.ok_or_else(|| {
        Refusal::failed("only steps, params, computed names and items can be renamed")
    })
}

/// A name that a step computes.
fn computed(known: &Knowledge<'_>, step: usize, name: &str) -> Option<What> {
    let names = Outline::of_step(step, "compute");
    known.outline.keys(&names).find(|key| key.text == name)?;
    let id = known.outline.scalar(&Outline::of_step(step, "id"))?.text.clone();
    Some(What::Computed { step, id })
}

/// The workflow as it stands in the editor.
fn read(known: &Knowledge<'_>) -> Result<Document<Workflow>, Refusal> {
    read_text(known, known.buffer.text.clone()).ok_or_else(|| {
        Refusal::failed("the file has faults that hide what it says: mend them first")
    })
}

fn read_text(known: &Knowledge<'_>, text: String) -> Option<Document<Workflow>> {
    document::read(Arc::new(SourceFile { path: known.buffer.path.clone(), text })).0
}

/// Whether the name can be given.
fn check(workflow: &Workflow, names: &Names<'_>) -> Result<(), Refusal> {
    let Names { what, old, new } = *names;
    let word = what.word();
    let taken = what.taken(workflow);
    let times = taken.iter().filter(|name| **name == old).count();
    if times == 0 {
        let help = suggest(old, taken, &format!("{word}s"));
        return Err(Refusal::failed(format!("there is no {word} `{old}`; {help}")));
    }
    if times > 1 {
        return Err(Refusal::failed(format!("{word} `{old}` exists twice")));
    }
    let mut letters = new.chars();
    let begins = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !begins || !letters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        let message = format!(
            "`{new}` cannot be the name of a {word}: letters, digits and `_`, no digit first"
        );
        return Err(Refusal::failed(message));
    }
    if new != old && taken.contains(&new) {
        return Err(Refusal::failed(format!("there is a {word} `{new}` already")));
    }
    let has_meaning = matches!(new, "steps" | "params" | "loop");
    if has_meaning && matches!(what, What::Computed { .. } | What::Item { .. }) {
        return Err(Refusal::failed(format!("`{new}` has a meaning of its own")));
    }
    Ok(())
}

/// The text with all edits made; they stand in order and do not overlap.
fn apply(text: &str, edits: &[Edit]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        out.push_str(text.get(at..edit.offset).unwrap_or_default());
        out.push_str(&edit.text);
        at = edit.offset + edit.length;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}
