//! YAML that cannot be read: what is wrong, where, and how to mend it.
//!
//! The parser stops where it can go no further, which may be far from the mistake. So the lines around that place are
//! looked at for the mistakes that people make, each with its mend, and a mend is believed only when the parser gets
//! past the place with it. Where none helps, the parser's own word and place stand.

mod indents;
mod lines;
mod marks;
mod values;

use serde_saphyr::{Error, Location};

use self::lines::{Line, lines};
use super::tree;
use crate::diagnostic::{Diagnostic, Span};

/// A mistake that may be there, and the lines with which it is mended.
#[derive(Debug)]
struct Suspicion {
    message: String,
    help: String,
    span: Span,
    /// Lines, from 0, and what is to stand there.
    edits: Vec<(usize, String)>,
}

/// What the suspicions are drawn from.
struct Scene<'t> {
    lines: Vec<Line<'t>>,
    /// Line where the parser stopped, from 0.
    fault: usize,
    /// Column, from 0.
    column: usize,
}

impl<'t> Scene<'t> {
    fn line(&self, number: usize) -> Option<&Line<'t>> {
        self.lines.get(number)
    }

    /// The last line above that is not blank, by its number.
    fn above(&self, number: usize) -> Option<usize> {
        (0..number).rev().find(|n| self.line(*n).is_some_and(|line| !line.is_blank()))
    }

    /// The line where the parser stopped, and the one above it: where a mistake stands that it met.
    fn near(&self) -> impl Iterator<Item = (usize, &Line<'t>)> {
        let numbers = std::iter::once(self.fault).chain(self.above(self.fault));
        numbers.filter_map(|number| Some((number, self.line(number)?)))
    }
}

/// What to look for where nothing is known but the place.
const USUAL: &str = "look at this line and the one above it: keys end with `: `, items begin with `- `, what belongs together is indented alike, and texts with signs stand in quotes";

/// Files longer than this are not read again to try a mend.
const LONGEST: usize = 1 << 20;

/// What a fault of the YAML parser means to the author.
pub(super) fn diagnostic(text: &str, error: &Error) -> Diagnostic {
    let (line, column) = place_of(error).unwrap_or((1, 1));
    let (mut found, span) = match error.without_snippet() {
        Error::MultipleDocuments { .. } => {
            let mark = text.lines().take(line).collect::<Vec<_>>();
            let mark = mark.iter().rposition(|text| text.starts_with("---"));
            let found =
                Diagnostic::new("yaml-documents", "the file holds more than one YAML document")
                    .help("write one document a file: remove what follows `---`");
            (found, mark.map_or(Span::on_line(line, column, 1), |at| Span::on_line(at + 1, 1, 3)))
        }
        Error::Budget { .. } => (too_large(), Span::on_line(line, column, 1)),
        other => {
            let said = first_line(&other.to_string());
            // The error may be wrapped in those of the aliases that led to it.
            if said.contains("budget breached") || said.contains("alias replay limit") {
                (too_large(), Span::on_line(line, column, 1))
            } else if let Some(found) = cause(text, line, column, &said) {
                let message = format!("this is no YAML: {}", found.message);
                (Diagnostic::new("yaml-syntax", message).help(found.help), found.span)
            } else {
                let found =
                    Diagnostic::new("yaml-syntax", format!("this is no YAML: {said}")).help(USUAL);
                (found, Span::on_line(line, column, 1))
            }
        }
    };
    found.span = Some(span);
    found
}

fn too_large() -> Diagnostic {
    Diagnostic::new("yaml-too-large", "the file is too large or nested too deeply").help(
        "a file may be nested 64 deep and hold two million values, of which 100,000 by aliases",
    )
}

/// Line and column of an error, from 1.
fn place_of(error: &Error) -> Option<(usize, usize)> {
    let at = error.location().filter(|at| *at != Location::UNKNOWN)?;
    let number = |n: u64| usize::try_from(n).unwrap_or(1).max(1);
    Some((number(at.line()), number(at.column())))
}

/// The parser's message, without the position that the diagnostic tells in its own way.
fn first_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let line = line.split(" at line ").next().unwrap_or(line);
    line.trim_start_matches("error: ").trim_end_matches('.').trim().to_owned()
}

/// The mistake behind a fault, where one is found whose mend helps.
fn cause(text: &str, line: usize, column: usize, said: &str) -> Option<Suspicion> {
    let scene = Scene { lines: lines(text), fault: line - 1, column: column - 1 };
    if let Some(found) = marks::certain(&scene, said) {
        return Some(found);
    }
    if text.len() > LONGEST {
        return None;
    }
    let kinds: [Vec<Suspicion>; 7] = [
        indents::blocks(&scene).into_iter().collect(),
        marks::fences(&scene).into_iter().collect(),
        marks::unclosed(&scene),
        values::suspicions(&scene, said),
        marks::comma(&scene).into_iter().collect(),
        marks::suspicions(&scene),
        indents::suspicions(&scene),
    ];
    kinds.into_iter().find_map(|kind| {
        let mut best = None;
        for suspicion in kind {
            match help_of(text, line, &suspicion) {
                Help::All => return Some(suspicion),
                Help::Past if best.is_none() => best = Some(suspicion),
                Help::Past | Help::None => {}
            }
        }
        best
    })
}

/// What a mend is good for.
enum Help {
    /// The whole text can be read with it.
    All,
    /// The parser gets past the line of the fault, and stops at another.
    Past,
    None,
}

fn help_of(text: &str, line: usize, suspicion: &Suspicion) -> Help {
    let mut mended = String::with_capacity(text.len() + 16);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        match suspicion.edits.iter().find(|(edited, _)| *edited == number) {
            Some((_, edit)) => {
                mended.push_str(edit);
                mended.push('\n');
            }
            None => mended.push_str(line),
        }
    }
    match tree::parse(&mended) {
        Ok(_) => Help::All,
        Err(error) if place_of(&error).is_some_and(|(at, _)| at > line) => Help::Past,
        Err(_) => Help::None,
    }
}

/// A text as YAML reads it back to the letter.
fn quoted(text: &str) -> String {
    if text.contains(['"', '\\']) && !text.contains('\'') {
        return format!("'{text}'");
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
