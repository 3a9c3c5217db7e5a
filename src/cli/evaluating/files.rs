//! The files of evals. A YAML file that another one takes its rows from is data, and no eval itself.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::cli::exit::Failure;
use crate::cli::files::{self, bytes_of};
use crate::cli::load::{Loaded, Place};
use crate::document::{self, Document, Eval};
use crate::plan;
use crate::value::Value;

/// An eval with its place.
pub(in crate::cli) struct File {
    /// Its name without folder and ending.
    pub(in crate::cli) name: String,
    /// The folder that the files of its rows are found in.
    pub(in crate::cli) folder: PathBuf,
    /// What it says.
    pub(in crate::cli) document: Document<Eval>,
}

/// Reads evals; their faults are among those of what was loaded.
pub(in crate::cli) fn read(loaded: &mut Loaded, place: &Place, paths: &[PathBuf]) -> Vec<File> {
    let data: BTreeSet<PathBuf> =
        paths.iter().chain(&place.files_in("evals")).flat_map(|path| rows_of(path)).collect();
    let mut files = Vec::new();
    for path in paths.iter().filter(|path| !data.contains(*path)) {
        let document = loaded.document::<Eval>(place, path).filter(Document::is_whole);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        // Files of one name in several folders go by their paths.
        let taken = files.iter().any(|file: &File| file.name == stem);
        let name = if taken { path.to_string_lossy().into_owned() } else { stem };
        files.extend(document.map(|document| File {
            name,
            folder: path.parent().unwrap_or(Path::new("")).to_owned(),
            document,
        }));
    }
    files
}

/// The files that a command line names; all of the project where it names none.
pub(in crate::cli) fn find(named: &[PathBuf], place: &Place) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for path in named {
        let path = place.here.join(path);
        if path.is_dir() {
            found.extend(files::below(&path));
        } else if path.is_file() {
            found.push(path);
        } else {
            let message = format!("there is no {}", path.display());
            return Err(Failure::usage(message, "name files or folders that exist"));
        }
    }
    if named.is_empty() {
        found = place.files_in("evals");
    }
    if found.is_empty() {
        let help = "write cases into a file of the folder evals/; docs/eval.md tells how";
        return Err(Failure::usage("there are no evals here", help));
    }
    Ok(found)
}

/// Checks the names that evals take from their project.
pub(in crate::cli) fn check(loaded: &mut Loaded, files: &[File]) {
    for file in files {
        let found = plan::check_eval(&loaded.library, &file.document);
        loaded.tell(found);
    }
}

/// The files that an eval takes its rows from, however faulty it is otherwise.
fn rows_of(path: &Path) -> Vec<PathBuf> {
    let text =
        bytes_of(path).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    let read = document::read_value(&text).unwrap_or(Value::Null);
    let cases = read.get("cases").and_then(Value::as_array).into_iter().flatten();
    let named = cases.filter_map(|case| case.pointer("/for_each/file")?.as_str());
    named.map(|name| path.parent().unwrap_or(Path::new("")).join(name)).collect()
}
