//! `duplicate-step`: two steps of one id, so that nobody can tell which is read.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::document::{Document, Workflow};
use crate::id::StepId;

/// Steps whose id an earlier one has.
pub(in crate::plan) fn check(document: &Document<Workflow>) -> Vec<Diagnostic> {
    let mut first: BTreeMap<&StepId, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for (number, step) in document.value.steps.iter().enumerate() {
        let Some(earlier) = first.get(&step.id) else {
            first.insert(&step.id, number);
            continue;
        };
        let before = document.span_of(&format!("/steps/{earlier}/id"));
        found.push(
            Diagnostic::new("duplicate-step", format!("step `{}` exists twice", step.id))
                .help("give each step an id of its own")
                .at(&document.file, document.span_of(&format!("/steps/{number}/id")))
                .related("first here", &document.file, before),
        );
    }
    found
}
