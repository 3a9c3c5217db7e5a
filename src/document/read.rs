//! Text to typed document, with all faults found on the way.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Agent, Eval, Project, ToolFile, Workflow};
use super::{check, places, remains, secrets, stray, tree};
use crate::diagnostic::{self, Diagnostic, SourceFile, Span};
use crate::expression::Problem;
use crate::value::{Object, Value};

/// A typed document that still knows where everything stands.
#[derive(Debug)]
pub struct Document<T> {
    /// The file it was read from.
    pub file: Arc<SourceFile>,
    /// What it says.
    pub value: T,
    tree: tree::Node,
    /// The places of the faults that were found when it was read.
    told: Vec<Span>,
    /// The JSON pointers of what is missing from it, or in doubt, for being at fault.
    gaps: BTreeSet<String>,
}

impl<T> Document<T> {
    /// Whether nothing was at fault when it was read: then it can be used.
    pub fn is_whole(&self) -> bool {
        self.told.is_empty()
    }

    /// The places of the faults that were found when it was read.
    pub fn told(&self) -> &[Span] {
        &self.told
    }

    /// Whether what stands at a JSON pointer, or around it, is missing or in doubt: nothing follows from its absence.
    pub fn lost(&self, pointer: &str) -> bool {
        let around = pointer.match_indices('/').filter_map(|(at, _)| pointer.get(..at));
        !self.gaps.is_empty() && around.chain([pointer]).any(|one| self.gaps.contains(one))
    }

    /// Whether entries of a map may be there under a name that is lost.
    pub fn lacks_entries(&self, pointer: &str) -> bool {
        let below = format!("{pointer}/");
        let mut inside = self.gaps.range(below.clone()..).map_while(|gap| gap.strip_prefix(&below));
        self.lost(pointer) || inside.any(|entry| !entry.contains('/'))
    }

    /// The same of anything at, around or below a JSON pointer.
    pub fn lacks(&self, pointer: &str) -> bool {
        let below = format!("{pointer}/");
        let mut from = self.gaps.range(below.clone()..);
        self.lost(pointer) || from.next().is_some_and(|gap| gap.starts_with(&below))
    }

    /// The place of the value at a JSON pointer; where the pointer leads nowhere, of its nearest ancestor.
    pub fn span_of(&self, pointer: &str) -> Span {
        self.tree.at(pointer).0.span
    }

    /// The place of the key at a JSON pointer.
    pub fn key_span(&self, pointer: &str) -> Span {
        let (node, key) = self.tree.at(pointer);
        key.unwrap_or(node.span)
    }

    /// The place in the file of a line and column (from 1) inside the text at a JSON pointer.
    pub fn place(&self, pointer: &str, line: usize, column: usize, width: usize) -> Span {
        places::inside(&self.file.text, self.tree.at(pointer).0, line, column, width)
    }

    /// A fault of the text at a JSON pointer, at its place in the file.
    pub fn diagnostic(&self, problem: &Problem, pointer: &str) -> Diagnostic {
        let span = self.place(pointer, problem.line, problem.column, problem.width);
        let mut diagnostic =
            Diagnostic::new(problem.code, problem.message.as_str()).at(&self.file, span);
        diagnostic.help.clone_from(&problem.help);
        diagnostic
    }
}

/// Kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `engine.yaml`
    Project,
    /// `agents/*.yaml`
    Agent,
    /// `tools/*.yaml`
    Tools,
    /// `workflows/*.yaml`
    Workflow,
    /// `evals/*.yaml`
    Eval,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::Project, Self::Agent, Self::Tools, Self::Workflow, Self::Eval];

    /// The name of its schema.
    pub fn name(self) -> &'static str {
        match self {
            Self::Project => "engine",
            Self::Agent => "agent",
            Self::Tools => "tools",
            Self::Workflow => "workflow",
            Self::Eval => "eval",
        }
    }
}

/// A type that is a whole file.
pub trait Kindred: serde::de::DeserializeOwned {
    /// Which kind of file it is.
    const KIND: Kind;
}

impl Kindred for Project {
    const KIND: Kind = Kind::Project;
}

impl Kindred for Agent {
    const KIND: Kind = Kind::Agent;
}

impl Kindred for ToolFile {
    const KIND: Kind = Kind::Tools;
}

impl Kindred for Workflow {
    const KIND: Kind = Kind::Workflow;
}

impl Kindred for Eval {
    const KIND: Kind = Kind::Eval;
}

/// Reads a file. With an error among the diagnostics there is no document.
pub fn read<T: Kindred>(file: Arc<SourceFile>) -> (Option<Document<T>>, Vec<Diagnostic>) {
    let (document, diagnostics) = read_as_far(file);
    (document.filter(Document::is_whole), diagnostics)
}

