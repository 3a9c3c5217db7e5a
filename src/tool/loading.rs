//! What becomes of a large source before it can be read.

use std::sync::Arc;
use std::time::Duration;

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loading {
    /// Another process loads it, and this one waits.
    Waiting,
    /// So many bytes of files are to be loaded.
    Began {
        /// All of them.
        bytes: u64,
    },
    /// So many of them are loaded.
    Read {
        /// The bytes so far.
        bytes: u64,
        /// All of them.
        of: u64,
    },
    /// So many bytes of a file were compared with what is kept.
    Compared {
        /// The bytes so far.
        bytes: u64,
        /// All of the file's.
        of: u64,
    },
    /// Its indexes are made.
    Indexing,
    /// It is loaded and kept.
    Done {
        /// How long it took.
        took: Duration,
    },
    /// It is loaded, and again by the next command, because it cannot be kept.
    Unkept {
        /// Why it cannot.
        why: String,
    },
}

/// Who is told of a source, by its name.
pub type Watcher = Arc<dyn Fn(&str, &Loading) + Send + Sync>;
