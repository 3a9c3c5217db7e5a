//! Faults found in files: what is wrong, where, and how to mend it.
//!
//! A diagnostic knows its kind and its place and nothing of colours or formats; `report` draws it.
//! Checks return all faults they find, never only the first.

mod rules;

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

pub use rules::{Rule, listing, rule, rules};

/// How much a diagnostic weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, but hardly does what its author means.
    Warning,
}

impl Severity {
    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A range of text; lines and columns count characters from 1, the end is exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// First line.
    pub line: usize,
    /// Column of the first character.
    pub column: usize,
    /// Last line.
    pub end_line: usize,
    /// Column after the last character.
    pub end_column: usize,
}

impl Span {
    /// A range on one line.
    pub fn on_line(line: usize, column: usize, width: usize) -> Self {
        Self { line, column, end_line: line, end_column: column + width }
    }

    /// Whether another range lies within this one.
    pub fn holds(self, other: Self) -> bool {
        (self.line, self.column) <= (other.line, other.column)
            && (other.end_line, other.end_column) <= (self.end_line, self.end_column)
    }
}

/// A file as read: its path as shown to the user, and its text.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Path relative to where the user stands, or as given.
    pub path: PathBuf,
    /// The whole text.
    pub text: String,
}

/// A second place that explains a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// What is there.
    pub message: String,
    /// Where.
    pub span: Span,
    /// In which file.
    pub file: Arc<SourceFile>,
}

/// One fault of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable name of the rule, in kebab case (`unknown-step`).
    pub code: &'static str,
    /// What is wrong: a lower-case fragment without a final period.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// The file; none where no file exists to point at.
    pub file: Option<Arc<SourceFile>>,
    /// Where in the file; none where the fault is the whole file's.
    pub span: Option<Span>,
    /// Other places that explain it.
    pub related: Vec<Related>,
}

impl Diagnostic {
    /// A fault without a place yet. The page of its rule says how much it weighs.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            help: None,
            file: None,
            span: None,
            related: Vec::new(),
        }
    }

    /// Says how to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says where it is.
    #[must_use]
    pub fn at(mut self, file: &Arc<SourceFile>, span: Span) -> Self {
        self.file = Some(Arc::clone(file));
        self.span = Some(span);
        self
    }

    /// Says which file it is about, where no place in it is to blame.
    #[must_use]
    pub fn in_file(mut self, file: &Arc<SourceFile>) -> Self {
        self.file = Some(Arc::clone(file));
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn related(
        mut self,
        message: impl Into<String>,
        file: &Arc<SourceFile>,
        span: Span,
    ) -> Self {
        self.related.push(Related { message: message.into(), span, file: Arc::clone(file) });
        self
    }

    /// Error or warning.
    pub fn severity(&self) -> Severity {
        rules::severity(self.code)
    }

    /// Whether the file cannot be used.
    pub fn is_error(&self) -> bool {
        self.severity() == Severity::Error
    }
}

/// The line and column of a byte of a text, from 1, in characters.
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    (line, before.rsplit('\n').next().unwrap_or_default().chars().count() + 1)
}

/// Puts diagnostics into the order in which they are shown: by file, place, code. What several workflows found of
/// one that they run is told once.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| {
        fn key(d: &Diagnostic) -> (Option<&PathBuf>, Option<Span>, &str, &str) {
            (d.file.as_ref().map(|file| &file.path), d.span, d.code, &d.message)
        }
        key(a).cmp(&key(b))
    });
    diagnostics.dedup();
}

/// Help for a name that does not exist: the nearest existing one, else all of them.
///
/// `what` is the plural the reader knows the names by (`steps`, `agents`). Nearness is the
/// Jaro-Winkler similarity, at least 0.8, as in clap's own suggestions.
pub fn suggest<'n>(unknown: &str, names: impl IntoIterator<Item = &'n str>, what: &str) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let nearest = nearest(unknown, names.iter().copied());
    let listed = names.iter().take(12).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    let rest =
        if names.len() > 12 { format!(" and {} more", names.len() - 12) } else { String::new() };
    match (nearest, names.is_empty()) {
        (Some(name), _) => format!("did you mean `{name}`? {what}: {listed}{rest}"),
        (None, false) => format!("{what}: {listed}{rest}"),
        (None, true) => format!("there are no {what}"),
    }
}

/// Names that an unknown one is compared with; more are made by programs, and then every unknown name costs too much.
const COMPARED: usize = 2000;

/// The existing name most like an unknown one, if any is like it at all.
pub fn nearest<'n>(unknown: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let unknown = unknown.to_lowercase();
    names
        .into_iter()
        .take(COMPARED)
        .map(|name| (likeness(&unknown, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// One letter wrong, too many, missing or swapped with its neighbour is a slip, however short the name.
fn likeness(one: &str, other: &str) -> f64 {
    let alike = strsim::jaro_winkler(one, other);
    let slip = one.len() > 2 && other.len() > 2 && strsim::osa_distance(one, other) == 1;
    if slip { alike.max(0.85) } else { alike }
}
