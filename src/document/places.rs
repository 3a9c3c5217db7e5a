//! From a place inside a text to its place in the file.

use super::tree::Node;
use crate::diagnostic::Span;

/// The farthest column inside a text that is looked for.
const FARTHEST: usize = 20_000;

/// The place in `file` of a line and column (from 1, in characters) inside the text of a scalar. Where the scalar's
/// style hides it (folded blocks, texts over several lines), the whole scalar's.
pub(super) fn inside(file: &str, node: &Node, line: usize, column: usize, width: usize) -> Span {
    let split = node.offset.and_then(|offset| file.split_at_checked(offset));
    let Some((before, raw)) = split else { return node.span };
    // The place of a block is that of its first line; its mark stands at the end of the line before.
    let header = before.trim_end().rsplit(char::is_whitespace).next().unwrap_or_default();
    // Far into a line nobody counts columns, and there counting takes longest.
    if column > FARTHEST {
        return node.span;
    }
    let found = match (header.chars().next(), raw.chars().next()) {
        (Some('|'), _) => {
            Some(Span::on_line(node.span.line + line - 1, node.span.column + column - 1, width))
        }
        (Some('>'), _) => None,
        (_, Some(quote @ ('"' | '\''))) if line == 1 => {
            in_quotes(raw, quote, node.span, column, width)
        }
        _ if line == 1 => Some(Span::on_line(node.span.line, node.span.column + column - 1, width)),
        _ => None,
    };
    found.unwrap_or(node.span)
}

/// Counts what each character of the text took in the file: escapes take more than one.
fn in_quotes(raw: &str, quote: char, span: Span, column: usize, width: usize) -> Option<Span> {
    let mut rest = raw.get(1..)?.chars().peekable();
    let mut next = || {
        let c = rest.next()?;
        if c == '\n' {
            return None;
        }
        if c == '\'' && quote == '\'' {
            return (rest.next()? == '\'').then_some(2);
        }
        if c == '\\' && quote == '"' {
            let digits = match rest.next()? {
                'x' => 2,
                'u' => 4,
                'U' => 8,
                _ => 0,
            };
            return (0..digits).try_fold(2, |taken, _| rest.next().map(|_| taken + 1));
        }
        if c == quote { None } else { Some(1) }
    };
    let before = (1..column).try_fold(0, |taken, _| Some(taken + next()?))?;
    let inside = (0..width).try_fold(0, |taken, _| Some(taken + next()?)).unwrap_or(1);
    Some(Span::on_line(span.line, span.column + 1 + before, inside))
}
