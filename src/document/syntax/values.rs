//! Values that need quotes, or other ones.

use super::lines::{Line, Parts};
use super::{Scene, Suspicion, quoted};
use crate::diagnostic::Span;

pub(super) fn suspicions(scene: &Scene<'_>, said: &str) -> Vec<Suspicion> {
    let mut found = Vec::new();
    for (number, line) in scene.near() {
        found.extend(templates(number, line));
        let parts = line.parts();
        let Some((at, value)) = parts.value.filter(|_| line.is_free()) else { continue };
        let value = Value { number, line, parts, at, text: value };
        let fault = if number == scene.fault { scene.column } else { at };
        found.extend(value.with_colon());
        found.extend(value.with_mark());
        found.extend(value.with_rest());
        found.extend(value.with_escape(said));
        found.extend(value.with_quotes(fault));
    }
    found
}

/// `.nan` and `.inf`, which YAML counts as numbers and nobody can calculate with.
pub(super) fn without_end(scene: &Scene<'_>, said: &str) -> Option<Suspicion> {
    let line = scene.line(scene.fault).filter(|_| said.contains("finite"))?;
    let written: String = line
        .text
        .chars()
        .skip(scene.column)
        .take_while(|c| !c.is_whitespace() && !",]}".contains(*c))
        .collect();
    Some(Suspicion {
        message: format!("`{written}` is no number to calculate with"),
        help: "write a number, or leave the key out; a text needs quotes".to_owned(),
        span: Span::on_line(scene.fault + 1, scene.column + 1, written.chars().count().max(1)),
        edits: Vec::new(),
    })
}

/// The value of a line.
struct Value<'l> {
    number: usize,
    line: &'l Line<'l>,
    parts: Parts<'l>,
    at: usize,
    text: &'l str,
}

impl Value<'_> {
    fn span(&self) -> Span {
        let column = self.line.column(self.at);
        Span::on_line(self.number + 1, column, self.text.chars().count())
    }

    /// The suspicion that `mend` should stand where the value is.
    fn instead(&self, message: String, help: &str, mend: &str, span: Span) -> Suspicion {
        let before = self.line.text.get(..self.at).unwrap_or_default();
        let after = self.line.text.get(self.at + self.text.len()..).unwrap_or_default();
        let edits = vec![(self.number, [before, mend, after].concat())];
        Suspicion { message, help: format!("{help}: {mend}"), span, edits }
    }

    fn in_quotes(&self, message: String) -> Suspicion {
        self.instead(message, "put quotes around it", &quoted(self.text), self.span())
    }

    /// `description: Budget: what is left`
    fn with_colon(&self) -> Option<Suspicion> {
        let plain = !self.text.starts_with(['"', '\'', '{', '[', '|', '>']);
        let colon = self.text.contains(": ") || self.text.ends_with(':');
        (plain && colon && self.parts.key.is_some())
            .then(|| self.in_quotes("a text that holds `: ` needs quotes".to_owned()))
    }

    /// `description: @finance`, which YAML keeps for itself.
    fn with_mark(&self) -> Option<Suspicion> {
        let mark = self.text.chars().next().filter(|c| "@`%!&*".contains(*c))?;
        if self.text.starts_with("* ") {
            return None;
        }
        Some(self.in_quotes(format!("a text that begins with `{mark}` needs quotes")))
    }

    /// `- {campaign_id} paid off?`: a text that begins as a map or a list does.
    fn with_rest(&self) -> Option<Suspicion> {
        let mark = self.text.chars().next().filter(|c| matches!(c, '{' | '['))?;
        let mut depth = 0_usize;
        let end = self.text.char_indices().find_map(|(at, c)| {
            match c {
                '{' | '[' => depth += 1,
                '}' | ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            (depth == 0).then_some(at + 1)
        })?;
        let rest = self.text.get(end..)?.trim_start();
        (!rest.is_empty() && !rest.starts_with('#'))
            .then(|| self.in_quotes(format!("a text that begins with `{mark}` needs quotes")))
    }

    /// Quotes inside quotes of the same kind.
    fn with_quotes(&self, fault: usize) -> Option<Suspicion> {
        let quote = self.text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let Some(inner) = self.text.get(1..)?.strip_suffix(quote) else {
            return Some(self.in_quotes("text stands behind the closing quote".to_owned()));
        };
        if !inner.contains(quote) {
            return None;
        }
        let span = Span::on_line(self.number + 1, self.line.column(0) + fault, 1);
        let (message, help) = if quote == '"' {
            ("a quote stands inside quotes", "write `\\\"` for it")
        } else {
            ("an apostrophe stands inside single quotes", "write two of them")
        };
        let escaped = if quote == '"' { "\\\"" } else { "''" };
        let mend = format!(
            "{quote}{}{quote}",
            inner.replace(escaped, &quote.to_string()).replace(quote, escaped)
        );
        Some(self.instead(message.to_owned(), help, &mend, span))
    }

    /// `"^\d+$"`: double quotes read `\d` as an escape.
    fn with_escape(&self, said: &str) -> Option<Suspicion> {
        let inner = self.text.strip_prefix('"')?.strip_suffix('"')?;
        let escape = said.contains("escape") && inner.contains('\\') && !inner.contains('\'');
        escape.then(|| {
            let message = "`\\` begins an escape inside double quotes".to_owned();
            self.instead(message, "use single quotes", &format!("'{inner}'"), self.span())
        })
    }
}

/// Templates that begin a value without quotes: YAML reads their brace as a map's.
fn templates(number: usize, line: &Line<'_>) -> Option<Suspicion> {
    if line.in_block {
        return None;
    }
    let (mut text, mut first, mut rest) = (String::new(), None, line.text);
    while let Some((before, template)) = bare_template(rest) {
        text.push_str(before);
        let column = text.chars().count() + 1;
        let mend = quoted(template);
        text.push_str(&mend);
        rest = rest.get(before.len() + template.len()..).unwrap_or_default();
        let span = Span::on_line(number + 1, column, template.chars().count());
        first.get_or_insert((format!("put quotes around it: {mend}"), span));
    }
    let (help, span) = first?;
    text.push_str(rest);
    let message = "a template that begins a value needs quotes".to_owned();
    Some(Suspicion { message, help, span, edits: vec![(number, text)] })
}

/// A template that begins a value, with what stands before it on the line.
fn bare_template(line: &str) -> Option<(&str, &str)> {
    let mut starts = line.char_indices().map(|(at, _)| at);
    starts.find_map(|at| {
        let (before, rest) = line.split_at_checked(at)?;
        let begins = rest.starts_with("{{") || rest.starts_with("{%");
        let value = [": ", "- ", ",", "[", ", "].iter().any(|mark| before.ends_with(mark));
        if !begins || !value {
            return None;
        }
        // In a map or a list on one line the template ends where it closes, elsewhere the value is all of the line.
        let flow = before.contains(['{', '[']);
        let end = rest.find("}}").map(|end| end + 2).filter(|_| flow).unwrap_or(rest.len());
        Some((before, rest.get(..end)?.trim_end()))
    })
}
