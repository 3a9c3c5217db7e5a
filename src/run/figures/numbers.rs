//! Figures as written: what they are worth, and how exactly.

use std::ops::Range;

use super::context::unspoken;
use super::scan::scan;
use super::units::Currency;

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

/// A bare whole number up to this counts things in a sentence ("three reasons", "top 10").
const COUNTS: f64 = 10.0;

impl Figure {
    /// Whether it has neither unit nor scale.
    pub(super) fn is_bare(&self) -> bool {
        self.kind == Kind::Plain && self.scale.to_bits() == 1f64.to_bits()
    }

    /// Whether it only counts a few things. "3 reasons" and "a runway of 3 months" look alike, and the first is in
    /// every answer, so neither is looked up.
    fn counts(&self) -> bool {
        self.is_bare()
            && self.sign == Sign::None
            && self.value <= COUNTS
            && self.value.fract() == 0.0
            && self.quantum >= 1.0
    }
}

/// Finds the figures that need a source.
///
/// Years, dates, times, quarters, versions, list marks, ordinals, names that hold digits, what stands in code or in
/// links, and whole numbers up to 10 without a unit are none.
pub fn figures(text: &str) -> Vec<Figure> {
    let mut figures = scan(text, &unspoken(text));
    spread_units(text, &mut figures);
    figures.retain(|figure| !figure.counts());
    figures
}

/// Finds the numbers of a text that gives them: code, links and counts are read as well.
pub(super) fn given_figures(text: &str) -> Vec<Figure> {
    let mut figures = scan(text, &[]);
    spread_units(text, &mut figures);
    figures
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
        if scaled && first.value < second.value / second.scale {
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
