//! `may-be-skipped`: a step or output that is gone whenever a step it reads is skipped, and does not say so.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::plan::{OnError, Step};
use crate::value::pointer_segment;

use super::Checked;

pub(super) fn check(checked: &Checked<'_>) -> Vec<Diagnostic> {
    let optional: BTreeMap<&str, &str> =
        checked.sound().filter_map(|(_, step)| Some((step.id.as_str(), reason(step)?))).collect();
    let mut found = Vec::new();
    // A step with a condition of its own has an author who thought of it.
    for (number, step) in checked.sound().filter(|(_, s)| s.when.is_none()) {
        for need in step.needs.iter().filter(|need| !need.tolerant) {
            if let Some((id, reason)) = optional.get_key_value(need.step.as_str()) {
                let message =
                    format!("step `{}` is skipped whenever `{id}` is ({reason})", step.id);
                found.push(checked.at(told(message, id), &format!("/steps/{number}/id")));
            }
        }
    }
    for (number, step) in checked.sound() {
        for need in step.needs.iter().filter(|need| need.unguarded) {
            let message = format!(
                "step `{}` fails whenever `{}` gives nothing, though its `needs` say that it goes on without",
                step.id, need.step
            );
            found.push(
                checked.at(told(message, need.step.as_str()), &format!("/steps/{number}/id")),
            );
        }
    }
    // Where no outputs are written, the last steps are: whoever skips them means it.
    let written = &checked.document.value.outputs;
    for (name, output) in
        checked.plan.outputs.iter().filter(|(name, _)| written.contains_key(*name))
    {
        for step in &output.needs {
            if let Some((id, reason)) = optional.get_key_value(step.as_str()) {
                let message = format!(
                    "output `{name}` is missing whenever step `{id}` is skipped ({reason})"
                );
                found.push(
                    checked.at(told(message, id), &format!("/outputs/{}", pointer_segment(name))),
                );
            }
        }
    }
    found
}

/// Why a step may be skipped of its own accord.
fn reason(step: &Step) -> Option<&'static str> {
    // An item that is skipped leaves a null in the list; a `when` that reads the item skips no more than that.
    let of_items = step.for_each.as_ref().map(|for_each| for_each.when_reads_item);
    match (&step.when, &step.on_error) {
        (Some(_), _) if of_items != Some(true) => Some("`when`"),
        (None, OnError::Skip) if of_items.is_none() => Some("`on_error: skip`"),
        (_, OnError::Fail | OnError::Skip | OnError::Default(_)) => None,
    }
}

fn told(message: String, id: &str) -> Diagnostic {
    Diagnostic::new("may-be-skipped", message).help(format!(
        "read it with a default, as in `steps.{id}.output | default(none)`, or test `steps.{id}.status`"
    ))
}
