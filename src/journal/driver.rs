//! Who drives a run: each process holds a lock that goes with it, however it ends.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use super::sqlite::{private_file, private_folder};

/// The lock of this process. The file goes with it; one that a killed process left behind holds no lock.
#[derive(Debug)]
pub(super) struct Driver {
    name: String,
    path: PathBuf,
    /// Held, not read: closing it gives the lock back.
    _lock: File,
}

impl Driver {
    /// Makes the lock, next to the journal.
    pub(super) fn new(journal: &Path) -> std::io::Result<Self> {
        let name = uuid::Uuid::now_v7().simple().to_string();
        let path = lock_of(journal, &name);
        if let Some(folder) = path.parent() {
            private_folder(folder)?;
        }
        let lock = private_file(&path)?;
        lock.lock()?;
        Ok(Self { name, path, _lock: lock })
    }

    /// How the journal names it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A file that stays behind holds no lock, and is removed by whoever finds it.
        drop(std::fs::remove_file(&self.path));
    }
}

/// Whether the process of a driver lives.
pub(super) fn is_driven(journal: &Path, driver: &str) -> bool {
    let path = lock_of(journal, driver);
    let Ok(file) = File::open(&path) else { return false };
    match file.try_lock_shared() {
        // Where locks cannot be had, a file that is there speaks for a process that is.
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => true,
        Ok(()) => {
            drop(std::fs::remove_file(&path));
            false
        }
    }
}

fn lock_of(journal: &Path, driver: &str) -> PathBuf {
    folder_of(journal).join(driver)
}

/// Where the processes that drive runs of a journal are known.
pub(super) fn folder_of(journal: &Path) -> PathBuf {
    let mut folder = journal.to_owned().into_os_string();
    folder.push(".drivers");
    PathBuf::from(folder)
}
