//! What people see: events and outcomes as text and JSON. Nothing here decides anything.

// A new kind of event, step or state must be looked at everywhere.
#![warn(clippy::wildcard_enum_match_arm)]

mod comparison;
mod diagnostics;
mod graph;
mod history;
mod plan;
mod progress;
pub mod schemas;
mod summary;
mod svg;

pub use comparison::comparison;
pub use diagnostics::{Format as DiagnosticFormat, diagnostics};
pub use graph::{Format as GraphFormat, graph};
pub use history::{runs, show};
pub use plan::{PlanReport, plan};
pub use progress::{Live, Plain, Progress};
pub use summary::{answer, summary};
