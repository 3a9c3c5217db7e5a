//! `cycle`: steps that wait for one another, so that none can begin.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::document::{Document, Workflow};
use crate::plan::{Graph, Plan};

/// The circles of a plan, each with its path.
pub(in crate::plan) fn check(
    document: &Document<Workflow>,
    plan: &Plan,
    graph: &Graph,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    // Of two steps with one id nobody can tell which is waited for.
    let mut seen = BTreeSet::new();
    let twice: BTreeSet<&str> =
        plan.steps.iter().map(|step| step.id.as_str()).filter(|id| !seen.insert(*id)).collect();
    // A step that waits for itself was told.
    for cycle in graph.cycles().into_iter().filter(|cycle| cycle.len() > 2) {
        let ids: Vec<&str> =
            cycle.iter().filter_map(|n| plan.steps.get(*n)).map(|s| s.id.as_str()).collect();
        if ids.iter().any(|id| twice.contains(id)) {
            continue;
        }
        // The path is drawn in the direction of waiting: each step waits for the next.
        let path: Vec<&str> = ids.iter().rev().copied().collect();
        let first = ids.first().copied();
        let mut steps = document.value.steps.iter();
        let at = steps.position(|step| Some(step.id.as_str()) == first).unwrap_or_default();
        let message = format!("steps wait for one another: {}", path.join(" -> "));
        found.push(
            Diagnostic::new("cycle", message)
                .help("each waits for the next: remove one of these reads or `needs`")
                .at(&document.file, document.span_of(&format!("/steps/{at}/id"))),
        );
    }
    found
}
