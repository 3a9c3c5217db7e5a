//! `literal-secret`: keys and passwords written into a file, which everybody who can read the file then has.

use std::ops::Range;
use std::sync::Arc;

use super::http::{carries_secret, is_secret_name};
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
        let misplaced = || names_variable(pointer) && is_literal(text);
        let literal = || {
            let message = "a secret stands where the name of a variable belongs".to_owned();
            misplaced().then(|| (message, 0, text.chars().count()))
        };
        if let Some((message, at, length)) = secret_in(text).or_else(literal) {
            let (line, column) = line_and_column(text, at);
            let place = places::inside(&file.text, tree.at(pointer).0, line, column, length);
            found.push(told(message, pointer, file, place));
        }
    });
    for (number, line) in file.text.lines().enumerate() {
        let Some(begin) = comment(line) else { continue };
        let Some((message, at, length)) = line.get(begin..).and_then(secret_in) else { continue };
        let column = line.get(..begin + at).map_or(1, |before| before.chars().count() + 1);
        let place = Span::on_line(number + 1, column, length);
        // What looks like a comment may be part of a text, whose keys are told.
        if !found.iter().any(|known| known.span.is_some_and(|span| span.line == place.line)) {
            found.push(told(message, "", file, place));
        }
    }
    found
}

fn told(message: String, pointer: &str, file: &Arc<SourceFile>, place: Span) -> Diagnostic {
    let help =
        "take it out and have it replaced; name the environment variable that holds the new one";
    let way = match pointer.split('/').nth(1) {
        Some("mcp") => ": `token_env: NAME`",
        Some("models") => ": `api_key_env: NAME`",
        Some("tools") => ": `headers: {Authorization: {env: NAME, prefix: \"Bearer \"}}`",
        _ => "",
    };
    Diagnostic::new("literal-secret", message).help(format!("{help}{way}")).at(file, place)
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
    if let Some(place) = passwords(text).into_iter().find(is_written) {
        return Some(("a password stands in this address".to_owned(), place.start, place.len()));
    }
    let place = in_queries(text).into_iter().next()?;
    Some((
        "a secret stands in the query of this address".to_owned(),
        place.start,
        text.get(place).map_or(0, |secret| secret.chars().count()),
    ))
}

/// Whether what stands at a pointer is the name of an environment variable.
fn names_variable(pointer: &str) -> bool {
    pointer.ends_with("_env")
}

/// Whether a text can be no name of a variable and looks like a secret.
fn is_literal(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
        && text.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        && !text.contains(|c: char| c.is_whitespace() || matches!(c, '$' | '{' | '<' | '*'))
}

/// Where secrets stand in the queries of addresses, in bytes.
fn in_queries(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (start, _) in text.match_indices("://") {
        let rest = text.get(start..).unwrap_or_default();
        let closes =
            |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ')' | ']' | '>' | '#');
        let address = rest.split(closes).next().unwrap_or_default();
        let Some((before, query)) = address.split_once('?') else { continue };
        let mut at = start + before.len() + 1;
        for part in query.split('&') {
            if let Some((name, value)) = part.split_once('=')
                && is_secret_name(name)
                && is_written_out(value)
            {
                found.push(at + name.len() + 1..at + part.len());
            }
            at += part.len() + 1;
        }
    }
    found
}

/// Whether a value of a query is neither a template nor a word that stands for one (`YOUR_KEY`).
fn is_written_out(value: &str) -> bool {
    let stands_for = |c: char| c.is_ascii_uppercase() || matches!(c, '_' | '.');
    !value.chars().all(stands_for) && !value.contains(['{', '<', '$', '*'])
}

/// A text with stars in place of the keys and of the secrets of addresses that it holds, as many characters as it had: what is
/// shown of a file ends up in the logs of CI.
pub fn masked(text: &str) -> String {
    let mut out = text.to_owned();
    for start in KEYS.iter().map(|(start, _)| start) {
        let mut from = 0;
        while let Some((at, length)) = key_from(&out, start, from) {
            star(&mut out, at + start.len()..at + length);
            from = at + start.len();
        }
    }
    for place in passwords(&out) {
        star(&mut out, place);
    }
    for place in in_queries(&out) {
        star(&mut out, place);
    }
    out
}

/// The text of a file, masked like every other, with stars too in place of what these places hold and of values whose names say that they
/// are secret. Lines and columns stay.
pub fn masked_file(text: &str, places: &[Span]) -> String {
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
    masked(&out)
}

