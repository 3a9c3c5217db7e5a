//! Finds the numbers of a text: digits with their separators, sign, currency, scale and unit.

use std::ops::Range;

use super::context::{
    compound, day, in_a_name, in_a_series, is_file_name, is_letter, is_year, list_mark,
};
use super::locale::{Foreign, foreign};
use super::numbers::{Figure, Kind, Lean, Sign, counts_things};
use super::units::{CODES, Currency, NAMES, SIGNS};
use super::years::{self, Reading};

/// What stands between the parts of a figure: a space, or one that does not break the line.
pub(super) const SPACES: [char; 4] = [' ', '\u{a0}', '\u{202f}', '\u{2009}'];

/// Finds the numbers outside `skipped` (in order), counts of a few things included.
pub(super) fn scan(text: &str, skipped: &[Range<usize>]) -> Vec<Figure> {
    let mut found = Vec::new();
    let mut skipped = skipped.iter().peekable();
    // Where the last number ended, and what it was.
    let (mut at, mut last) = (0, Last::None);
    while let Some(start) = text.get(at..).and_then(|rest| rest.find(|c: char| c.is_ascii_digit()))
    {
        let start = at + start;
        while skipped.next_if(|span| span.end <= start).is_some() {}
        if let Some(span) = skipped.peek().filter(|span| span.start <= start) {
            (at, last) = (span.end, Last::None);
            continue;
        }
        let digits = Digits::read(text, start, at);
        let (end, what) = read(text, &digits, at, last);
        at = end.max(digits.end);
        last = match what {
            What::Figure(figure) => {
                found.push(figure);
                Last::Figure
            }
            What::Day => Last::Day,
            What::Nothing => Last::Nothing,
        };
    }
    found
}

/// What the digits before turned out to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    None,
    Figure,
    Day,
    Nothing,
}

/// What digits turn out to be.
enum What {
    Figure(Figure),
    /// The day of a date; another may follow behind a dash.
    Day,
    /// Part of a date, a name or a list.
    Nothing,
}

/// Digits with their separators: `1,234.50`.
struct Digits {
    start: usize,
    end: usize,
    /// As Rust reads a number.
    number: String,
    decimals: i32,
    /// Whether it is digits alone.
    plain: bool,
}

impl Digits {
    /// Reads the digits at `start`; `from` is where the number before ended.
    fn read(text: &str, start: usize, from: usize) -> Self {
        let run = |at: usize| {
            let rest = text.get(at..).unwrap_or_default();
            rest.get(..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()))
                .unwrap_or_default()
        };
        let before = text.get(from..start).unwrap_or_default();
        let point = before
            .strip_suffix('.')
            .filter(|b| !b.ends_with(|c: char| c.is_alphanumeric() || c == ')'));
        let fraction = |number: &mut String, digits: &str| {
            number.push('.');
            number.push_str(digits);
            i32::try_from(digits.len()).unwrap_or(i32::MAX)
        };
        let whole = run(start);
        if let Some(Foreign { end, number, decimals }) = foreign(text, start) {
            return Self { start, end, number, decimals, plain: false };
        }
        if point.is_some() {
            let mut number = "0".to_owned();
            let decimals = fraction(&mut number, whole);
            return Self {
                start: start - 1,
                end: start + whole.len(),
                number,
                decimals,
                plain: false,
            };
        }
        let (mut number, mut end) = (whole.to_owned(), start + whole.len());
        let mut separator = None;
        while whole.len() <= 3 {
            let mark = text.get(end..).and_then(|rest| rest.chars().next());
            let Some(mark) = mark.filter(|m| separator.is_none_or(|s| s == *m) && groups(*m))
            else {
                break;
            };
            let group = run(end + mark.len_utf8());
            let behind = end + mark.len_utf8() + group.len();
            // `1.234` is a decimal fraction, `1.234.567` and `1.234,50` are not.
            let sure = mark != '.' || separator.is_some() || {
                let next = text.get(behind..).and_then(|rest| rest.chars().next());
                let more = run(behind + 1).len();
                (next == Some('.') && more == 3) || (next == Some(',') && (1..=2).contains(&more))
            };
            if group.len() != 3 || !sure || whole.starts_with('0') {
                break;
            }
            number.push_str(group);
            (end, separator) = (behind, Some(mark));
        }
        let decimal = if separator == Some('.') { "," } else { "." };
        let digits =
            text.get(end..).filter(|rest| rest.starts_with(decimal)).map_or("", |_| run(end + 1));
        let mut decimals = 0;
        if !digits.is_empty() {
            decimals = fraction(&mut number, digits);
            end += 1 + digits.len();
        }
        let mut this =
            Self { start, end, number, decimals, plain: separator.is_none() && digits.is_empty() };
        this.exponent(text);
        this
    }

    /// `1.2e6`, `10^6`, `1.2 x 10^6`.
    fn exponent(&mut self, text: &str) {
        let rest = text.get(self.end..).unwrap_or_default();
        let times = rest.trim_start_matches(SPACES).strip_prefix(['x', '×', '*', '·', '⋅']);
        let ten = times.and_then(|rest| rest.trim_start_matches(SPACES).strip_prefix("10^"));
        let power = match ten {
            Some(power) => Some((power, false)),
            None if self.number == "10" && rest.starts_with('^') => {
                rest.strip_prefix('^').map(|power| (power, true))
            }
            None => rest.strip_prefix(['e', 'E']).map(|power| (power, false)),
        };
        let Some((power, is_base)) = power else { return };
        let digits = power.strip_prefix(['+', '-']).unwrap_or(power);
        let length = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let signed = power.len() - digits.len() + length;
        if !(1..=2).contains(&length)
            || digits.get(length..).is_some_and(|rest| rest.starts_with(is_letter))
        {
            return;
        }
        let Some(exponent) = power.get(..signed).and_then(|e| e.parse::<i32>().ok()) else {
            return;
        };
        if is_base {
            // What is written as a power alone is rough.
            "1".clone_into(&mut self.number);
            self.decimals = 1;
        }
        self.number.push('e');
        self.number.push_str(&exponent.to_string());
        self.decimals -= exponent;
        self.end = text.len() - power.len() + signed;
        self.plain = false;
    }
}

