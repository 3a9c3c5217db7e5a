//! `default-breaks-schema`: a `default` that the step's own `output.schema` would not accept.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;

use crate::diagnostic::{Diagnostic, suggest};
use crate::value::{Value, unquoted};

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
            .help(mend(&fault));
            found.push(checked.at(diagnostic, &place));
        }
    }
    found
}

/// How a default is brought into the shape of the answer whose place it takes.
fn mend(fault: &ValidationError<'_>) -> String {
    if let ValidationErrorKind::Required { property } = fault.kind() {
        return format!("add `{}:`", unquoted(property));
    }
    if let ValidationErrorKind::Enum { options } = fault.kind() {
        let options: Vec<String> = options.as_array().into_iter().flatten().map(unquoted).collect();
        let written = unquoted(fault.instance());
        return suggest(&written, options.iter().map(String::as_str), "values");
    }
    "a default takes the place of an answer, so it has the same shape".to_owned()
}
