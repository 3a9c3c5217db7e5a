//! Lines to entries, by indentation.

use super::flow::Flow;
use super::{At, Cursor, Entry, Segment, Word};
use crate::lsp::position::Place;

/// Reads all lines; with a cursor, tells what it stands in.
pub(super) fn read<'t>(
    lines: impl Iterator<Item = &'t str>,
    cursor: Option<Place>,
) -> (Vec<Entry>, Option<Cursor>) {
    let mut reader = Reader { cursor, ..Reader::default() };
    for (number, line) in lines.enumerate() {
        let line: Vec<char> = line.chars().collect();
        reader.line(number, &line);
    }
    (reader.entries, reader.found)
}

/// A map or list that is open: the column of its key or dash.
struct Frame {
    column: usize,
    segment: Segment,
    /// Items of a list below it so far.
    items: usize,
}

/// A value that may go on in the next line.
enum Open {
    /// A scalar in `|` or `>` style, below a key at this column.
    Block { column: usize, text: String },
    /// A scalar of any other style.
    Scalar { column: usize, text: String },
    /// Brackets that are not closed.
    Flow { column: usize, flow: Flow },
}

#[derive(Default)]
struct Reader {
    cursor: Option<Place>,
    frames: Vec<Frame>,
    items: usize,
    open: Option<Open>,
    entries: Vec<Entry>,
    found: Option<Cursor>,
}

impl Reader {
    fn path(&self) -> Vec<Segment> {
        self.frames.iter().map(|frame| frame.segment.clone()).collect()
    }

    /// The cursor's column, where it is on this line.
    fn column(&self, number: usize) -> Option<usize> {
        self.cursor.filter(|cursor| cursor.line == number).map(|cursor| cursor.column)
    }

    fn line(&mut self, number: usize, line: &[char]) {
        let indent = line.iter().take_while(|c| **c == ' ').count();
        let blank = line.iter().all(|c| c.is_whitespace());
        if self.goes_on(number, line, indent, blank) {
            return;
        }
        let cursor = self.column(number);
        if blank {
            if let Some(column) = cursor {
                self.frames.retain(|frame| frame.column < column);
                self.word(number, column, &[], column, false);
            }
            return;
        }
        if line.get(indent) == Some(&'#') {
            return;
        }
        if indent == 0 && matches!(line, ['-', '-', '-', ..]) {
            self.frames.clear();
            return;
        }
        self.content(number, line, indent);
    }

    /// Whether the line belongs to a value that began before.
    fn goes_on(&mut self, number: usize, line: &[char], indent: usize, blank: bool) -> bool {
        let cursor = self.column(number);
        let path = self.path();
        let rest = |from: usize| line.iter().skip(from).collect::<String>();
        let value = |before: String, column: usize| Cursor {
            path: path.clone(),
            at: At::Value { before, after: rest(column), text: true },
        };
        match self.open.take() {
            Some(Open::Block { column: outer, mut text }) => {
                let inside =
                    if blank { cursor.is_none_or(|column| column > outer) } else { indent > outer };
                if !inside {
                    return false;
                }
                if let Some(column) = cursor {
                    let before = line.iter().take(column).collect::<String>();
                    self.found = Some(value(format!("{text}{before}"), column));
                }
                text.extend(line);
                text.push('\n');
                self.open = Some(Open::Block { column: outer, text });
                true
            }
            Some(Open::Scalar { column: outer, mut text }) => {
                let continued = !text.is_empty()
                    && !blank
                    && indent > outer
                    && key(line, indent).is_none()
                    && line.get(indent) != Some(&'#');
                if !continued {
                    return false;
                }
                text.push('\n');
                if let Some(column) = cursor {
                    let before = line.iter().take(column).collect::<String>();
                    self.found = Some(value(format!("{text}{before}"), column));
                }
                text.extend(line);
                self.open = Some(Open::Scalar { column: outer, text });
                true
            }
            Some(Open::Flow { column: outer, mut flow }) => {
                let closes = matches!(line.get(indent), Some(']' | '}'));
                if !blank && indent <= outer && !closes {
                    return false;
                }
                let done = flow.line(number, line, 0, cursor);
                self.take_flow(&mut flow);
                if !done {
                    self.open = Some(Open::Flow { column: outer, flow });
                }
                true
            }
            None => false,
        }
    }

    fn content(&mut self, number: usize, line: &[char], indent: usize) {
        let cursor = self.column(number);
        let mut at = indent;
        let mut outer = None;
        // Dashes: each opens an item.
        while line.get(at) == Some(&'-') && line.get(at + 1).is_none_or(|c| *c == ' ') {
            while self.frames.last().is_some_and(|frame| {
                frame.column > at || frame.column == at && matches!(frame.segment, Segment::Item(_))
            }) {
                self.frames.pop();
            }
            let items = self.frames.last_mut().map_or(&mut self.items, |frame| &mut frame.items);
            let segment = Segment::Item(*items);
            *items += 1;
            self.frames.push(Frame { column: at, segment, items: 0 });
            outer = Some(at);
            at += 1;
            while line.get(at) == Some(&' ') {
                at += 1;
            }
        }
        if let Some((name, start, colon)) = key(line, at) {
            self.pop_to(at);
            let parent = self.path();
            let word = Word { text: name.clone(), at: Place { line: number, column: start } };
            if let Some(column) = cursor.filter(|column| *column <= colon) {
                let from = start.min(column);
                let typed = line.get(from..column).unwrap_or_default().iter().collect();
                let at = At::Word { typed, word: word.clone(), keyed: true };
                self.found = Some(Cursor { path: parent, at });
            }
            self.frames.push(Frame { column: at, segment: Segment::Key(name), items: 0 });
            self.entries.push(Entry { path: self.path(), key: Some(word), value: None });
            self.value(number, line, colon + 1, at);
            return;
        }
        if let Some(dash) = outer {
            self.entries.push(Entry { path: self.path(), key: None, value: None });
            self.item(number, line, at, dash);
            return;
        }
        self.pop_to(at);
        if let Some(column) = cursor {
            self.word(number, at, line, column, false);
        }
    }

