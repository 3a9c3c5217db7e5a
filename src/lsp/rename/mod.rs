//! Renames a step or a param wherever the workflow names it.
//!
//! The workflow must be readable: what cannot be read may hold the name unseen. What comes out is read again before it
//! is given to the editor, and must say the same as before under the new name.

mod mentions;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::diagnostic::{SourceFile, suggest};
use crate::document::{self, Document, Kind, Workflow};

use super::knowledge::Knowledge;
use super::server::Refusal;
use super::subject::{self, Found, Subject};
use mentions::{Mention, Names};

/// What is renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Step,
    Param,
}

impl What {
    /// The word that texts read it by.
    fn root(self) -> &'static str {
        match self {
            Self::Step => "steps",
            Self::Param => "params",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Param => "param",
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
    let names = Names { what, old: &old, new };
    check(&document.value, &names)?;
    let mentions = mentions::find(&document, &names, &known.lines);
    let renamed = apply(&known.buffer.text, &mentions, new);
    let same = read_text(known, renamed).is_some_and(|renamed| {
        mentions::said(&renamed.value, None) == mentions::said(&document.value, Some(&names))
    });
    if !same || mentions.is_empty() {
        let message = format!("`{old}` is named in a way that cannot be renamed safely");
        return Err(Refusal::failed(message));
    }
    let edits: Vec<Value> = mentions
        .iter()
        .map(|mention| {
            let range = lsp_types::Range {
                start: known.lines.position(known.lines.place_at(mention.offset)),
                end: known.lines.position(known.lines.place_at(mention.offset + old.len())),
            };
            json!({"range": range, "newText": new})
        })
        .collect();
    let uri = known.buffer.uri.clone();
    Ok(json!({"changes": {uri: edits}}))
}

/// The step or param that the cursor is on.
fn named(known: &Knowledge<'_>) -> Result<(Found, What, String), Refusal> {
    let found = known
        .cursor
        .as_ref()
        .filter(|_| known.kind == Kind::Workflow)
        .and_then(|cursor| subject::at(known.kind, &known.outline, cursor, known.place));
    let named = found.and_then(|found| match &found.subject {
        Subject::Step { id, path } if path.is_empty() => {
            let id = id.clone();
            Some((found, What::Step, id))
        }
        Subject::Param(name) => {
            let name = name.clone();
            Some((found, What::Param, name))
        }
        _ => None,
    });
    named.ok_or_else(|| Refusal::failed("only steps and params can be renamed"))
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
    let taken: Vec<&str> = match what {
        What::Step => workflow.steps.iter().map(|step| step.id.as_str()).collect(),
        What::Param => workflow.params.keys().map(String::as_str).collect(),
    };
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
    Ok(())
}

/// The text with all mentions replaced; they stand in order and do not overlap.
fn apply(text: &str, mentions: &[Mention], new: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for mention in mentions {
        out.push_str(text.get(at..mention.offset).unwrap_or_default());
        out.push_str(new);
        at = mention.offset + mention.length;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}
