//! `engine validate`: checks every file before a token is spent.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use notify::{RecursiveMode, Watcher as _};

use crate::cli::arguments::{Global, Validate};
use crate::cli::evaluating;
use crate::cli::exit::{Exit, Failure};
use crate::cli::files;
use crate::cli::load::{Loaded, Place};
use crate::cli::printer::Printer;
use crate::cli::setup;
use crate::diagnostic;
use crate::document::{Agent, Project, ToolFile, has_ending, is_yaml};
use crate::report::{Checkout, DiagnosticFormat, Manner, diagnostics};
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
    let manner = Manner {
        colour: printer.colour(),
        deny_warnings: arguments.deny_warnings,
        checkout: checkout(),
    };
    let text = diagnostics(&found, &files, arguments.format, &manner);
    match arguments.format {
        DiagnosticFormat::Text => printer.err(&text),
        _ => printer.out(&text),
    }
    let failed = found.iter().any(|found| manner.fails(found));
    Ok(if failed { Exit::Usage } else { Exit::Success })
}

/// The repository that the user stands in.
fn checkout() -> Option<Checkout> {
    let here = std::env::current_dir().ok()?;
    let root = here.ancestors().find(|folder| folder.join(".git").exists())?.to_owned();
    Some(Checkout { root, here })
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
        // An editor that saves writes more than once; what a run writes meanwhile neither ends the burst nor makes it longer.
        let mut until = Instant::now() + SETTLED;
        while let Ok(change) = changes.recv_timeout(until.saturating_duration_since(Instant::now()))
        {
            if relevant(&change) {
                until = Instant::now() + SETTLED;
            }
        }
    }
}

/// Whether a change at a path of the project may change what a check says. A folder that was moved or removed has no ending.
fn is_read(path: &Path) -> bool {
    let hidden = |part: &std::ffi::OsStr| {
        part.to_str()
            .is_some_and(|name| name.starts_with('.') && !name.trim_matches('.').is_empty())
    };
    let inside = path.components().any(|part| hidden(part.as_os_str()));
    let known = is_yaml(path) || has_ending(path, &["csv", "db", "sqlite"]);
    !inside && (path.extension().is_none() || known)
}

/// The folders of a project.
const FOLDERS: [&str; 7] =
    ["workflows", "agents", "tools", "evals", "schemas", "data", "recordings"];

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
        let files = if path.is_dir() { files::below(path) } else { vec![place.here.join(path)] };
        for file in files {
            let below = place.root.as_ref().and_then(|root| file.strip_prefix(root).ok());
            let inside = below.is_some();
            let folder = folder_of(below.unwrap_or(&file));
            let project_file = file.file_name().is_some_and(|name| name == "engine.yaml");
            match folder {
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

/// The folder that tells the kind of a file, whose path begins in its project where it has one: that of the project which
/// it is below of, else the one it stands in.
fn folder_of(file: &Path) -> Option<&str> {
    let folder = file.parent()?;
    let ends = [folder.components().next(), folder.components().next_back()];
    let mut names = ends.into_iter().flatten().filter_map(|part| part.as_os_str().to_str());
    names.find(|name| FOLDERS.contains(name))
}
