//! The conversations of a project: one file each beside the journal, a line a question.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::exit::Failure;
use crate::ask::{self, Recalled, Turn};
use crate::diagnostic::suggest;
use crate::journal::{private_file, private_folder};

/// The longest name of a session.
const LONGEST: usize = 64;

/// Where sessions are kept.
pub(super) struct Sessions {
    folder: PathBuf,
    /// The questions that were asked outside of any.
    alone: PathBuf,
}

impl Sessions {
    /// Those beside a journal.
    pub(super) fn beside(journal: &Path) -> Self {
        let beside = journal.parent().unwrap_or(Path::new("."));
        Self { folder: beside.join("sessions"), alone: beside.join("asked.jsonl") }
    }

    /// The turns of a session; none where it is new. A line that a crash cut off is left out.
    pub(super) fn turns(&self, name: &str) -> Result<Vec<Turn>, Failure> {
        read(&self.path(name)?)
    }

    /// Adds a turn.
    pub(super) fn add(&self, name: &str, turn: &Turn) -> Result<(), Failure> {
        write(&self.path(name)?, turn)
    }

    /// Adds a question of no session.
    pub(super) fn add_alone(&self, turn: &Turn) -> Result<(), Failure> {
        write(&self.alone, turn)
    }

    /// The earlier questions of the project that speak of a subject, no more than `most`.
    pub(super) fn recall(&self, subject: &str, most: usize) -> Result<Vec<Recalled>, Failure> {
        let mut turns: Vec<(Option<String>, Turn)> = Vec::new();
        turns.extend(read(&self.alone)?.into_iter().map(|turn| (None, turn)));
        for name in self.names() {
            turns.extend(self.turns(&name)?.into_iter().map(|turn| (Some(name.clone()), turn)));
        }
        let mut found = ask::recall(subject, turns);
        found.truncate(most);
        Ok(found)
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

/// The turns of a file; none where there is no file. A line that a crash cut off is left out.
fn read(path: &Path) -> Result<Vec<Turn>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Failure::machine(&format!("cannot read {}", path.display()), &error)),
    }
}

fn write(path: &Path, turn: &Turn) -> Result<(), Failure> {
    let line = serde_json::to_string(turn)
        .map_err(|e| Failure::machine("cannot write the session", &e))?;
    let write = || {
        path.parent().map_or(Ok(()), private_folder)?;
        // What was asked is nobody else's business.
        let mut file = private_file(path)?;
        file.write_all(format!("{line}\n").as_bytes())
    };
    write().map_err(|e| Failure::machine(&format!("cannot write {}", path.display()), &e))
}
