//! What can go wrong with a journal.

use std::path::PathBuf;

/// A journal that cannot be read or written. The run that needs it must stop: what is not journaled must not happen.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The folder or file cannot be made.
    #[error("{path}: {source}")]
    Unavailable {
        /// The journal's file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// SQLite refused.
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file was written by a newer engine.
    #[error(
        "the journal has schema version {found}, this engine knows {known}: use the engine that wrote it, or another --journal"
    )]
    Newer {
        /// The file's schema version.
        found: i64,
        /// The newest this engine knows.
        known: i64,
    },
    /// An event cannot be written as JSON, or what is kept is no event.
    #[error("an event of run {run} cannot be read: {source}")]
    Unreadable {
        /// The run.
        run: String,
        /// Why.
        source: serde_json::Error,
    },
    /// What several runs wrote together could not be written.
    #[error("{0}")]
    Lost(String),
    /// Several runs begin so.
    #[error("several runs begin with `{beginning}`: {} and {}, among others", .runs[0], .runs[1])]
    Ambiguous {
        /// What was given for an id.
        beginning: String,
        /// Two of them.
        runs: [String; 2],
    },
    /// Another process drives the run.
    #[error("another process drives run {run}")]
    Driven {
        /// The run.
        run: String,
    },
    /// The engine contradicts itself.
    #[error("{0}, which is a bug of the engine")]
    Bug(String),
}

impl JournalError {
    /// A fault of the engine itself.
    pub fn bug(what: &str) -> Self {
        Self::Bug(what.to_owned())
    }
}
