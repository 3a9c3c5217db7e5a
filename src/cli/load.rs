//! Finds and reads the files of a project.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, SourceFile};
use crate::document::{self, Document, Source, Tool, ToolKind, Workflow, is_yaml};
use crate::id::{SourceName, ToolName};
use crate::lsp::Surroundings;
use crate::plan::{self, Library, Plan};
use crate::tool::{self, Databases, Toolbox};

use super::arguments::Global;
use super::exit::Failure;
use super::files::{self, bytes_of, root_above};
use super::loading;

/// A project on disk, or none.
pub(super) struct Place {
    /// The folder that holds engine.yaml; none outside any project.
    pub(super) root: Option<PathBuf>,
    /// Where the user stands.
    pub(super) here: PathBuf,
    /// Texts that count in place of what is on disk: files that are open in an editor.
    pub(super) open: BTreeMap<PathBuf, String>,
    /// Who is told of sources that take long to load.
    pub(super) loading: tool::Watcher,
}

impl Place {
    /// Finds the project: `--project`, else the nearest engine.yaml at or above `from`.
    pub(super) fn find(global: &Global, from: &Path) -> Result<Self, Failure> {
        let here = std::env::current_dir()
            .map_err(|e| Failure::machine("cannot tell the current folder", &e))?;
        let loading = loading::watcher(global.quiet);
        if let Some(root) = &global.project {
            if !root.join("engine.yaml").is_file() {
                return Err(Failure::usage(
                    format!("{} holds no engine.yaml", root.display()),
                    "name the folder of a project, or make one with `engine init DIR`",
                ));
            }
            let root = Some(root.clone());
            return Ok(Self { root, here, open: BTreeMap::new(), loading });
        }
        let root = root_above(&here.join(from));
        Ok(Self { root, here, open: BTreeMap::new(), loading })
    }

    /// Where the journal is kept.
    pub(super) fn journal(&self, global: &Global) -> PathBuf {
        match &global.journal {
            Some(path) => path.clone(),
            None => self.root.as_deref().unwrap_or(&self.here).join(".engine").join("journal.db"),
        }
    }

    /// A path as the user would type it.
    pub(super) fn shown(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.here).unwrap_or(path).to_owned()
    }

    fn read(&self, path: &Path) -> Result<Arc<SourceFile>, Box<Diagnostic>> {
        let shown = self.shown(path);
        if let Some(text) = self.open.get(path) {
            return Ok(Arc::new(SourceFile { path: shown, text: text.clone() }));
        }
        match bytes_of(path) {
            Ok(bytes) => {
                if let Ok(text) = String::from_utf8(bytes) {
                    Ok(Arc::new(SourceFile { path: shown, text }))
                } else {
                    let file = Arc::new(SourceFile { path: shown, text: String::new() });
                    let fault = Diagnostic::new("not-utf8", "the file is not UTF-8 text");
                    Err(Box::new(fault.help("save it as UTF-8").in_file(&file)))
                }
            }
            Err(error) => {
                let file = Arc::new(SourceFile { path: shown, text: String::new() });
                let fault = Diagnostic::new("unreadable-file", error.to_string())
                    .help("make it a file that can be read, or remove it");
                Err(Box::new(fault.in_file(&file)))
            }
        }
    }

    /// The YAML files of one of the project's folders and of the folders in it, in order.
    pub(super) fn files_in(&self, folder: &str) -> Vec<PathBuf> {
        let Some(root) = &self.root else { return Vec::new() };
        let folder = root.join(folder);
        let mut files = files::below(&folder);
        let unsaved =
            |path: &&PathBuf| path.starts_with(&folder) && is_yaml(path) && !files.contains(path);
        let unsaved: Vec<PathBuf> = self.open.keys().filter(unsaved).cloned().collect();
        files.extend(unsaved);
        files.sort();
        files
    }
}

/// What was read, with all faults found on the way.
#[derive(Default)]
pub(super) struct Loaded {
    pub(super) library: Library,
    /// All tools of the project, on its sources.
    pub(super) toolbox: Toolbox,
    /// Whether values that are written out are held against what tools list.
    checks_values: bool,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// The files that were read, as shown.
    pub(super) files: Vec<PathBuf>,
}

impl Loaded {
    /// Reads engine.yaml alone.
    pub(super) fn project(place: &Place) -> Self {
        let mut loaded = Self::default();
        if let Some(root) = &place.root {
            let project = loaded.document(place, &root.join("engine.yaml"));
            loaded.library.set_project(project);
        }
        loaded
    }

