//! Figures as written: what they are worth, and how exactly.

use std::ops::Range;

use super::context::{last_word, unspoken};
use super::folded::{Folded, is_unreadable};
use super::formulas::{DECLINE, GROWTH};
use super::parts::join;
use super::scan::scan;
use super::sentence::{Sentence, sentence_around};
use super::units::{COUNTED, Currency, ONES};
use super::words::spelled;

/// A figure of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Where it stands, in bytes, sign and unit included.
    pub range: Range<usize>,
    /// Its magnitude, with K, M, bn worked in: 1200000 for `$1.2M`, 58.4 for `58.4%`.
    pub value: f64,
    /// What its last digit shown is worth: 100000 for `$1.2M`.
    pub quantum: f64,
    /// The factor of K, M, bn; 1 without.
    pub scale: f64,
    /// What it is a figure of.
    pub kind: Kind,
    /// The sign before it. Brackets as accountants use them are none: `($3,400)` may as well be an aside.
    pub sign: Sign,
    /// What the words before it make of its digits: `about`, `over`, `nearly`.
    pub lean: Lean,
    /// Whether its sentence speaks of one dollar, so that it may be a ratio: `each dollar brought back $6.53`.
    pub per_dollar: bool,
    /// Whether the word behind it tells that it counts things: `1,931 conversions`.
    pub of_things: bool,
    /// Whether it may as well be a year.
    pub may_be_year: bool,
}

/// What a figure is a figure of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `$1,234`.
    Money(Currency),
    /// `58.4%`; the value is in percent.
    Percent,
    /// `2.31x`.
    Ratio,
    /// `1,234`.
    Plain,
}

/// The sign before a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// None: "a loss of $3,400" is right for -3400 as well.
    None,
    /// `+`.
    Plus,
    /// `-`.
    Minus,
}

/// How a figure is meant that is said to be rough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lean {
    /// As exactly as it is written.
    None,
    /// `about $120,000`: its last zeros say nothing.
    About,
    /// `over $120,000`.
    Over,
    /// `nearly $120,000`.
    Under,
}

const ABOUT: &[&str] = &["about", "around", "roughly", "approximately", "approx", "circa", "ca"];
const OVER: &[&str] = &["over", "above", "more than"];
const UNDER: &[&str] = &["nearly", "almost", "under", "below", "less than", "close to"];

/// The greatest part of a figure that a word like `about` may leave open, half of it to either side.
const ROUGHEST: f64 = 0.1;

/// A bare whole number up to this counts things in a sentence ("three reasons", "top 10").
const COUNTS: f64 = 10.0;

impl Figure {
    /// How far below and above it a value may lie and still be this figure: half of its last digit, and more where it
    /// is said to be rough.
    pub(super) fn reach(&self) -> (f64, f64) {
        let half = self.quantum / 2.0;
        let rough = self.last_digit().min(self.value * ROUGHEST).max(self.quantum);
        match self.lean {
            Lean::None => (half, half),
            Lean::About => (rough / 2.0, rough / 2.0),
            Lean::Over => (half, rough),
            Lean::Under => (rough, half),
        }
    }

    /// What its last digit that is no zero is worth.
    fn last_digit(&self) -> f64 {
        let mut digit = self.quantum;
        while digit < self.value && (self.value / (digit * 10.0)).fract().abs() < 1e-9 {
            digit *= 10.0;
        }
        digit
    }

    /// Whether it has neither unit nor scale.
    pub(super) fn is_bare(&self) -> bool {
        self.kind == Kind::Plain && self.scale.to_bits() == 1f64.to_bits()
    }

    /// Whether it only counts a few things. "3 reasons" and "a runway of 3 months" look alike, and the first is in
    /// every answer, so neither is looked up.
    pub(super) fn counts(&self) -> bool {
        self.is_bare()
            && self.sign == Sign::None
            && self.value <= COUNTS
            && self.value.fract() == 0.0
            && self.quantum >= 1.0
    }
}

/// Finds the figures that need a source.
///
/// Numbers may be in digits or in words. Years, dates, times, quarters, versions, list marks, ordinals, names that hold digits, links, and whole
/// numbers up to 10 without a unit are none.
pub fn figures(text: &str) -> Vec<Figure> {
    let mut figures = all_figures(text);
    figures.retain(|figure| !figure.counts() && !figure.may_be_year && !figure.value.is_nan());
    figures
}

