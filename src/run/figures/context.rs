//! What stands around digits and tells that they are no figure: code, links, dates, names, list marks.

use std::ops::Range;

pub(super) const MONTHS: &[&str] = &[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "jan",
    "feb",
    "mar",
    "apr",
    "jun",
    "jul",
    "aug",
    "sep",
    "sept",
    "oct",
    "nov",
    "dec",
];

/// Words whose number names one of a series.
const SERIES: &[&str] = &[
    "no", "nr", "version", "release", "step", "page", "section", "chapter", "table", "figure",
    "item", "option", "phase", "appendix", "row", "line", "id", "rule",
];

/// Spans that say nothing themselves: code, links, and double brackets, in order.
pub(super) fn unspoken(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    code(text, &mut spans);
    for start in ["http://", "https://", "www.", "]("] {
        for (at, _) in text.match_indices(start) {
            let rest = text.get(at..).unwrap_or_default();
            let end = rest.find(|c: char| c.is_whitespace() || matches!(c, ')' | '>' | '"'));
            spans.push(at..at + end.unwrap_or(rest.len()));
        }
    }
    for (open, close) in [("[[", "]]"), ("[unknown: ", "]")] {
        let mut at = 0;
        while let Some((start, end)) = between(text, at, open, close) {
            spans.push(start..end);
            at = end;
        }
    }
    spans.sort_by_key(|span| span.start);
    spans
}

/// Code, within marks of one length, as Markdown has it.
fn code(text: &str, spans: &mut Vec<Range<usize>>) {
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find('`')).map(|n| at + n) {
        let rest = text.get(start..).unwrap_or_default();
        let marks = rest.len() - rest.trim_start_matches('`').len();
        let fence = rest.get(..marks).unwrap_or_default();
        let inside = start + marks;
        let close =
            text.get(inside..).and_then(|rest| rest.find(fence)).map(|n| inside + n + marks);
        // One that is not closed in its paragraph is only a mark.
        let span = close.filter(|end| {
            marks >= 3 || text.get(start..*end).is_some_and(|code| !code.contains("\n\n"))
        });
        spans.extend(span.map(|end| start..end));
        at = span.unwrap_or(inside);
    }
}

fn between(text: &str, from: usize, open: &str, close: &str) -> Option<(usize, usize)> {
    let start = from + text.get(from..)?.find(open)?;
    let end = start + text.get(start..)?.find(close)? + close.len();
    Some((start, end))
}

/// The end of the date, time, version or span of years that begins with the digits `start..end`, if one does.
pub(super) fn compound(text: &str, start: usize, end: usize) -> Option<usize> {
    let digits = text.get(start..end)?;
    let whole = digits.bytes().all(|b| b.is_ascii_digit());
    let (mark, rest) = next_group(text, end)?;
    let year = is_year(digits);
    match (mark, rest.len()) {
        // 2025-10-31, 2025/10, 2024–25
        ('-' | '–' | '/', 2) if year => Some(more(text, end, &['-', '–', '/', 'T', ':', '.'])),
        // 10/31/2025, 31/10, 10/2025, 24/7
        ('/', 1 | 2) if whole && digits.len() <= 2 && (below(digits, 32) && below(rest, 32)) => {
            Some(more(text, end, &['/']))
        }
        ('/', 4) if whole && below(digits, 32) && is_year(rest) => Some(more(text, end, &['/'])),
        // 10:30, 10:30:05
        (':', 2) if whole && digits.len() <= 2 => Some(more(text, end, &[':'])),
        // 1.2.3, 10.31.2025
        ('.', _) if !whole => Some(more(text, end, &['.'])),
        _ => None,
    }
}

/// The mark behind `end` and the digits behind that.
fn next_group(text: &str, end: usize) -> Option<(char, &str)> {
    let mut rest = text.get(end..)?.chars();
    let mark = rest.next()?;
    let rest = rest.as_str();
    let digits = rest.get(..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()))?;
    (!digits.is_empty()).then_some((mark, digits))
}

/// Goes on over groups of digits bound by any of the marks.
fn more(text: &str, mut end: usize, marks: &[char]) -> usize {
    while let Some((mark, digits)) = next_group(text, end) {
        if !marks.contains(&mark) {
            break;
        }
        end += mark.len_utf8() + digits.len();
    }
    end
}

fn below(digits: &str, limit: u32) -> bool {
    digits.parse::<u32>().is_ok_and(|n| n < limit)
}

/// A year as texts name it.
pub(super) fn is_year(digits: &str) -> bool {
    digits.len() == 4 && digits.parse::<u32>().is_ok_and(|n| (1900..=2100).contains(&n))
}

/// Letters that go on a word; Chinese or Japanese signs do not.
pub(super) fn is_letter(c: char) -> bool {
    c == '_' || (c.is_alphabetic() && c < '\u{2e80}')
}

/// Whether digits behind `before` belong to the name there: `GPT-4`, `Q3`, `#12`, `data/2024`, `'25`, `%20`.
pub(super) fn in_a_name(before: &str, after: &str) -> bool {
    let mut back = before.chars().rev();
    let (last, second) = (back.next(), back.next());
    let joined = |c: Option<char>| c.is_some_and(|c| is_letter(c) || c.is_ascii_digit());
    match last {
        Some(c) if is_letter(c) => true,
        Some('#' | '@' | '%' | '\\' | '^') => true,
        Some('-') => second.is_some_and(is_letter),
        Some('/' | '.' | ':' | '=' | '&') => joined(second),
        Some('\'' | '’') => !joined(second) && !after.starts_with(['\'', '’', '.']),
        Some('[') => after.starts_with(']'),
        _ => false,
    }
}

/// Whether the word before a bare number makes it the name of one of a series: `version 2.5`, `No. 12`.
pub(super) fn in_a_series(before: &str) -> bool {
    let before = before.strip_suffix(' ').map_or("", |b| b.strip_suffix('.').unwrap_or(b));
    SERIES.iter().any(|word| last_word(before).eq_ignore_ascii_case(word))
}

pub(super) fn last_word(text: &str) -> &str {
    text.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default()
}

/// `1.` or `2)` at the beginning of a line, whatever marks of Markdown stand before it.
pub(super) fn list_mark(before: &str, digits: &str, after: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or_default();
    let mut behind = after.chars();
    digits.len() <= 2
        && matches!(behind.next(), Some('.' | ')'))
        && behind.next().is_none_or(|c| c.is_whitespace() || c == '*')
        && line.chars().all(|c| {
            c.is_whitespace() || matches!(c, '*' | '_' | '(' | '-' | '>' | '#' | '|' | '+')
        })
}

/// A day beside its month: `October 31`, `31 Oct`, `3 of May`.
pub(super) fn day(before: &str, digits: &str, after: &str) -> bool {
    let month = |word: &str| {
        word.starts_with(char::is_uppercase) && MONTHS.iter().any(|m| m.eq_ignore_ascii_case(word))
    };
    let ahead =
        before.strip_suffix(' ').map(|b| b.strip_suffix('.').unwrap_or(b)).unwrap_or_default();
    let behind = after
        .strip_prefix([' ', '-'])
        .map(|a| a.strip_prefix("of ").unwrap_or(a))
        .unwrap_or_default();
    let next = behind.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    digits.len() <= 2 && below(digits, 32) && (month(last_word(ahead)) || month(next))
}
