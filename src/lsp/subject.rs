//! What a word of a file is about.

use crate::document::Kind;
use crate::plan::ITEM;

use super::outline::{At, Cursor, Outline, Segment};
use super::phrase::{self, Phrase};
use super::position::Place;
use super::schema;

/// What a word names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A step, or a part of what it gives: the segments behind its id.
    Step {
        id: String,
        path: Vec<String>,
    },
    /// A param of the workflow.
    Param(String),
    /// A name computed before, in the same step.
    Computed {
        step: usize,
        name: String,
    },
    Filter(String),
    Agent(String),
    Tool(String),
    Model(String),
    Source(String),
    Workflow(String),
    /// The item of a step with `for_each`, or a part of it.
    Item {
        step: usize,
        path: Vec<String>,
    },
    /// A param of the tool or workflow that a step calls.
    Argument {
        step: usize,
        param: String,
    },
    /// A key of the file; the way to it.
    Key(Vec<Segment>),
}

/// A subject and the word that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) subject: Subject,
    pub(super) at: Place,
    pub(super) width: usize,
}

/// Whether the value at a path is an expression, braces or not.
pub(super) fn is_expression(path: &[Segment]) -> bool {
    match path {
        [Segment::Key(steps), Segment::Item(_), Segment::Key(key), rest @ ..]
            if steps == "steps" =>
        {
            key == "when" && rest.is_empty() || key == "compute" && rest.len() == 1
        }
        _ => false,
    }
}

/// The step that a place of the file belongs to.
pub(super) fn step_of(path: &[Segment]) -> Option<usize> {
    match path {
        [Segment::Key(steps), Segment::Item(number), ..] if steps == "steps" => Some(*number),
        _ => None,
    }
}

/// What the word at a cursor is about.
pub(super) fn at(kind: Kind, outline: &Outline, cursor: &Cursor, place: Place) -> Option<Found> {
    match &cursor.at {
        At::Word { word, keyed: true, .. } => {
            let key = Segment::Key(word.text.clone());
            let path = [cursor.path.clone(), vec![key]].concat();
            let subject = of_key(kind, path);
            Some(Found { subject, at: word.at, width: word.width() })
        }
        At::Word { word, keyed: false, .. } => {
            let subject = of_value(kind, outline, &cursor.path, &word.text)?;
            Some(Found { subject, at: word.at, width: word.width() })
        }
        At::Value { before, after, text } => {
            let phrase = (kind == Kind::Workflow)
                .then(|| phrase::at(before, after, is_expression(&cursor.path)))
                .flatten();
            if let Some(phrase) = phrase {
                return of_phrase(outline, cursor, phrase, place);
            }
            if before.contains('\n') {
                return None;
            }
            let end = if *text { after.as_str() } else { after.trim_end() };
            let subject = of_value(kind, outline, &cursor.path, &format!("{before}{end}"))?;
            let before = before.chars().count();
            let at = Place { column: place.column.saturating_sub(before), ..place };
            Some(Found { subject, at, width: before + end.chars().count() })
        }
    }
}

fn of_phrase(outline: &Outline, cursor: &Cursor, phrase: Phrase, place: Place) -> Option<Found> {
    let (segment, subject) = match phrase {
        Phrase::Filter { segment, .. } => {
            let name = segment.whole();
            (segment, Subject::Filter(name))
        }
        Phrase::Name { mut path, segment, .. } => {
            path.push(segment.whole());
            (segment, of_path(outline, cursor, &path)?)
        }
    };
    let typed = segment.typed.chars().count();
    let at = Place { column: place.column.saturating_sub(typed), ..place };
    Some(Found { subject, at, width: typed + segment.rest.chars().count() })
}

fn of_path(outline: &Outline, cursor: &Cursor, path: &[String]) -> Option<Subject> {
    match path {
        [steps, id, rest @ ..] if steps == "steps" => {
            Some(Subject::Step { id: id.clone(), path: rest.to_vec() })
        }
        [params, name] if params == "params" => Some(Subject::Param(name.clone())),
        [name, rest @ ..] => {
            let step = step_of(&cursor.path)?;
            if is_item(outline, step, name) {
                return Some(Subject::Item { step, path: rest.to_vec() });
            }
            let compute = Outline::of_step(step, "compute");
            let known = rest.is_empty() && outline.keys(&compute).any(|key| key.text == *name);
            known.then(|| Subject::Computed { step, name: name.clone() })
        }
        [] => None,
    }
}

/// Whether the texts of a step read its item by a name.
fn is_item(outline: &Outline, step: usize, name: &str) -> bool {
    let own = outline.scalar(&Outline::of_step(step, "as")).map_or(ITEM, |word| word.text.as_str());
    own == name && outline.at(&Outline::of_step(step, "for_each")).is_some()
}

/// What a key is about. Names that people gave are about what they name.
fn of_key(kind: Kind, path: Vec<Segment>) -> Subject {
    match path.as_slice() {
        [Segment::Key(params), Segment::Key(name)]
            if params == "params" && kind == Kind::Workflow =>
        {
            Subject::Param(name.clone())
        }
        [.., Segment::Item(step), Segment::Key(compute), Segment::Key(name)]
            if compute == "compute" =>
        {
            Subject::Computed { step: *step, name: name.clone() }
        }
        [.., Segment::Item(step), Segment::Key(with), Segment::Key(param)] if with == "with" => {
            Subject::Argument { step: *step, param: param.clone() }
        }
        _ => Subject::Key(path),
    }
}

/// What a value is about that is one word: the item that `as` names, or what the schema wants a name of.
fn of_value(kind: Kind, outline: &Outline, path: &[Segment], text: &str) -> Option<Subject> {
    match step_of(path).filter(|_| kind == Kind::Workflow) {
        Some(step) if path == Outline::of_step(step, "as") && is_item(outline, step, text) => {
            Some(Subject::Item { step, path: Vec::new() })
        }
        _ => of_name(kind, path, text),
    }
}

/// What a name is about that stands where the schema wants one.
fn of_name(kind: Kind, path: &[Segment], text: &str) -> Option<Subject> {
    let text = text.to_owned();
    if text.is_empty() {
        return None;
    }
    let names = schema::at(kind, path).names;
    let wants = |name: &str| names.contains(&name);
    match () {
        () if wants("ToolName") => Some(Subject::Tool(text)),
        () if wants("AgentName") => Some(Subject::Agent(text)),
        () if wants("ModelName") => Some(Subject::Model(text)),
        () if wants("SourceName") => Some(Subject::Source(text)),
        () if wants("WorkflowName") && path.last() != Some(&Segment::Key("name".to_owned())) => {
            Some(Subject::Workflow(text))
        }
        () if wants("StepId") => Some(Subject::Step { id: text, path: Vec::new() }),
        () => None,
    }
}