/// Whether a mark may stand between thousands.
fn groups(mark: char) -> bool {
    matches!(mark, ',' | '.' | '_' | '\'' | '’' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

/// Reads what the digits are part of, and where it ends.
fn read(text: &str, digits: &Digits, from: usize, last: Last) -> (usize, What) {
    let before = text.get(..digits.start).unwrap_or_default();
    let after = text.get(digits.end..).unwrap_or_default();
    let written = text.get(digits.start..digits.end).unwrap_or_default();
    let gap = text.get(from..digits.start).unwrap_or_default();
    let prefix = Prefix::read(gap, from > 0);
    let nothing = |end| (end, What::Nothing);
    if prefix.currency.is_none() {
        if let Some(end) = compound(text, digits.start, digits.end) {
            return nothing(end);
        }
        // The dash of a range is not the one of a name; behind part of a name it goes on with it.
        let goes_on = last == Last::Figure && matches!(gap, "-" | "/");
        if last == Last::Nothing && gap == "-" {
            return nothing(digits.end);
        }
        if (!goes_on && in_a_name(before, written, after))
            || (written == "401" && after.starts_with(['(', 'k']))
        {
            return nothing(digits.end);
        }
        let dash = matches!(gap.trim(), "-" | "–" | "to" | "and" | "/");
        if digits.plain
            && !counts_things(after)
            && (day(before, written, after) || (last == Last::Day && dash && written.len() <= 2))
        {
            return (digits.end, What::Day);
        }
    }
    let (scale, scaled) = scale(after, prefix.currency.is_some() || digits.decimals > 0);
    let unit = Suffix::read(after.get(scaled..).unwrap_or_default());
    let end = digits.end + scaled + unit.length;
    let kind = unit.kind.or(prefix.currency.map(Kind::Money)).unwrap_or(Kind::Plain);
    if prefix.currency.is_none() && belongs_to_a_word(digits, text.get(end..).unwrap_or_default()) {
        return nothing(end);
    }
    let bare = kind == Kind::Plain && scaled == 0 && prefix.sign == Sign::None;
    let mut may_be_year = false;
    if bare && digits.plain && is_year(written) {
        match years::reading(before, after) {
            Reading::Year => return nothing(end),
            Reading::Open => may_be_year = true,
            Reading::Number => {}
        }
    }
    let unsigned = kind == Kind::Plain && scaled == 0;
    if (bare && digits.plain && list_mark(before, written, after))
        || (unsigned && in_a_series(before, written))
    {
        return nothing(end);
    }
    let Some(value) = digits.number.parse::<f64>().ok().filter(|n| n.is_finite()) else {
        return nothing(end);
    };
    let quantum = 10f64.powi(digits.decimals.saturating_neg());
    // `up x5`
    let multiple = kind == Kind::Plain
        && gap.ends_with(['x', '×'])
        && (last != Last::Figure || gap.trim().len() > 2);
    let kind = if multiple { Kind::Ratio } else { kind };
    let figure = Figure {
        range: digits.start - prefix.length..end,
        value: value * scale * unit.factor,
        quantum: quantum * scale * unit.factor,
        scale,
        kind,
        sign: prefix.sign,
        lean: Lean::None,
        per_dollar: false,
        of_things: false,
        may_be_year,
    };
    (end, What::Figure(figure))
}

/// Whether digits go on as a word that is a name or an ordinal: `5G`, `12th`, `10am`, `3f2a`, `1990s`, `12.csv`. An amount
/// may have its unit joined to it: `1,234pcs`.
fn belongs_to_a_word(digits: &Digits, rest: &str) -> bool {
    let is_inside = |c: char| is_letter(c) || c.is_ascii_digit();
    let word = rest.get(..rest.find(|c| !is_inside(c)).unwrap_or(rest.len())).unwrap_or_default();
    if word.is_empty() {
        return is_file_name(rest);
    }
    let letters = word.chars().all(|c| is_letter(c) && c != '_');
    let lower = word.to_ascii_lowercase();
    let ordinal = ["st", "nd", "rd", "th", "am", "pm"].contains(&lower.as_str());
    let decade = lower == "s" && digits.number.ends_with('0') && digits.number.len() != 3;
    let value = digits.number.parse::<f64>().unwrap_or_default();
    let estimate = word.len() == 1 && is_year(&digits.number);
    !letters || (digits.plain && (ordinal || decade || estimate || value <= 10.0))
}

/// Sign and currency before a number.
struct Prefix {
    length: usize,
    currency: Option<Currency>,
    sign: Sign,
}

impl Prefix {
    /// Reads the end of what stands before a number, `behind` another one or not.
    fn read(gap: &str, behind: bool) -> Self {
        let close = |text: &str| text.len() - text.trim_end_matches(SPACES).len() <= 2;
        let (rest, inner) = strip_sign(gap, behind);
        let near = if close(rest) { rest.trim_end_matches(SPACES) } else { rest };
        let sign =
            SIGNS.iter().find_map(|(sign, currency)| Some((near.strip_suffix(*sign)?, *currency)));
        let code = || {
            CODES.iter().find_map(|(code, currency)| {
                let rest = near.strip_suffix(code)?;
                (!rest.ends_with(is_letter)).then_some((rest, *currency))
            })
        };
        let Some((rest, currency)) = sign.or_else(code) else {
            return Self { length: gap.len() - rest.len(), currency: None, sign: inner };
        };
        let rest = rest.strip_suffix("US").filter(|r| !r.ends_with(is_letter)).unwrap_or(rest);
        let (rest, outer) =
            if inner == Sign::None { strip_sign(rest, behind) } else { (rest, inner) };
        Self { length: gap.len() - rest.len(), currency: Some(currency), sign: outer }
    }
}

/// Takes off a sign. A dash behind a word or a number is none.
fn strip_sign(text: &str, behind: bool) -> (&str, Sign) {
    let minus = text.strip_suffix(['-', '−', '–']).map(|rest| (rest, Sign::Minus));
    let Some((rest, sign)) = minus.or_else(|| Some((text.strip_suffix('+')?, Sign::Plus))) else {
        return (text, Sign::None);
    };
    let joined = rest
        .ends_with(|c: char| c.is_alphanumeric() || matches!(c, ')' | ']' | '%' | '-' | '_' | '.'));
    if joined || (rest.is_empty() && behind) { (text, Sign::None) } else { (rest, sign) }
}

/// Takes up to one space, or the hyphen of `$5-million`, from the front.
fn spaced(text: &str) -> &str {
    text.strip_prefix(SPACES).or_else(|| text.strip_prefix('-')).unwrap_or(text)
}

fn word(text: &str) -> &str {
    text.get(..text.find(|c: char| !is_letter(c)).unwrap_or(text.len())).unwrap_or_default()
}

/// K, M, bn and their words: the factor, and how many bytes they take. `sure` where nothing but an amount has the form.
pub(super) fn scale(after: &str, sure: bool) -> (f64, usize) {
    let near = spaced(after);
    let (gap, word) = (after.len() - near.len(), word(near));
    // `120 k€`, `1.2 MUSD`
    let money = |rest: &str| SIGNS.iter().any(|(sign, _)| *sign != '$' && rest.starts_with(*sign));
    let code = CODES.iter().find_map(|(code, _)| word.strip_suffix(code));
    let word = code.filter(|scale| !scale.is_empty()).unwrap_or(word);
    let sure = sure || code.is_some() || near.get(word.len()..).is_some_and(money);
    let attached = gap == 0 || (sure && after.starts_with(SPACES));
    let factor = match word.to_ascii_lowercase().as_str() {
        "thousand" | "thousands" | "grand" | "tsd" => 1e3,
        "million" | "millions" | "mn" | "mio" | "mln" | "mil" | "mill" => 1e6,
        "billion" | "billions" | "bn" | "bln" | "bil" | "mrd" => 1e9,
        "trillion" | "trillions" | "tn" | "trn" => 1e12,
        "lakh" => 1e5,
        "crore" => 1e7,
        "k" if attached => 1e3,
        "m" | "mm" if attached => 1e6,
        "b" if attached && (sure || word == "B") => 1e9,
        "t" if attached && sure && word == "T" => 1e12,
        _ => return (1.0, 0),
    };
    let end = gap + word.len();
    // `3 Mio. €`
    let point = after
        .get(end..)
        .and_then(|rest| rest.strip_prefix('.'))
        .is_some_and(|rest| rest.strip_prefix(SPACES).is_some_and(money));
    (factor, end + usize::from(point))
}

/// The unit behind a number.
pub(super) struct Suffix {
    pub(super) kind: Option<Kind>,
    pub(super) length: usize,
    /// 0.01 where the unit is a hundredth of a percent.
    pub(super) factor: f64,
}

impl Suffix {
    pub(super) fn read(after: &str) -> Self {
        let near = spaced(after);
        let gap = after.len() - near.len();
        let unit = |kind, length| Self { kind: Some(kind), length: gap + length, factor: 1.0 };
        if let Some(sign) = near.chars().next().filter(|c| matches!(c, '%' | '％')) {
            return unit(Kind::Percent, sign.len_utf8());
        }
        let starts = |words: &str| {
            let taken =
                near.get(..words.len()).is_some_and(|head| head.eq_ignore_ascii_case(words));
            taken && !near.get(words.len()..).is_some_and(|rest| rest.starts_with(is_letter))
        };
        let hundredths = [("‰", 0.1, Kind::Percent), ("per mille", 0.1, Kind::Percent)]
            .into_iter()
            .chain(["¢", "cents", "cent"].map(|cent| (cent, 0.01, Kind::Money(Currency::Dollar))));
        for (words, factor, kind) in hundredths {
            if starts(words) {
                return Self { factor, ..unit(kind, words.len()) };
            }
        }
        let percent = [
            "percentage points",
            "percentage point",
            "percentage-points",
            "percentage-point",
            "percent",
            "per cent",
            "per-cent",
            "pct",
            "pp",
            "ppt",
            "ppts",
            "p.p.",
        ];
        if let Some(words) = percent.into_iter().find(|words| starts(words)) {
            return unit(Kind::Percent, words.len());
        }
        if let Some(words) =
            ["basis points", "basis point", "bps", "bp"].into_iter().find(|words| starts(words))
        {
            return Self { factor: 0.01, ..unit(Kind::Percent, words.len()) };
        }
        if starts("fold") {
            return unit(Kind::Ratio, 4);
        }
        let free = |rest: &str| !rest.starts_with(|c: char| is_letter(c) || c.is_ascii_digit());
        let times =
            near.strip_prefix(['×', 'x', 'X']).filter(|rest| free(rest) && !free_digit(rest));
        if let Some(rest) = times.filter(|_| gap == 0 || near.starts_with('×')) {
            return unit(Kind::Ratio, near.len() - rest.len());
        }
        for of in ["", "US ", "U.S. "] {
            let Some(rest) = near.strip_prefix(of) else { continue };
            let starts = |words: &str| {
                let head = rest.get(..words.len());
                head.is_some_and(|head| head.eq_ignore_ascii_case(words))
                    && !rest.get(words.len()..).is_some_and(|rest| rest.starts_with(is_letter))
            };
            let mut names = NAMES.iter().chain(if of.is_empty() { CODES } else { &[] });
            if let Some((words, currency)) = names.find(|(words, _)| starts(words)) {
                return unit(Kind::Money(*currency), of.len() + words.len());
            }
        }
        let behind = |(sign, currency): &(char, Currency)| {
            let rest = near.strip_prefix(*sign).filter(|rest| free(rest))?;
            // `5 $300`: that sign is the next one's.
            (gap == 0 || *sign != '$').then_some((near.len() - rest.len(), *currency))
        };
        match SIGNS.iter().find_map(behind) {
            Some((length, currency)) => unit(Kind::Money(currency), length),
            None => Self { kind: None, length: 0, factor: 1.0 },
        }
    }
}

/// `2 × 300`: the sign multiplies.
fn free_digit(rest: &str) -> bool {
    rest.trim_start_matches(SPACES).starts_with(|c: char| c.is_ascii_digit() || c == '$')
}
