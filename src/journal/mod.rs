//! The journal: the events of all runs, on disk. It is written before anything is shown, and before a tool acts.

mod batches;
mod driver;
mod error;
mod outputs;
mod prune;
mod schema;
mod spending;
mod sqlite;
#[cfg(test)]
mod tests;

pub use error::JournalError;
pub use outputs::Output;
pub use prune::{Keep, Pruned, Pruning};
pub use spending::{Since, Spending, SpentCall};
pub use sqlite::{Journal, RunSummary, Ticket, Writer, private_file};
