//! The open files, the projects around them, and what is known of both.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use crate::diagnostic::{Diagnostic, SourceFile};
use crate::document::{self, Document, Eval, Kind, Project, Workflow};
use crate::plan::{self, Library};
use crate::tool::Watcher;

use super::buffer::Buffer;
use super::position::Encoding;
use super::reading::Reading;

/// What the server asks of the disk. The command line answers, so that an editor is told just what `validate` tells.
pub trait Checks: Send + Sync {
    /// The folder of the project that a file stands in.
    fn root_of(&self, file: &Path) -> Option<PathBuf>;

    /// Reads and checks what the workflows of a project may name. A file that is open in the editor counts as it is
    /// there, not as it is on disk.
    fn surroundings(
        &self,
        root: &Path,
        open: BTreeMap<PathBuf, String>,
        sources: Sources,
    ) -> Surroundings;
}

/// What becomes of the sources behind tools.
pub enum Sources {
    /// They are not looked at: no query is checked, no value is held against what there is.
    Left,
    /// They are read; who is told when one of them takes long.
    Read(Watcher),
}

/// What is known of a project besides its workflows.
#[derive(Default)]
pub struct Surroundings {
    /// What its workflows may name.
    pub library: Library,
    /// The faults of engine.yaml, agents and tools.
    pub diagnostics: Vec<Diagnostic>,
}

/// What was found in an open workflow when it was last looked at.
struct Found {
    version: i32,
    surroundings: Rc<Surroundings>,
    diagnostics: Vec<Diagnostic>,
}

/// The open files and their projects.
pub(super) struct Workspace {
    checks: Arc<dyn Checks>,
    /// Who is told the root of a project that has been read.
    wake: Sender<PathBuf>,
    pub(super) encoding: Encoding,
    /// By URI.
    buffers: BTreeMap<String, Buffer>,
    /// By root; one that is absent is read when it is asked for.
    projects: BTreeMap<PathBuf, Rc<Surroundings>>,
    /// By root: what is still being read.
    readings: BTreeMap<PathBuf, Reading>,
    alone: Rc<Surroundings>,
    found: BTreeMap<String, Found>,
    /// The last state of each open workflow that could be read.
    good: BTreeMap<String, Rc<Document<Workflow>>>,
}

impl Workspace {
    pub(super) fn new(checks: Arc<dyn Checks>, wake: Sender<PathBuf>) -> Self {
        Self {
            checks,
            wake,
            encoding: Encoding::default(),
            buffers: BTreeMap::new(),
            projects: BTreeMap::new(),
            readings: BTreeMap::new(),
            alone: Rc::default(),
            found: BTreeMap::new(),
            good: BTreeMap::new(),
        }
    }

    pub(super) fn open(&mut self, uri: &str, version: i32, text: String) {
        let path = super::uri::to_path(uri);
        let root = path.as_deref().and_then(|path| self.checks.root_of(path));
        let path = path.unwrap_or_else(|| PathBuf::from(uri));
        let buffer = Buffer { uri: uri.to_owned(), path, root, version, text };
        self.forget_around(&buffer);
        self.buffers.insert(uri.to_owned(), buffer);
    }

    pub(super) fn change(
        &mut self,
        uri: &str,
        version: i32,
        changes: &[lsp_types::TextDocumentContentChangeEvent],
    ) {
        let encoding = self.encoding;
        let Some(mut buffer) = self.buffers.remove(uri) else { return };
        buffer.version = version;
        for change in changes {
            buffer.change(change, encoding);
        }
        self.forget_around(&buffer);
        self.buffers.insert(uri.to_owned(), buffer);
    }

    pub(super) fn close(&mut self, uri: &str) {
        self.found.remove(uri);
        self.good.remove(uri);
        if let Some(buffer) = self.buffers.remove(uri) {
            self.forget_around(&buffer);
        }
    }

    /// Something changed on disk.
    pub(super) fn forget_all(&mut self) {
        self.projects.clear();
        for buffer in self.buffers.values_mut() {
            buffer.root = self.checks.root_of(&buffer.path);
        }
    }

    /// A file that others name things from changes what is known of its project.
    fn forget_around(&mut self, buffer: &Buffer) {
        if let Some(root) = &buffer.root
            && !matches!(buffer.kind(), Some(Kind::Workflow | Kind::Eval))
        {
            self.projects.remove(root);
        }
    }

    pub(super) fn buffer(&self, uri: &str) -> Option<&Buffer> {
        self.buffers.get(uri)
    }

    pub(super) fn buffers(&self) -> impl Iterator<Item = &Buffer> {
        self.buffers.values()
    }

    /// What is known of the project around a file.
    pub(super) fn surroundings(&mut self, root: Option<&Path>) -> Rc<Surroundings> {
        let Some(root) = root else { return Rc::clone(&self.alone) };
        if let Some(known) = self.projects.get(root) {
            return Rc::clone(known);
        }
        let open: BTreeMap<_, _> =
            self.buffers.values().map(|b| (b.path.clone(), b.text.clone())).collect();
        let read = if let Some(under_way) = self.readings.get_mut(root) {
            // A second reading would only wait for the same source.
            under_way.stale = true;
            None
        } else {
            let begun = Reading::begin(&self.checks, root, open.clone(), &self.wake);
            let read = begun.at_once();
            if read.is_none() {
                self.readings.insert(root.to_owned(), begun);
            }
            read
        };
        let read = read.unwrap_or_else(|| self.checks.surroundings(root, open, Sources::Left));
        let read = Rc::new(read);
        self.projects.insert(root.to_owned(), Rc::clone(&read));
        read
    }

