//! The conversations of a project: one file each beside the journal, a line a question.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::exit::Failure;
use crate::ask::Turn;
use crate::diagnostic::suggest;
use crate::journal::private_file;

/// The longest name of a session.
const LONGEST: usize = 64;

/// Where sessions are kept.
pub(super) struct Sessions {
    folder: PathBuf,
}

impl Sessions {
    /// Those beside a journal.
    pub(super) fn beside(journal: &Path) -> Self {
        Self { folder: journal.parent().unwrap_or(Path::new(".")).join("sessions") }
    }

    /// The turns of a session; none where it is new. A line that a crash cut off is left out.
    pub(super) fn turns(&self, name: &str) -> Result<Vec<Turn>, Failure> {
        let path = self.path(name)?;
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(Failure::machine(&format!("cannot read {}", path.display()), &error)),
        }
    }

    /// Adds a turn.
    pub(super) fn add(&self, name: &str, turn: &Turn) -> Result<(), Failure> {
        let path = self.path(name)?;
        let line = serde_json::to_string(turn)
            .map_err(|e| Failure::machine("cannot write the session", &e))?;
        let write = || {
            std::fs::create_dir_all(&self.folder)?;
            // What was asked is nobody else's business.
            let mut file = private_file(&path)?;
            file.write_all(format!("{line}\n").as_bytes())
        };
        write().map_err(|e| Failure::machine(&format!("cannot write {}", path.display()), &e))
    }

    /// The names of all sessions, in order.
    pub(super) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let stem = |path: PathBuf| Some(path.file_stem()?.to_str()?.to_owned());
        let mut names: Vec<String> = entries.filter_map(|entry| stem(entry.path())).collect();
        names.sort();
        names
    }

    /// The turns of a session that is there.
    pub(super) fn existing(&self, name: &str) -> Result<Vec<Turn>, Failure> {
        let names = self.names();
        if names.iter().any(|known| known == name) {
            return self.turns(name);
        }
        let help = suggest(name, names.iter().map(String::as_str), "sessions");
        Err(Failure::usage(format!("there is no session `{name}`"), help))
    }

    /// Forgets a session; its runs stay in the journal.
    pub(super) fn delete(&self, name: &str) -> Result<(), Failure> {
        self.existing(name)?;
        let path = self.path(name)?;
        std::fs::remove_file(&path)
            .map_err(|e| Failure::machine(&format!("cannot delete {}", path.display()), &e))
    }

    fn path(&self, name: &str) -> Result<PathBuf, Failure> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if name.is_empty() || name.len() > LONGEST || !name.chars().all(fits) {
            let message = format!("`{name}` is no name of a session");
            return Err(Failure::usage(message, "use up to 64 letters, digits, - and _"));
        }
        Ok(self.folder.join(format!("{name}.jsonl")))
    }
}
