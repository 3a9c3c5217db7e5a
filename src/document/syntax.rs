//! YAML that cannot be read: what is wrong, where, and how to mend it.

use serde_saphyr::{Error, Location};

use crate::diagnostic::{Diagnostic, Span};

/// What a fault of the YAML parser means to the author.
pub(super) fn diagnostic(text: &str, error: &Error) -> Diagnostic {
    let at = error.location().filter(|at| *at != Location::UNKNOWN);
    let line = at.map_or(1, |at| usize::try_from(at.line()).unwrap_or(1)).max(1);
    let column = at.map_or(1, |at| usize::try_from(at.column()).unwrap_or(1)).max(1);
    let written = text.lines().nth(line - 1).unwrap_or_default();
    let span = Span::on_line(line, column, 1);
    let found = match error.without_snippet() {
        Error::MultipleDocuments { .. } => {
            Diagnostic::error("yaml-documents", "the file holds more than one YAML document")
                .help("write one document a file: remove what follows `---`")
        }
        Error::Budget { .. } => {
            Diagnostic::error("yaml-too-large", "the file is too large or nested too deeply")
                .help("a file may be nested 64 deep and hold two million values")
        }
        other => {
            let message = first_line(&other.to_string());
            let diagnostic =
                Diagnostic::error("yaml-syntax", format!("this is no YAML: {message}"));
            match help(text, line, written) {
                Some((help, span)) => return place(diagnostic.help(help), span),
                None => diagnostic,
            }
        }
    };
    place(found, span)
}

fn place(mut diagnostic: Diagnostic, span: Span) -> Diagnostic {
    diagnostic.span = Some(span);
    diagnostic
}

/// The parser's message, without the position that the diagnostic tells in its own way.
fn first_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let line = line.split(" at line ").next().unwrap_or(line);
    line.trim_start_matches("error: ").trim_end_matches('.').trim().to_owned()
}

/// The mistakes that people make, told by the text at and just above the fault.
fn help(text: &str, line: usize, written: &str) -> Option<(String, Span)> {
    // The parser may notice only on the next line, or name the line before a tab.
    let above = line.saturating_sub(3);
    let near = text.lines().enumerate().skip(above).take(line + 1 - above);
    for (index, candidate) in near.collect::<Vec<_>>().into_iter().rev() {
        let indent: String = candidate.chars().take_while(|c| c.is_whitespace()).collect();
        if let Some(column) = indent.chars().position(|c| c == '\t') {
            let help = "indent with spaces: YAML allows no tabs".to_owned();
            return Some((help, Span::on_line(index + 1, column + 1, 1)));
        }
        if let Some((before, template)) = bare_template(candidate) {
            let help = format!("put quotes around it: \"{template}\"");
            let place =
                Span::on_line(index + 1, before.chars().count() + 1, template.chars().count());
            return Some((help, place));
        }
    }
    let value = written.split_once(": ").map_or("", |(_, value)| value);
    if value.contains(": ") {
        return Some((
            "put quotes around a text that holds `: `".to_owned(),
            Span::on_line(line, 1, 1),
        ));
    }
    None
}

/// A template that begins a value without quotes, with what stands before it: YAML reads its brace as a map's.
fn bare_template(line: &str) -> Option<(&str, &str)> {
    let starts = ["{{", "{%"].into_iter().flat_map(|mark| line.match_indices(mark));
    for (at, _) in starts {
        let (before, rest) = line.split_at_checked(at)?;
        if before.ends_with(": ")
            || before.ends_with("- ")
            || before.ends_with([',', '['])
            || before.ends_with(", ")
        {
            let end =
                rest.rfind("}}").or_else(|| rest.rfind("%}")).map_or(rest.len(), |end| end + 2);
            // In a map on one line the last brace is the map's.
            let inner = rest.find("}}").map_or(end, |end| end + 2);
            let flow = before.contains(['{', '[']);
            return Some((before, rest.get(..if flow { inner } else { end })?.trim_end()));
        }
    }
    None
}
