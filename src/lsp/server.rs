//! The conversation: who may say what when, and what is done about it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Sender;

use lsp_server::{ErrorCode, Message, Notification, Request, Response, ResponseError};
use lsp_types::{
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    InitializeParams, MessageType, RenameParams, TextDocumentPositionParams,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::capabilities;
use super::completion;
use super::definition;
use super::diagnostics::Published;
use super::hover;
use super::knowledge::Knowledge;
use super::position::Encoding;
use super::rename;
use super::transport::{Client, Incoming};
use super::workspace::{Checks, Workspace};

/// How far the conversation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    New,
    Running,
    ShutDown,
}

/// Why a request has no answer.
pub(super) struct Refusal {
    pub(super) code: ErrorCode,
    pub(super) message: String,
}

impl Refusal {
    /// What was asked for cannot be done.
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self { code: ErrorCode::RequestFailed, message: message.into() }
    }
}

pub(super) struct Server<'c> {
    workspace: Workspace,
    client: Client<'c>,
    published: Published,
    phase: Phase,
    /// Whether the client tells of files that change on disk, once it is asked to.
    watches: bool,
    /// Whether something changed since the client was told of faults.
    changed: bool,
}

impl<'c> Server<'c> {
    pub(super) fn new(checks: Arc<dyn Checks>, client: Client<'c>, wake: Sender<PathBuf>) -> Self {
        Self {
            workspace: Workspace::new(checks, wake),
            client,
            published: Published::default(),
            phase: Phase::New,
            watches: false,
            changed: false,
        }
    }

    /// Whether faults are to be looked for as soon as nothing else is to be done.
    pub(super) fn is_behind(&self) -> bool {
        self.changed
    }

    /// Whether the client said that it would leave.
    pub(super) fn was_shut_down(&self) -> bool {
        self.phase == Phase::ShutDown
    }

    /// Tells the client of faults.
    pub(super) fn catch_up(&mut self) {
        self.changed = false;
        let (workspace, published, client) =
            (&mut self.workspace, &mut self.published, &mut self.client);
        let done = catch_unwind(AssertUnwindSafe(|| published.refresh(workspace, client)));
        if done.is_err() {
            self.client.log(MessageType::ERROR, "the check ended with a bug of the server");
        }
    }

    /// Takes what was read of a project on a thread of its own.
    pub(super) fn arrived(&mut self, root: &Path) {
        self.changed |= self.workspace.arrived(root);
    }

    /// Takes a message; whether it was the last.
    pub(super) fn take(&mut self, incoming: Incoming) -> bool {
        match incoming {
            Incoming::Garbage(why, code) => {
                if let Some(code) = code {
                    self.client.refuse(code, &why);
                }
                self.client.log(MessageType::WARNING, &why);
            }
            Incoming::Message(Message::Request(request)) => self.request(request),
            Incoming::Message(Message::Notification(notification)) => {
                if notification.method == "exit" {
                    return true;
                }
                self.notification(notification);
            }
            // What this server asks of the client needs no answer.
            Incoming::Message(Message::Response(_)) => {}
        }
        false
    }

    fn request(&mut self, request: Request) {
        let Request { id, method, params } = request;
        // A bug must not take the editor's server away.
        let answer = catch_unwind(AssertUnwindSafe(|| self.answer(&method, params)));
        let answer = answer.unwrap_or_else(|_| {
            let message = format!("`{method}` ended with a bug of the server");
            Err(Refusal { code: ErrorCode::InternalError, message })
        });
        let response_result = answer.map_err(|refusal| ResponseError {
            code: refusal.code as i32,
            message: refusal.message,
            data: None,
        });
        self.client.send(Response { id, response_result });
    }

