//! The journal: the events of all runs, on disk. It is written before anything is shown, and before a tool acts.

mod batches;
mod days;
mod deleted;
mod driver;
mod error;
mod outputs;
mod prune;
mod schema;
mod spending;
mod sqlite;
#[cfg(test)]
mod tests;
mod together;

pub use deleted::{Deleted, Runs};
pub use error::JournalError;
pub use outputs::Output;
pub use prune::{Agents, Keep, Pruned, Pruning};
pub use spending::{Charges, Since, Spending, SpentCall};
pub use sqlite::{Journal, RunSummary, Spent, Ticket, Writer, private_file, private_folder};
pub use together::{Hold, Together};
