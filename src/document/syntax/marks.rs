//! Marks that are missing, or stand where YAML has others.

use super::super::schema;
use super::lines::{Line, Opener};
use super::{Scene, Suspicion};
use crate::diagnostic::Span;

/// What needs no trying: nothing else can be meant.
pub(super) fn certain(scene: &Scene<'_>, said: &str) -> Option<Suspicion> {
    no_text(scene, said)
        .or_else(|| tab(scene))
        .or_else(|| merge_conflict(scene))
        .or_else(|| alias(scene, said))
        .or_else(|| super::values::without_end(scene, said))
}

/// A byte that no text holds: NUL and its like come from programs that write what they should not.
fn no_text(scene: &Scene<'_>, said: &str) -> Option<Suspicion> {
    said.contains("unexpected character: `\\u{").then_some(())?;
    let sign =
        scene.line(scene.fault)?.text.chars().nth(scene.column).filter(|c| c.is_control())?;
    Some(Suspicion {
        message: format!("the character U+{:04X} is no part of a text", u32::from(sign)),
        help: "remove it; a file with many of them is UTF-16 or no text: save it as UTF-8"
            .to_owned(),
        span: Span::on_line(scene.fault + 1, scene.column + 1, 1),
        edits: Vec::new(),
    })
}

/// A tab that indents; the parser may notice only on the next line, or name the line before.
fn tab(scene: &Scene<'_>) -> Option<Suspicion> {
    let near = (scene.fault.saturating_sub(2)..=scene.fault + 1).rev();
    near.filter_map(|number| Some((number, scene.line(number)?))).find_map(|(number, line)| {
        let column = line.text.chars().take_while(|c| c.is_whitespace()).position(|c| c == '\t')?;
        (!line.in_block).then(|| Suspicion {
            message: "a tab stands in the indentation".to_owned(),
            help: "indent with spaces: YAML allows no tabs".to_owned(),
            span: Span::on_line(number + 1, column + 1, 1),
            edits: Vec::new(),
        })
    })
}

fn merge_conflict(scene: &Scene<'_>) -> Option<Suspicion> {
    let mark = scene.line(scene.fault)?.text.get(..7)?;
    matches!(mark, "<<<<<<<" | "=======" | ">>>>>>>").then(|| Suspicion {
        message: "a merge was left half done here".to_owned(),
        help:
            "keep one of the two versions, and remove the marks `<<<<<<<`, `=======` and `>>>>>>>`"
                .to_owned(),
        span: Span::on_line(scene.fault + 1, 1, 7),
        edits: Vec::new(),
    })
}

/// `*slow` where no `&slow` stands above.
fn alias(scene: &Scene<'_>, said: &str) -> Option<Suspicion> {
    let line = scene.line(scene.fault).filter(|_| said.contains("unknown anchor"))?;
    let (at, value) = line.parts().value?;
    let name = value.strip_prefix('*')?;
    if name.is_empty() || name.contains(|c: char| !(c.is_alphanumeric() || "_-".contains(c))) {
        return None;
    }
    Some(Suspicion {
        message: format!("`*{name}` repeats a value that nothing above is named for"),
        help: format!(
            "put `&{name}` in front of that value, above this line, or write it out here"
        ),
        span: Span::on_line(scene.fault + 1, line.column(at), value.chars().count()),
        edits: Vec::new(),
    })
}

/// Quotes and brackets that were opened and never closed.
pub(super) fn unclosed(scene: &Scene<'_>) -> Vec<Suspicion> {
    let mut found = Vec::new();
    let Some(line) = scene.line(scene.fault) else { return found };
    if let Some((opener, at)) = line.crossed {
        found.extend(close(scene, &[opener], Some((scene.fault, at))));
    }
    // What was open where the parser stopped; at the end of the file that is the line it points to.
    for open in [&line.before, &line.after] {
        let Some(last) = open.last() else { continue };
        let together: Vec<Opener> =
            open.iter().copied().filter(|opener| opener.line == last.line).collect();
        found.extend(close(scene, &together, None));
        found.extend(close(scene, open, Some((scene.lines.len() - 1, usize::MAX))));
    }
    found
}