/// [`figures`], with what only counts a few things, what may be a year, and signs of numbers that nobody can read: those have
/// no value (NaN), so that nothing is them.
pub(super) fn all_figures(text: &str) -> Vec<Figure> {
    let mut figures = read(text, unspoken);
    let unread = text.char_indices().filter(|(_, sign)| is_unreadable(*sign));
    figures.extend(unread.map(|(at, sign)| Figure {
        range: at..at + sign.len_utf8(),
        value: f64::NAN,
        quantum: 1.0,
        scale: 1.0,
        kind: Kind::Plain,
        sign: Sign::None,
        lean: Lean::None,
        per_dollar: false,
        of_things: false,
        may_be_year: false,
    }));
    figures.sort_by_key(|figure| figure.range.start);
    figures
}

/// Finds the numbers of a text that gives them: links and counts are read as well.
pub(super) fn given_figures(text: &str) -> Vec<Figure> {
    let mut figures = read(text, |_| Vec::new());
    // A `one` is a pronoun more often than a number.
    let in_digits = |figure: &Figure| {
        text.get(figure.range.clone()).is_some_and(|w| w.contains(|c: char| c.is_ascii_digit()))
    };
    figures.retain(|figure| !figure.may_be_year && (!figure.counts() || in_digits(figure)));
    figures
}

/// All numbers but those in what `skips` finds, with what the words around them make of them.
fn read(written: &str, skips: impl Fn(&str) -> Vec<Range<usize>>) -> Vec<Figure> {
    let folded = Folded::of(written);
    let text = folded.text.as_ref();
    let skipped = skips(text);
    let mut figures = scan(text, &skipped);
    let taken: Vec<Range<usize>> =
        figures.iter().map(|figure| figure.range.clone()).chain(skipped).collect();
    figures.extend(spelled(text, &taken));
    figures.sort_by_key(|figure| figure.range.start);
    join(text, &mut figures);
    spread_units(text, &mut figures);
    for figure in &mut figures {
        figure.heed(text);
        figure.range = folded.written(&figure.range);
    }
    figures
}

impl Figure {
    /// Takes up the words before it that belong to it: its sign, and how exactly it is meant.
    fn heed(&mut self, text: &str) {
        let before = text.get(..self.range.start).unwrap_or_default();
        if self.sign == Sign::None
            && let Some((sign, length)) = spoken_sign(before)
        {
            self.sign = sign;
            self.range.start -= length;
        }
        let before = text.get(..self.range.start).unwrap_or_default();
        let near = before.trim_end_matches([' ', '*', '_', '(']);
        let word = last_word(near);
        let two = {
            let head = near.strip_suffix(word).unwrap_or_default().trim_end();
            format!("{} {word}", last_word(head)).to_ascii_lowercase()
        };
        let is = |list: &[&str]| list.iter().any(|w| w.eq_ignore_ascii_case(word) || *w == two);
        self.lean = match near.chars().last() {
            Some('~' | '≈') => Lean::About,
            _ if is(ABOUT) => Lean::About,
            Some('>') => Lean::Over,
            _ if is(OVER) => Lean::Over,
            _ if is(UNDER) => Lean::Under,
            _ => Lean::None,
        };
        let unit = if self.is_bare() { told_behind(text, self) } else { None };
        if let Some((kind, length)) = unit {
            self.kind = kind;
            self.range.end += length;
        }
        self.per_dollar = match self.kind {
            Kind::Money(currency) => speaks_of_one(currency, text, self),
            Kind::Percent | Kind::Ratio | Kind::Plain => false,
        };
        self.of_things = self.kind == Kind::Plain
            && counts_things(text.get(self.range.end..).unwrap_or_default());
    }
}

