//! Named parameters of a query, `:name`, as the numbered ones that PostgreSQL reads. Values never become part of the text.

use std::fmt::Write as _;

use tokio_postgres::types::Type;

use super::ToolError;
use crate::document::{ParamType, Tool};
use crate::tool::query;
use crate::value::Object;

/// A query with numbered parameters.
#[derive(Debug, Default)]
pub(super) struct Numbered {
    /// As it is written.
    pub(super) query: String,
    /// As it is sent.
    pub(super) text: String,
    /// The names by number, each once.
    pub(super) names: Vec<String>,
    /// The parameters of other dialects, `$1` and the like.
    pub(super) foreign: Vec<String>,
    /// Where the text and the query part: bytes of the text, and of the query.
    places: Vec<(usize, usize)>,
}

/// How the types of text params are told to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Typing {
    /// The server reads them from where they stand: a text may then be a date or a UUID.
    Inferred,
    /// They are texts: for places that tell nothing, or several things.
    Declared,
}

impl Numbered {
    pub(super) fn of(query: &str) -> Self {
        let mut numbered = Self { query: query.to_owned(), ..Self::default() };
        let mut at = 0;
        while let Some(rest) = query.get(at..).filter(|rest| !rest.is_empty()) {
            let taken = verbatim(rest, query.get(..at).unwrap_or_default());
            if taken > 0 {
                numbered.text.push_str(rest.get(..taken).unwrap_or(rest));
                at += taken;
                continue;
            }
            let name = word(rest.get(1..).unwrap_or_default());
            if rest.starts_with('$') {
                numbered.foreign.push(format!("${name}"));
                numbered.text.push('$');
                at += 1;
                continue;
            }
            let known = numbered.names.iter().position(|known| known == name);
            let index = known.unwrap_or_else(|| {
                numbered.names.push(name.to_owned());
                numbered.names.len() - 1
            });
            // Writing to a string cannot fail.
            let _ = write!(numbered.text, "${}", index + 1);
            at += 1 + name.len();
            numbered.places.push((numbered.text.len(), at));
        }
        numbered
    }

    /// The byte of the query at which a character of the text stands, which the server counts from 1.
    pub(super) fn offset(&self, position: u32) -> usize {
        let index = usize::try_from(position).unwrap_or(usize::MAX).saturating_sub(1);
        let byte =
            self.text.char_indices().nth(index).map_or(self.text.len(), |(offset, _)| offset);
        match self.places.iter().rev().find(|(after, _)| *after <= byte) {
            Some((after, original)) => original + (byte - after),
            None => byte,
        }
    }
}

/// The length of what comes next and holds no parameter; 0 before one.
fn verbatim(rest: &str, before: &str) -> usize {
    let ends = |from: usize, mark: &str| {
        rest.get(from..)
            .and_then(|tail| tail.find(mark))
            .map_or(rest.len(), |at| from + at + mark.len())
    };
    let next = rest.chars().nth(1).unwrap_or(' ');
    let inside_a_word = before.chars().next_back().is_some_and(is_part);
    match rest.chars().next() {
        Some('\'') => quoted(rest, '\'', escapes(before)),
        Some('"') => quoted(rest, '"', false),
        Some('-') if next == '-' => ends(0, "\n"),
        Some('/') if next == '*' => comment(rest),
        Some('$') if !inside_a_word && next.is_ascii_digit() => 0,
        Some('$') if !inside_a_word => {
            let tag = word(rest.get(1..).unwrap_or_default());
            let mark = format!("${tag}$");
            if rest.starts_with(&mark) { ends(mark.len(), &mark) } else { 1 }
        }
        Some(':') if next == ':' => 2,
        Some(':') if next.is_alphabetic() || next == '_' => 0,
        Some(other) => other.len_utf8(),
        None => 0,
    }
}