/// The mend that closes these openers, innermost first, at a place or else at the end of their line.
fn close(scene: &Scene<'_>, open: &[Opener], at: Option<(usize, usize)>) -> Option<Suspicion> {
    let blamed = open.iter().find(|opener| opener.is_quote()).or(open.first())?;
    let (number, at) = at.unwrap_or((blamed.line, usize::MAX));
    let text = scene.line(number)?.text;
    let mut at = at.min(text.trim_end().len());
    let mut marks = open.to_vec();
    let count = |marks: &[char]| {
        let from = open.first().map_or(0, |first| first.at);
        text.get(from..).unwrap_or_default().matches(|c| marks.contains(&c)).count()
    };
    if blamed.is_quote() && open.len() > 1 && count(&['{', '[']) == count(&['}', ']']) {
        // Only the quote is missing: it goes before the brackets that close what is around it.
        at = at.saturating_sub(open.len() - 1);
        marks.retain(|opener| opener.is_quote());
    }
    let marks: String = marks.iter().rev().map(|opener| opener.closing()).collect();
    let (before, after) = text.split_at_checked(at)?;
    let line = scene.line(blamed.line)?;
    Some(Suspicion {
        message: format!("`{}` is opened here and never closed", blamed.mark),
        help: format!("close it with `{}`", blamed.closing()),
        span: Span::on_line(blamed.line + 1, line.column(blamed.at), 1),
        edits: vec![(number, [before, &marks, after].concat())],
    })
}

/// `{tool: a field: b}`
pub(super) fn comma(scene: &Scene<'_>) -> Option<Suspicion> {
    let line = scene.line(scene.fault)?;
    let inside = line.parts().value.is_some_and(|(_, value)| value.starts_with(['{', '[']));
    if line.before.is_empty() && !(line.is_free() && inside) {
        return None;
    }
    let stop: usize = line.text.chars().take(scene.column + 1).map(char::len_utf8).sum();
    let before = line.text.get(..stop)?.trim_end();
    let word = before.rfind([' ', '\u{a0}'])? + 1;
    let (head, tail) = line.text.split_at_checked(word)?;
    Some(Suspicion {
        message: "a comma is missing before this".to_owned(),
        help: "put `,` between two entries".to_owned(),
        span: Span::on_line(scene.fault + 1, line.column(word), 1),
        edits: vec![(scene.fault, [head.trim_end(), ", ", tail].concat())],
    })
}

/// Marks of keys, lists and comments.
pub(super) fn suspicions(scene: &Scene<'_>) -> Vec<Suspicion> {
    let mut found = Vec::new();
    for (number, line) in scene.near().filter(|(_, line)| line.is_free()) {
        let one = |start: usize, message: &str, help: &str, edit: String| Suspicion {
            message: message.to_owned(),
            help: help.to_owned(),
            span: Span::on_line(number + 1, line.column(start), 1),
            edits: vec![(number, edit)],
        };
        if let Some(at) = line.text.find('\u{a0}') {
            let edit = line.text.replace('\u{a0}', " ");
            found.push(one(
                at,
                "a non-breaking space stands here, which is no space for YAML",
                "write a space instead",
                edit,
            ));
        }
        let start = line.parts().start;
        let (before, content) = line.text.split_at_checked(start).unwrap_or(("", line.text));
        let word = content
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))
            .unwrap_or(content.len());
        let (word, rest) = content.split_at_checked(word).unwrap_or((content, ""));
        let is_word = word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if let Some(rest) = content.strip_prefix("//") {
            let edit = [before, "#", rest].concat();
            found.push(one(start, "`//` begins no comment", "a comment begins with `#`", edit));
        }
        if let Some(rest) = content.strip_prefix('-').filter(|rest| !rest.starts_with(['-', ' '])) {
            let edit = [before, "- ", rest].concat();
            found.push(one(
                start,
                "an item of a list needs a space",
                "put a space behind `-`",
                edit,
            ));
        }
        for bullet in ["* ", "• ", "+ ", "– ", "— "] {
            if let Some(rest) = content.strip_prefix(bullet) {
                let edit = [before, "- ", rest].concat();
                let message = format!("`{}` begins no item of a list", bullet.trim());
                found.push(one(start, &message, "begin an item with `- `", edit));
            }
        }
        if let Some(value) = rest
            .strip_prefix(':')
            .filter(|value| is_word && !value.starts_with([' ', '/']) && !value.is_empty())
        {
            let edit = [before, word, ": ", value].concat();
            found.push(one(
                start,
                &format!("`{word}:` needs a space behind it"),
                &format!("write `{word}: {value}`"),
                edit,
            ));
        }
        if let Some(value) = rest.trim_start().strip_prefix('=').filter(|_| is_word) {
            let edit = [before, word, ": ", value.trim_start()].concat();
            let help = format!("write `{word}: {}`", value.trim_start());
            found.push(one(start, "a key ends with `:`, not with `=`", &help, edit));
        }
        if is_word && line.parts().key.is_none() && is_key(scene, number, word, rest) {
            found.push(colon(line, number, before, word, rest));
        }
    }
    found.extend(block_without_colon(scene));
    found
}

