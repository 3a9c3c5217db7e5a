//! `unused-param`: params of a workflow that no text reads.

use crate::diagnostic::Diagnostic;
use crate::document::{Document, Workflow};
use crate::plan;
use crate::value::pointer_segment;

use super::Checked;

pub(super) fn check(checked: &Checked<'_>) -> Vec<Diagnostic> {
    let document = checked.document;
    let unread = document.value.params.keys().filter(|name| !checked.params_read.contains(*name));
    let told = unread.map(|name| {
        let span = document.key_span(&format!("/params/{}", pointer_segment(name)));
        Diagnostic::new("unused-param", format!("no text reads param `{name}`"))
            .help(if in_single_braces(document, name) {
                format!(
                    "write `{{{{ params.{name} }}}}`: what stands in single braces stays as it is"
                )
            } else {
                format!("read `params.{name}`, or remove the param")
            })
            .at(&document.file, span)
    });
    told.collect()
}

/// Whether a text holds `{name}` or `{params.name}`, as other languages write a value into a text.
fn in_single_braces(document: &Document<Workflow>, name: &str) -> bool {
    let written = [format!("{{{name}}}"), format!("{{params.{name}}}")];
    plan::texts(&document.value)
        .iter()
        .any(|text| written.iter().any(|one| text.source.contains(one)))
}
