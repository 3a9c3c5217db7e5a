//! Where a workflow names a step or a param.

use crate::diagnostic::Span;
use crate::document::{AgentRef, Document, Workflow};
use crate::expression::{Root, citations};
use crate::lsp::position::{Encoding, Lines, Place};
use crate::plan::{self, Text};

use super::What;

/// The name that is sought, and the one that replaces it.
#[derive(Clone, Copy)]
pub(super) struct Names<'n> {
    pub(super) what: What,
    pub(super) old: &'n str,
    pub(super) new: &'n str,
}

/// A place of the file that holds the name, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mention {
    pub(super) offset: usize,
    pub(super) length: usize,
}

/// All places that hold the name, in order.
pub(super) fn find(
    document: &Document<Workflow>,
    names: &Names<'_>,
    lines: &Lines<'_>,
) -> Vec<Mention> {
    let mut seeker = Seeker { document, names, lines, found: Vec::new() };
    let workflow = &document.value;
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
    let mut found = seeker.found;
    found.sort_unstable();
    found.dedup();
    found
}

struct Seeker<'s> {
    document: &'s Document<Workflow>,
    names: &'s Names<'s>,
    lines: &'s Lines<'s>,
    found: Vec<Mention>,
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
        let mention = Mention { offset, length: self.names.old.len() };
        if !self.found.contains(&mention) {
            self.found.push(mention);
        }
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
        let root = match self.names.what {
            What::Step => Root::Steps,
            What::Param => Root::Params,
        };
        let old = self.names.old;
        let lines = Lines::of(text.source, Encoding::Utf8);
        for read in text.analyse().reads {
            if read.root == root && read.path.first().is_some_and(|name| name == old) {
                let span = self.document.place(&text.pointer, read.line, read.column, read.width);
                if !self.dotted(self.offset(span), "") {
                    let line = read.line.saturating_sub(1);
                    let at = lines.offset(Place { line, column: read.column.saturating_sub(1) });
                    self.hidden(&text.pointer, text.source, at);
                }
            }
        }
        self.cited(text.source, &text.pointer);
    }

    /// The name in the citations of a text.
    fn cited(&mut self, source: &str, pointer: &str) {
        for citation in citations(source) {
            let path: Vec<&str> = citation.path.split('.').map(str::trim).collect();
            if path.first() != Some(&self.names.what.root()) || path.get(1) != Some(&self.names.old)
            {
                continue;
            }
            let before = source.get(..citation.range.start).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            let span = self.document.place(pointer, line, column, 1);
            if !self.dotted(self.offset(span), "[") {
                self.hidden(pointer, source, citation.range.start);
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

    /// Takes `root . name` at a place; whether it is there. `begin` may stand before it.
    fn dotted(&mut self, offset: usize, begin: &str) -> bool {
        let names = self.names;
        let rest = self.source().get(offset..).unwrap_or_default();
        let inside = rest.trim_start_matches(|c: char| begin.contains(c) || c == ' ');
        let skipped = if begin.is_empty() { 0 } else { rest.len() - inside.len() };
        let Some(at) = rest.get(skipped..).and_then(|rest| after_root(rest, names)) else {
            return false;
        };
        self.push(offset + skipped + at);
        true
    }

    /// Takes a name whose place the style of its text hides (folded blocks, several lines): whatever the style, the
    /// file has as many such names, in the same order, as the text that is read from it.
    fn hidden(&mut self, pointer: &str, source: &str, at: usize) {
        let before = places(source, self.names).take_while(|place| *place < at).count();
        let start = self.offset(self.document.span_of(pointer));
        let rest = self.source().get(start..).unwrap_or_default();
        let place = places(rest, self.names).nth(before);
        let name = place.and_then(|place| {
            Some(place + rest.get(place..).and_then(|rest| after_root(rest, self.names))?)
        });
        if let Some(name) = name {
            self.push(start + name);
        }
    }
}

/// Where `root . name` stands in a text, whatever it means there.
fn places<'t>(text: &'t str, names: &'t Names<'_>) -> impl Iterator<Item = usize> + 't {
    text.match_indices(names.what.root()).map(|(at, _)| at).filter(move |at| {
        let begins = !text.get(..*at).unwrap_or_default().ends_with(is_name_or_dot);
        begins && text.get(*at..).and_then(|rest| after_root(rest, names)).is_some()
    })
}

/// Where the name begins behind `root .`, if that is what stands there.
fn after_root(text: &str, names: &Names<'_>) -> Option<usize> {
    let rest = text.strip_prefix(names.what.root())?.trim_start();
    let rest = rest.strip_prefix('.')?.trim_start();
    let behind = rest.strip_prefix(names.old)?;
    (!behind.starts_with(is_name)).then_some(text.len() - rest.len())
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_name_or_dot(c: char) -> bool {
    is_name(c) || c == '.'
}

/// What a workflow says by names: its steps and params, what they wait for, and what every text reads and cites. With
/// names, as it would be said after renaming.
pub(super) fn said(workflow: &Workflow, names: Option<&Names<'_>>) -> Vec<String> {
    let map = |what: What, name: &str| match names {
        Some(names) if names.what == what && names.old == name => names.new.to_owned(),
        _ => name.to_owned(),
    };
    let mut said: Vec<String> = Vec::new();
    for name in workflow.params.keys() {
        said.push(format!("param {}", map(What::Param, name)));
    }
    for question in &workflow.questions {
        said.push(match names {
            Some(names) if names.what == What::Param => {
                question.replace(&format!("{{{}}}", names.old), &format!("{{{}}}", names.new))
            }
            _ => question.clone(),
        });
    }
    for step in &workflow.steps {
        said.push(format!("step {}", map(What::Step, step.id.as_str())));
        said.extend(
            step.needs
                .iter()
                .map(|(_, need, _)| format!("needs {}", map(What::Step, need.as_str()))),
        );
        if let Some(AgentRef::Inline(agent)) = &step.agent {
            said.extend(agent.instructions.iter().flat_map(|text| cited(text, &map)));
        }
    }
    for text in plan::texts(workflow) {
        for read in text.analyse().reads {
            let mut path = read.path.clone();
            let what = match read.root {
                Root::Steps => What::Step,
                Root::Params => What::Param,
                Root::Local(_) => continue,
            };
            if let Some(first) = path.first_mut() {
                *first = map(what, first);
            }
            said.push(format!("{} {what:?} {}", text.pointer, path.join(".")));
        }
        said.extend(cited(text.source, &map));
    }
    said
}

fn cited(text: &str, map: &dyn Fn(What, &str) -> String) -> Vec<String> {
    citations(text)
        .into_iter()
        .map(|citation| {
            let mut path: Vec<String> =
                citation.path.split('.').map(|s| s.trim().to_owned()).collect();
            let what = if path.first().is_some_and(|root| root == "params") {
                What::Param
            } else {
                What::Step
            };
            if let Some(name) = path.get_mut(1) {
                *name = map(what, name);
            }
            format!("cites {} {:?}", path.join("."), citation.filter)
        })
        .collect()
}
