//! `literal-secret`: keys and passwords written into a file, which everybody who can read the file then has.

mod mask;
mod names;
mod texts;

use std::sync::Arc;

pub use mask::{masked, masked_file};
pub(super) use names::{carries_secret, is_secret_name};
pub(super) use texts::is_written_out;

use super::check::MOST;
use super::places;
use super::tree::Node;
use crate::diagnostic::{Diagnostic, SourceFile, Span, line_and_column};
use crate::value::{Value, each_text};

/// Every text of a document that holds a key or a password, and every comment that does.
pub(super) fn check(value: &Value, tree: &Node, file: &Arc<SourceFile>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    each_text(value, "", &mut |text, pointer| {
        let secrets = texts::secrets(text);
        let by_place = if secrets.is_empty() { by_place(text, pointer) } else { None };
        if by_place.is_none() && secrets.is_empty() {
            return;
        }
        let node = tree.at(pointer).0;
        if let Some(message) = by_place {
            // A text over several lines is secret as a whole.
            let place = if text.contains('\n') {
                node.span
            } else {
                places::inside(&file.text, node, 1, 1, text.chars().count())
            };
            found.push(told(message, pointer, file, place));
        }
        for secret in secrets.into_iter().take(MOST.saturating_sub(found.len())) {
            let (line, column) = line_and_column(text, secret.place.start);
            let length = text.get(secret.place).map_or(0, |secret| secret.chars().count());
            let place = places::inside(&file.text, node, line, column, length);
            let known = |known: &Diagnostic| known.span.is_some_and(|span| span.holds(place));
            if !found.iter().any(known) {
                found.push(told(secret.message, pointer, file, place));
            }
        }
    });
    for (number, line) in file.text.lines().enumerate() {
        if found.len() >= MOST {
            break;
        }
        let Some(begin) = comment(line) else { continue };
        let secret = line.get(begin..).and_then(|text| texts::secrets(text).into_iter().next());
        let Some(secret) = secret else { continue };
        let count = |text: Option<&str>| text.map_or(0, |text| text.chars().count());
        let column = count(line.get(..begin + secret.place.start)) + 1;
        let length = count(line.get(begin + secret.place.start..begin + secret.place.end));
        let place = Span::on_line(number + 1, column, length);
        // What looks like a comment may be part of a text, whose secrets are told.
        let known = |span: Span| (span.line..=span.end_line).contains(&place.line);
        if !found.iter().any(|found| found.span.is_some_and(known)) {
            found.push(told(secret.message, "", file, place));
        }
    }
    found
}

/// What is wrong with a text because of where it stands, whatever it looks like.
fn by_place(text: &str, pointer: &str) -> Option<String> {
    let keys: Vec<&str> = pointer.split('/').collect();
    let variable = match keys.as_slice() {
        [.., "env" | "headers", _, "env"] => true,
        [.., key] => key.ends_with("_env"),
        [] => false,
    };
    if variable && is_literal(text) {
        return Some("a secret stands where the name of a variable belongs".to_owned());
    }
    // The arguments of a step, and what a param is where nobody gives it.
    let name = match keys.as_slice() {
        [.., "with", name] | [.., "params", name, "default"] => *name,
        _ => return None,
    };
    (is_secret_name(name) && is_written_out(text))
        .then(|| format!("`{name}` carries a secret, which never stands in a file"))
}

fn told(message: String, pointer: &str, file: &Arc<SourceFile>, place: Span) -> Diagnostic {
    let help =
        "take it out and have it replaced; name the environment variable that holds the new one";
    let keys: Vec<&str> = pointer.split('/').skip(1).collect();
    let way = match keys.as_slice() {
        ["mcp", _, "env" | "command", ..] => ": `env: {NAME: {env: NAME}}`",
        ["mcp", ..] => ": `token_env: NAME`",
        ["models", ..] => ": `api_key_env: NAME`",
        ["sources", ..] => ": `{postgres_env: NAME}`",
        ["tools", ..] => ": `headers: {Authorization: {env: NAME, prefix: \"Bearer \"}}`",
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

/// Whether a text that stands for a variable is rather what the variable should hold. Names in lower case are legal
/// (`http_proxy`); those that hold digits besides are passwords more often than names.
fn is_literal(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.contains(|c: char| c.is_ascii_digit())
        && text.contains(|c: char| c.is_ascii_lowercase() || !word(c))
        && !text.contains(|c: char| c.is_whitespace() || matches!(c, '$' | '{' | '<' | '*'))
}

#[cfg(test)]
mod tests;
