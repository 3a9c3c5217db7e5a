//! `engine lsp`: serves editors over standard input and output.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::arguments::Global;
use crate::cli::exit::{Exit, Failure};
use crate::cli::files;
use crate::cli::load::{self, Loaded, Place};
use crate::cli::loading;
use crate::document::Workflow;
use crate::lsp::{self, Checks, Sources, Surroundings};
use crate::tool::Watcher;

pub(in crate::cli) fn run(global: &Global) -> Result<Exit, Failure> {
    let project = match &global.project {
        Some(folder) => Some(
            folder
                .canonicalize()
                .map_err(|e| Failure::machine("cannot find the project's folder", &e))?,
        ),
        None => None,
    };
    let files = Arc::new(Files { project });
    let input = BufReader::new(std::io::stdin());
    let left = lsp::serve(files, input, &mut std::io::stdout().lock());
    Ok(if left { Exit::Success } else { Exit::Failed })
}

/// The files of the projects that an editor works on.
struct Files {
    /// The project that `--project` names; files outside it have the one they stand in.
    project: Option<PathBuf>,
}

impl Checks for Files {
    fn root_of(&self, file: &Path) -> Option<PathBuf> {
        if let Some(project) = self.project.as_ref().filter(|project| file.starts_with(project)) {
            return Some(project.clone());
        }
        if !file.is_absolute() {
            return None;
        }
        files::root_above(file)
    }

    fn surroundings(
        &self,
        root: &Path,
        open: BTreeMap<PathBuf, String>,
        sources: Sources,
    ) -> Surroundings {
        // Nobody stands anywhere, so paths are shown whole. Editors keep what is said of large sources in the server's log.
        let (root, here) = (Some(root.to_owned()), PathBuf::new());
        let log = loading::watcher(false);
        let reads = matches!(sources, Sources::Read(_));
        let loading: Watcher = match sources {
            Sources::Left => log,
            Sources::Read(watcher) => Arc::new(move |source, loading| {
                watcher(source, loading);
                log(source, loading);
            }),
        };
        let place = Place { root, here, open, loading };
        let mut loaded = if reads {
            Loaded::library(&place, |_| true)
        } else {
            Loaded::library_of_files(&place)
        };
        let files = place.files_in("workflows");
        let read = files.iter().map(|path| load::read_as_far::<Workflow>(&place, path).0);
        let mut workflows: Vec<Arc<_>> = Vec::new();
        for workflow in read.map(|document| document.map(Arc::new)) {
            loaded.library.add_workflow(workflow.clone());
            workflows.extend(workflow.filter(|document| document.is_whole()));
        }
        if reads {
            loaded.check_values();
        }
        // A workflow that cannot be read may use anything.
        if workflows.len() == files.len() {
            loaded.check_use(&workflows);
        }
        loaded.surroundings()
    }
}
