//! Workflow commands of GitHub Actions, which become annotations on the lines of a pull request.

use std::fmt::Write as _;

use crate::diagnostic::Diagnostic;

use super::Manner;

/// One command a line: `::error file=…,line=…,title=CODE::message`.
pub(super) fn write(found: &[Diagnostic], manner: &Manner) -> String {
    let mut out = String::new();
    for diagnostic in found {
        let level = diagnostic.severity().name();
        let mut properties = Vec::new();
        if let Some(file) = &diagnostic.file {
            properties.push(format!("file={}", property(&manner.uri(&file.path))));
        }
        if let Some(span) = diagnostic.span {
            properties.push(format!(
                "line={},col={},endLine={},endColumn={}",
                span.line, span.column, span.end_line, span.end_column
            ));
        }
        properties.push(format!("title={}", property(diagnostic.code)));
        let message = data(&super::message(diagnostic));
        // Writing to a string cannot fail.
        let _ = writeln!(out, "::{level} {}::{message}", properties.join(","));
    }
    out
}

/// A message on one line.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A value between the commas of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
