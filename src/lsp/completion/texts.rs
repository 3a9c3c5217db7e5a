//! What may be written in a template, an expression or a citation.

use lsp_types::CompletionItemKind;

use crate::expression::{CITATION_FILTERS, Type, filter_help, filters};
use crate::lsp::describe;
use crate::lsp::knowledge::Knowledge;
use crate::lsp::outline::{Outline, Segment};
use crate::lsp::phrase::Phrase;
use crate::lsp::subject::step_of;

use super::Item;

/// What was typed of the word at the cursor, and what it may become.
pub(super) fn at(known: &Knowledge<'_>, place: &[Segment], phrase: &Phrase) -> (String, Vec<Item>) {
    match phrase {
        Phrase::Filter { segment, citation } => {
            let names = if *citation { CITATION_FILTERS } else { filters::NAMES };
            let items = names.iter().map(|name| {
                let help = filter_help(name);
                Item::new(*name, CompletionItemKind::FUNCTION)
                    .detail(help.map(|help| help.summary).unwrap_or_default())
                    .about(help.map(describe::filter))
            });
            (segment.typed.clone(), items.collect())
        }
        Phrase::Name { path, segment, .. } => {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let items = match path.as_slice() {
                [] => roots(known, place),
                ["params"] => params(known),
                ["steps"] => steps(known, place),
                ["steps", _] => step_parts(),
                ["steps", id, "output", rest @ ..] => fields(&known.type_of(id), rest),
                [name, rest @ ..] => {
                    item_of(known, place, name).map_or_else(Vec::new, |item| fields(&item, rest))
                }
            };
            (segment.typed.clone(), items)
        }
    }
}

fn roots(known: &Knowledge<'_>, place: &[Segment]) -> Vec<Item> {
    let mut items = computed(known, place);
    let step = step_of(place).filter(|_| !is_list(place));
    items.extend(step.and_then(|step| known.item_of_step(step)).map(|(name, _)| {
        Item::new(name, CompletionItemKind::VARIABLE).detail("what the step is done for")
    }));
    items.push(Item::new("steps", CompletionItemKind::MODULE).detail("what other steps gave"));
    items.push(Item::new("params", CompletionItemKind::MODULE).detail("the workflow's inputs"));
    items
}

/// Whether a place is part of the list that a step is done for, which has no item yet.
fn is_list(place: &[Segment]) -> bool {
    matches!(place.get(2), Some(Segment::Key(key)) if key == "for_each")
}

/// The type of the item of the step that a place belongs to, if it goes by a name.
fn item_of(known: &Knowledge<'_>, place: &[Segment], name: &str) -> Option<Type> {
    let step = step_of(place)?;
    let (own, _) = known.item_of_step(step)?;
    (own == name).then(|| known.type_of_item(step))
}

/// The names that an expression may read because they are computed before it.
fn computed(known: &Knowledge<'_>, place: &[Segment]) -> Vec<Item> {
    let Some((Segment::Key(own), map)) = place.split_last() else { return Vec::new() };
    if step_of(place).is_none_or(|step| Outline::of_step(step, "compute") != map) {
        return Vec::new();
    }
    known
        .outline
        .below(map)
        .filter_map(|entry| Some((entry.key.as_ref()?, entry.value.as_ref())))
        .take_while(|(key, _)| key.text != *own)
        .map(|(key, value)| {
            Item::new(key.text.as_str(), CompletionItemKind::VARIABLE)
                .detail(value.map(|value| value.text.clone()).unwrap_or_default())
        })
        .collect()
}

fn params(known: &Knowledge<'_>) -> Vec<Item> {
    known
        .params()
        .into_iter()
        .map(|(name, param)| {
            Item::new(name, CompletionItemKind::VARIABLE)
                .detail(param.map(describe::type_of_param).unwrap_or_default())
                .about(param.and_then(|param| param.description.as_deref()))
        })
        .collect()
}

/// All steps but the one that the text belongs to: none reads itself.
fn steps(known: &Knowledge<'_>, place: &[Segment]) -> Vec<Item> {
    let own = step_of(place).and_then(|step| known.outline.scalar(&Outline::of_step(step, "id")));
    known
        .steps()
        .into_iter()
        .filter(|id| own.is_none_or(|own| own.text != *id))
        .map(|id| {
            let (kind, about) = describe::step_line(known, &id);
            Item::new(id, CompletionItemKind::VARIABLE).detail(kind).about(about)
        })
        .collect()
}

fn step_parts() -> Vec<Item> {
    vec![
        Item::new("output", CompletionItemKind::FIELD).detail("what the step gave"),
        Item::new("status", CompletionItemKind::FIELD)
            .detail("`succeeded`, `defaulted`, `failed` or `skipped`"),
    ]
}

/// What is below a value of some type.
fn fields(found: &Type, path: &[&str]) -> Vec<Item> {
    let path: Vec<String> = path.iter().map(|segment| (*segment).to_owned()).collect();
    match found.at(&path) {
        Type::Fields(fields) => fields
            .iter()
            .map(|(name, field)| {
                Item::new(name.as_str(), CompletionItemKind::FIELD).detail(field.describe())
            })
            .collect(),
        Type::List(items) => {
            vec![Item::new("0", CompletionItemKind::FIELD).detail(items.describe())]
        }
        Type::Any | Type::Null | Type::Text | Type::Words(_) | Type::Boolean | Type::Number(_) => {
            Vec::new()
        }
    }
}
