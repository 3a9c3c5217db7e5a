//! Numbers written out: `twelve`, `three point five million`, `a quarter of`, `half`, `threefold`.

use std::ops::Range;

use super::context::{in_a_series, is_letter, last_word};
use super::multiples::{multiple, stands_alone};
use super::numbers::{Figure, Kind, Lean, Sign};
use super::scan::{SPACES, Suffix};

const SMALL: &[&str] = &[
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];

const TENS: &[&str] =
    &["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

const SCALES: &[(&str, f64)] =
    &[("thousand", 1e3), ("million", 1e6), ("billion", 1e9), ("trillion", 1e12)];

/// Parts of a whole, with how many of them make one.
const PARTS: &[(&str, f64)] = &[
    ("half", 2.0),
    ("third", 3.0),
    ("thirds", 3.0),
    ("quarter", 4.0),
    ("quarters", 4.0),
    ("fifth", 5.0),
    ("fifths", 5.0),
    ("tenth", 10.0),
    ("tenths", 10.0),
];

/// Behind these a half or a quarter is a time: `the last quarter of the year`.
const TIMES: &[&str] = &[
    "first", "second", "third", "fourth", "last", "past", "next", "previous", "prior", "this",
    "other", "each", "every", "coming", "latter",
];

/// What goes on a number that counts on or is none: `twenty-first`, `thirty-something`.
const NO_NUMBER: &[&str] = &[
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "something",
    "odd",
];

/// How exactly a part of a whole is meant, as a part of itself: "half" is 47.5 % to 52.5 %.
pub(super) const ROUGHLY: f64 = 0.1;

/// Finds the numbers written out in words outside `taken`, pronouns (`one`) among them: they are counts of a few things.
pub(super) fn spelled(text: &str, taken: &[Range<usize>]) -> Vec<Figure> {
    let words = words(text, taken);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) {
        let number =
            part(text, rest).or_else(|| multiple(text, rest)).or_else(|| number(text, rest));
        at += number.as_ref().map_or(1, |number| number.used);
        found.extend(number.and_then(|number| figure(text, rest, &number)));
    }
    found
}

/// A word of the text, in lower case.
pub(super) struct Word {
    pub(super) range: Range<usize>,
    pub(super) text: String,
    /// Whether it goes on with the word before: only a space or a hyphen is between.
    joined: bool,
}

fn words(text: &str, taken: &[Range<usize>]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut begin = None;
    let mut taken: Vec<&Range<usize>> = taken.iter().collect();
    taken.sort_by_key(|span| span.start);
    let mut taken = taken.into_iter().peekable();
    let ends = text.char_indices().chain([(text.len(), ' ')]);
    for (at, c) in ends {
        match (begin, is_letter(c) || c.is_ascii_digit()) {
            (None, true) => begin = Some(at),
            (Some(start), false) => {
                begin = None;
                while taken.next_if(|span| span.end <= start).is_some() {}
                let free = taken.peek().is_none_or(|span| span.start >= at);
                let gap = words.last().and_then(|last| text.get(last.range.end..start));
                let joined = gap.is_some_and(|gap| {
                    gap == "-" || (gap.chars().count() == 1 && gap.starts_with(SPACES))
                });
                let word = text.get(start..at).unwrap_or_default().to_ascii_lowercase();
                let text = if free { word } else { String::new() };
                words.push(Word { range: start..at, text, joined });
            }
            (None, false) | (Some(_), true) => {}
        }
    }
    words
}

/// A number in words.
pub(super) struct Number {
    pub(super) value: f64,
    pub(super) quantum: f64,
    /// Of the last word: a million.
    pub(super) scale: f64,
    /// Words.
    pub(super) used: usize,
    pub(super) kind: Kind,
}

/// The word at `at`, where it goes on with the one before.
pub(super) fn next(words: &[Word], at: usize) -> Option<&str> {
    let word = words.get(at)?;
    (at == 0 || word.joined).then_some(word.text.as_str())
}

/// The number from zero to nineteen that a word is.
pub(super) fn position_of_small(word: &str) -> Option<f64> {
    position(SMALL, word)
}

fn position(list: &[&str], word: &str) -> Option<f64> {
    let at = list.iter().position(|known| *known == word)?;
    u32::try_from(at).ok().map(f64::from)
}

fn scale(word: &str) -> Option<f64> {
    SCALES.iter().find(|(name, _)| *name == word).map(|(_, scale)| *scale)
}

