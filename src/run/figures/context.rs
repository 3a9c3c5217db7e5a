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

/// Links, which say nothing themselves, in order.
pub(super) fn unspoken(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    for start in ["http://", "https://", "www.", "]("] {
        for (at, _) in text.match_indices(start) {
            let rest = text.get(at..).unwrap_or_default();
            let end = rest.find(|c: char| c.is_whitespace() || matches!(c, ')' | '>' | '"'));
            spans.push(at..at + end.unwrap_or(rest.len()));
        }
    }
    spans.sort_by_key(|span| span.start);
    spans
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
        // 10/31/2025, 31/10, 10/2025, 24/7; 3/4 only where it is told to be a day.
        ('/', 1 | 2) if whole && digits.len() <= 2 && (below(digits, 32) && below(rest, 32)) => {
            let end = more(text, end, &['/']);
            let is_long = text.get(start..end).is_some_and(|date| date.matches('/').count() > 1);
            let told = DATED.iter().any(|word| last_word_before(text, start) == *word);
            (is_long || told || (digits, rest) == ("24", "7")).then_some(end)
        }
        ('/', 4) if whole && below(digits, 32) && is_year(rest) => Some(more(text, end, &['/'])),
        // 10:30, 10:30:05, but 20:1 and a ratio of 10:10
        (':', 2) if whole && digits.len() <= 2 && below(digits, 25) && below(rest, 60) => {
            let end = more(text, end, &[':']);
            let around = [text.get(..start), text.get(end..)].map(Option::unwrap_or_default);
            let is_ratio = around.into_iter().any(|around| near(around, "ratio"));
            (!is_ratio).then_some(end)
        }
        // 1.2.3, 10.31.2025
        ('.', _) if !whole => Some(more(text, end, &['.'])),
        _ => None,
    }
}

/// Words before a day.
const DATED: &[&str] =
    &["on", "by", "until", "till", "from", "since", "before", "after", "through", "dated", "due"];

/// The word before a place, in lower case.
fn last_word_before(text: &str, at: usize) -> String {
    last_word(text.get(..at).unwrap_or_default().trim_end()).to_lowercase()
}

/// Whether a word stands within a few words of the end, or of the beginning, of a text.
fn near(text: &str, word: &str) -> bool {
    let is = |found: &str| found.eq_ignore_ascii_case(word);
    let mut words = text.split_whitespace();
    words.clone().rev().take(2).any(is) || words.next().is_some_and(is)
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

/// Whether the digits between `before` and `after` belong to the name there: `GPT-4`, `Q3`, `#12`, `data/2024`, `'25`, `%20`.
///
/// What is written as amounts are is none: `spend-1,234`, `revenue=5000`, `[2500000]`.
pub(super) fn in_a_name(before: &str, written: &str, after: &str) -> bool {
    let mut back = before.chars().rev();
    let (last, second) = (back.next(), back.next());
    let joined = |c: Option<char>| c.is_some_and(|c| is_letter(c) || c.is_ascii_digit());
    let plain = written.bytes().all(|b| b.is_ascii_digit());
    let short = |most: usize| plain && written.len() <= most;
    let small_version = || written.split_once('.').is_some_and(|(a, b)| a.len() + b.len() == 2);
    match last {
        Some('x') => joined(second),
        Some(c) if is_letter(c) => !written.contains([',', '\'', '’', ' ', '\u{a0}']),
        Some('#') => short(4),
        Some('@' | '%' | '\\') => joined(second),
        Some('-') => second.is_some_and(is_letter) && (short(3) || small_version()),
        Some('/') => joined(second) && plain && (short(3) || is_year(written) || is_path(before)),
        Some('.') => joined(second) && (short(3) || (plain && is_file_name(after))),
        Some('\'' | '’') => !joined(second) && short(2) && !after.starts_with(['\'', '’', '.']),
        Some('[') => short(3) && after.starts_with(']') && !after.starts_with("]("),
        _ => false,
    }
}

/// Whether a text ends within a path: `data/users/`, `users.d/`.
fn is_path(before: &str) -> bool {
    let token = before.rsplit(|c: char| c.is_whitespace() || c == '`').next().unwrap_or_default();
    token.trim_end_matches('/').contains(['/', '_', '.'])
}

/// Whether a name goes on behind a point: `2024.csv`, `rows.1200.spend`.
pub(super) fn is_file_name(after: &str) -> bool {
    const ENDINGS: &[&str] = &[
        "csv", "json", "jsonl", "yaml", "yml", "md", "txt", "pdf", "xls", "xlsx", "parquet", "db",
        "sql", "sqlite", "png", "jpg", "svg", "html", "xml", "zip", "gz", "log", "py", "rs", "js",
        "ts", "com", "org", "net", "io",
    ];
    let Some(rest) = after.strip_prefix('.') else { return false };
    let word = rest.get(..rest.find(|c: char| !is_letter(c)).unwrap_or(rest.len()));
    word.is_some_and(|word| ENDINGS.contains(&word) || word.contains('_'))
}

/// Whether the word before a bare number makes it the name of one of a series: `version 2.5`, `No. 12`. Long ones are amounts,
/// but for an `id`.
pub(super) fn in_a_series(before: &str, written: &str) -> bool {
    let before = before.strip_suffix(' ').map_or("", |b| b.strip_suffix('.').unwrap_or(b));
    let word = last_word(before);
    let is_id = word.eq_ignore_ascii_case("id");
    let short = written.len() <= 3 || !written.bytes().all(|b| b.is_ascii_digit());
    let grouped = written.contains([',', '\'', '’', ' ']);
    !grouped && (short || is_id) && SERIES.iter().any(|one| word.eq_ignore_ascii_case(one))
}

pub(super) fn last_word(text: &str) -> &str {
    text.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default()
}

/// `1.` or `2)` at the beginning of a line, whatever marks of Markdown stand before it. A list begins with the first ones, so a
/// later number is a mark only where the one before it is.
pub(super) fn list_mark(before: &str, digits: &str, after: &str) -> bool {
    const FIRST: u32 = 3;
    let (head, line) = before.rsplit_once('\n').unwrap_or(("", before));
    let mut behind = after.chars();
    let is_mark = matches!(behind.next(), Some('.' | ')'))
        && behind.next().is_none_or(|c| c.is_whitespace() || c == '*')
        && begins_item(line);
    let Some(number) = digits.parse::<u32>().ok().filter(|_| digits.len() <= 2 && is_mark) else {
        return false;
    };
    let is_last = |line: &str| {
        let start = line.find(|c: char| c.is_ascii_digit()).unwrap_or(line.len());
        let (marks, rest) = line.split_at(start);
        let mark = rest.strip_prefix(&(number - 1).to_string());
        begins_item(marks) && mark.is_some_and(|mark| mark.starts_with(['.', ')']))
    };
    number <= FIRST || head.lines().any(is_last)
}

/// Whether a line has nothing yet but marks of Markdown.
fn begins_item(line: &str) -> bool {
    line.chars()
        .all(|c| c.is_whitespace() || matches!(c, '*' | '_' | '(' | '-' | '>' | '#' | '|' | '+'))
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
