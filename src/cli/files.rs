//! Which files a project has: where it begins, what is in its folders, and which file a name means.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::exit::Failure;
use super::load::Place;
use crate::document::is_yaml;

/// A file longer than this is no file that somebody wrote.
const LONGEST: u64 = 64 << 20;

/// What a file holds. A pipe or a device may never end, so nothing but files is opened.
pub(super) fn bytes_of(path: &Path) -> std::io::Result<Vec<u8>> {
    let about = std::fs::metadata(path)?;
    let refused = if about.is_dir() {
        "this is a folder"
    } else if !about.is_file() {
        "this is no file"
    } else if about.len() > LONGEST {
        "the file is longer than 64 MB"
    } else {
        return std::fs::read(path);
    };
    Err(std::io::Error::other(refused))
}

/// The nearest folder at or above a path that holds an engine.yaml.
pub(super) fn root_above(path: &Path) -> Option<PathBuf> {
    path.ancestors().find(|folder| folder.join("engine.yaml").is_file()).map(Path::to_owned)
}

/// The YAML files of a folder and of those below it, in order; nothing where there is no folder. Hidden ones are left out.
/// What cannot be read is told when it is.
pub(super) fn below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    add_below(folder, &mut files, &mut BTreeSet::new());
    files.sort();
    files
}

/// Links may lead back to a folder that was `seen`.
fn add_below(folder: &Path, files: &mut Vec<PathBuf>, seen: &mut BTreeSet<PathBuf>) {
    if !seen.insert(folder.canonicalize().unwrap_or_else(|_| folder.to_owned())) {
        return;
    }
    for path in visible(folder) {
        if is_yaml(&path) {
            files.push(path);
        } else if path.is_dir() {
            add_below(&path, files, seen);
        }
    }
}

/// What stands directly in a folder. Some editors mark a file that is open by a hidden link, which leads nowhere.
fn visible(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| {
        path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.'))
    })
}

/// The file of a workflow, by path or by name.
pub(super) fn workflow_file(place: &Place, named: &str) -> Result<PathBuf, Failure> {
    let path = Path::new(named);
    if named.contains(['/', '\\']) || is_yaml(path) {
        let candidates =
            [Some(place.here.join(path)), place.root.as_ref().map(|root| root.join(path))];
        return candidates.into_iter().flatten().find(|path| path.is_file()).ok_or_else(|| {
            let files = place.files_in("workflows");
            let shown: Vec<String> =
                files.iter().map(|file| place.shown(file).display().to_string()).collect();
            let help =
                crate::diagnostic::suggest(named, shown.iter().map(String::as_str), "workflows");
            Failure::usage(format!("there is no file {named}"), help)
        });
    }
    let files = place.files_in("workflows");
    let written: Vec<(String, PathBuf)> =
        files.into_iter().filter_map(|file| Some((written_name(&file)?, file))).collect();
    let mut meant = written.iter().filter(|(name, _)| name == named).map(|(_, file)| file);
    match (meant.next(), meant.next()) {
        (Some(file), None) => return Ok(file.clone()),
        (Some(one), Some(other)) => {
            let (one, other) = (place.shown(one), place.shown(other));
            return Err(Failure::usage(
                format!(
                    "two files are workflow `{named}`: {} and {}",
                    one.display(),
                    other.display()
                ),
                "name the file that is meant, or give each workflow a name of its own",
            ));
        }
        (None, _) => {}
    }
    let help = crate::diagnostic::suggest(
        named,
        written.iter().map(|(name, _)| name.as_str()),
        "workflows",
    );
    Err(Failure::usage(format!("unknown workflow `{named}`"), help))
}

/// The file directly in a folder that gives itself this name.
pub(super) fn named_in(folder: &Path, name: &str) -> Option<PathBuf> {
    visible(folder)
        .filter(|path| is_yaml(path))
        .find(|file| written_name(file).is_some_and(|it| it == name))
}

/// The name that a workflow's file gives itself: its top-level `name:`, read without checking the rest.
fn written_name(file: &Path) -> Option<String> {
    let text = String::from_utf8(bytes_of(file).ok()?).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("name:"))?;
    let name = line.split(" #").next().unwrap_or(line).trim();
    Some(name.trim_matches(['"', '\'']).to_owned())
}
