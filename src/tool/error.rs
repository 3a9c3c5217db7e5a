//! Why a tool gave nothing.

use std::time::Duration;

use crate::event::Fault;

/// The kind of fault of a server to which there was no connection: nothing was sent.
pub const UNREACHABLE: &str = "unreachable";

/// Why a tool gave nothing: a fault that can be shown, and whether it may pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolError {
    fault: Fault,
    retryable: bool,
    /// How long the server asks to wait.
    wait: Option<Duration>,
}

impl ToolError {
    pub(super) fn new(kind: &str, message: impl Into<String>) -> Self {
        Self { fault: Fault::new(kind, message), retryable: false, wait: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.fault.help = Some(help.into());
        self
    }

    pub(super) fn passing(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// Another attempt must not be made.
    pub(super) fn lasting(mut self) -> Self {
        self.retryable = self.retryable && self.fault.kind == UNREACHABLE;
        self
    }

    pub(super) fn passing_after(mut self, wait: Option<Duration>) -> Self {
        self.wait = wait;
        self.passing()
    }

    /// The same in other words.
    pub(super) fn with_texts(mut self, change: &impl Fn(String) -> String) -> Self {
        self.fault.message = change(self.fault.message);
        self.fault.help = self.fault.help.map(change);
        self
    }

    /// Says which tool it was.
    pub(super) fn of(mut self, tool: &crate::id::ToolName) -> Self {
        self.fault.message = format!("tool `{tool}`: {}", self.fault.message);
        self
    }

    /// The fault, in words.
    pub fn fault(&self) -> Fault {
        self.fault.clone()
    }

    /// Whether another attempt may succeed.
    pub fn retryable(&self) -> bool {
        self.retryable
    }

    /// How long the server asks to wait before it.
    pub fn wait(&self) -> Option<Duration> {
        self.wait
    }
}

impl From<Fault> for ToolError {
    fn from(fault: Fault) -> Self {
        Self { fault, retryable: false, wait: None }
    }
}
