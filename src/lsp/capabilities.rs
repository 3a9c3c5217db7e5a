//! What this server tells of itself, and asks of the client, at the beginning.

use lsp_server::Request;
use serde_json::{Value, json};

use super::position::Encoding;

/// The answer to `initialize`.
pub(super) fn all(encoding: Encoding) -> Value {
    json!({
        "serverInfo": {"name": "engine", "version": env!("CARGO_PKG_VERSION")},
        "capabilities": {
            "positionEncoding": encoding.kind(),
            "textDocumentSync": {"openClose": true, "change": 2, "save": {"includeText": false}},
            "completionProvider": {"triggerCharacters": [".", "|", " ", "[", "{"]},
            "hoverProvider": true,
            "definitionProvider": true,
            "renameProvider": {"prepareProvider": true},
        },
    })
}

/// Asks to be told of files that change outside the editor.
pub(super) fn watch_files() -> Request {
    let watchers: Vec<Value> = ["**/*.{yaml,yml}", "**/*.csv"]
        .into_iter()
        .map(|pattern| json!({"globPattern": pattern}))
        .collect();
    let registration = json!({
        "id": "files",
        "method": "workspace/didChangeWatchedFiles",
        "registerOptions": {"watchers": watchers},
    });
    Request {
        id: "watch-files".to_owned().into(),
        method: "client/registerCapability".to_owned(),
        params: json!({"registrations": [registration]}),
    }
}
