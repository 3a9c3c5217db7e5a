//! Where a workflow names a step, a param, a computed name or an item.

use crate::diagnostic::Span;
use crate::document::{AgentRef, Document, Workflow};
use crate::expression::{Root, citations};
use crate::lsp::position::{Encoding, Lines, Place};
use crate::plan::{self, Text};
use crate::value::pointer_segment;

use super::What;

/// The name that is sought, and the one that replaces it.
#[derive(Clone, Copy)]
pub(super) struct Names<'n> {
    pub(super) what: &'n What,
    pub(super) old: &'n str,
    pub(super) new: &'n str,
}

impl<'n> Names<'n> {
    /// The names behind which the old one stands in a path that the text at a pointer reads; none where it is not there.
    fn trail(&self, path: &[String], pointer: &str) -> Option<Vec<&'n str>> {
        let bare = self.what.is_bare_in(pointer).then(Vec::new);
        let global = Some(self.what.trail()).filter(|trail| !trail.is_empty());
        [bare, global].into_iter().flatten().find(|trail| {
            path.iter()
                .map(String::as_str)
                .take(trail.len() + 1)
                .eq(trail.iter().copied().chain([self.old]))
        })
    }

    /// Puts the new name into a path that the text at a pointer reads, where the old one is in it.
    pub(super) fn give(&self, path: &mut [String], pointer: &str) {
        let Some(trail) = self.trail(path, pointer) else { return };
        if let Some(name) = path.get_mut(trail.len()) {
            self.new.clone_into(name);
        }
    }
}

/// A stretch of the file, in bytes, and what is to stand there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edit {
    pub(super) offset: usize,
    pub(super) length: usize,
    pub(super) text: String,
}

/// The edits that replace the name wherever it stands, in order. Where a key must be added that may stand on a line of its own or
/// in braces, there is one list of edits for each.
pub(super) fn find(
    document: &Document<Workflow>,
    names: &Names<'_>,
    lines: &Lines<'_>,
) -> Vec<Vec<Edit>> {
    let mut seeker = Seeker { document, names, lines, found: Vec::new() };
    let workflow = &document.value;
    let mut added = Vec::new();
    match names.what {
        What::Step => {
            for (number, step) in workflow.steps.iter().enumerate() {
                if step.id.as_str() == names.old {
                    seeker.word(document.span_of(&format!("/steps/{number}/id")));
                }
                let needs = step.needs.iter();
                for (place, ..) in needs.filter(|(_, need, _)| need.as_str() == names.old) {
                    seeker.word(document.span_of(&format!("/steps/{number}/needs{place}")));
                }
            }
        }
        What::Param => {
            seeker.word(document.key_span(&format!("/params/{}", names.old)));
            for (index, question) in workflow.questions.iter().enumerate() {
                seeker.question(question, &format!("/questions/{index}"));
            }
        }
        What::Computed { step, .. } => {
            for key in ["compute", "default"] {
                let key = format!("/steps/{step}/{key}/{}", pointer_segment(names.old));
                seeker.word(document.key_span(&key));
            }
        }
        What::Item { step } => {
            let has_name = workflow.steps.get(*step).is_some_and(|step| step.item_name.is_some());
            if has_name {
                seeker.word(document.span_of(&format!("/steps/{step}/as")));
            } else {
                added = seeker.item_key(document.key_span(&format!("/steps/{step}/for_each")));
            }
        }
    }
    for text in plan::texts(workflow) {
        seeker.text(&text);
    }
    for (number, step) in workflow.steps.iter().enumerate() {
        if let Some(AgentRef::Inline(agent)) = &step.agent
            && let Some(instructions) = &agent.instructions
        {
            seeker.cited(instructions, &format!("/steps/{number}/agent/instructions"));
        }
    }
    let found = seeker.found;
    let with = |edit: Option<Edit>| {
        let mut edits: Vec<Edit> = found.iter().cloned().chain(edit).collect();
        edits.sort_unstable();
        edits.dedup();
        edits
    };
    if added.is_empty() {
        vec![with(None)]
    } else {
        added.into_iter().map(|edit| with(Some(edit))).collect()
    }
}

struct Seeker<'s> {
    document: &'s Document<Workflow>,
    names: &'s Names<'s>,
    lines: &'s Lines<'s>,
    found: Vec<Edit>,
}

