//! `duplicate-workflow`: two workflows of one name, of which only one can be called by it.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::document::{Document, Workflow, is_unnamed};

/// Workflows whose name an earlier one has.
pub fn check_names<'w>(
    workflows: impl IntoIterator<Item = &'w Document<Workflow>>,
) -> Vec<Diagnostic> {
    let mut first = BTreeMap::new();
    let mut found = Vec::new();
    for document in workflows {
        let name = &document.value.name;
        if is_unnamed(name.as_str()) {
            continue;
        }
        let Some(earlier) = first.insert(name, document) else { continue };
        found.push(
            Diagnostic::new("duplicate-workflow", format!("workflow `{name}` exists twice"))
                .help("give each workflow a name of its own")
                .at(&document.file, document.span_of("/name"))
                .related("first here", &earlier.file, earlier.span_of("/name")),
        );
    }
    found
}
