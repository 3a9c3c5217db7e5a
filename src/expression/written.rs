//! What each `{{ ... }}` of a text wrote, and where: so that a number in it can be followed to the expression behind it.

use std::ops::Range;

use minijinja::{Error, Value};

use super::environment::as_text;
use super::quoted;

/// The filter around every value of a text that is rendered so; its argument is the number of the expression.
pub(super) const FILTER: &str = "__written";

/// Marks of private use: before the number, before the text, and behind it. Data that holds them loses them.
const MARKS: [char; 3] = ['\u{f0000}', '\u{f0001}', '\u{f0002}'];

/// What an expression wrote into a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Which text of a value it is in, as a JSON pointer; empty where the value is one text.
    pub pointer: String,
    /// Where it stands in that text, in bytes.
    pub range: Range<usize>,
    /// The expression.
    pub expression: String,
}

/// A value as text, between marks.
pub(super) fn filter(value: &Value, number: usize) -> Result<String, Error> {
    let text = as_text(value)?.replace(MARKS, "");
    let [open, middle, close] = MARKS;
    Ok(format!("{open}{number}{middle}{text}{close}"))
}

/// Takes the marks out of a text; gives it with what stood between them, by the number of its expression.
pub(super) fn read(marked: &str) -> (String, Vec<(usize, Range<usize>)>) {
    let [open, middle, close] = MARKS;
    let (mut text, mut found, mut begun) = (String::with_capacity(marked.len()), Vec::new(), None);
    let mut rest = marked;
    while let Some(at) = rest.find([open, close]) {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        let mut signs = from.chars();
        let is_open = signs.next() == Some(open);
        rest = signs.as_str();
        if is_open && let Some((number, behind)) = rest.split_once(middle) {
            begun = number.parse::<usize>().ok().map(|number| (number, text.len()));
            rest = behind;
        } else if let Some((number, start)) = begun.take() {
            found.push((number, start..text.len()));
        }
    }
    text.push_str(rest);
    (text, found)
}

/// An expression as its author wrote it.
pub(super) fn plain(expression: &str) -> &str {
    let expression = expression.trim();
    let inside = expression.strip_suffix(quoted::FILTER).and_then(|e| e.strip_suffix('|'));
    let inside = inside.and_then(|e| e.trim().strip_prefix('(')?.strip_suffix(')'));
    inside.unwrap_or(expression).trim()
}
