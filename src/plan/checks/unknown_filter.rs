//! `unknown-filter`, of citations: `[[path | filter]]` in a `default`. Those of templates are told by `expression`.

use crate::diagnostic::{Diagnostic, line_and_column, suggest};
use crate::expression::{CITATION_FILTERS, Citation};

use super::Checked;
use super::unknown_citation::{Cited, cited};

pub(super) fn check(checked: &Checked<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for Cited { pointer, text, citation, .. } in cited(checked) {
        let Some((filter, at)) = of(&citation) else { continue };
        let (line, column) = line_and_column(text, citation.range.start + at);
        let span = checked.document.place(&pointer, line, column, filter.chars().count());
        let message = format!("`{filter}` is no filter of citations");
        found.push(
            Diagnostic::new("unknown-filter", message)
                .help(suggest(filter, CITATION_FILTERS.iter().copied(), "filters"))
                .at(&checked.document.file, span),
        );
    }
    found
}

/// The filter of a citation that none has, and where it begins in the citation.
pub(super) fn of<'t>(citation: &Citation<'t>) -> Option<(&'t str, usize)> {
    let filter = citation.filter.filter(|_| citation.well_formed)?;
    let name = filter.split('(').next().unwrap_or(filter).trim();
    let at = citation.text.find('|')? + 1;
    let space = citation.text.get(at..)?;
    let at = at + space.len() - space.trim_start().len();
    (!CITATION_FILTERS.contains(&name)).then_some((name, at))
}
