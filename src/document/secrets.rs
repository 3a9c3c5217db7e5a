//! `literal-secret`: keys and passwords written into a file, which everybody who can read the file then has.

use std::ops::Range;
use std::sync::Arc;

use super::places;
use super::tree::Node;
use crate::diagnostic::{Diagnostic, SourceFile, Span, line_and_column};
use crate::value::{Value, each_text};

/// How keys of well-known services begin, and how many characters follow at least. Sources: the services' own
/// descriptions of their keys, as secret scanners use them.
const KEYS: &[(&str, usize)] = &[
    ("sk-", 20),
    ("AKIA", 16),
    ("ASIA", 16),
    ("ghp_", 30),
    ("gho_", 30),
    ("ghs_", 30),
    ("github_pat_", 30),
    ("glpat-", 20),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("AIza", 30),
    ("hf_", 30),
    ("Bearer ", 20),
    ("-----BEGIN ", 10),
];

/// Every text of a document that holds a key or a password, and every comment that does.
pub(super) fn check(value: &Value, tree: &Node, file: &Arc<SourceFile>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    each_text(value, "", &mut |text, pointer| {
        if let Some((message, at, length)) = secret_in(text) {
            let (line, column) = line_and_column(text, at);
            let place = places::inside(&file.text, tree.at(pointer).0, line, column, length);
            found.push(told(message, file, place));
        }
    });
    for (number, line) in file.text.lines().enumerate() {
        let Some(begin) = comment(line) else { continue };
        let Some((message, at, length)) = line.get(begin..).and_then(secret_in) else { continue };
        let column = line.get(..begin + at).map_or(1, |before| before.chars().count() + 1);
        let place = Span::on_line(number + 1, column, length);
        // What looks like a comment may be part of a text, whose keys are told.
        if !found.iter().any(|known| known.span.is_some_and(|span| span.line == place.line)) {
            found.push(told(message, file, place));
        }
    }
    found
}

fn told(message: String, file: &Arc<SourceFile>, place: Span) -> Diagnostic {
    Diagnostic::new("literal-secret", message)
        .help("take it out and have it replaced; name the environment variable that holds the new one")
        .at(file, place)
}

/// Where a comment begins on a line, if there is one.
fn comment(line: &str) -> Option<usize> {
    let mut marks = line.match_indices('#').map(|(at, _)| at);
    marks.find(|at| {
        line.get(..*at).is_some_and(|before| before.is_empty() || before.ends_with([' ', '\t']))
    })
}

/// What a text holds that is secret, where it stands in bytes, and its length.
fn secret_in(text: &str) -> Option<(String, usize, usize)> {
    if let Some((start, at, length)) = key_in(text) {
        return Some((
            format!("a key stands here (it begins with `{}`)", start.trim()),
            at,
            length,
        ));
    }
    let is_written = |place: &Range<usize>| {
        text.get(place.clone()).is_some_and(|word| !word.contains(['{', '<', '$', '*']))
    };
    let place = passwords(text).into_iter().find(is_written)?;
    Some(("a password stands in this address".to_owned(), place.start, place.len()))
}

/// A text with stars in place of the keys and of the passwords of addresses that it holds, as long as it was: what is shown of a
/// file ends up in the logs of CI.
pub fn masked(text: &str) -> String {
    let mut out = text.to_owned();
    while let Some((start, at, length)) = key_in(&out) {
        if !star(&mut out, at + start.len(), at + length) {
            break;
        }
    }
    for place in passwords(&out) {
        star(&mut out, place.start, place.end);
    }
    out
}

/// Where the passwords of addresses stand, in bytes.
fn passwords(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("://")) {
        from += at + 3;
        let rest = text.get(from..).unwrap_or_default();
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '`'));
        let authority = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        if let Some((user, _)) = authority.rsplit_once('@')
            && let Some((name, password)) = user.split_once(':')
            && !password.is_empty()
        {
            found.push(from + name.len() + 1..from + user.len());
        }
    }
    found
}

/// Writes stars over a stretch of a text; false where there is nothing to write over.
fn star(text: &mut String, from: usize, to: usize) -> bool {
    let hides = text.get(from..to).is_some_and(|part| part.chars().any(|c| c != '*'));
    if hides {
        text.replace_range(from..to, &"*".repeat(to - from));
    }
    hides
}

/// How the key begins that a text holds, where it stands in bytes, and its length.
fn key_in(text: &str) -> Option<(&'static str, usize, usize)> {
    let part =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '+' | '=');
    KEYS.iter().find_map(|(start, least)| {
        text.match_indices(start).find_map(|(at, _)| {
            let before = text.get(..at).and_then(|text| text.chars().next_back());
            let after = text.get(at + start.len()..).unwrap_or_default();
            let body: String = after.chars().take_while(|c| part(*c)).collect();
            let is_key = if start.starts_with("-----") {
                after.contains("PRIVATE KEY")
            } else {
                // Words joined by hyphens have no digit; keys do.
                body.len() >= *least && body.bytes().any(|b| b.is_ascii_digit())
            };
            let whole = !before.is_some_and(|c| c.is_ascii_alphanumeric());
            (is_key && whole).then_some((*start, at, start.len() + body.len()))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_is_starred_and_nothing_else() {
        for (text, expected) in [
            (
                "key: sk-proj-4f8a9b2c7d1e6f3a5b8c # mine",
                "key: sk-************************* # mine",
            ),
            (
                "{postgres_env: \"postgres://u:hunter2@h/db\"}",
                "{postgres_env: \"postgres://u:*******@h/db\"}",
            ),
            ("two https://a:b@c and http://d:e@f", "two https://a:*@c and http://d:*@f"),
            ("https://example.com:8080/a@b:c", "https://example.com:8080/a@b:c"),
            ("nothing: here", "nothing: here"),
        ] {
            assert_eq!(masked(text), expected);
            assert_eq!(masked(text).len(), text.len());
        }
    }

    #[test]
    fn keys_are_told_from_words() {
        for text in [
            "sk-proj-4f8a9b2c7d1e6f3a5b8c",
            "use Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6",
            "id: AKIAIOSFODNN7EXAMPLE",
            "-----BEGIN RSA PRIVATE KEY-----",
        ] {
            assert!(key_in(text).is_some(), "{text}");
        }
        for text in [
            "the risk-adjusted-return-of-the-portfolio",
            "sk-short",
            "Bearer of bad news in 2026",
            "-----BEGIN CERTIFICATE-----",
            "task-1234567890123456789012",
        ] {
            assert!(key_in(text).is_none(), "{text}");
        }
    }
}
