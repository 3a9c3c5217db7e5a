//! The journal: the events of all runs, on disk. It is written before an event is acted on.

mod error;
mod sqlite;
#[cfg(test)]
mod tests;

pub use error::JournalError;
pub use sqlite::{Journal, RunSummary};