    /// Takes what was read of a project; whether more is known of it than before.
    pub(super) fn arrived(&mut self, root: &Path) -> bool {
        let Some(reading) = self.readings.remove(root) else { return false };
        // What nobody asked for since it was forgotten is read when it is asked for.
        let Some(known) = self.projects.get_mut(root) else { return false };
        if reading.stale {
            self.projects.remove(root);
            return true;
        }
        // A check that ended with a bug ends so again: what the files tell has to do.
        reading.end().map(|read| *known = Rc::new(read)).is_some()
    }

    /// The faults of everything that is open, and of the files that open ones take names from.
    pub(super) fn diagnostics(&mut self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let mut roots: Vec<PathBuf> = self.buffers().filter_map(|b| b.root.clone()).collect();
        roots.sort();
        roots.dedup();
        // What nobody looks at any more is not kept.
        self.projects.retain(|root, _| roots.contains(root));
        for root in &roots {
            found.extend(self.surroundings(Some(root)).diagnostics.iter().cloned());
        }
        let uris: Vec<String> = self.buffers.keys().cloned().collect();
        for uri in &uris {
            found.extend(self.faults(uri));
        }
        for root in &roots {
            found.extend(self.twins(root));
        }
        found
    }

    /// Open workflows of a project whose name another one has; open ones count as they are there.
    fn twins(&mut self, root: &Path) -> Vec<Diagnostic> {
        let surroundings = self.surroundings(Some(root));
        let here = |buffer: &&Buffer| buffer.root.as_deref() == Some(root);
        let open: Vec<&Buffer> = self.buffers().filter(here).collect();
        let is_open = |path: &Path| open.iter().any(|buffer| buffer.path == path);
        let good = open.iter().filter_map(|buffer| self.good.get(&buffer.uri)).map(Rc::as_ref);
        let closed = surroundings.library.workflows();
        let closed = closed.filter(|document| !is_open(&document.file.path));
        let mut all: Vec<&Document<Workflow>> = good.chain(closed).collect();
        all.sort_by(|a, b| a.file.path.cmp(&b.file.path));
        let mut found = plan::check_names(all);
        found.retain(|twin| twin.file.as_ref().is_some_and(|file| is_open(&file.path)));
        found
    }

    /// The faults of an open file that its project does not tell.
    fn faults(&mut self, uri: &str) -> Vec<Diagnostic> {
        let Some(buffer) = self.buffers.get(uri) else { return Vec::new() };
        let (kind, root, version) = (buffer.kind(), buffer.root.clone(), buffer.version);
        match kind {
            Some(Kind::Workflow | Kind::Eval) => {}
            Some(Kind::Project) if root.is_none() => {
                return document::read::<Project>(source(buffer)).1;
            }
            _ => return Vec::new(),
        }
        let surroundings = self.surroundings(root.as_deref());
        if let Some(known) = self.found.get(uri)
            && known.version == version
            && Rc::ptr_eq(&known.surroundings, &surroundings)
        {
            return known.diagnostics.clone();
        }
        let Some(buffer) = self.buffers.get(uri) else { return Vec::new() };
        let told = |found: &Diagnostic| !surroundings.library.hides(found.code);
        let diagnostics = if kind == Some(Kind::Eval) {
            let (document, mut diagnostics) = document::read::<Eval>(source(buffer));
            let found = document.map(|one| plan::check_eval(&surroundings.library, &one));
            diagnostics.extend(found.unwrap_or_default().into_iter().filter(told));
            diagnostics
        } else {
            let (document, mut diagnostics) = document::read_as_far::<Workflow>(source(buffer));
            if let Some(document) = document {
                let (_, found) = plan::compile(&document, &surroundings.library);
                diagnostics.extend(found.into_iter().filter(told));
                if document.is_whole() {
                    self.good.insert(uri.to_owned(), Rc::new(document));
                }
            }
            diagnostics
        };
        let reading = Found { version, surroundings, diagnostics: diagnostics.clone() };
        self.found.insert(uri.to_owned(), reading);
        diagnostics
    }

    /// An open workflow as far as it can be read: as it is, else without the line that is being written, else as it
    /// last was.
    pub(super) fn workflow(&self, uri: &str, line: usize) -> Option<Rc<Document<Workflow>>> {
        let buffer = self.buffers.get(uri)?;
        let read = |text: String| {
            let file = Arc::new(SourceFile { path: buffer.path.clone(), text });
            document::read::<Workflow>(file).0.map(Rc::new)
        };
        let without = || {
            let lines = buffer.text.split_inclusive('\n').enumerate();
            lines.map(|(number, text)| if number == line { "\n" } else { text }).collect()
        };
        read(buffer.text.clone())
            .or_else(|| read(without()))
            .or_else(|| self.good.get(uri).map(Rc::clone))
    }
}

/// A buffer as a file that was read.
pub(super) fn source(buffer: &Buffer) -> Arc<SourceFile> {
    Arc::new(SourceFile { path: buffer.path.clone(), text: buffer.text.clone() })
}
