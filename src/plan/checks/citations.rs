//! `unknown-citation`: a `[[...]]` in a `default` that no evidence of its step can fill in.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, line_and_column, suggest};
use crate::expression::{CITATION_FILTERS, Citation, Type, citations};
use crate::value::each_text;

use super::Checked;

pub(super) fn check(checked: &Checked<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (number, step) in checked.document.value.steps.iter().enumerate() {
        let Some(default) = &step.default else { continue };
        let mut cited = Vec::new();
        each_text(default, &format!("/steps/{number}/default"), &mut |text, pointer| {
            if text.contains("[[") {
                cited.push((text, pointer.to_owned()));
            }
        });
        if cited.is_empty() || step.agent.is_none() {
            continue;
        }
        let evidence = evidence(checked, number);
        for (text, pointer) in cited {
            // A path that a template writes is known only when it runs.
            for citation in citations(text).into_iter().filter(|c| !c.text.contains("{{")) {
                if let Some((filter, at)) = unknown_filter(&citation) {
                    let (line, column) = line_and_column(text, citation.range.start + at);
                    let span =
                        checked.document.place(&pointer, line, column, filter.chars().count());
                    let message = format!("`{filter}` is no filter of citations");
                    found.push(
                        Diagnostic::new("unknown-filter", message)
                            .help(suggest(filter, CITATION_FILTERS.iter().copied(), "filters"))
                            .at(&checked.document.file, span),
                    );
                    continue;
                }
                let Some((message, help)) = fault(checked, &citation, &evidence) else { continue };
                let (line, column) = line_and_column(text, citation.range.start);
                let width = citation.text.chars().count();
                let span = checked.document.place(&pointer, line, column, width);
                found.push(
                    Diagnostic::new("unknown-citation", message)
                        .help(help)
                        .at(&checked.document.file, span),
                );
            }
        }
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

/// The filter of a citation that none has, and where it begins in the citation.
fn unknown_filter<'t>(citation: &Citation<'t>) -> Option<(&'t str, usize)> {
    let filter = citation.filter.filter(|_| citation.well_formed)?;
    let name = filter.split('(').next().unwrap_or(filter).trim();
    let at = citation.text.find('|')? + 1;
    let space = citation.text.get(at..)?;
    let at = at + space.len() - space.trim_start().len();
    (!CITATION_FILTERS.contains(&name)).then_some((name, at))
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