/// Reads a file as far as it goes. With an error among the diagnostics the document is not whole: what is at fault is missing
/// from it, so that the rest can be checked. There is none where nothing could be told of the rest.
pub fn read_as_far<T: Kindred>(file: Arc<SourceFile>) -> (Option<Document<T>>, Vec<Diagnostic>) {
    let text = file.text.strip_prefix('\u{feff}').unwrap_or(&file.text);
    let tree = match tree::read(text) {
        Ok(tree) => tree,
        Err(mut diagnostic) => {
            diagnostic.file = Some(file);
            return (None, vec![*diagnostic]);
        }
    };
    let value = tree.lower();
    if let Some((stray, key)) = stray::check(T::KIND, &value) {
        let span = tree.at(&format!("/{key}")).1.unwrap_or(tree.span);
        return (None, vec![stray.at(&file, span)]);
    }
    let (mut diagnostics, mut faulty) = check::check(T::KIND, &value, &tree, &file);
    let one_step_is_two = repeated_keys(T::KIND, &tree, &file, &mut diagnostics, &mut faulty);
    if one_step_is_two {
        diagnostics.retain(|d| !matches!(d.code, "wrong-kind" | "misplaced-key"));
    }
    let secrets = secrets::check(&value, &tree, &file);
    // Where a key stands, nothing else is worth a word.
    let is_secret = |found: &Diagnostic| {
        secrets.iter().any(|secret| {
            let inside = match (found.span, secret.span) {
                (Some(around), Some(secret)) => around.holds(secret),
                _ => false,
            };
            secret.span == found.span
                || inside && matches!(found.code, "invalid-value" | "literal-secret")
        })
    };
    diagnostics.retain(|found| !is_secret(found));
    diagnostics.extend(secrets);
    if diagnostics.is_empty() {
        match serde_path_to_error::deserialize(&value) {
            Ok(value) => {
                let (told, gaps) = (Vec::new(), BTreeSet::new());
                return (Some(Document { file, value, tree, told, gaps }), diagnostics);
            }
            Err(error) => diagnostics.push(untypable(error, &tree, &file)),
        }
    }
    diagnostic::sort(&mut diagnostics);
    let told = diagnostics.iter().filter_map(|found| found.span).collect();
    let document =
        remains::of(value, faulty).map(|(value, gaps)| Document { file, value, tree, told, gaps });
    (document, diagnostics)
}

/// What the schema lets through and the types do not: numbers too large to count with, mostly.
fn untypable(
    error: serde_path_to_error::Error<serde_json::Error>,
    tree: &tree::Node,
    file: &Arc<SourceFile>,
) -> Diagnostic {
    let pointer = check::pointer_of(error.path());
    let message = match tree.at(&pointer).0.lower() {
        Value::Number(_) => format!("`{}` is too large a number", check::last(&pointer)),
        _ => error.into_inner().to_string(),
    };
    Diagnostic::new("invalid-value", message)
        .help("give a smaller number, or leave the key out")
        .at(file, tree.at(&pointer).0.span)
}

/// Keys that stand twice in one map. Tells whether a second step whose dash was forgotten repeats the keys of the first.
fn repeated_keys(
    kind: Kind,
    tree: &tree::Node,
    file: &Arc<SourceFile>,
    diagnostics: &mut Vec<Diagnostic>,
    faulty: &mut remains::Faulty,
) -> bool {
    let no_dash = |key: &str| kind == Kind::Workflow && key == "id";
    let repeated = tree.repeated_keys();
    for (key, second, first) in repeated.iter().take(check::MOST) {
        let help = if no_dash(key) {
            // Which steps there are nobody knows.
            faulty.doubt("/steps");
            "begin the next step with `- `, or remove one of them"
        } else {
            "remove one of them"
        };
        if let Some(pointer) = tree.pointer_of(*first) {
            faulty.doubt(&pointer);
        }
        diagnostics.push(
            Diagnostic::new("duplicate-key", format!("key `{key}` stands here twice"))
                .help(help)
                .at(file, *second)
                .related("first here", file, *first),
        );
    }
    repeated.iter().any(|(key, _, _)| no_dash(key))
}

/// Reads a file that is one map of values, such as params.
pub fn read_object(text: &str) -> Result<Object, String> {
    match read_value(text)? {
        Value::Object(object) => Ok(object),
        _ => Err("the file is no map of names to values".to_owned()),
    }
}

/// Reads a file of YAML or JSON that is no kind of document.
pub fn read_value(text: &str) -> Result<Value, String> {
    tree::read(text).map(|tree| tree.lower()).map_err(|diagnostic| diagnostic.message)
}
