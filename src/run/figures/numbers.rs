//! Finds the figures of a text, and tells them from dates, list marks, names and counts of a few things.

use std::ops::Range;

/// A figure as written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Figure {
    /// Where it stands, in bytes, signs and units included.
    pub(super) range: Range<usize>,
    /// Its value, without sign; scaled by K, M, bn.
    pub(super) value: f64,
    /// The worth of its last digit shown.
    pub(super) quantum: f64,
    pub(super) kind: Kind,
}

/// What a figure is a figure of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Money,
    Percent,
    Multiple,
    Plain,
}

const MONTHS: &[&str] = &[
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
];

/// A bare whole number up to here counts things ("three reasons", "top 10") and is no figure to trace.
const COUNTS: f64 = 10.0;

/// Finds the figures of a text.
pub(super) fn figures(text: &str) -> Vec<Figure> {
    let skipped = code_and_links(text);
    let mut found: Vec<Figure> = Vec::new();
    let mut at = 0;
    while let Some(start) =
        text.get(at..).and_then(|rest| rest.find(|c: char| c.is_ascii_digit())).map(|n| at + n)
    {
        if let Some(range) = skipped.iter().find(|range| range.contains(&start)) {
            at = range.end;
            continue;
        }
        let number = Number::read(text, start);
        at = number.end;
        if let Some(figure) = number.figure(text) {
            at = figure.range.end.max(at);
            found.push(figure);
        }
    }
    spread_units(text, &mut found);
    found.retain(|figure| {
        figure.kind != Kind::Plain || figure.value > COUNTS || figure.value.fract() != 0.0
    });
    found
}

/// Digits with their separators: `1,234.50`.
struct Number {
    start: usize,
    end: usize,
    digits: String,
    decimals: usize,
    /// Whether it is part of something that is no figure: a name, a date, a version.
    compound: bool,
}

impl Number {
    fn read(text: &str, start: usize) -> Self {
        let bytes = text.as_bytes();
        let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        let mut end = start;
        let mut digits = String::new();
        let mut decimals = 0;
        let take = |end: &mut usize, digits: &mut String| {
            let mut taken = 0;
            while digit(*end) {
                digits.extend(bytes.get(*end).map(|b| char::from(*b)));
                *end += 1;
                taken += 1;
            }
            taken
        };
        let leading_point = start.checked_sub(1).is_some_and(|at| bytes.get(at) == Some(&b'.'))
            && start
                .checked_sub(2)
                .and_then(|at| bytes.get(at))
                .is_none_or(|b| !b.is_ascii_alphanumeric());
        if leading_point {
            digits.push_str("0.");
            decimals = take(&mut end, &mut digits);
        } else {
            take(&mut end, &mut digits);
            while bytes.get(end) == Some(&b',')
                && (1..=3).all(|n| digit(end + n))
                && !digit(end + 4)
            {
                end += 1;
                take(&mut end, &mut digits);
            }
            if bytes.get(end) == Some(&b'.') && digit(end + 1) {
                end += 1;
                digits.push('.');
                decimals = take(&mut end, &mut digits);
            }
        }
        let start = if leading_point { start - 1 } else { start };
        // A date, a time, a version or a fraction: digits bound together by `-`, `/`, `:` or `.`.
        let bound = |mark: Option<&u8>| mark.is_some_and(|b| matches!(b, b'/' | b':' | b'.'));
        let mut compound = bound(bytes.get(end)) && digit(end + 1);
        let iso_date = end - start == 4
            && bytes.get(end) == Some(&b'-')
            && digit(end + 1)
            && digit(end + 2)
            && !digit(end + 3);
        compound |= iso_date;
        if compound {
            while digit(end)
                || (matches!(bytes.get(end), Some(b'-' | b'/' | b':' | b'.')) && digit(end + 1))
            {
                end += 1;
            }
        }
        Self { start, end, digits, decimals, compound }
    }

    fn figure(&self, text: &str) -> Option<Figure> {
        let before = text.get(..self.start)?;
        let after = text.get(self.end..)?;
        if self.compound || in_a_name(before) {
            return None;
        }
        let value: f64 = self.digits.parse().ok()?;
        let (start, money) = prefix(before);
        let (scale, taken) = scale(after, money);
        let after_scale = after.get(taken..)?;
        let (kind, unit) = unit(after_scale, money);
        let end = self.end + taken + unit;
        let follows = text.get(end..).and_then(|rest| rest.chars().next());
        // `2nd`, `3D`, `10am`: the word goes on.
        if follows.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            return None;
        }
        let bare = kind == Kind::Plain && taken == 0;
        if bare
            && (self.is_year(value) || list_mark(before, after) || near_month(before, after, value))
        {
            return None;
        }
        let decimals = i32::try_from(self.decimals).unwrap_or(i32::MAX);
        Some(Figure {
            range: start..end,
            value: value * scale,
            quantum: scale * 10f64.powi(-decimals),
            kind,
        })
    }

    fn is_year(&self, value: f64) -> bool {
        self.end - self.start == 4 && self.decimals == 0 && (1900.0..=2100.0).contains(&value)
    }
}

/// `GPT-4`, `facebook_holiday_2025`, `Q3`, `FY25`, `v1`: the digits belong to the word before.
fn in_a_name(before: &str) -> bool {
    let mut back = before.chars().rev();
    match back.next() {
        Some(c) if c.is_alphabetic() || c == '_' || c == '#' => true,
        Some('-') => back.next().is_some_and(|c| c.is_alphabetic() || c == '_'),
        _ => false,
    }
}

