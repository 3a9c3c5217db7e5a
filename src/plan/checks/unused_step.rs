//! `unused-step`: steps whose output nobody reads.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::id::StepId;
use crate::plan::Step;

use super::Checked;

pub(super) fn check(checked: &Checked<'_>) -> Vec<Diagnostic> {
    // Where no outputs are written, what no other step reads is an output.
    if checked.document.value.outputs.is_empty() {
        return Vec::new();
    }
    let plan = checked.plan;
    let needed = plan.steps.iter().flat_map(|step| step.needs.iter().map(|need| &need.step));
    let told = plan.outputs.values().flat_map(|output| &output.reads);
    let read: BTreeSet<&StepId> = needed.chain(told).collect();
    // What a step changes outside is what it is for.
    let idle = |step: &Step| !read.contains(&step.id) && plan.written_to(step).is_none();
    let unread = plan.steps.iter().enumerate().filter(|(_, step)| idle(step));
    unread
        .map(|(number, step)| {
            let message = format!("no step and no output reads step `{}`", step.id);
            let diagnostic = Diagnostic::new("unused-step", message)
                .help("read its output, or remove it: it takes time and money");
            checked.at(diagnostic, &format!("/steps/{number}/id"))
        })
        .collect()
}