impl Seeker<'_> {
    fn source(&self) -> &str {
        &self.document.file.text
    }

    fn offset(&self, span: Span) -> usize {
        self.lines.offset(Place {
            line: span.line.saturating_sub(1),
            column: span.column.saturating_sub(1),
        })
    }

    fn push(&mut self, offset: usize) {
        let edit = Edit { offset, length: self.names.old.len(), text: self.names.new.to_owned() };
        if !self.found.contains(&edit) {
            self.found.push(edit);
        }
    }

    /// The key that gives an item its name, before `for_each`: on a line of its own, or in braces.
    fn item_key(&self, for_each: Span) -> Vec<Edit> {
        let (offset, new) = (self.offset(for_each), self.names.new);
        let indent = " ".repeat(for_each.column.saturating_sub(1));
        [format!("as: {new}\n{indent}"), format!("as: {new}, ")]
            .map(|text| Edit { offset, length: 0, text })
            .into()
    }

    /// A scalar that is the name and nothing else, in quotes or not.
    fn word(&mut self, span: Span) {
        let offset = self.offset(span);
        let rest = self.source().get(offset..).unwrap_or_default();
        let quotes = usize::from(rest.starts_with(['"', '\'']));
        if rest.get(quotes..).is_some_and(|rest| rest.starts_with(self.names.old)) {
            self.push(offset + quotes);
        }
    }

    fn text(&mut self, text: &Text<'_>) {
        let lines = Lines::of(text.source, Encoding::Utf8);
        for read in text.analyse().reads {
            let root = match &read.root {
                Root::Steps => "steps",
                Root::Params => "params",
                Root::Local(name) => name,
            };
            let path = [vec![root.to_owned()], read.path].concat();
            let Some(trail) = self.names.trail(&path, &text.pointer) else { continue };
            let span = self.document.place(&text.pointer, read.line, read.column, read.width);
            if !self.dotted(self.offset(span), "", &trail) {
                let line = read.line.saturating_sub(1);
                let at = lines.offset(Place { line, column: read.column.saturating_sub(1) });
                self.hidden(&text.pointer, text.source, at, &trail);
            }
        }
        self.cited(text.source, &text.pointer);
    }

    /// The name in the citations of a text.
    fn cited(&mut self, source: &str, pointer: &str) {
        for citation in citations(source) {
            let path: Vec<String> =
                citation.path.split('.').map(|name| name.trim().to_owned()).collect();
            let Some(trail) = self.names.trail(&path, "") else { continue };
            let before = source.get(..citation.range.start).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            let span = self.document.place(pointer, line, column, 1);
            if !self.dotted(self.offset(span), "[", &trail) {
                self.hidden(pointer, source, citation.range.start, &trail);
            }
        }
    }

    /// The name in `{name}` of a question.
    fn question(&mut self, question: &str, pointer: &str) {
        let braced = format!("{{{}}}", self.names.old);
        let times = question.matches(&braced).count();
        let start = self.offset(self.document.span_of(pointer));
        let rest = self.source().get(start..).unwrap_or_default();
        let places: Vec<usize> =
            rest.match_indices(&braced).take(times).map(|(at, _)| start + at + 1).collect();
        for place in places {
            self.push(place);
        }
    }

    /// Takes the name behind its trail at a place; whether it is there. `begin` may stand before it.
    fn dotted(&mut self, offset: usize, begin: &str, trail: &[&str]) -> bool {
        let old = self.names.old;
        let rest = self.source().get(offset..).unwrap_or_default();
        let inside = rest.trim_start_matches(|c: char| begin.contains(c) || c == ' ');
        let skipped = if begin.is_empty() { 0 } else { rest.len() - inside.len() };
        let Some(at) = rest.get(skipped..).and_then(|rest| behind(rest, trail, old)) else {
            return false;
        };
        self.push(offset + skipped + at);
        true
    }

    /// Takes a name whose place the style of its text hides (folded blocks, several lines): whatever the style, the
    /// file has as many such names, in the same order, as the text that is read from it.
    fn hidden(&mut self, pointer: &str, source: &str, at: usize, trail: &[&str]) {
        let old = self.names.old;
        let before = places(source, trail, old).take_while(|place| *place < at).count();
        let start = self.offset(self.document.span_of(pointer));
        let rest = self.source().get(start..).unwrap_or_default();
        let place = places(rest, trail, old).nth(before);
        let name = place.and_then(|place| {
            Some(place + rest.get(place..).and_then(|rest| behind(rest, trail, old))?)
        });
        if let Some(name) = name {
            self.push(start + name);
        }
    }
}

/// Where a name stands in a text behind its trail, whatever it means there.
fn places<'t>(text: &'t str, trail: &'t [&str], name: &'t str) -> impl Iterator<Item = usize> + 't {
    let first = trail.first().copied().unwrap_or(name);
    text.match_indices(first).map(|(at, _)| at).filter(move |at| {
        let begins = !text.get(..*at).unwrap_or_default().ends_with(is_name_or_dot);
        begins && text.get(*at..).and_then(|rest| behind(rest, trail, name)).is_some()
    })
}

/// Where a name begins behind its trail, if that is what a text begins with.
fn behind(text: &str, trail: &[&str], name: &str) -> Option<usize> {
    let rest = trail.iter().try_fold(text, |rest, before| {
        Some(rest.strip_prefix(before)?.trim_start().strip_prefix('.')?.trim_start())
    })?;
    let end = rest.strip_prefix(name)?;
    (!end.starts_with(is_name)).then_some(text.len() - rest.len())
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_name_or_dot(c: char) -> bool {
    is_name(c) || c == '.'
}
