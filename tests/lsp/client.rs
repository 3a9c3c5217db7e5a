//! An editor, as far as the server can tell.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Longer than any check takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server at work on a folder of files.
pub(crate) struct Editor {
    folder: tempfile::TempDir,
    child: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// Notifications that nobody asked for yet.
    kept: Vec<Value>,
    requests: i32,
    version: i32,
}

impl Editor {
    /// A server that has greeted; the folder holds the demo project.
    pub(crate) fn demo() -> Self {
        let mut editor = Self::ungreeted(&["engine.yaml", "agents", "tools", "workflows", "data"]);
        editor.greet(&json!({}));
        editor
    }

    /// A server that nobody talked to, in a folder with parts of the demo project.
    pub(crate) fn ungreeted(parts: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for part in parts {
            copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join(part), &folder.path().join(part));
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_engine"))
            .arg("lsp")
            .current_dir(folder.path())
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the engine starts");
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        let (send, messages) = channel();
        std::thread::spawn(move || {
            while let Some(message) = read(&mut out) {
                if send.send(message).is_err() {
                    break;
                }
            }
        });
        let input = child.stdin.take();
        Self { folder, child, input, messages, kept: Vec::new(), requests: 0, version: 0 }
    }

    /// Says hello; gives the server's capabilities.
    pub(crate) fn greet(&mut self, capabilities: &Value) -> Value {
        let params = json!({"processId": null, "rootUri": null, "capabilities": capabilities});
        let answer = self.request("initialize", &params);
        self.notify("initialized", &json!({}));
        answer["result"]["capabilities"].clone()
    }

    pub(crate) fn uri(&self, name: &str) -> String {
        format!("file://{}/{name}", self.folder.path().display())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a file of the folder holds on disk.
    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("a file")
    }

    /// Writes bytes as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("an open input");
        input.write_all(bytes).and_then(|()| input.flush()).expect("the server reads");
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    pub(crate) fn notify(&mut self, method: &str, params: &Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// Asks, and waits for the answer.
    #[track_caller]
    pub(crate) fn request(&mut self, method: &str, params: &Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        self.wait(|message| message["id"] == id && message.get("method").is_none())
    }

    /// Waits for a message.
    #[track_caller]
    pub(crate) fn wait(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.kept.iter().position(&wanted) {
            return self.kept.remove(at);
        }
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let message = self.messages.recv_timeout(left);
            let message = message.unwrap_or_else(|_| panic!("no answer; kept: {:#?}", self.kept));
            if wanted(&message) {
                return message;
            }
            self.kept.push(message);
        }
    }

    pub(crate) fn open(&mut self, name: &str, text: &str) {
        self.version += 1;
        let (uri, version) = (self.uri(name), self.version);
        let document = json!({"uri": uri, "languageId": "yaml", "version": version, "text": text});
        self.notify("textDocument/didOpen", &json!({"textDocument": document}));
    }

    /// Replaces the whole text of an open file.
    pub(crate) fn change(&mut self, name: &str, text: &str) {
        self.change_by(name, &json!([{"text": text}]));
    }

    pub(crate) fn change_by(&mut self, name: &str, changes: &Value) {
        self.version += 1;
        let document = json!({"uri": self.uri(name), "version": self.version});
        let params = json!({"textDocument": document, "contentChanges": changes});
        self.notify("textDocument/didChange", &params);
    }

    /// Where `¦` stands in a text.
    #[track_caller]
    pub(crate) fn position(marked: &str) -> Value {
        let (before, _) = marked.split_once('¦').expect("a cursor");
        let line = before.matches('\n').count();
        let last = before.rsplit('\n').next().expect("a line");
        json!({"line": line, "character": last.encode_utf16().count()})
    }

    /// Puts a text with a cursor, marked `¦`, into an open file, and asks about that place.
    #[track_caller]
    pub(crate) fn ask(&mut self, method: &str, name: &str, marked: &str) -> Value {
        self.change(name, &marked.replacen('¦', "", 1));
        let position = Self::position(marked);
        let params = json!({"textDocument": {"uri": self.uri(name)}, "position": position});
        let answer = self.request(method, &params);
        assert!(answer.get("error").is_none(), "{answer}");
        answer["result"].clone()
    }

    pub(crate) fn close(&mut self, name: &str) {
        let document = json!({"uri": self.uri(name)});
        self.notify("textDocument/didClose", &json!({"textDocument": document}));
    }

    /// Waits for the faults of a file as it is now; of one that is not open, for the next ones.
    #[track_caller]
    pub(crate) fn faults(&mut self, name: &str) -> Vec<Value> {
        let (uri, version) = (self.uri(name), self.version);
        let message = self.wait(|message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri.as_str()
                && message["params"]["version"].as_i64().is_none_or(|v| v == i64::from(version))
        });
        message["params"]["diagnostics"].as_array().expect("a list").clone()
    }

    /// Waits until the server ends; gives its exit code.
    #[track_caller]
    pub(crate) fn ends(&mut self) -> i32 {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a process") {
                return status.code().expect("an exit code");
            }
            assert!(Instant::now() < end, "the server does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Closes the server's input.
    pub(crate) fn hang_up(&mut self) {
        self.input = None;
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn read(out: &mut impl BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if out.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.trim().parse().ok();
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length.expect("a length: standard output carries only messages")];
    out.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).expect("JSON"))
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir_all(to).expect("a folder");
        for entry in std::fs::read_dir(from).expect("a folder") {
            let entry = entry.expect("an entry");
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        std::fs::copy(from, to).expect("a copy");
    }
}