/// Where the figure begins, with its sign and currency, and whether it has one.
fn prefix(before: &str) -> (usize, bool) {
    let trimmed = before.trim_end_matches(' ');
    let currency = trimmed
        .strip_suffix(['$', '€', '£'])
        .or_else(|| trimmed.strip_suffix("USD"))
        .or_else(|| trimmed.strip_suffix("US$"));
    let (rest, money) = match currency {
        Some(rest) => (rest, true),
        None => (before, false),
    };
    let signed = rest.strip_suffix(['-', '−', '+', '~']);
    // A dash behind a digit is a range, not a sign.
    let sign = signed.filter(|left| !left.ends_with(|c: char| c.is_alphanumeric() || c == '%'));
    (sign.unwrap_or(rest).len(), money)
}

/// K, M, bn and their words: the factor, and how many bytes they take.
fn scale(after: &str, money: bool) -> (f64, usize) {
    let word_end = |text: &str| text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let spaces = after.len() - after.trim_start_matches([' ', '\u{a0}']).len();
    let word =
        after.get(spaces..).map_or("", |rest| rest.get(..word_end(rest)).unwrap_or_default());
    let factor = match word.to_ascii_lowercase().as_str() {
        "thousand" => 1e3,
        "million" | "mn" | "mio" => 1e6,
        "billion" | "bn" => 1e9,
        "trillion" | "tn" => 1e12,
        "k" if spaces == 0 => 1e3,
        "m" | "mm" if spaces == 0 && (money || word.starts_with('M')) => 1e6,
        "b" if spaces == 0 && (money || word == "B") => 1e9,
        _ => return (1.0, 0),
    };
    (factor, spaces + word.len())
}

/// The unit behind a figure, and how many bytes it takes.
fn unit(after: &str, money: bool) -> (Kind, usize) {
    let trimmed = after.trim_start_matches([' ', '\u{a0}']);
    let spaces = after.len() - trimmed.len();
    if trimmed.starts_with('%') {
        return (Kind::Percent, spaces + 1);
    }
    for word in ["percentage points", "percentage point", "percent", "per cent", "pp"] {
        let whole = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric());
        if trimmed.strip_prefix(word).is_some_and(whole) {
            return (Kind::Percent, spaces + word.len());
        }
    }
    if let Some(mark) = after.chars().next().filter(|c| matches!(c, 'x' | '×'))
        && after.get(mark.len_utf8()..).is_none_or(|rest| !rest.starts_with(char::is_alphanumeric))
    {
        return (Kind::Multiple, mark.len_utf8());
    }
    if money {
        return (Kind::Money, 0);
    }
    for word in ["USD", "dollars", "dollar", "€", "euros"] {
        if trimmed.starts_with(word) {
            return (Kind::Money, spaces + word.len());
        }
    }
    (Kind::Plain, 0)
}

/// `1.` or `2)` at the beginning of a line.
fn list_mark(before: &str, after: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or_default();
    let marked = after.starts_with(". ") || after.starts_with(") ") || after.starts_with(".\n");
    marked && line.chars().all(|c| c.is_whitespace() || matches!(c, '*' | '(' | '-'))
}

/// `October 31`, `31 Oct`.
fn near_month(before: &str, after: &str, value: f64) -> bool {
    let is_month = |word: &str| {
        let word = word.to_lowercase();
        word == "sept" || MONTHS.iter().any(|month| *month == word || month.get(..3) == Some(&word))
    };
    let last = before.trim_end().rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    let next = after.trim_start().split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    value <= 31.0 && (is_month(last) || is_month(next))
}

/// The first figure of a range has the unit and scale of the second: `10-12%`, `$1.2–1.4M`.
fn spread_units(text: &str, figures: &mut [Figure]) {
    for at in 1..figures.len() {
        let (before, from) = figures.split_at_mut(at);
        let (Some(first), Some(second)) = (before.last_mut(), from.first_mut()) else { continue };
        let between = text.get(first.range.end..second.range.start).unwrap_or_default();
        if !matches!(between.trim(), "-" | "–" | "—" | "to") {
            continue;
        }
        if first.kind == Kind::Plain {
            first.kind = second.kind;
        } else if second.kind == Kind::Plain {
            second.kind = first.kind;
        }
        let scale_of = |figure: &Figure| {
            if figure.value >= 1e3 && figure.quantum >= 1e2 { figure.quantum } else { 1.0 }
        };
        if first.quantum <= 1.0 && scale_of(second) > 1.0 && first.value < 1000.0 {
            let second_scale =
                [1e12, 1e9, 1e6, 1e3].into_iter().find(|s| second.value >= *s).unwrap_or(1.0);
            first.value *= second_scale;
            first.quantum *= second_scale;
        }
    }
}

/// Spans of code and links: what stands there is not said.
fn code_and_links(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut ticks = text.match_indices('`').map(|(at, _)| at);
    while let (Some(open), Some(close)) = (ticks.next(), ticks.next()) {
        ranges.push(open..close + 1);
    }
    for scheme in ["http://", "https://", "www."] {
        for (at, _) in text.match_indices(scheme) {
            let rest = text.get(at..).unwrap_or_default();
            ranges.push(
                at..at + rest.find(|c: char| c.is_whitespace() || c == ')').unwrap_or(rest.len()),
            );
        }
    }
    ranges
}
