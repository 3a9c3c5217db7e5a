//! Texts and files without what is secret in them: what is shown of a file ends up in the logs of CI.

use std::ops::Range;

use super::names::carries_secret;
use super::{is_literal, texts};
use crate::diagnostic::Span;

/// A text with stars in place of what it holds that is secret, as many characters as it had.
pub fn masked(text: &str) -> String {
    let mut hidden: Vec<Range<usize>> =
        texts::secrets(text).into_iter().map(|one| one.hidden).collect();
    hidden.sort_by_key(|place| place.start);
    let (mut hidden, mut end) = (hidden.into_iter().peekable(), 0);
    let shown = |(at, c): (usize, char)| {
        while let Some(place) = hidden.next_if(|place| place.start <= at) {
            end = end.max(place.end);
        }
        if at < end && !c.is_whitespace() { '*' } else { c }
    };
    text.char_indices().map(shown).collect()
}

/// The text of a file, masked like every other, with stars too in place of what these places hold and of values whose
/// names say that they are secret. Lines and columns stay.
pub fn masked_file(text: &str, places: &[Span]) -> String {
    let text = masked(text);
    let mut out = String::with_capacity(text.len());
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let hidden = named_value(line);
        let mut bytes = 0;
        for (column, c) in line.chars().enumerate() {
            let place = (number + 1, column + 1);
            let held = places.iter().any(|span| {
                (span.line, span.column) <= place && place < (span.end_line, span.end_column)
            });
            let named = hidden.as_ref().is_some_and(|hidden| hidden.contains(&bytes));
            out.push(if (held || named) && !c.is_whitespace() { '*' } else { c });
            bytes += c.len_utf8();
        }
    }
    out
}

/// Where the value stands, in bytes, of the first key of a line whose name says that it is secret, up to the end of the
/// line. The file may be none that can be read, so only the line is looked at.
fn named_value(line: &str) -> Option<Range<usize>> {
    line.match_indices(':').find_map(|(at, _)| {
        let before = line.get(..at)?.trim_end_matches(['"', '\'']);
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let name = before.rsplit(|c| !is_part(c) && c != '-').next()?;
        let value = line.get(at + 1..)?;
        let text = value.trim();
        let is_secret = carries_secret(name);
        // A map, a list or a mark of a text that goes on tells nothing by itself.
        let opens = text.starts_with(['{', '[']) && text.contains([':', ',', '}', ']'])
            || text.starts_with(['|', '>']) && text.len() <= 3;
        let written = !text.is_empty()
            && !opens
            && (value.starts_with(char::is_whitespace) && !text.starts_with(['&', '#'])
                || is_secret);
        let word = text.trim_end_matches(['}', ' ', ',']).trim_matches(['"', '\'']);
        let secret = match name {
            "env" => is_literal(word) || !word.chars().all(is_part),
            name if name.ends_with("_env") => {
                word.contains(|c: char| c.is_ascii_lowercase() || !is_part(c))
            }
            _ => is_secret,
        };
        (written && secret).then(|| at + 1..line.len())
    })
}
