//! `unknown-citation`: a `[[...]]` in a `default` that no evidence of its step can fill in.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, suggest};
use crate::expression::{CITATION_FILTERS, Citation, Type, citations};
use crate::plan::compile::segment;
use crate::value::Value;

use super::Checked;

pub(super) fn check(checked: &Checked<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (number, step) in checked.document.value.steps.iter().enumerate() {
        let Some(default) = &step.default else { continue };
        let mut texts = Vec::new();
        collect(default, format!("/steps/{number}/default"), &mut texts);
        let cited: Vec<(&str, &String)> = texts
            .iter()
            .filter(|(text, _)| text.contains("[["))
            .map(|(text, pointer)| (*text, pointer))
            .collect();
        if cited.is_empty() || step.agent.is_none() {
            continue;
        }
        let evidence = evidence(checked, number);
        for (text, pointer) in cited {
            // A path that a template writes is known only when it runs.
            for citation in citations(text).into_iter().filter(|c| !c.text.contains("{{")) {
                let Some((message, help)) = fault(checked, &citation, &evidence) else { continue };
                let before = text.get(..citation.range.start).unwrap_or_default();
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
                let span =
                    checked.document.place(pointer, line, column, citation.text.chars().count());
                found.push(
                    Diagnostic::error("unknown-citation", message)
                        .help(help)
                        .at(&checked.document.file, span),
                );
            }
        }
    }
    found
}

fn collect<'v>(value: &'v Value, pointer: String, texts: &mut Vec<(&'v str, String)>) {
    match value {
        Value::String(text) => texts.push((text, pointer)),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, format!("{pointer}/{index}"), texts);
            }
        }
        Value::Object(object) => {
            for (key, item) in object {
                collect(item, format!("{pointer}/{}", segment(key)), texts);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The steps whose outputs a step is given: those it waits for, and what those were given in turn.
fn evidence(checked: &Checked<'_>, number: usize) -> BTreeSet<String> {
    let steps = &checked.plan.steps;
    let mut known = BTreeSet::new();
    let mut open: Vec<usize> = vec![number];
    while let Some(step) = open.pop().and_then(|number| steps.get(number)) {
        for need in &step.needs {
            if known.insert(need.step.to_string()) {
                open.extend(steps.iter().position(|step| step.id == need.step));
            }
        }
    }
    known
}

/// What is wrong with a citation, and how to mend it.
fn fault(
    checked: &Checked<'_>,
    citation: &Citation<'_>,
    evidence: &BTreeSet<String>,
) -> Option<(String, String)> {
    let text = citation.text;
    if !citation.well_formed {
        let message = format!("`{text}` is no citation");
        return Some((message, "write `[[steps.ID.output.field | usd]]`".to_owned()));
    }
    let filter = citation.filter.map(|filter| filter.split('(').next().unwrap_or(filter).trim());
    if let Some(filter) = filter.filter(|filter| !CITATION_FILTERS.contains(filter)) {
        let message = format!("`{filter}` is no filter of citations");
        return Some((message, suggest(filter, CITATION_FILTERS.iter().copied(), "filters")));
    }
    let segments: Vec<String> = citation.path.split('.').map(str::to_owned).collect();
    let (root, rest) = segments.split_first()?;
    let (first, rest) = rest.split_first()?;
    if root == "params" {
        let params = &checked.document.value.params;
        return (!params.contains_key(first)).then(|| {
            let help = suggest(first, params.keys().map(String::as_str), "params");
            (format!("`{text}` cites no param"), help)
        });
    }
    if !evidence.contains(first) {
        let message = format!("`{text}` cites step `{first}`, which this step is not given");
        let help = suggest(first, evidence.iter().map(String::as_str), "steps it is given");
        return Some((message, help));
    }
    let Some((output, fields)) = rest.split_first().filter(|(output, _)| *output == "output")
    else {
        return Some((
            format!("`{text}` cites no output"),
            format!("write `[[steps.{first}.output]]`, with the field behind it"),
        ));
    };
    let shape = checked.types.get(first.as_str())?;
    let (index, at) = shape.missing(fields)?;
    let field = fields.get(index)?;
    let place = std::iter::once(output)
        .chain(fields.iter().take(index))
        .fold(format!("steps.{first}"), |place, segment| format!("{place}.{segment}"));
    let help = if let Type::Fields(names) = at {
        suggest(field, names.keys().map(String::as_str), "fields")
    } else {
        format!("it is {}", at.describe())
    };
    Some((format!("`{place}` has no `{field}` to cite"), help))
}
