//! Where the citations of a text stand: `[[steps.roi.output.net_profit | usd]]`.

use std::ops::Range;

/// The filters that a citation may name.
pub const FILTERS: &[&str] = &["usd", "number", "percent", "ratio", "month"];

/// A citation as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Citation<'t> {
    /// Where it stands, all its brackets included.
    pub range: Range<usize>,
    /// All of it.
    pub text: &'t str,
    /// The path, with `rows[0]` read as `rows.0`.
    pub path: String,
    /// The filter, arguments and all.
    pub filter: Option<&'t str>,
    /// Whether it has the form of a citation. Anything else in double brackets is one at fault.
    pub well_formed: bool,
}

/// A longer path is cut where it is told.
const LONGEST: usize = 120;

/// Finds all citations, outermost brackets first where they are nested. Brackets that do not close on their line are
/// text, unless a path stands behind them.
pub fn citations(text: &str) -> Vec<Citation<'_>> {
    let mut found = Vec::new();
    if !text.contains("[[") {
        return found;
    }
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        let mut spans: Vec<(usize, usize, usize, usize)> = Vec::new();
        let mut open: Vec<(usize, usize)> = Vec::new();
        for (bracket, start, end) in runs(line) {
            if bracket == '[' {
                open.push((start, end));
            } else if let Some((first, inside)) = open.pop() {
                // What is inside of what closes here is part of it.
                spans.retain(|span| span.0 < first);
                spans.push((first, inside, start, end));
            }
        }
        let closed = spans.into_iter().map(|(first, inside, close, end)| {
            read(
                text,
                line_start + first..line_start + end,
                line_start + inside..line_start + close,
            )
        });
        let unclosed = open
            .into_iter()
            .filter_map(|(first, inside)| unclosed(text, line_start + first, line_start + inside));
        let from = found.len();
        found.extend(closed.flatten().chain(unclosed));
        if let Some(new) = found.get_mut(from..) {
            new.sort_by_key(|citation| citation.range.start);
        }
        line_start += line.len();
    }
    found
}

/// Where a line that may go on is not certain yet: at the outermost brackets that are open, or that a further bracket
/// would be part of.
pub fn unfinished(line: &str) -> Option<usize> {
    let (mut open, mut closed) = (Vec::new(), None);
    for (bracket, start, end) in runs(line) {
        if bracket == '[' {
            open.push(start);
        } else if let Some(first) = open.pop() {
            closed = (end == line.len()).then_some(first);
        }
    }
    let single = || line.ends_with('[').then(|| line.len() - 1);
    open.first().copied().or(closed).or_else(single)
}

/// Runs of two or more brackets of a kind, with start and end.
fn runs(line: &str) -> impl Iterator<Item = (char, usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + line.get(at..)?.find(['[', ']'])?;
            let rest = line.get(start..)?;
            let bracket = rest.chars().next()?;
            at = start + rest.len() - rest.trim_start_matches(bracket).len();
            if at - start >= 2 {
                return Some((bracket, start, at));
            }
        }
    })
}

fn read(text: &str, range: Range<usize>, inside: Range<usize>) -> Option<Citation<'_>> {
    let inside = text.get(inside)?;
    let (path, filter) = match inside.split_once('|') {
        Some((path, filter)) => (path.trim(), Some(filter.trim())),
        None => (inside.trim(), None),
    };
    let path = dotted(path);
    let well_formed = is_path(&path) && filter.is_none_or(is_filter);
    Some(Citation { text: text.get(range.clone())?, range, path: told(&path), filter, well_formed })
}

/// A path whose brackets were never closed.
fn unclosed(text: &str, first: usize, inside: usize) -> Option<Citation<'_>> {
    let rest = text.get(inside..)?;
    let length = rest
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-')))
        .unwrap_or(rest.len());
    let path = rest.get(..length)?.trim_end_matches('.');
    if !is_path(path) {
        return None;
    }
    // A single bracket closes nothing, and goes with what it was meant to close.
    let closing = usize::from(text.get(inside + path.len()..)?.starts_with(']'));
    let range = first..inside + path.len() + closing;
    Some(Citation {
        text: text.get(range.clone())?,
        range,
        path: told(path),
        filter: None,
        well_formed: false,
    })
}

/// `rows[0].spend` as `rows.0.spend`; the last bracket may have gone into the closing ones.
fn dotted(path: &str) -> String {
    let indexed = path.split('[').skip(1).all(|part| {
        let index = part.split(']').next().unwrap_or_default();
        !index.is_empty() && index.bytes().all(|b| b.is_ascii_digit())
    });
    if indexed { path.replace('[', ".").replace(']', "") } else { path.to_owned() }
}

fn is_path(path: &str) -> bool {
    let rooted = path.starts_with("steps.") || path.starts_with("params.");
    rooted && !path.ends_with('.') && !path.contains(['[', ']', '|', '\n'])
}

/// `usd`, `number(1)`.
fn is_filter(filter: &str) -> bool {
    let (name, arguments) = match filter.split_once('(') {
        Some((name, rest)) => (name.trim_end(), rest.strip_suffix(')')),
        None => (filter, Some("")),
    };
    let named = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    named && arguments.is_some_and(|arguments| !arguments.contains(['(', ')', '[', ']', '|']))
}

/// A path as it is told: without brackets, which would make it a citation again, and not too long.
fn told(path: &str) -> String {
    let plain = path.chars().filter(|c| !matches!(c, '[' | ']' | '\r' | '\n'));
    let mut told: String = plain.clone().take(LONGEST).collect();
    if plain.count() > LONGEST {
        told.push('…');
    }
    told
}