/// Whether a text that begins here is one in which a backslash escapes: `E'...'`.
fn escapes(before: &str) -> bool {
    let mut back = before.chars().rev();
    matches!(back.next(), Some('e' | 'E')) && !back.next().is_some_and(is_part)
}

/// The length of a quoted text; a doubled mark stands for itself.
fn quoted(rest: &str, mark: char, escapes: bool) -> usize {
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, char)) = chars.next() {
        let doubled = char == mark && chars.peek().is_some_and(|(_, next)| *next == mark);
        if doubled || char == '\\' && escapes {
            chars.next();
        } else if char == mark {
            return at + mark.len_utf8();
        }
    }
    rest.len()
}

/// The length of a comment, which may hold others.
fn comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(tail) = rest.get(at..).filter(|tail| !tail.is_empty()) {
        if tail.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if tail.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
        } else {
            at += tail.chars().next().map_or(1, char::len_utf8);
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn is_part(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !is_part(c)).unwrap_or(text.len());
    text.get(..end).unwrap_or(text)
}

/// Refuses a query that reads what no argument has.
pub(super) fn all_given(numbered: &Numbered, arguments: &Object) -> Result<(), ToolError> {
    let missing = numbered.names.iter().find(|name| !arguments.contains_key(*name));
    match missing.map(|name| format!(":{name}")).or_else(|| numbered.foreign.first().cloned()) {
        Some(written) => Err(query::no_param(&written)),
        None => Ok(()),
    }
}

/// The types of the parameters, by number.
pub(super) fn types(numbered: &Numbered, tool: &Tool, typing: Typing) -> Vec<Type> {
    let declared = |name: &String| match tool.params.get(name).map(|param| param.kind) {
        Some(ParamType::Integer) => Type::INT8,
        Some(ParamType::Number) => Type::FLOAT8,
        Some(ParamType::Boolean) => Type::BOOL,
        Some(ParamType::Array | ParamType::Object) => Type::JSONB,
        Some(ParamType::String) | None if typing == Typing::Declared => Type::TEXT,
        Some(ParamType::String) | None => Type::UNKNOWN,
    };
    numbered.names.iter().map(declared).collect()
}

#[cfg(test)]
mod tests {
    use super::Numbered;

    #[test]
    fn names_become_numbers_only_where_a_parameter_can_stand() {
        let numbered = |query: &str| {
            let Numbered { text, names, foreign, .. } = Numbered::of(query);
            (text, names.join(" "), foreign.join(" "))
        };
        let cases = [
            ("select :a + :b - :a", "select $1 + $2 - $1", "a b", ""),
            (
                "select ':a', \":a\", 'it''s :a', :a::text",
                "select ':a', \":a\", 'it''s :a', $1::text",
                "a",
                "",
            ),
            ("-- :a\n/* :a /* :a */ :a */ :ä1", "-- :a\n/* :a /* :a */ :a */ $1", "ä1", ""),
            (
                r"select E'\':a', $$:a$$, $t$ :a $ $t$, :a",
                r"select E'\':a', $$:a$$, $t$ :a $ $t$, $1",
                "a",
                "",
            ),
            (r"select 'c:\', :a, x[1 : 2], y[1:2]", r"select 'c:\', $1, x[1 : 2], y[1:2]", "a", ""),
            ("select $1, a$1, :a", "select $1, a$1, $1", "a", "$1"),
        ];
        for (query, text, names, foreign) in cases {
            assert_eq!(numbered(query), (text.to_owned(), names.to_owned(), foreign.to_owned()));
        }
    }

    #[test]
    fn a_place_in_the_text_is_found_in_the_query() {
        let query = "select :channel, nö, :channel, nothing";
        let numbered = Numbered::of(query);
        let position = numbered.text.chars().position(|c| c == 'h').unwrap() - 3 + 1;
        let offset = numbered.offset(u32::try_from(position).unwrap());
        assert_eq!(query.get(offset..), Some("nothing"));
    }
}
