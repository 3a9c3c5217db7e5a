//! What may be written at a cursor.

mod names;
mod texts;

use lsp_types::CompletionItemKind;
use serde_json::{Value, json};

use crate::document::Kind;

use super::knowledge::Knowledge;
use super::outline::{At, Outline, Segment, Word};
use super::phrase;
use super::position::Place;
use super::schema::{self, Choice};
use super::subject::{is_expression, step_of};

/// One thing that may be written.
struct Item {
    label: String,
    kind: CompletionItemKind,
    /// A few words beside it.
    detail: String,
    /// What it means, as Markdown.
    about: String,
}

impl Item {
    fn new(label: impl Into<String>, kind: CompletionItemKind) -> Self {
        Self { label: label.into(), kind, detail: String::new(), about: String::new() }
    }

    fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    fn about(self, about: Option<impl Into<String>>) -> Self {
        Self { about: about.map(Into::into).unwrap_or_default(), ..self }
    }

    fn of(choice: &Choice<'_>, kind: CompletionItemKind) -> Self {
        Self::new(choice.name, kind).about(choice.about)
    }
}

/// The list for the cursor.
pub(super) fn at(known: &Knowledge<'_>) -> Value {
    let Some(cursor) = &known.cursor else { return json!([]) };
    match &cursor.at {
        At::Word { typed, word, keyed } => {
            let end = if *keyed { "" } else { ": " };
            let mut list = written(known, typed, &keys(known, &cursor.path, word), "", end);
            if !keyed {
                list.extend(written(known, typed, &names::at(known, &cursor.path), "", ""));
            }
            list.into()
        }
        At::Value { before, after, text } => {
            if known.kind == Kind::Workflow
                && let Some(phrase) = phrase::at(before, after, is_expression(&cursor.path))
            {
                let (typed, items) = texts::at(known, &cursor.path, &phrase);
                return written(known, &typed, &items, "", "").into();
            }
            if *text && before.contains('\n') {
                return json!([]);
            }
            // Directly behind a colon a space is missing.
            let line = known.lines.line(known.place.line);
            let last = known.place.column.checked_sub(1).and_then(|at| line.chars().nth(at));
            let gap = if last == Some(':') && before.is_empty() { " " } else { "" };
            written(known, before, &names::at(known, &cursor.path), gap, "").into()
        }
    }
}

/// The items as the protocol writes them; what was typed is replaced.
fn written(
    known: &Knowledge<'_>,
    typed: &str,
    items: &[Item],
    begin: &str,
    end: &str,
) -> Vec<Value> {
    let width = typed.chars().count();
    let start = Place { column: known.place.column.saturating_sub(width), ..known.place };
    let range = known.lines.on_line(start, width.min(known.place.column));
    items
        .iter()
        .enumerate()
        .map(|(number, item)| {
            let text = format!("{begin}{}{end}", item.label);
            let mut drawn = json!({
                "label": item.label,
                "kind": item.kind,
                "sortText": format!("{number:04}"),
                "textEdit": {"range": range, "newText": text},
            });
            if let Some(object) = drawn.as_object_mut() {
                if !item.detail.is_empty() {
                    object.insert("detail".to_owned(), item.detail.clone().into());
                }
                if !item.about.is_empty() {
                    let about = json!({"kind": "markdown", "value": item.about});
                    object.insert("documentation".to_owned(), about);
                }
            }
            drawn
        })
        .collect()
}

/// The keys that may stand in a map beside those that do.
fn keys(known: &Knowledge<'_>, path: &[Segment], word: &Word) -> Vec<Item> {
    let present: Vec<&str> = known
        .outline
        .keys(path)
        .filter(|key| key.at != word.at)
        .map(|key| key.text.as_str())
        .collect();
    if let Some(step) = step_of(path)
        && Outline::of_step(step, "with") == path
    {
        let params = known.params_of_call(step);
        return params
            .into_iter()
            .flatten()
            .filter(|(name, _)| !present.contains(&name.as_str()))
            .map(|(name, param)| {
                let need = if param.default.is_none() { "required" } else { "optional" };
                Item::new(name, CompletionItemKind::FIELD)
                    .detail(format!("{}, {need}", super::describe::type_of_param(param)))
                    .about(param.description.as_deref())
            })
            .collect();
    }
    let guide = schema::at(known.kind, path);
    guide.keys(&present).iter().map(|key| Item::of(key, CompletionItemKind::PROPERTY)).collect()
}
