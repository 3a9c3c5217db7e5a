//! The journal: the events of all runs, on disk. It is written before anything is shown, and before a tool acts.

mod error;
mod sqlite;
#[cfg(test)]
mod tests;

pub use error::JournalError;
pub use sqlite::{Journal, RunSummary};