/// A unit that words are in some sentences only, with its length: `five times the spend`, `the margin fell 3 points`.
fn told_behind(text: &str, figure: &Figure) -> Option<(Kind, usize)> {
    const OFTEN: &[&str] = &[
        "a", "an", "per", "each", "every", "in", "this", "last", "already", "before", "so", "over",
        "during", "now", "and", "or", "daily", "weekly", "monthly", "more", "on", "with",
    ];
    let after = text.get(figure.range.end..)?;
    let rest = after.strip_prefix([' ', '-'])?;
    let word = rest.get(..rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len()))?;
    let length = after.len() - rest.len() + word.len();
    let sentence = Sentence::around(text, figure.range.start);
    let changes = || sentence.has(GROWTH) || sentence.has(DECLINE);
    match word {
        "times" => {
            let next = rest.get(word.len()..)?.trim_start();
            let next = next.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
            let is_ratio = if next.is_empty() { changes() } else { !OFTEN.contains(&next) };
            (is_ratio || (next == "more" && changes())).then_some((Kind::Ratio, length))
        }
        "points" | "point" | "pts" if changes() => Some((Kind::Percent, length)),
        _ => None,
    }
}

/// Whether a number is one of things by what is behind it: `12 campaigns`, `12 open positions`.
pub(super) fn counts_things(behind: &str) -> bool {
    const NO_ADJECTIVES: &[&str] = &[
        "in", "of", "for", "to", "on", "from", "at", "and", "or", "over", "by", "per", "across",
        "with", "a", "the", "as", "than", "after", "within",
    ];
    let behind = behind.split(['.', ',', ';', '(', '|', '\n']).next();
    let mut words = behind
        .unwrap_or_default()
        .trim_start_matches('-')
        .split_whitespace()
        .map(str::to_lowercase);
    let is_counted = |word: &String| COUNTED.contains(&word.as_str());
    words.next().is_some_and(|first| {
        is_counted(&first)
            || (!NO_ADJECTIVES.contains(&first.as_str())
                && words.next().as_ref().is_some_and(is_counted))
    })
}

/// Whether the sentence of a figure holds the currency's name for one (`dollar`), which is no unit of a number.
fn speaks_of_one(currency: Currency, text: &str, figure: &Figure) -> bool {
    let sentence = sentence_around(text, figure.range.start);
    let around = [sentence.start..figure.range.start, figure.range.end..sentence.end];
    around.into_iter().filter_map(|span| text.get(span)).any(|around| {
        let one = |word: &str| {
            ONES.iter().any(|(one, of)| *of == currency && word.eq_ignore_ascii_case(one))
        };
        around.split(|c: char| !c.is_alphanumeric()).any(one)
    })
}

/// A sign in words before a figure, with its length: `minus`, `negative`.
fn spoken_sign(before: &str) -> Option<(Sign, usize)> {
    let near = before.strip_suffix(' ')?;
    let word = last_word(near);
    let sign = match word.to_ascii_lowercase().as_str() {
        "minus" | "negative" => Sign::Minus,
        "plus" => Sign::Plus,
        _ => return None,
    };
    // `5 minus 3` is arithmetic.
    let head = near.strip_suffix(word)?.trim_end();
    let sums = head.ends_with(|c: char| c.is_ascii_digit() || c == '%');
    (!sums).then_some((sign, word.len() + 1))
}

/// The ends of a range share unit and scale: `10-12%`, `$1.2–1.4M`, `between 1.2 and 1.4 million`.
fn spread_units(text: &str, figures: &mut [Figure]) {
    for at in 1..figures.len() {
        let (before, from) = figures.split_at_mut(at);
        let (Some(first), Some(second)) = (before.last_mut(), from.first_mut()) else { continue };
        let between = text.get(first.range.end..second.range.start).unwrap_or_default();
        let dash = matches!(between.trim(), "-" | "–" | "—");
        let opened = || {
            let before = text.get(..first.range.start).unwrap_or_default().trim_end();
            before
                .get(before.len().saturating_sub(7)..)
                .is_some_and(|w| w.eq_ignore_ascii_case("between"))
        };
        if !dash && between != " to " && !(between == " and " && opened()) {
            continue;
        }
        let scaled = first.scale < second.scale && first.scale <= 1.0;
        if scaled && first.value <= second.value / second.scale {
            first.value *= second.scale;
            first.quantum *= second.scale;
            first.scale = second.scale;
        }
        if first.kind == Kind::Plain {
            first.kind = second.kind;
        } else if second.kind == Kind::Plain && dash && between.len() <= 3 {
            second.kind = first.kind;
        }
    }
}