/// Where the value stands, in bytes, of the last key of a line whose name says that it is secret, up to the end of the line.
fn named_value(line: &str) -> Option<Range<usize>> {
    line.match_indices(':').find_map(|(at, _)| {
        let before = line.get(..at)?.trim_end_matches(['"', '\'']);
        let part = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-');
        let name = before.rsplit(part).next()?;
        let lower = name.to_ascii_lowercase();
        let is_secret = is_secret_name(name) || carries_secret(name) && !lower.contains("tokens");
        let value = line.get(at + 1..)?;
        let text = value.trim();
        let written = value.starts_with(char::is_whitespace)
            && !text.is_empty()
            && !text.starts_with(['{', '[', '|', '>', '&', '#']);
        let variable = lower.ends_with("_env");
        let literal = is_literal(text.trim_matches(['"', '\'']));
        (written && if variable { literal } else { is_secret }).then(|| at + 1..line.len())
    })
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

/// Writes a star over each character of a stretch of a text.
fn star(text: &mut String, place: Range<usize>) {
    if let Some(part) = text.get(place.clone()) {
        let stars: String = part.chars().map(|c| if c.is_whitespace() { c } else { '*' }).collect();
        text.replace_range(place, &stars);
    }
}

/// How the key begins that a text holds, where it stands in bytes, and its length.
fn key_in(text: &str) -> Option<(&'static str, usize, usize)> {
    KEYS.iter()
        .find_map(|(start, _)| key_from(text, start, 0).map(|(at, length)| (*start, at, length)))
}

/// The first key with this beginning from a byte on: where it stands, and its length.
fn key_from(text: &str, start: &str, from: usize) -> Option<(usize, usize)> {
    let least = KEYS.iter().find(|(known, _)| *known == start).map_or(0, |(_, least)| *least);
    let part =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '+' | '=');
    text.get(from..)?.match_indices(start).find_map(|(at, _)| {
        let at = from + at;
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at + start.len()..).unwrap_or_default();
        let body: String = after.chars().take_while(|c| part(*c)).collect();
        let is_key = if start.starts_with("-----") {
            after.lines().next().is_some_and(|line| line.contains("PRIVATE KEY"))
        } else {
            // Words joined by hyphens have no digit; keys do.
            body.len() >= least && body.bytes().any(|b| b.is_ascii_digit())
        };
        let whole = !before.is_some_and(|c| c.is_ascii_alphanumeric());
        (is_key && whole).then_some((at, start.len() + body.len()))
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
            (
                "https://h/a?api_key=sk-live-abcdef123456&n=5 http://h/?token=a1",
                "https://h/a?api_key=********************&n=5 http://h/?token=**",
            ),
            (
                "AKIAIOSFODNN7EXAMPLE AKIAIOSFODNN8EXAMPLE",
                "AKIA**************** AKIA****************",
            ),
            ("https://h/a?api_key={{ params.key }}", "https://h/a?api_key={{ params.key }}"),
        ] {
            assert_eq!(masked(text), expected);
            assert_eq!(masked(text).len(), text.len());
        }
    }

    #[test]
    fn a_file_is_shown_without_what_is_named_or_known_as_secret() {
        let text = "headers: {Authorization: \"Bearer abc\"}\npassword: hunter2 \ntoken_env: sk-live-1\n\
                    budget: {tokens: 200}\ntoken_env: CRM_TOKEN\nx: é known\n";
        let shown = masked_file(text, &[Span::on_line(6, 6, 5)]);
        assert_eq!(
            shown,
            "headers: {Authorization: ******* *****\npassword: ******* \ntoken_env: *********\n\
             budget: {tokens: 200}\ntoken_env: CRM_TOKEN\nx: é *****\n"
        );
    }

    #[test]
    fn secrets_are_found_in_queries_and_in_place_of_variables() {
        for (text, expected) in [
            ("mcp:\n  crm: {url: \"https://h/a?n=1&token=sk-live-abc1\"}\n", Some((2, 37))),
            ("mcp:\n  crm:\n    token_env: \"sk-live-abcdef123456\"\n", Some((3, 17))),
            ("mcp:\n  crm: {url: \"https://h/a?page=3\", token_env: CRM_2}\n", None),
            ("see: https://h/a?api_key=YOUR_KEY\n", None),
        ] {
            let tree = super::super::tree::read(text).unwrap();
            let file = Arc::new(SourceFile { path: "engine.yaml".into(), text: text.to_owned() });
            let found = check(&tree.lower(), &tree, &file);
            let places: Vec<_> = found.iter().filter_map(|d| d.span).collect();
            let places: Vec<_> = places.iter().map(|span| (span.line, span.column)).collect();
            assert_eq!(places, expected.into_iter().collect::<Vec<_>>(), "{text}");
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
