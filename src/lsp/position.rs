//! Places as the protocol counts them (lines from 0, code units of the encoding that was agreed on) and as this
//! program does (lines and characters from 1).

use lsp_types::{Position, PositionEncodingKind, Range};

use crate::diagnostic::Span;

/// What the columns of positions count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    /// What every client speaks.
    #[default]
    Utf16,
}

impl Encoding {
    /// The best that client and server both speak.
    pub(super) fn agree(offered: Option<&[PositionEncodingKind]>) -> Self {
        let utf8 = offered.is_some_and(|kinds| kinds.contains(&PositionEncodingKind::UTF8));
        if utf8 { Self::Utf8 } else { Self::Utf16 }
    }

    pub(super) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
        }
    }

    fn width(self, c: char) -> usize {
        match self {
            Self::Utf8 => c.len_utf8(),
            Self::Utf16 => c.len_utf16(),
        }
    }
}

/// A place in a text: line and character, both from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// A text by its lines.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    /// Where each line begins, in bytes, and what it holds without its end.
    lines: Vec<(usize, &'t str)>,
    encoding: Encoding,
}

impl<'t> Lines<'t> {
    /// Lines end with `\n`, `\r\n` or `\r`, as the protocol says.
    pub(super) fn of(text: &'t str, encoding: Encoding) -> Self {
        let mut lines = Vec::new();
        let (mut start, mut rest) = (0, text);
        while let Some(end) = rest.find(['\n', '\r']) {
            let (line, tail) = rest.split_at(end);
            let mark = if tail.starts_with("\r\n") { 2 } else { 1 };
            lines.push((start, line));
            start += end + mark;
            rest = tail.get(mark..).unwrap_or_default();
        }
        lines.push((start, rest));
        Self { lines, encoding }
    }

    /// What a line holds; nothing where there is no such line.
    pub(super) fn line(&self, line: usize) -> &'t str {
        self.lines.get(line).map_or("", |(_, text)| text)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'t str> {
        self.lines.iter().map(|(_, text)| *text)
    }

    /// A place as the protocol counts it.
    pub(super) fn position(&self, place: Place) -> Position {
        let units: usize =
            self.line(place.line).chars().take(place.column).map(|c| self.encoding.width(c)).sum();
        Position { line: number(place.line), character: number(units) }
    }

    /// The place that a position means; behind the end of a line it is the end.
    pub(super) fn place(&self, position: Position) -> Place {
        let line = size(position.line);
        if line >= self.lines.len() {
            let last = self.lines.len().saturating_sub(1);
            return Place { line: last, column: self.line(last).chars().count() };
        }
        let mut left = size(position.character);
        let mut column = 0;
        for c in self.line(line).chars() {
            let width = self.encoding.width(c);
            if left < width {
                break;
            }
            left -= width;
            column += 1;
        }
        Place { line, column }
    }

    /// Where a place is in the text, in bytes.
    pub(super) fn offset(&self, place: Place) -> usize {
        let start = self.lines.get(place.line).map_or(0, |(start, _)| *start);
        let inside: usize =
            self.line(place.line).chars().take(place.column).map(char::len_utf8).sum();
        start + inside
    }

    /// The place of a byte of the text.
    pub(super) fn place_at(&self, offset: usize) -> Place {
        let line = self.lines.partition_point(|(start, _)| *start <= offset).saturating_sub(1);
        let start = self.lines.get(line).map_or(0, |(start, _)| *start);
        let inside = offset.saturating_sub(start);
        let before = self.line(line).char_indices().take_while(|(at, _)| *at < inside);
        Place { line, column: before.count() }
    }

    /// A range as the protocol counts it.
    pub(super) fn range(&self, span: Span) -> Range {
        let at = |line: usize, column: usize| {
            self.position(Place { line: line.saturating_sub(1), column: column.saturating_sub(1) })
        };
        let (start, end) = (at(span.line, span.column), at(span.end_line, span.end_column));
        Range { start, end: end.max(start) }
    }

    /// A range on one line.
    pub(super) fn on_line(&self, from: Place, width: usize) -> Range {
        let end = Place { column: from.column + width, ..from };
        Range { start: self.position(from), end: self.position(end) }
    }
}

fn number(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_what_was_agreed_on() {
        let text = "a\r\nü😀x\rb";
        for (encoding, units) in [(Encoding::Utf16, 3), (Encoding::Utf8, 6)] {
            let lines = Lines::of(text, encoding);
            let x = Place { line: 1, column: 2 };
            let position = Position { line: 1, character: units };
            assert_eq!(lines.position(x), position);
            assert_eq!(lines.place(position), x);
            assert_eq!(text.get(lines.offset(x)..), Some("x\rb"));
            assert_eq!(lines.place_at(lines.offset(x)), x);
            // Beyond the end of a line, and of the text.
            assert_eq!(lines.place(Position { line: 1, character: 99 }).column, 3);
            assert_eq!(
                lines.place(Position { line: 99, character: 99 }),
                Place { line: 2, column: 1 }
            );
            // Inside of a character.
            assert_eq!(lines.place(Position { line: 1, character: units - 1 }).column, 1);
        }
    }
}
