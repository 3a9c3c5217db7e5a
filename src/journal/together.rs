//! What several processes that write one journal may spend at the same time. Each shows the others, in a file beside the lock
//! that shows that it is alive, what its calls may cost that the journal does not tell yet. What a process that died had
//! shown counts no more: nobody knows what became of its calls.

use std::cell::RefCell;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::days::Tally;
use super::driver::{folder_of, is_driven};
use super::{Journal, JournalError};

/// How the files are named that tell what a process may yet spend.
const ENDING: &str = "usd";

/// What this process shows the others, and they show it.
#[derive(Debug)]
pub struct Together {
    journal: PathBuf,
    reader: Connection,
    /// What it read so far.
    tally: RefCell<Tally>,
    /// Held by whoever looks whether a call fits.
    shared: File,
    own: PathBuf,
}

/// While it is held, no other process reserves anything.
pub struct Hold<'t>(&'t Together);

impl Journal {
    /// What the processes that write this journal spend together; none for a journal in memory.
    pub fn together(&mut self) -> Result<Option<Together>, JournalError> {
        let (Some(driver), Some(journal)) = (self.driver()?, self.path()) else { return Ok(None) };
        let folder = folder_of(&journal);
        let unavailable = |source| JournalError::Unavailable { path: folder.clone(), source };
        let mut options = File::options();
        options.create(true).truncate(false).write(true);
        let shared = options.open(folder.join("shared")).map_err(unavailable)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reader = Connection::open_with_flags(&journal, flags)?;
        reader.busy_timeout(super::sqlite::PATIENCE)?;
        let own = folder.join(driver).with_extension(ENDING);
        Ok(Some(Together { journal, reader, tally: RefCell::default(), shared, own }))
    }
}

impl Together {
    /// Waits until no other process is looking.
    pub fn hold(&self) -> Result<Hold<'_>, JournalError> {
        self.shared.lock().map_err(|source| self.unavailable(source))?;
        Ok(Hold(self))
    }

    fn unavailable(&self, source: std::io::Error) -> JournalError {
        JournalError::Unavailable { path: folder_of(&self.journal), source }
    }
}

impl Hold<'_> {
    /// US dollars that the journal knows to be spent since a midnight, in microseconds since the Unix epoch.
    pub fn spent_usd(&self, at_us: i64) -> Result<f64, JournalError> {
        Ok(self.0.tally.borrow_mut().spent_usd(&self.0.reader, at_us)?)
    }

    /// US dollars that the other processes may spend on calls that the journal does not know yet.
    pub fn others_usd(&self) -> Result<f64, JournalError> {
        let folder = folder_of(&self.0.journal);
        let read = || -> std::io::Result<f64> {
            let mut usd = 0.0;
            for entry in std::fs::read_dir(&folder)? {
                let path = entry?.path();
                let is_other =
                    path.extension().is_some_and(|found| found == ENDING) && path != self.0.own;
                let driver = path.file_stem().and_then(|stem| stem.to_str());
                let Some(driver) = driver.filter(|_| is_other) else { continue };
                if is_driven(&self.0.journal, driver) {
                    usd += shown(&path)?;
                } else {
                    drop(std::fs::remove_file(&path));
                }
            }
            Ok(usd)
        };
        read().map_err(|source| self.0.unavailable(source))
    }

    /// Shows the others what this process may spend on calls that the journal does not know yet.
    pub fn show(&self, usd: f64) -> Result<(), JournalError> {
        let write = || -> std::io::Result<()> {
            let mut options = File::options();
            let mut file = options.create(true).truncate(true).write(true).open(&self.0.own)?;
            file.write_all(usd.to_string().as_bytes())
        };
        write().map_err(|source| self.0.unavailable(source))
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        drop(self.0.shared.unlock());
    }
}

impl Drop for Together {
    fn drop(&mut self) {
        // One that stays behind counts for nothing: its process is gone.
        drop(std::fs::remove_file(&self.own));
    }
}

/// What a process shows; nothing where it has gone meanwhile.
fn shown(path: &Path) -> std::io::Result<f64> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text.parse().unwrap_or_default()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0.0),
        Err(error) => Err(error),
    }
}
