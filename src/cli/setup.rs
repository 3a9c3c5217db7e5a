//! Builds what a run works with from the files and the environment.

use std::path::Path;
use std::sync::Arc;

use crate::ask::Planner;
use crate::document::{McpServer, Project, Source, Tool};
use crate::event::Fault;
use crate::journal::{Journal, JournalError};
use crate::model::{Environment, Models, Tape};
use crate::plan::Library;
use crate::run::{self, Context};
use crate::tool::{self, Toolbox};

use super::arguments::Taping;
use super::environment::environment;
use super::exit::{Exit, Failure};
use super::load::Place;
use super::printer::Printer;

/// The models that can be asked: those of engine.yaml, or of the environment where there is no project.
pub(super) fn models(
    library: &Library,
    environment: &Environment,
    tape: Option<Arc<Tape>>,
) -> Models {
    match &library.project {
        Some(project) => Models::taped(&project.value, environment, tape),
        None => Models::from_environment(environment, tape.as_ref()),
    }
}

/// The recordings that a command writes or answers from.
pub(super) fn tape(taping: &Taping) -> Result<Option<Arc<Tape>>, Failure> {
    let tape = match (&taping.record, &taping.replay) {
        (Some(folder), _) => Tape::record(folder),
        (None, Some(folder)) => Tape::replay(folder),
        (None, None) => return Ok(None),
    };
    let help = "`--record DIR` makes recordings, `--replay DIR` answers from them";
    tape.map(|tape| Some(Arc::new(tape))).map_err(|message| Failure::usage(message, help))
}

/// The exit code of a command whose answers may come from recordings: a question that was not recorded is a failure,
/// whatever stood in for its answer.
pub(super) fn replayed(exit: Exit, misses: usize, printer: &Printer) -> Exit {
    if misses == 0 {
        return exit;
    }
    let questions = if misses == 1 { "1 question is" } else { &format!("{misses} questions are") };
    printer.err(&format!("error: {questions} not recorded\n  help: record again with --record\n"));
    if exit == Exit::Success { Exit::Failed } else { exit }
}

/// Tools on the sources of a project.
pub(super) fn tools(
    place: &Place,
    library: &Library,
    tools: impl IntoIterator<Item = Tool>,
) -> Toolbox {
    let tools: Vec<Tool> = tools.into_iter().collect();
    let environment = environment();
    let none = Project::default();
    let project = library.project.as_ref().map_or(&none, |document| &document.value);
    let servers = project.mcp.values().flat_map(McpServer::secret_names);
    let urls = project.sources.values().filter_map(Source::variable);
    let named = tools.iter().flat_map(tool::secret_names).chain(servers).chain(urls);
    let secrets = named.filter_map(|name| Some((name.to_owned(), environment.get(name)?.into())));
    let root = place.root.as_deref().unwrap_or(&place.here);
    Toolbox::new(root, project, secrets.collect(), tools, &place.loading)
}

/// What the user rules out, and lets happen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mode {
    /// No model is asked.
    pub(super) offline: bool,
    /// Tools write where nobody consents.
    pub(super) allow_write: bool,
}

impl Mode {
    /// Of a command that calls nothing.
    pub(super) const LOOK: Self = Self { offline: false, allow_write: true };
}

/// What a run works with.
pub(super) fn context(
    models: Models,
    tools: Toolbox,
    max_parallel: usize,
    Mode { offline, allow_write }: Mode,
    library: &Arc<Library>,
) -> Arc<Context> {
    let clock = Arc::new(now_us);
    let planner = || Arc::new(Planner::new(Arc::clone(library))) as Arc<dyn run::Planner>;
    let planner = library.project.as_ref().map(|_| planner());
    let pool = Arc::default();
    let (models, tools) = (Arc::new(models), Arc::new(tools));
    Arc::new(Context { models, tools, planner, clock, max_parallel, pool, offline, allow_write })
}

/// Microseconds since the Unix epoch.
pub(super) fn now_us() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

/// Opens the journal.
pub(super) fn journal(path: &Path) -> Result<Journal, Failure> {
    Journal::open(path).map_err(|error| {
        let why = match &error {
            JournalError::Unavailable { source, .. } => source.to_string(),
            other => other.to_string(),
        };
        let message = format!("cannot open the journal {}: {why}", path.display());
        let help = "see that it is a journal that can be read and written, or name another by --journal PATH";
        let fault = Fault::new("journal", message);
        Failure::Machine(match error {
            // It says itself what to do.
            JournalError::Newer { .. } => fault,
            _ => fault.help(help),
        })
    })
}

/// Opens the journal to read what happened; where there is none yet, nothing is written.
pub(super) fn past_journal(path: &Path) -> Result<Journal, Failure> {
    if path.exists() {
        return journal(path);
    }
    Journal::in_memory().map_err(|e| Failure::machine("cannot open the journal", &e))
}

/// Does the work of a command to its end, and takes leave of the servers that its tools asked.
pub(super) fn to_the_end<T>(tools: &Toolbox, work: impl Future<Output = T>) -> Result<T, Failure> {
    let both = async {
        let done = work.await;
        tools.close().await;
        done
    };
    Ok(runtime()?.block_on(both))
}

/// The runtime of a command that waits for something. One thread drives all steps: they wait for servers far
/// longer than they compute, and a step then costs no hop between threads. SQL runs on threads of its own.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::machine("cannot start the runtime", &e))
}

/// The runtime of many runs at once: one thread keeps their states and the journal, others speak with servers. Each
/// run waits for its own servers, so what a hop between threads costs one is time in which another goes on.
pub(super) fn runtime_of_many() -> Result<tokio::runtime::Runtime, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.saturating_sub(1).max(1))
        .enable_all()
        .build()
        .map_err(|e| Failure::machine("cannot start the runtime", &e))
}
