//! `engine validate`: checks every file before a token is spent.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use notify::{RecursiveMode, Watcher as _};

use crate::cli::arguments::{Global, Validate};
use crate::cli::evaluating;
use crate::cli::exit::{Exit, Failure};
use crate::cli::load::{Loaded, Place, yaml_files};
use crate::cli::printer::Printer;
use crate::cli::setup;
use crate::diagnostic;
use crate::document::{Agent, Project, ToolFile};
use crate::report::{DiagnosticFormat, Manner, diagnostics};
use crate::tool;

/// A pause that long ends a burst of changes.
const SETTLED: Duration = Duration::from_millis(100);

pub(in crate::cli) fn run(
    arguments: &Validate,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    if arguments.watch {
        return watch(arguments, global, printer);
    }
    once(arguments, global, printer)
}

fn once(arguments: &Validate, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
    let Loaded { diagnostics: mut found, files, library, toolbox, .. } = check(arguments, global)?;
    if arguments.online {
        let said = tool::check_online(&toolbox, &library);
        found.extend(setup::to_the_end(&toolbox, said)?);
    }
    diagnostic::sort(&mut found);
    let manner = Manner { colour: printer.colour(), deny_warnings: arguments.deny_warnings };
    let text = diagnostics(&found, &files, arguments.format, manner);
    match arguments.format {
        DiagnosticFormat::Text => printer.err(&text),
        _ => printer.out(&text),
    }
    let failed = found.iter().any(|found| manner.fails(found));
    Ok(if failed { Exit::Usage } else { Exit::Success })
}

/// Checks whenever something changes. A check that cannot be made at all is told and waited out like any fault.
fn watch(arguments: &Validate, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
    let cannot = |e: notify::Error| Failure::machine("cannot watch the files", &e);
    let (send, changes) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(send).map_err(cannot)?;
    let place = Place::find(global, first_path(arguments))?;
    for path in place.root.iter().chain(&arguments.paths) {
        watcher.watch(path, RecursiveMode::Recursive).map_err(cannot)?;
    }
    loop {
        if let Err(failure) = once(arguments, global, printer) {
            printer.err(&failure.render(printer.colour()));
        }
        printer.err("watching for changes\n");
        let inside = |path: &Path| {
            let root = place.root.as_deref().unwrap_or(&place.here);
            is_read(path.strip_prefix(root).unwrap_or(path))
        };
        let relevant = |change: &notify::Result<notify::Event>| match change {
            Ok(event) => !event.kind.is_access() && event.paths.iter().any(|path| inside(path)),
            Err(_) => true,
        };
        loop {
            match changes.recv() {
                Ok(change) if relevant(&change) => break,
                Ok(_) => {}
                Err(_) => return Ok(Exit::Success),
            }
        }
        // An editor that saves writes more than once; what a run writes meanwhile ends nothing.
        while changes.recv_timeout(SETTLED).is_ok_and(|change| relevant(&change)) {}
    }
}

/// Whether a change at a path of the project may change what a check says. A folder that was moved or removed has no ending.
fn is_read(path: &Path) -> bool {
    let hidden = |part: &std::ffi::OsStr| {
        part.to_str()
            .is_some_and(|name| name.starts_with('.') && !name.trim_matches('.').is_empty())
    };
    let inside = path.components().any(|part| hidden(part.as_os_str()));
    let extension = path.extension().and_then(|extension| extension.to_str());
    !inside && matches!(extension, None | Some("yaml" | "yml" | "csv" | "db" | "sqlite"))
}

fn first_path(arguments: &Validate) -> &Path {
    arguments.paths.first().map_or_else(|| Path::new("."), PathBuf::as_path)
}

/// Reads and checks everything that was asked for.
fn check(arguments: &Validate, global: &Global) -> Result<Loaded, Failure> {
    if let Some(missing) = arguments.paths.iter().find(|path| !path.exists()) {
        return Err(Failure::usage(
            format!("there is no {}", missing.display()),
            "name files or folders that exist",
        ));
    }
    let place = Place::find(global, first_path(arguments))?;
    let mut loaded = if arguments.online {
        Loaded::library_online(&place)?
    } else {
        Loaded::library(&place, |_| true)
    };
    loaded.library.allow_write = arguments.writing.allow_write;
    loaded.check_values();
    let (workflows, evals) = if arguments.paths.is_empty() {
        if place.root.is_none() {
            return Err(Failure::usage(
                "there is no project here",
                "name files, or make a project with `engine init DIR`",
            ));
        }
        (place.files_in("workflows"), place.files_in("evals"))
    } else {
        workflows_and_evals(&arguments.paths, &place, &mut loaded)
    };
    let workflows = loaded.workflows(&place, &workflows);
    if !evals.is_empty() {
        // Cases may run any workflow of the project.
        loaded.all_workflows(&place);
        let evals = evaluating::read(&mut loaded, &place, &evals);
        evaluating::check(&mut loaded, &evals);
    }
    if arguments.paths.is_empty() {
        loaded.check_use(&workflows);
    }
    Ok(loaded)
}

/// The workflows and the evals among files and folders. Files of the project's other kinds are checked with the project;
/// those that stand elsewhere are told by their folder, and what is left is a workflow.
fn workflows_and_evals(
    paths: &[PathBuf],
    place: &Place,
    loaded: &mut Loaded,
) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let (mut workflows, mut evals) = (Vec::new(), Vec::new());
    for path in paths {
        let files = if path.is_dir() {
            files_below(path, &mut BTreeSet::new())
        } else {
            vec![place.here.join(path)]
        };
        for file in files {
            let inside = place.root.as_ref().is_some_and(|root| file.starts_with(root));
            let folder = file
                .parent()
                .and_then(Path::file_name)
                .map(|name| name.to_string_lossy().into_owned());
            let project_file = file.file_name().is_some_and(|name| name == "engine.yaml");
            match folder.as_deref() {
                _ if project_file && !inside => drop(loaded.document::<Project>(place, &file)),
                Some("agents") if !inside => drop(loaded.document::<Agent>(place, &file)),
                Some("tools") if !inside => drop(loaded.document::<ToolFile>(place, &file)),
                _ if project_file => {}
                Some("evals") => evals.push(file),
                Some("agents" | "tools" | "schemas" | "data" | "recordings") => {}
                _ => workflows.push(file),
            }
        }
    }
    (workflows, evals)
}

/// The YAML files of a folder and of those below it. Links may lead back to one that was `seen`.
fn files_below(folder: &Path, seen: &mut BTreeSet<PathBuf>) -> Vec<PathBuf> {
    if !seen.insert(folder.canonicalize().unwrap_or_else(|_| folder.to_owned())) {
        return Vec::new();
    }
    let hidden = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
    };
    let mut files = yaml_files(folder);
    files.retain(|file| !file.is_dir() && !hidden(file));
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    for folder in folders.into_iter().filter(|folder| !hidden(folder)) {
        files.extend(files_below(&folder, seen));
    }
    files
}