    /// Reads everything that workflows may name: engine.yaml, agents and tools. Queries of the wanted tools are
    /// checked against their sources.
    pub(super) fn library(place: &Place, wanted: impl Fn(&ToolName) -> bool) -> Self {
        let mut loaded = Self::definitions(place);
        loaded.check_tools(wanted, Databases::default());
        loaded.check_unread_sources(place);
        loaded
    }

    /// The same without looking at sources: no query is checked.
    pub(super) fn library_of_files(place: &Place) -> Self {
        let mut loaded = Self::definitions(place);
        let is_query = |tool: &&Tool| matches!(tool.kind, ToolKind::Sql(_));
        let queries = loaded.library.tools().filter(is_query).map(|tool| tool.name.clone());
        let queries: BTreeSet<ToolName> = queries.collect();
        loaded.check_tools(|name| !queries.contains(name), Databases::default());
        loaded.check_unread_sources(place);
        loaded
    }

    /// The same, with the queries checked by the servers that are to run them as well.
    pub(super) fn library_online(place: &Place) -> Result<Self, Failure> {
        let mut loaded = Self::definitions(place);
        let runtime = super::setup::runtime()?;
        let databases = runtime.block_on(Databases::ask(&loaded.toolbox, &loaded.library));
        loaded.check_tools(|_| true, databases);
        loaded.check_unread_sources(place);
        Ok(loaded)
    }

    /// Reads engine.yaml, agents and tools, as far as they go.
    fn definitions(place: &Place) -> Self {
        let mut loaded = Self::project(place);
        if place.root.is_none() {
            return loaded;
        }
        for path in place.files_in("agents") {
            let agent = loaded.document(place, &path);
            loaded.diagnostics.extend(loaded.library.add_agent(agent));
        }
        for path in place.files_in("tools") {
            let tools = loaded.document(place, &path);
            loaded.diagnostics.extend(loaded.library.add_tools(tools));
        }
        let tools: Vec<_> = loaded.library.tools().cloned().collect();
        loaded.toolbox = super::setup::tools(place, &loaded.library, tools);
        loaded
    }

    fn check_tools(&mut self, wanted: impl Fn(&ToolName) -> bool, databases: Databases) {
        if self.library.project.is_none() {
            return;
        }
        let found = tool::check_tools(&self.toolbox, &mut self.library, wanted, databases);
        self.diagnostics.extend(found);
        self.diagnostics.extend(plan::check_library(&self.library));
    }

    /// The sources that no tool reads, and that are not there; of the others their tools tell.
    fn check_unread_sources(&mut self, place: &Place) {
        let (Some(project), Some(root)) = (&self.library.project, &place.root) else { return };
        let sql = |tool: &Tool| match &tool.kind {
            ToolKind::Sql(sql) => Some(sql.source.clone()),
            ToolKind::Http(_) | ToolKind::Mcp(_) => None,
        };
        let read: BTreeSet<SourceName> = self.library.tools().filter_map(sql).collect();
        let unread = project.value.sources.iter().filter(|(name, _)| !read.contains(*name));
        for (name, source) in unread {
            let (what, key, path, exists) = match source {
                Source::Csv(path) => ("folder", "csv", path, root.join(path).is_dir()),
                Source::Sqlite(path) => ("file", "sqlite", path, root.join(path).is_file()),
                Source::PostgresEnv(_) => continue,
            };
            if !exists {
                let message = format!("there is no {what} `{path}`");
                let help = format!("name a {what}, relative to engine.yaml, or remove the source");
                let span = project.span_of(&format!("/sources/{name}/{key}"));
                let fault = Diagnostic::new("source-unavailable", message).help(help);
                self.diagnostics.push(fault.at(&project.file, span));
            }
        }
    }

    /// From here on holds values that are written out against what the tools behind them list.
    pub(super) fn check_values(&mut self) {
        self.checks_values = true;
        self.list_values();
    }

    /// Asks the tools that params take their values from, each once.
    fn list_values(&mut self) {
        if !self.checks_values {
            return;
        }
        let of_tools = self.library.tools().flat_map(|tool| tool.params.values());
        let of_workflows = self.library.workflows().flat_map(|one| one.value.params.values());
        let named =
            of_tools.chain(of_workflows).filter_map(|param| Some(&param.values.as_ref()?.tool));
        let unasked = named.filter(|name| !self.library.listed.contains_key(*name));
        let unasked: BTreeSet<ToolName> = unasked.cloned().collect();
        for name in unasked {
            if let Some(rows) = self.toolbox.listed(&name) {
                self.library.listed.insert(name, rows);
            }
        }
    }

