//! Reading what surrounds a file, on a thread of its own where that takes long: an editor is answered meanwhile.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};

use super::workspace::{Checks, Sources, Surroundings};

/// What is being read of a project.
pub(super) struct Reading {
    news: Receiver<News>,
    /// Whether something changed since it began, so that what comes is not kept.
    pub(super) stale: bool,
}

/// What a reading tells.
enum News {
    /// A source takes long; the rest is known without it.
    Slow,
    /// All of it is read.
    Done(Box<Surroundings>),
}

impl Reading {
    /// Begins to read; `wake` is told the project's root when that has come to an end.
    pub(super) fn begin(
        checks: &Arc<dyn Checks>,
        root: &Path,
        open: BTreeMap<PathBuf, String>,
        wake: &Sender<PathBuf>,
    ) -> Self {
        let (tell, news) = mpsc::channel();
        let (checks, root, wake) = (Arc::clone(checks), root.to_owned(), wake.clone());
        // It ends with the process, however far it is: what is half made of a source is never taken for whole.
        std::thread::spawn(move || {
            let slow = tell.clone();
            let watcher = Arc::new(move |_: &str, _: &_| drop(slow.send(News::Slow)));
            let read =
                AssertUnwindSafe(|| checks.surroundings(&root, open, Sources::Read(watcher)));
            // Nobody listens any more where the editor left.
            drop(catch_unwind(read).map(|read| tell.send(News::Done(Box::new(read)))));
            drop(wake.send(root));
        });
        Self { news, stale: false }
    }

    /// What was read, unless a source takes long or the check ended with a bug.
    pub(super) fn at_once(&self) -> Option<Surroundings> {
        match self.news.recv() {
            Ok(News::Done(read)) => Some(*read),
            Ok(News::Slow) | Err(_) => None,
        }
    }

    /// What was read, at its end.
    pub(super) fn end(self) -> Option<Surroundings> {
        self.news.iter().find_map(|news| match news {
            News::Done(read) => Some(*read),
            News::Slow => None,
        })
    }
}
