//! Why a tool gave nothing.

use crate::event::Fault;

/// Why a tool gave nothing: a fault that can be shown, and whether it may pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolError {
    fault: Fault,
    retryable: bool,
}

impl ToolError {
    pub(super) fn new(kind: &str, message: impl Into<String>) -> Self {
        Self { fault: Fault::new(kind, message), retryable: false }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.fault.help = Some(help.into());
        self
    }

    pub(super) fn passing(mut self) -> Self {
        self.retryable = true;
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
}