    /// Reads and compiles workflows, all at once.
    pub(super) fn workflows(
        &mut self,
        place: &Place,
        paths: &[PathBuf],
    ) -> Vec<Arc<Document<Workflow>>> {
        let read = super::parallel::map(paths, |path| read_as_far::<Workflow>(place, path));
        self.files.extend(paths.iter().map(|path| place.shown(path)));
        let mut documents = Vec::new();
        for (document, faults) in read {
            let document = document.map(Arc::new);
            self.library.add_workflow(document.clone());
            self.diagnostics.extend(faults);
            documents.extend(document);
        }
        self.workflows_within(place, &documents);
        self.list_values();
        let library = &self.library;
        let found = super::parallel::map(&documents, |document| plan::compile(document, library).1);
        for diagnostics in found {
            self.tell(diagnostics);
        }
        self.tell(plan::check_names(documents.iter().map(Arc::as_ref)));
        documents
    }

    /// Adds the project's other workflows where some that are here run one of them.
    pub(super) fn workflows_within(&mut self, place: &Place, here: &[Arc<Document<Workflow>>]) {
        let mut named = here.iter().flat_map(|document| document.value.workflow_names());
        if !named.all(|name| self.library.workflow(name).is_some()) {
            self.all_workflows(place);
        }
    }

    /// Adds the project's workflows to those that others may run.
    pub(super) fn all_workflows(&mut self, place: &Place) {
        for path in place.files_in("workflows") {
            let (document, faults) = read_as_far::<Workflow>(place, &path);
            self.library.add_workflow(document.map(Arc::new));
            if !faults.is_empty() && !self.files.contains(&place.shown(&path)) {
                self.take(place, &path, faults);
            }
        }
    }

    /// Warns of agents and tools that nothing uses. Only a whole project can tell.
    pub(super) fn check_use(&mut self, workflows: &[Arc<Document<Workflow>>]) {
        if !self.has_errors() {
            let workflows = workflows.iter().map(Arc::as_ref);
            self.diagnostics.extend(plan::check_use(&self.library, workflows));
        }
    }

    /// Reads one file of any kind, as far as it goes.
    pub(super) fn document<T: document::Kindred>(
        &mut self,
        place: &Place,
        path: &Path,
    ) -> Option<Document<T>> {
        let (document, diagnostics) = read_as_far(place, path);
        self.take(place, path, diagnostics);
        document
    }

    /// Takes note of a file that was read.
    pub(super) fn take(&mut self, place: &Place, path: &Path, diagnostics: Vec<Diagnostic>) {
        self.files.push(place.shown(path));
        self.diagnostics.extend(diagnostics);
    }

    /// Compiles a workflow against the library.
    pub(super) fn compile(&mut self, place: &Place, workflow: Document<Workflow>) -> Option<Plan> {
        let workflow = Arc::new(workflow);
        self.workflows_within(place, std::slice::from_ref(&workflow));
        let (plan, diagnostics) = plan::compile(&workflow, &self.library);
        self.tell(diagnostics);
        plan
    }

    /// Adds the faults of a workflow. A name that a faulty file may have meant to define is not worth a message:
    /// the file's own fault is told.
    pub(super) fn tell(&mut self, diagnostics: Vec<Diagnostic>) {
        let library = &self.library;
        self.diagnostics.extend(diagnostics.into_iter().filter(|found| !library.hides(found.code)));
    }

    /// What an editor is told of a project besides its workflows.
    pub(super) fn surroundings(self) -> Surroundings {
        let Self { library, diagnostics, .. } = self;
        Surroundings { library, diagnostics }
    }

    pub(super) fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    pub(super) fn failure(mut self) -> Failure {
        crate::diagnostic::sort(&mut self.diagnostics);
        Failure::Files(self.diagnostics, self.files)
    }
}

/// Reads one file, with its faults; with an error among them there is no document.
pub(super) fn read<T: document::Kindred>(
    place: &Place,
    path: &Path,
) -> (Option<Document<T>>, Vec<Diagnostic>) {
    let (document, faults) = read_as_far(place, path);
    (document.filter(Document::is_whole), faults)
}

/// Reads one file as far as it goes, with its faults.
pub(super) fn read_as_far<T: document::Kindred>(
    place: &Place,
    path: &Path,
) -> (Option<Document<T>>, Vec<Diagnostic>) {
    match place.read(path) {
        Ok(file) => document::read_as_far(file),
        Err(diagnostic) => (None, vec![*diagnostic]),
    }
}
