//! `constant-condition`: a `when` that is the same whatever it reads.

use crate::diagnostic::Diagnostic;
use crate::expression::constant_condition;

use super::Checked;

pub(super) fn check(checked: &Checked<'_>) -> Vec<Diagnostic> {
    let steps = checked.document.value.steps.iter().enumerate();
    let constant = steps.filter_map(|(number, step)| {
        let when = step.when.as_deref()?;
        let holds = constant_condition(when)?;
        let (always, help) = if holds {
            ("true, so it decides nothing", "remove it, or read a param or an output of a step")
        } else {
            (
                "false, so the step never runs",
                "remove the step, or read a param or an output of a step",
            )
        };
        let diagnostic =
            Diagnostic::new("constant-condition", format!("`{when}` is always {always}"))
                .help(help);
        Some(checked.at(diagnostic, &format!("/steps/{number}/when")))
    });
    constant.collect()
}
