//! A project that questions are put to, one or many.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{Asked, catalog};
use crate::ask::{self, Catalog};
use crate::cli::arguments::{Ask, Global, Taping};
use crate::cli::drive::MAX_PARALLEL;
use crate::cli::environment::environment;
use crate::cli::exit::{Exit, Failure};
use crate::cli::load::{Loaded, Place};
use crate::cli::printer::Printer;
use crate::cli::sessions::Sessions;
use crate::cli::setup::{self, Mode};
use crate::document::{Document, Workflow, is_yaml};
use crate::journal::Journal;
use crate::plan::Library;
use crate::report::{self, RecallReport};
use crate::run::Context;
use crate::tool::Toolbox;

/// Earlier questions that are told.
const MOST_RECALLED: usize = 5;

/// A project with everything that answers need.
pub(in crate::cli) struct Room {
    place: Place,
    journal_path: std::path::PathBuf,
    library: Arc<Library>,
    documents: Vec<Arc<Document<Workflow>>>,
    context: Arc<Context>,
}

impl Room {
    /// Reads and checks the project.
    pub(in crate::cli) fn open(
        global: &Global,
        offline: bool,
        taping: &Taping,
    ) -> Result<Self, Failure> {
        let place = Place::find(global, Path::new(""))?;
        if place.root.is_none() {
            let help = "go to a project's folder, name it with --project, or make one with `engine init DIR`";
            return Err(Failure::usage(
                "there is no project here whose agents could be asked",
                help,
            ));
        }
        let mut loaded = Loaded::library(&place, |_| true);
        let documents = loaded.workflows(&place, &place.files_in("workflows"));
        if loaded.has_errors() {
            return Err(loaded.failure());
        }
        let Loaded { library, toolbox, .. } = loaded;
        let models = setup::models(&library, &environment(), setup::tape(taping)?);
        let limits = library.project.as_ref().and_then(|project| project.value.limits.max_parallel);
        let limit = limits.map_or(MAX_PARALLEL, usize::from);
        // A question never changes anything that nobody consents to.
        let mode = Mode { offline, allow_write: false };
        let library = Arc::new(library);
        let context = setup::context(models, toolbox, limit, mode, &library);
        Ok(Self { journal_path: place.journal(global), place, library, documents, context })
    }

    /// What can be asked, with the values that the data holds now.
    pub(in crate::cli) async fn catalog(&self) -> Result<Arc<Catalog>, Failure> {
        catalog(&self.library, &self.documents, &self.context.tools).await
    }

    /// What agents and steps can call.
    pub(in crate::cli) fn tools(&self) -> &Toolbox {
        &self.context.tools
    }

    /// Opens the journal.
    pub(in crate::cli) fn journal(&self) -> Result<RefCell<Journal>, Failure> {
        setup::journal(&self.journal_path).map(RefCell::new)
    }

    /// The conversations.
    pub(in crate::cli) fn sessions(&self) -> Sessions {
        Sessions::beside(&self.journal_path)
    }

    /// Where the project keeps what is its user's own.
    pub(in crate::cli) fn folder(&self) -> &Path {
        self.journal_path.parent().unwrap_or(&self.place.here)
    }

    /// Answers one question and keeps it in its session.
    #[expect(clippy::future_not_send, reason = "the journal stays on its thread")]
    pub(in crate::cli) async fn answer(
        &self,
        arguments: &Ask,
        catalog: &Arc<Catalog>,
        journal: &RefCell<Journal>,
        cancel: CancellationToken,
        printer: &Printer,
    ) -> Result<Exit, Failure> {
        let question = arguments.question.trim();
        if question.is_empty() {
            return Err(Failure::usage(
                "the question is empty",
                "engine ask \"Can we afford ...?\"",
            ));
        }
        if let Some(path) = &arguments.save {
            may_be_kept(path)?;
        }
        let sessions = self.sessions();
        if let Some(subject) = ask::subject(question) {
            let found = sessions.recall(&subject, MOST_RECALLED)?;
            if arguments.ending.json {
                printer.json("the answer", &RecallReport { recalled: &found })?;
            } else {
                printer.out(&report::recalled(&found));
            }
            return Ok(Exit::Success);
        }
        let named = arguments.session.as_ref();
        let turns = named.map_or_else(|| Ok(Vec::new()), |name| sessions.turns(name))?;
        // Where nobody reads along, the answer is printed once it is whole.
        let shown = printer.screen().drawn;
        let full = ask::in_full(catalog, &turns, question);
        let workflows = self.place.root.as_ref().map(|root| root.join("workflows"));
        let asked = Asked {
            turns,
            workflows: workflows.as_deref(),
            question: full.as_deref().unwrap_or(question),
            verbatim: question,
            catalog,
            context: &self.context,
            journal,
            cancel,
            arguments,
            printer,
            before: Cell::default(),
            unanswered: Cell::default(),
            ahead: Arc::default(),
            voice: (shown && !arguments.ending.json).then(Arc::default),
        };
        let (exit, turn) = asked.answer().await?;
        match (named, turn) {
            (Some(name), Some(turn)) => sessions.add(name, &turn)?,
            // What was only planned was not answered.
            (None, Some(turn)) if turn.run_id.is_some() => sessions.add_alone(&turn)?,
            (_, _) => {}
        }
        Ok(setup::replayed(exit, self.context.models.misses(), printer))
    }
}

/// Refuses files that a plan cannot be kept as, before anything is asked.
fn may_be_kept(path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    if !is_yaml(path) {
        let message =
            format!("{shown} would be no workflow: its name ends neither in `.yaml` nor in `.yml`");
        return Err(Failure::usage(message, "name a file such as workflows/NAME.yaml"));
    }
    if path.exists() {
        return Err(Failure::usage(format!("{shown} exists already"), "name another file"));
    }
    Ok(())
}