    fn answer(&mut self, method: &str, params: Value) -> Result<Value, Refusal> {
        match (self.phase, method) {
            (Phase::New, "initialize") => self.initialize(params),
            (Phase::New, _) => Err(Refusal {
                code: ErrorCode::ServerNotInitialized,
                message: "`initialize` comes first".to_owned(),
            }),
            (Phase::Running, "shutdown") => {
                self.phase = Phase::ShutDown;
                Ok(Value::Null)
            }
            (Phase::Running, "initialize") => Err(Refusal {
                code: ErrorCode::InvalidRequest,
                message: "the server is initialized already".to_owned(),
            }),
            (Phase::Running, "textDocument/completion") => {
                Ok(self.known(params)?.map_or(Value::Null, |known| completion::at(&known)))
            }
            (Phase::Running, "textDocument/hover") => {
                Ok(self.known(params)?.map_or(Value::Null, |known| hover::at(&known)))
            }
            (Phase::Running, "textDocument/definition") => {
                let encoding = self.workspace.encoding;
                let known = self.known(params)?;
                Ok(known.map_or(Value::Null, |known| definition::at(&known, encoding)))
            }
            (Phase::Running, "textDocument/prepareRename") => {
                self.known(params)?.map_or(Ok(Value::Null), |known| rename::prepare(&known))
            }
            (Phase::Running, "textDocument/rename") => {
                let RenameParams { text_document_position, new_name, .. } = read(params)?;
                let known = self.known_at(&text_document_position);
                known.map_or(Ok(Value::Null), |known| rename::rename(&known, &new_name))
            }
            (Phase::Running, method) => Err(Refusal {
                code: ErrorCode::MethodNotFound,
                message: format!("this server knows no `{method}`"),
            }),
            (Phase::ShutDown, _) => Err(Refusal {
                code: ErrorCode::InvalidRequest,
                message: "the server is shut down".to_owned(),
            }),
        }
    }

    /// What is known at the place that a request is about.
    fn known(&mut self, params: Value) -> Result<Option<Knowledge<'_>>, Refusal> {
        Ok(self.known_at(&read(params)?))
    }

    fn known_at(&mut self, place: &TextDocumentPositionParams) -> Option<Knowledge<'_>> {
        Knowledge::at(&mut self.workspace, place.text_document.uri.as_str(), place.position)
    }

    fn initialize(&mut self, params: Value) -> Result<Value, Refusal> {
        let params: InitializeParams = read(params)?;
        let general = params.capabilities.general;
        let offered = general.and_then(|general| general.position_encodings);
        self.workspace.encoding = Encoding::agree(offered.as_deref());
        let watched = params.capabilities.workspace.and_then(|w| w.did_change_watched_files);
        self.watches = watched.is_some_and(|watched| watched.dynamic_registration == Some(true));
        self.phase = Phase::Running;
        Ok(capabilities::all(self.workspace.encoding))
    }

    fn notification(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        if self.phase != Phase::Running {
            return;
        }
        let done = catch_unwind(AssertUnwindSafe(|| self.note(&method, params)));
        match done {
            Ok(Ok(())) => {}
            Ok(Err(refusal)) => {
                let message = format!("`{method}` was not understood: {}", refusal.message);
                self.client.log(MessageType::WARNING, &message);
            }
            Err(_) => {
                let message = format!("`{method}` ended with a bug of the server");
                self.client.log(MessageType::ERROR, &message);
            }
        }
    }

    fn note(&mut self, method: &str, params: Value) -> Result<(), Refusal> {
        match method {
            "initialized" if self.watches => self.client.send(capabilities::watch_files()),
            "textDocument/didOpen" => {
                let document = read::<DidOpenTextDocumentParams>(params)?.text_document;
                self.workspace.open(document.uri.as_str(), document.version, document.text);
                self.changed = true;
            }
            "textDocument/didChange" => {
                let params: DidChangeTextDocumentParams = read(params)?;
                let document = params.text_document;
                let uri = document.uri.as_str();
                self.workspace.change(uri, document.version, &params.content_changes);
                self.changed = true;
            }
            "textDocument/didClose" => {
                let document = read::<DidCloseTextDocumentParams>(params)?.text_document;
                self.workspace.close(document.uri.as_str());
                self.changed = true;
            }
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => {
                self.workspace.forget_all();
                self.changed = true;
            }
            // The protocol grows; what is not known is not meant for this server.
            _ => {}
        }
        Ok(())
    }
}

/// The params of a message.
fn read<T: DeserializeOwned>(params: Value) -> Result<T, Refusal> {
    serde_json::from_value(params)
        .map_err(|error| Refusal { code: ErrorCode::InvalidParams, message: error.to_string() })
}
