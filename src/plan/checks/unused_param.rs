//! `unused-param`: params of a workflow that no text reads.

use crate::diagnostic::Diagnostic;
use crate::value::pointer_segment;

use super::Checked;

pub(super) fn check(checked: &Checked<'_>) -> Vec<Diagnostic> {
    let document = checked.document;
    let unread = document.value.params.keys().filter(|name| !checked.params_read.contains(*name));
    let told = unread.map(|name| {
        let span = document.key_span(&format!("/params/{}", pointer_segment(name)));
        Diagnostic::new("unused-param", format!("no text reads param `{name}`"))
            .help(format!("read `params.{name}`, or remove the param"))
            .at(&document.file, span)
    });
    told.collect()
}
