//! `write-without-approval`: a step that changes something, to which nobody consents.

use crate::diagnostic::Diagnostic;
use crate::plan::{Kind, Plan, Step, consents};

use super::Checked;

pub(super) fn check(checked: &Checked<'_>) -> Vec<Diagnostic> {
    let Checked { library, plan, .. } = checked;
    let mut found = Vec::new();
    for (number, step) in checked.sound() {
        let Some(tool) = plan.written_to(step) else { continue };
        if !library.allow_write && consents(plan, step).is_empty() {
            let message =
                format!("step `{}` writes by `{}`, and nobody consents to it", step.id, tool.name);
            let diagnostic =
                Diagnostic::new("write-without-approval", message).help(mend(plan, step));
            found.push(checked.at(diagnostic, &format!("/steps/{number}/tool")));
        }
    }
    found
}

fn mend(plan: &Plan, step: &Step) -> String {
    let approval = plan.steps.iter().find(|other| matches!(other.kind, Kind::Approval(_)));
    match approval {
        Some(approval) => format!(
            "write `when: steps.{}.output.choice == 'approve'` in step `{}`, first where more is asked; or run it with --allow-write",
            approval.id, step.id
        ),
        None => "add a step of kind `approval`, say `id: consent`, and `when: steps.consent.output.choice == 'approve'`; or run it with --allow-write".to_owned(),
    }
}