    fn pop_to(&mut self, column: usize) {
        while self.frames.last().is_some_and(|frame| frame.column >= column) {
            self.frames.pop();
        }
    }

    /// A word without a colon: a scalar, or a key that is not finished.
    fn word(&mut self, number: usize, start: usize, line: &[char], column: usize, keyed: bool) {
        let text: String = line.iter().skip(start).collect();
        let text = text.trim_end().to_owned();
        let from = start.min(column);
        let typed = line.get(from..column).unwrap_or_default().iter().collect();
        let word = Word { text, at: Place { line: number, column: from } };
        self.found = Some(Cursor { path: self.path(), at: At::Word { typed, word, keyed } });
    }

    /// What stands behind a dash and is no key.
    fn item(&mut self, number: usize, line: &[char], at: usize, dash: usize) {
        let opens = matches!(line.get(at), Some('"' | '\'' | '[' | '{' | '|' | '>' | '#'));
        match self.column(number) {
            Some(column) if column > dash && !opens => {
                let start = at.min(column);
                self.word(number, start, line, column, false);
            }
            _ => {}
        }
        self.value(number, line, at, dash);
    }

    /// What stands behind a colon or a dash; `outer` is the column of what it belongs to.
    fn value(&mut self, number: usize, line: &[char], from: usize, outer: usize) {
        let cursor = self.column(number).filter(|column| *column >= from);
        let mut start = from;
        while line.get(start) == Some(&' ') {
            start += 1;
        }
        let rest = line.get(start..).unwrap_or_default();
        match rest {
            ['|' | '>', mark @ ..]
                if mark
                    .iter()
                    .take_while(|c| **c != '#')
                    .all(|c| matches!(c, '+' | '-' | ' ' | '1'..='9')) =>
            {
                self.open = Some(Open::Block { column: outer, text: String::new() });
            }
            ['{', '{', ..] => self.scalar(number, line, start, outer, cursor),
            ['{' | '[', ..] => {
                let mut flow = Flow::new(self.path());
                let closed = flow.line(number, line, start, cursor);
                self.take_flow(&mut flow);
                if !closed {
                    self.open = Some(Open::Flow { column: outer, flow });
                }
            }
            _ => self.scalar(number, line, start, outer, cursor),
        }
    }

    fn take_flow(&mut self, flow: &mut Flow) {
        self.entries.append(&mut flow.entries);
        if let Some(found) = flow.found.take() {
            self.found = Some(found);
        }
    }

    fn scalar(
        &mut self,
        number: usize,
        line: &[char],
        start: usize,
        outer: usize,
        cursor: Option<usize>,
    ) {
        let quote = line.get(start).copied().filter(|c| matches!(c, '"' | '\''));
        let inside = start + usize::from(quote.is_some());
        let end = end_of_scalar(line, inside, quote);
        let text: String = line.get(inside..end).unwrap_or_default().iter().collect();
        let text = if quote.is_some() { text } else { text.trim_end().to_owned() };
        if let Some(column) = cursor
            && column <= end
            && !(matches!(self.found, Some(Cursor { at: At::Word { .. }, .. })))
        {
            let before = line.get(inside.min(column)..column).unwrap_or_default().iter().collect();
            let after = line.get(column.max(inside)..end).unwrap_or_default().iter().collect();
            let at = At::Value { before, after, text: quote.is_some() };
            self.found = Some(Cursor { path: self.path(), at });
        }
        let closed = quote.is_some() && end < line.len();
        let open = Open::Scalar { column: outer, text: text.clone() };
        self.open = (!closed).then_some(open);
        if !text.is_empty()
            && let Some(entry) = self.entries.last_mut()
        {
            entry.value = Some(Word { text, at: Place { line: number, column: inside } });
        }
    }
}

/// Where a scalar ends: at its quote, before a comment, with the line.
fn end_of_scalar(line: &[char], from: usize, quote: Option<char>) -> usize {
    let mut at = from;
    while let Some(c) = line.get(at) {
        match quote {
            Some('"') if *c == '\\' => at += 1,
            Some('\'') if *c == '\'' && line.get(at + 1) == Some(&'\'') => at += 1,
            Some(quote) if *c == quote => return at,
            None if *c == '#' && at > from && line.get(at - 1) == Some(&' ') => return at - 1,
            None if *c == '#' && at == from => return at,
            _ => {}
        }
        at += 1;
    }
    line.len()
}

/// A key and its colon: its text, where that begins, and where the colon stands.
fn key(line: &[char], at: usize) -> Option<(String, usize, usize)> {
    let quote = line.get(at).copied().filter(|c| matches!(c, '"' | '\''));
    let start = at + usize::from(quote.is_some());
    let mut end = start;
    while line.get(end).is_some_and(|c| match quote {
        Some(quote) => *c != quote,
        None => c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '.'),
    }) {
        end += 1;
    }
    let colon = end + usize::from(quote.is_some());
    let name: String = line.get(start..end)?.iter().collect();
    let follows = line.get(colon) == Some(&':') && line.get(colon + 1).is_none_or(|c| *c == ' ');
    (follows && !name.is_empty()).then_some((name, start, colon))
}
