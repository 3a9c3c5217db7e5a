//! Faults as an editor shows them.

use std::collections::BTreeMap;
use std::path::Path;

use lsp_types::{DiagnosticSeverity, DiagnosticTag};
use serde_json::{Value, json};

use crate::diagnostic::{Diagnostic, Severity, SourceFile, Span};

use super::position::{Encoding, Lines};
use super::transport::Client;
use super::uri;
use super::workspace::Workspace;

/// What the client was told last, by URI.
#[derive(Default)]
pub(super) struct Published(BTreeMap<String, (Option<i32>, Value)>);

impl Published {
    /// Tells the client what changed since it was told last.
    pub(super) fn refresh(&mut self, workspace: &mut Workspace, client: &mut Client<'_>) {
        let found = workspace.diagnostics();
        let mut now: BTreeMap<String, (Option<i32>, Vec<Value>)> = workspace
            .buffers()
            .filter(|buffer| buffer.kind().is_some())
            .map(|buffer| (buffer.uri.clone(), (Some(buffer.version), Vec::new())))
            .collect();
        for diagnostic in &found {
            let Some(file) = &diagnostic.file else { continue };
            let drawn = draw(diagnostic, file, workspace);
            now.entry(uri_of(&file.path, workspace)).or_default().1.push(drawn);
        }
        for gone in self.0.keys().filter(|uri| !now.contains_key(*uri)) {
            publish(client, gone, None, &json!([]));
        }
        let now: BTreeMap<String, (Option<i32>, Value)> =
            now.into_iter().map(|(uri, (version, list))| (uri, (version, list.into()))).collect();
        for (uri, (version, list)) in &now {
            if self.0.get(uri).is_none_or(|told| told != &(*version, list.clone())) {
                publish(client, uri, *version, list);
            }
        }
        self.0 = now;
    }
}

fn publish(client: &mut Client<'_>, uri: &str, version: Option<i32>, list: &Value) {
    let mut params = json!({"uri": uri, "diagnostics": list});
    if let (Some(version), Some(object)) = (version, params.as_object_mut()) {
        object.insert("version".to_owned(), version.into());
    }
    client.notify("textDocument/publishDiagnostics", params);
}

/// The URI of a file, as the client writes it where the file is open.
pub(super) fn uri_of(path: &Path, workspace: &Workspace) -> String {
    let open = workspace.buffers().find(|buffer| buffer.path == path);
    open.map_or_else(|| uri::of_path(path), |buffer| buffer.uri.clone())
}

fn draw(diagnostic: &Diagnostic, file: &SourceFile, workspace: &Workspace) -> Value {
    let encoding = workspace.encoding;
    let message = match &diagnostic.help {
        Some(help) => format!("{}\nhelp: {help}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    let severity = match diagnostic.severity() {
        Severity::Error => DiagnosticSeverity::ERROR,
        Severity::Warning => DiagnosticSeverity::WARNING,
    };
    let related: Vec<Value> = diagnostic
        .related
        .iter()
        .map(|related| {
            let location = json!({
                "uri": uri_of(&related.file.path, workspace),
                "range": range(&related.file, Some(related.span), encoding),
            });
            json!({"location": location, "message": related.message})
        })
        .collect();
    let tags = if diagnostic.code.starts_with("unused-") {
        vec![DiagnosticTag::UNNECESSARY]
    } else {
        Vec::new()
    };
    json!({
        "range": range(file, diagnostic.span, encoding),
        "severity": severity,
        "code": diagnostic.code,
        "source": "engine",
        "message": message,
        "relatedInformation": related,
        "tags": tags,
    })
}

/// A place of a file. What is the whole file's is shown at its beginning.
pub(super) fn range(file: &SourceFile, span: Option<Span>, encoding: Encoding) -> lsp_types::Range {
    Lines::of(&file.text, encoding).range(span.unwrap_or_else(|| Span::on_line(1, 1, 0)))
}
