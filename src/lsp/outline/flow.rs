//! Lists and maps in brackets, as far as they are written.

use super::{At, Cursor, Entry, Segment, Word};
use crate::lsp::position::Place;

/// One pair of brackets.
struct Level {
    map: bool,
    /// The key whose value follows; maps only.
    key: Option<String>,
    items: usize,
}

/// What is read of brackets and what is in them.
pub(super) struct Flow {
    base: Vec<Segment>,
    levels: Vec<Level>,
    /// The word or text that is open, and where it began.
    token: String,
    start: Option<Place>,
    /// What ends it, if something must: a quote, or `}` for a template.
    quote: Option<char>,
    pub(super) entries: Vec<Entry>,
    pub(super) found: Option<Cursor>,
}

impl Flow {
    pub(super) fn new(base: Vec<Segment>) -> Self {
        Self {
            base,
            levels: Vec::new(),
            token: String::new(),
            start: None,
            quote: None,
            entries: Vec::new(),
            found: None,
        }
    }

    /// Reads a line from a column on; whether all brackets are closed at its end.
    pub(super) fn line(
        &mut self,
        number: usize,
        line: &[char],
        from: usize,
        cursor: Option<usize>,
    ) -> bool {
        let mut at = from;
        loop {
            if cursor == Some(at) && at > from {
                self.snapshot(number, line, at);
            }
            let Some(c) = line.get(at).copied() else { break };
            let next = line.get(at + 1).copied();
            let place = Place { line: number, column: at };
            match (self.quote, c) {
                (Some('}'), '}') if next == Some('}') => {
                    self.token.push('}');
                    self.quote = None;
                }
                (Some('"'), '\\') => {
                    self.push(c, place);
                    if let Some(next) = next {
                        self.token.push(next);
                        at += 1;
                        if cursor == Some(at) {
                            self.snapshot(number, line, at);
                        }
                    }
                }
                (Some(quote), c) if c == quote && quote != '}' => self.quote = Some(' '),
                // Behind a closing quote.
                (Some(' '), ',' | ']' | '}' | ':' | ' ') => {
                    self.quote = None;
                    if self.mark(c, next, place, true) {
                        return true;
                    }
                }
                (Some(_), c) => self.push(c, place),
                (None, '{') if next == Some('{') => {
                    self.push(c, place);
                    self.quote = Some('}');
                }
                (None, '"' | '\'') if self.token.is_empty() => {
                    self.quote = Some(c);
                    self.start = Some(Place { line: number, column: at + 1 });
                }
                (None, '#') if at > 0 && line.get(at - 1) == Some(&' ') => break,
                (None, c) => {
                    if self.mark(c, next, place, false) {
                        return true;
                    }
                }
            }
            at += 1;
        }
        if self.quote.is_none_or(|quote| quote == ' ') && !self.token.is_empty() {
            self.token.push(' ');
        }
        self.levels.is_empty()
    }

    fn push(&mut self, c: char, place: Place) {
        if self.start.is_none() {
            self.start = Some(place);
        }
        self.token.push(c);
    }

    /// A character outside of quotes; whether it closed the last bracket.
    fn mark(&mut self, c: char, next: Option<char>, place: Place, quoted: bool) -> bool {
        match c {
            '{' | '[' if self.token.is_empty() => {
                self.levels.push(Level { map: c == '{', key: None, items: 0 });
            }
            '}' | ']' => {
                self.finish();
                self.levels.pop();
                return self.levels.is_empty();
            }
            ',' => {
                self.finish();
                if let Some(level) = self.levels.last_mut() {
                    level.key = None;
                    level.items += usize::from(!level.map);
                }
            }
            ':' if quoted || next.is_none_or(|next| next == ' ') => self.key(),
            ' ' if self.token.is_empty() || quoted => {}
            c => self.push(c, place),
        }
        false
    }

    fn key(&mut self) {
        let base = self.path_to_level();
        let Some(level) = self.levels.last_mut().filter(|level| level.map && level.key.is_none())
        else {
            self.token.push(':');
            return;
        };
        let text = std::mem::take(&mut self.token).trim().to_owned();
        let at = self.start.take().unwrap_or(Place { line: 0, column: 0 });
        level.key = Some(text.clone());
        let path = [base, vec![Segment::Key(text.clone())]].concat();
        self.entries.push(Entry { path, key: Some(Word { text, at }), value: None });
    }

    /// Ends the word that is open.
    fn finish(&mut self) {
        let text = std::mem::take(&mut self.token).trim_end().to_owned();
        let Some(at) = self.start.take() else { return };
        let path = self.path();
        let Some(level) = self.levels.last() else { return };
        let word = Word { text, at };
        match (level.map, &level.key) {
            (true, Some(_)) => {
                if let Some(entry) = self.entries.iter_mut().rev().find(|e| e.path == path) {
                    entry.value = Some(word);
                }
            }
            (true, None) => {}
            (false, _) => self.entries.push(Entry { path, key: None, value: Some(word) }),
        }
    }

    /// The way to the innermost bracket.
    fn path_to_level(&self) -> Vec<Segment> {
        let outer = self.levels.len().saturating_sub(1);
        let inside = self.levels.iter().take(outer).filter_map(Level::segment);
        self.base.iter().cloned().chain(inside).collect()
    }

    /// The way to what is being read.
    fn path(&self) -> Vec<Segment> {
        self.base.iter().cloned().chain(self.levels.iter().filter_map(Level::segment)).collect()
    }

    fn snapshot(&mut self, number: usize, line: &[char], at: usize) {
        let rest = line.get(at..).unwrap_or_default();
        let Some(level) = self.levels.last() else { return };
        let text = self.quote.is_some_and(|quote| quote != ' ');
        let value = level.key.is_some();
        let found = if text || value {
            let end = match self.quote {
                Some(quote @ ('"' | '\'')) => rest.iter().position(|c| *c == quote),
                _ => rest.iter().position(|c| matches!(c, ',' | ']')),
            };
            let after = rest.iter().take(end.unwrap_or(rest.len())).collect();
            At::Value { before: self.token.clone(), after, text }
        } else {
            let after: String = rest
                .iter()
                .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
                .collect();
            let keyed = rest.get(after.chars().count()) == Some(&':');
            let place = Place { line: number, column: at };
            let start = self.start.filter(|_| !self.token.is_empty()).unwrap_or(place);
            let text = format!("{}{after}", self.token);
            At::Word { typed: self.token.clone(), word: Word { text, at: start }, keyed }
        };
        self.found = Some(Cursor { path: self.path(), at: found });
    }
}

impl Level {
    fn segment(&self) -> Option<Segment> {
        if self.map { self.key.clone().map(Segment::Key) } else { Some(Segment::Item(self.items)) }
    }
}
