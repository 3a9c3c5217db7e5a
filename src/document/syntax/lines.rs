//! The lines of a text that YAML cannot read, as far as they can be told without a parser: what is open where a line
//! begins, and where its key and value stand.

/// A mark that opened a quote, a list or a map, and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opener {
    pub(super) mark: char,
    /// Line, from 0.
    pub(super) line: usize,
    /// Byte in the line.
    pub(super) at: usize,
}

impl Opener {
    /// The mark that closes it.
    pub(super) fn closing(self) -> char {
        match self.mark {
            '{' => '}',
            '[' => ']',
            quote => quote,
        }
    }

    pub(super) fn is_quote(self) -> bool {
        matches!(self.mark, '"' | '\'')
    }
}

/// A line of the text.
#[derive(Debug)]
pub(super) struct Line<'t> {
    /// Its text, without the end of the line.
    pub(super) text: &'t str,
    /// Spaces at its beginning.
    pub(super) indent: usize,
    /// Whether it belongs to a block that `|` or `>` began.
    pub(super) in_block: bool,
    /// What was open where it began, the outermost first.
    pub(super) before: Vec<Opener>,
    /// What was open at its end.
    pub(super) after: Vec<Opener>,
    /// A closing bracket, by its byte, that fits not what was open.
    pub(super) crossed: Option<(Opener, usize)>,
}

/// What stands on a line: places are bytes of the line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'t> {
    /// Where its content begins, behind `- `.
    pub(super) start: usize,
    pub(super) key: Option<&'t str>,
    /// Where the value begins, and the value without a comment behind it.
    pub(super) value: Option<(usize, &'t str)>,
}

impl<'t> Line<'t> {
    /// Whether nothing is written on it, or only a comment.
    pub(super) fn is_blank(&self) -> bool {
        let content = self.text.trim_start();
        content.is_empty() || content.starts_with('#')
    }

    /// Whether it begins as a line of keys and list items does.
    pub(super) fn is_free(&self) -> bool {
        !self.in_block && self.before.is_empty() && !self.is_blank()
    }

    pub(super) fn parts(&self) -> Parts<'t> {
        parts(self.text)
    }

    /// The column of a byte, from 1.
    pub(super) fn column(&self, byte: usize) -> usize {
        self.text.get(..byte).unwrap_or(self.text).chars().count() + 1
    }
}

/// All lines of a text.
pub(super) fn lines(text: &str) -> Vec<Line<'_>> {
    let mut found: Vec<Line<'_>> = Vec::new();
    let mut open: Vec<Opener> = Vec::new();
    // The indent of the key whose block this is, and of the block once it is known.
    let mut block: Option<(usize, Option<usize>)> = None;
    for (number, text) in text.lines().enumerate() {
        let indent = text.len() - text.trim_start_matches(' ').len();
        let mut line = Line {
            text,
            indent,
            in_block: false,
            before: open.clone(),
            after: Vec::new(),
            crossed: None,
        };
        if let Some((owner, inside)) = block {
            let least = inside.unwrap_or(owner + 1);
            if text.trim().is_empty() || indent >= least {
                line.in_block = true;
                if !text.trim().is_empty() {
                    block = Some((owner, Some(inside.unwrap_or(indent))));
                }
                found.push(line);
                continue;
            }
            block = None;
        }
        if !open.is_empty() {
            line.crossed = scan(text, number, 0, &mut open);
        } else if !line.is_blank() {
            let Parts { start, value, .. } = parts(text);
            if let Some((at, value)) = value {
                if value.starts_with(['"', '\'', '{', '[']) {
                    line.crossed = scan(text, number, at, &mut open);
                } else if is_block_header(value) {
                    block = Some((start.min(owner(text)), None));
                }
            }
        }
        line.after.clone_from(&open);
        found.push(line);
    }
    found
}

/// The indent that a block below this line must go beyond: that of its last dash or key.
fn owner(text: &str) -> usize {
    let Parts { start, key, .. } = parts(text);
    let dash = text.get(..start).and_then(|before| before.rfind('-'));
    match (key, dash) {
        (None, Some(dash)) => dash,
        _ => start,
    }
}

/// Whether a value begins a block of text (`|`, `>-`, ...).
pub(super) fn is_block_header(value: &str) -> bool {
    let rest = value.strip_prefix(['|', '>']);
    rest.is_some_and(|rest| rest.chars().all(|c| matches!(c, '+' | '-' | '1'..='9')))
}

fn parts(text: &str) -> Parts<'_> {
    let mut start = text.len() - text.trim_start().len();
    loop {
        let rest = text.get(start..).unwrap_or_default();
        match rest.strip_prefix("- ") {
            Some(more) => start = text.len() - more.trim_start().len(),
            None => break,
        }
    }
    let content = text.get(start..).unwrap_or_default();
    let end = match content.chars().next() {
        Some('{' | '[') | None => None,
        Some(quote @ ('"' | '\'')) => content
            .get(1..)
            .and_then(|rest| rest.find(quote))
            .map(|end| end + 2)
            .filter(|end| content.get(*end..).is_some_and(|rest| rest.starts_with(':'))),
        Some(_) => {
            let mut colons = content.match_indices(':').map(|(at, _)| at);
            colons.find(|at| {
                content.get(at + 1..).is_some_and(|r| r.is_empty() || r.starts_with(' '))
            })
        }
    };
    let key = end.and_then(|end| content.get(..end));
    let from = start + end.map_or(0, |end| end + 1);
    let rest = text.get(from..).unwrap_or_default();
    let at = from + rest.len() - rest.trim_start().len();
    let value = text.get(at..).unwrap_or_default();
    let value = if value.starts_with(['"', '\'', '{', '[']) {
        value
    } else if value.starts_with('#') {
        ""
    } else {
        value.split(" #").next().unwrap_or(value)
    };
    let value = value.trim_end();
    Parts { start, key, value: (!value.is_empty()).then_some((at, value)) }
}

/// Follows quotes and brackets to the end of the line, or to the end of the value; gives a bracket that closes what
/// was not opened last.
fn scan(text: &str, line: usize, from: usize, open: &mut Vec<Opener>) -> Option<(Opener, usize)> {
    let mut chars = text.char_indices().skip_while(|(at, _)| *at < from).peekable();
    // A quote begins a text only where a text may begin.
    let mut last = '{';
    while let Some((at, c)) = chars.next() {
        let top = open.last().copied();
        match (top.map(|top| top.mark), c) {
            (Some('"'), '\\') => drop(chars.next()),
            (Some('"'), '"') => drop(open.pop()),
            (Some('\''), '\'') if chars.next_if(|(_, next)| *next == '\'').is_none() => {
                open.pop();
            }
            (Some('"' | '\''), _) => {}
            (_, '#') if text.get(..at).is_some_and(|before| before.ends_with(' ')) => return None,
            (_, '"' | '\'') if matches!(last, '{' | '[' | ',' | ':') => {
                open.push(Opener { mark: c, line, at });
            }
            (_, '{' | '[') => open.push(Opener { mark: c, line, at }),
            (Some(_), '}' | ']') => {
                if let Some(top) = top.filter(|top| top.closing() != c) {
                    return Some((top, at));
                }
                open.pop();
            }
            _ => {}
        }
        if open.is_empty() {
            return None;
        }
        if !c.is_whitespace() {
            last = c;
        }
    }
    None
}
