//! One JSON object: the contract of `engine validate --format json`.

use serde_json::json;

use crate::diagnostic::Diagnostic;

/// Lines and columns are counted from 1; none where the whole file is at fault.
pub(super) fn write(found: &[Diagnostic], files: usize) -> String {
    let (errors, warnings) = super::counts(found);
    let list: Vec<_> = found
        .iter()
        .map(|d| {
            let span = d.span.unwrap_or_default();
            json!({
                "code": d.code,
                "severity": d.severity(),
                "message": d.message,
                "help": d.help,
                "file": d.file.as_ref().map(|file| file.path.display().to_string()),
                "line": d.span.map(|_| span.line),
                "column": d.span.map(|_| span.column),
                "end_line": d.span.map(|_| span.end_line),
                "end_column": d.span.map(|_| span.end_column),
                "related": d.related.iter().map(|related| json!({
                    "message": related.message,
                    "file": related.file.path.display().to_string(),
                    "line": related.span.line,
                    "column": related.span.column,
                    "end_line": related.span.end_line,
                    "end_column": related.span.end_column,
                })).collect::<Vec<_>>(),
            })
        })
        .collect();
    let report =
        json!({"files": files, "errors": errors, "warnings": warnings, "diagnostics": list});
    format!("{report}\n")
}