/// `twelve`, `two hundred and five`, `three point five million`, `half a million`, `a dozen`.
fn number(text: &str, words: &[Word]) -> Option<Number> {
    let first = next(words, 0)?;
    let done = |value, quantum, scale, used| {
        Some(Number { value, quantum, scale, used, kind: Kind::Plain })
    };
    if first == "half"
        && next(words, 1) == Some("a")
        && let Some(scale) = next(words, 2).and_then(scale)
    {
        return done(scale / 2.0, scale / 10.0, scale, 3);
    }
    // What is read of the part below the next thousand, and what stands before it.
    let (mut group, mut total, mut last) = (None::<f64>, 0.0, f64::INFINITY);
    let (mut quantum, mut at) = (1.0, 0);
    if matches!(first, "a" | "an") {
        let counts = |word: &str| scale(word).is_some() || matches!(word, "hundred" | "dozen");
        next(words, 1).filter(|word| counts(word))?;
        (group, at) = (Some(1.0), 1);
    }
    while let Some(word) = next(words, at) {
        let ones = position(SMALL, word);
        let tens = position(TENS, word).map(|n| (n + 2.0) * 10.0);
        let takes = |n: f64| match group {
            None => true,
            Some(before) if before % 100.0 == 0.0 => before > 0.0 && n > 0.0,
            Some(before) => before % 10.0 == 0.0 && before % 100.0 >= 20.0 && n > 0.0 && n < 10.0,
        };
        if let Some(n) = ones.or(tens).filter(|n| takes(*n)) {
            (group, quantum) = (Some(group.unwrap_or_default() + n), 1.0);
        } else if word == "hundred"
            && let Some(n) = group.filter(|n| (1.0..100.0).contains(n) && n.fract() == 0.0)
        {
            group = Some(n * 100.0);
        } else if let (Some(scale), Some(n)) = (scale(word).filter(|scale| *scale < last), group) {
            (total, last) = (total + n * scale, scale);
            (quantum, group) = (quantum * scale, None);
        } else if word == "dozen" && last.is_infinite() && group.is_some_and(|n| n < 100.0) {
            return done(group? * 12.0, 1.0, 1.0, at + 1);
        } else if word == "point" && group.is_some() {
            let digits: Vec<f64> = (at + 1..)
                .map_while(|at| position(SMALL, next(words, at)?).filter(|n| *n < 10.0))
                .collect();
            if digits.is_empty() {
                break;
            }
            for digit in &digits {
                quantum /= 10.0;
                group = group.map(|n| n + digit * quantum);
            }
            at += digits.len();
        } else if word == "and" && (group.is_some() || at > 0) {
            let behind = (next(words, at + 1), next(words, at + 2));
            if behind == (Some("a"), Some("half")) && group.is_some_and(|n| n.fract() == 0.0) {
                (group, quantum) = (group.map(|n| n + 0.5), 0.1);
                at += 3;
                continue;
            }
            let hundreds = group.is_none_or(|n| n >= 100.0 && n % 100.0 == 0.0);
            let goes_on = behind.0.is_some_and(|word| {
                position(SMALL, word).is_some_and(|n| n > 0.0) || position(TENS, word).is_some()
            });
            // `a thousand and two hundred` may be two numbers.
            let two = group.is_none()
                && behind.1.is_some_and(|word| word == "hundred" || scale(word).is_some());
            if !hundreds || !goes_on || two {
                break;
            }
        } else {
            break;
        }
        at += 1;
    }
    let value = total + group.unwrap_or_default();
    let scale = if group.is_none() { last } else { 1.0 };
    let last = words.get(at.checked_sub(1)?)?;
    let counts_on = next(words, at).is_some_and(|word| NO_NUMBER.contains(&word))
        && text.get(last.range.end..).is_some_and(|rest| rest.starts_with('-'));
    if group.is_none() && total == 0.0 || counts_on {
        return None;
    }
    done(value, quantum, scale, at)
}

/// `half of`, `a quarter of`, `two thirds of`: a share, roughly.
fn part(text: &str, words: &[Word]) -> Option<Number> {
    let first = words.first()?;
    let before = text.get(..first.range.start).unwrap_or_default().trim_end();
    if TIMES.iter().any(|time| last_word(before).eq_ignore_ascii_case(time)) {
        return None;
    }
    let of = |word: &str| PARTS.iter().find(|(name, _)| *name == word).map(|(_, of)| *of);
    let (count, of, used) = match (first.text.as_str(), next(words, 1)) {
        ("half", _) => (1.0, 2.0, 1),
        ("a" | "one", Some(word)) => (1.0, of(word)?, 2),
        (count, Some(word)) => (position(SMALL, count)?, of(word)?, 2),
        (_, None) => return None,
    };
    let whole = match next(words, used) {
        Some("of") => true,
        Some("the" | "its" | "our" | "their" | "your") => used == 1,
        _ => stands_alone(text, words, used),
    };
    // `three quarters of growth` are nine months.
    let quarters = next(words, 1) == Some("quarters");
    let time = quarters
        && !last_word(before).eq_ignore_ascii_case("by")
        && next(words, used + 1).is_none_or(|w| !is_article(w));
    if !whole || time || count < 1.0 || count >= of {
        return None;
    }
    let value = count / of * 100.0;
    Some(Number { value, quantum: value * ROUGHLY, scale: 1.0, used, kind: Kind::Percent })
}

fn is_article(word: &str) -> bool {
    matches!(word, "the" | "its" | "our" | "their" | "all" | "that" | "this")
}

/// The figure that a number is, with its unit.
fn figure(text: &str, words: &[Word], number: &Number) -> Option<Figure> {
    let (first, last) = (words.first()?, words.get(number.used.checked_sub(1)?)?);
    let (start, mut end) = (first.range.start, last.range.end);
    let before = text.get(..start).unwrap_or_default();
    // Part of a name, of a link, or one of a series.
    if before.ends_with(['/', '#', '@', '_', '.']) || in_a_series(before, "") {
        return None;
    }
    let (mut kind, mut factor) = (number.kind, 1.0);
    if kind == Kind::Plain {
        let unit = Suffix::read(text.get(end..).unwrap_or_default());
        end += unit.length;
        factor = unit.factor;
        kind = unit.kind.unwrap_or(kind);
    }
    Some(Figure {
        range: start..end,
        value: number.value * factor,
        quantum: number.quantum * factor,
        scale: number.scale,
        kind,
        sign: Sign::None,
        lean: Lean::None,
        per_dollar: false,
        of_things: false,
        may_be_year: false,
    })
}