/// A key whose colon is missing.
fn colon(line: &Line<'_>, number: usize, before: &str, word: &str, rest: &str) -> Suspicion {
    let value = rest.trim_start_matches([':', ' ']);
    let space = if value.is_empty() { "" } else { " " };
    Suspicion {
        message: format!("`:` is missing behind `{word}`"),
        help: format!("write `{word}:{space}{value}`"),
        span: Span::on_line(number + 1, line.column(before.len()), word.chars().count()),
        edits: vec![(number, [before, word, ":", space, value].concat())],
    }
}

/// `standing >-`: the parser takes it and the lines below for one text, and stops behind them.
fn block_without_colon(scene: &Scene<'_>) -> Option<Suspicion> {
    let above = (scene.fault.saturating_sub(40)..scene.fault).rev();
    let (number, line) = above
        .filter_map(|number| Some((number, scene.line(number)?)))
        .find(|(_, line)| line.is_free() && line.text.trim_end().ends_with(['|', '>', '-']))?;
    let start = line.parts().start;
    let (before, content) = line.text.split_at_checked(start)?;
    let (word, rest) = content.split_at_checked(content.find([' ', ':', '|', '>'])?)?;
    let header = super::lines::is_block_header(rest.trim_start_matches([':', ' ']).trim_end());
    header.then(|| colon(line, number, before, word, rest))
}

/// Whether a word without a colon is a key: something deeper stands below it, some file here has a key of that name,
/// or what stands behind it is no prose.
fn is_key(scene: &Scene<'_>, number: usize, word: &str, rest: &str) -> bool {
    let rest = rest.trim();
    if rest.is_empty() {
        let indent = scene.line(number).map_or(0, |line| line.indent);
        let mut below = scene.lines.iter().skip(number + 1).filter(|line| !line.is_blank());
        return below
            .next()
            .is_some_and(|line| line.indent > indent || line.text.trim_start().starts_with("- "));
    }
    if rest.starts_with([':', '=']) {
        return false;
    }
    let value = rest.starts_with(['"', '\'', '{', '[']) || super::lines::is_block_header(rest);
    value || word.contains('_') || schema::is_key(word)
}

/// Fences of Markdown around the text.
pub(super) fn fences(scene: &Scene<'_>) -> Option<Suspicion> {
    let line = scene.line(scene.fault).filter(|line| line.text.starts_with("```"))?;
    let fences = scene.lines.iter().enumerate().filter(|(_, line)| line.text.starts_with("```"));
    Some(Suspicion {
        message: "a fence of Markdown is no YAML".to_owned(),
        help: "remove the lines that begin with ```".to_owned(),
        span: Span::on_line(scene.fault + 1, 1, line.text.chars().count()),
        edits: fences.map(|(number, _)| (number, String::new())).collect(),
    })
}
