//! `default-breaks-schema`: a `default` that the step's own `output.schema` would not accept.

use crate::diagnostic::Diagnostic;
use crate::value::Value;

use super::Checked;

pub(super) fn check(checked: &Checked<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (number, step) in checked.document.value.steps.iter().enumerate() {
        let (Some(default), Some(output)) = (&step.default, &step.output) else { continue };
        let Ok(validator) = jsonschema::validator_for(&output.schema) else { continue };
        for fault in validator.iter_errors(default) {
            let inside = fault.instance_path().as_str();
            // What a whole `{{ ... }}` gives is known only when it runs.
            if default
                .pointer(inside)
                .and_then(Value::as_str)
                .is_some_and(|text| text.contains("{{"))
            {
                continue;
            }
            let place = format!("/steps/{number}/default{inside}");
            let diagnostic = Diagnostic::new(
                "default-breaks-schema",
                format!("the default does not fit `output.schema`: {fault}"),
            )
            .help("a default takes the place of an answer, so it has the same shape");
            found.push(checked.at(diagnostic, &place));
        }
    }
    found
}
