//! `unknown-citation`: a `[[...]]` in a `default` that no evidence of its step can fill in.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, line_and_column, suggest};
use crate::expression::{Citation, Type, citations};
use crate::value::{each_text, pointer_segment};

use super::{Checked, unknown_filter};

pub(super) fn check(checked: &Checked<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut given: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for Cited { step, pointer, text, citation } in cited(checked) {
        // A filter that none has is told itself.
        if unknown_filter::of(&citation).is_some() {
            continue;
        }
        if checked.unsound.contains(&step) {
            continue;
        }
        let evidence = given.entry(step).or_insert_with(|| evidence(checked, step));
        let Some((message, help)) = fault(checked, &citation, evidence) else { continue };
        let (line, column) = line_and_column(text, citation.range.start);
        let width = citation.text.chars().count();
        let span = checked.document.place(&pointer, line, column, width);
        found.push(
            Diagnostic::new("unknown-citation", message)
                .help(help)
                .at(&checked.document.file, span),
        );
    }
    found
}

/// A citation in the default of an agent's step.
pub(super) struct Cited<'c> {
    /// The number of the step.
    step: usize,
    /// Where the text stands that holds it.
    pub(super) pointer: String,
    pub(super) text: &'c str,
    pub(super) citation: Citation<'c>,
}

/// All citations of defaults. A path that a template writes is known only when it runs.
pub(super) fn cited<'c>(checked: &Checked<'c>) -> Vec<Cited<'c>> {
    let mut found = Vec::new();
    let steps = checked.document.value.steps.iter().enumerate();
    for (step, written) in steps.filter(|(_, written)| written.agent.is_some()) {
        let Some(default) = &written.default else { continue };
        each_text(default, &format!("/steps/{step}/default"), &mut |text, pointer| {
            let known = citations(text).into_iter().filter(|one| !one.text.contains("{{"));
            let place = |citation| Cited { step, pointer: pointer.to_owned(), text, citation };
            found.extend(known.map(place));
        });
    }
    found
}

/// The steps whose outputs a step is given: those it waits for, and what those were given in turn.
fn evidence(checked: &Checked<'_>, number: usize) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut open = vec![number];
    while let Some(step) = open.pop() {
        open.extend(checked.graph.predecessors(step).into_iter().filter(|need| seen.insert(*need)));
    }
    let steps = seen.into_iter().filter_map(|number| checked.plan.steps.get(number));
    steps.map(|step| step.id.to_string()).collect()
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
    let segments: Vec<String> = citation.path.split('.').map(str::to_owned).collect();
    let (root, rest) = segments.split_first()?;
    let (first, rest) = rest.split_first()?;
    if root == "params" {
        let params = &checked.document.value.params;
        let is_known = params.contains_key(first)
            || checked.document.lost(&format!("/params/{}", pointer_segment(first)));
        return (!is_known).then(|| {
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
