//! Exit codes, and the failures that end a command before it has a result.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::diagnostic::Diagnostic;
use crate::event::{Fault, RunStatus};
use crate::report::{DiagnosticFormat, Manner, diagnostics};
use crate::run::{OVER_BUDGET, Outcome};

/// How the process ends; documented in `--help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    Success = 0,
    Failed = 1,
    Usage = 2,
    Partial = 3,
    OverBudget = 4,
    Untraced = 5,
    OutOfScope = 6,
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// The exit code of a run; `strict` counts a figure that could not be traced as a failure.
    pub(super) fn of(outcome: &Outcome, strict: bool) -> Self {
        let over_budget = outcome.error.as_ref().is_some_and(|error| error.kind == OVER_BUDGET);
        match outcome.status {
            RunStatus::Cancelled => Self::Interrupted,
            _ if over_budget => Self::OverBudget,
            RunStatus::Failed => Self::Failed,
            RunStatus::Succeeded | RunStatus::Partial
                if strict && !outcome.figures.unverified.is_empty() =>
            {
                Self::Untraced
            }
            RunStatus::Partial | RunStatus::Waiting => Self::Partial,
            RunStatus::Succeeded => Self::Success,
        }
    }
}

/// Why a command ended before it had a result.
#[derive(Debug)]
pub(super) enum Failure {
    /// Files of the project are at fault.
    Files(Vec<Diagnostic>, Vec<PathBuf>),
    /// What was asked for cannot be done; several things may be wrong at once.
    Usage(Vec<Fault>),
    /// Nothing is left of a budget.
    OverBudget(Fault),
    /// The user ended it.
    Interrupted,
    /// The machine did not do its part: a disk, a socket.
    Machine(Fault),
}

impl Failure {
    pub(super) fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Usage(vec![Fault::new("usage", message).help(help)])
    }

    pub(super) fn machine(what: &str, error: &dyn std::error::Error) -> Self {
        Self::Machine(Fault::new("machine", format!("{what}: {error}")))
    }

    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Files(..) | Self::Usage(_) => Exit::Usage,
            Self::OverBudget(_) => Exit::OverBudget,
            Self::Interrupted => Exit::Interrupted,
            Self::Machine(_) => Exit::Failed,
        }
    }

    pub(super) fn render(&self, colour: bool) -> String {
        let faults = match self {
            Self::Files(found, files) => {
                let manner = Manner { colour, ..Manner::default() };
                return diagnostics(found, files, DiagnosticFormat::Text, &manner);
            }
            Self::Usage(faults) => faults.as_slice(),
            Self::OverBudget(fault) | Self::Machine(fault) => std::slice::from_ref(fault),
            Self::Interrupted => &[],
        };
        let error = if colour { "\u{1b}[1;31merror\u{1b}[0m" } else { "error" };
        let mut out = String::new();
        if matches!(self, Self::Interrupted) {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{error}: interrupted before anything was answered");
        }
        for fault in faults {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{error}: {}", fault.message);
            if let Some(help) = &fault.help {
                let _ = writeln!(out, "  help: {help}");
            }
        }
        out
    }
}
