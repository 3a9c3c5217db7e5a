//! Numbers that are one figure together: `3:1`, `3/4`, `one in five`, `5 to 1`, `12 and a half`.

use super::context::last_word;
use super::numbers::{Figure, Kind};
use super::scan::{Suffix, scale};
use super::words::ROUGHLY;

/// Joins the numbers of a text, in order, that make one figure.
pub(super) fn join(text: &str, figures: &mut Vec<Figure>) {
    let mut at = 0;
    while at < figures.len() {
        if let Some(figure) = figures.get_mut(at) {
            half_more(text, figure);
        }
        let joined = match figures.get(at..) {
            Some([first, second, ..]) => together(text, first, second),
            _ => None,
        };
        if let Some(figure) = joined {
            figures.splice(at..at + 2, [figure]);
        }
        at += 1;
    }
}

/// What two numbers make.
fn together(text: &str, first: &Figure, second: &Figure) -> Option<Figure> {
    let between = text.get(first.range.end..second.range.start)?;
    let before = text.get(..first.range.start)?;
    let bare = |figure: &Figure| figure.is_bare() && figure.value >= 1.0;
    if !bare(first) || !bare(second) {
        return None;
    }
    let (a, b) = (first.value, second.value);
    let of = |value: f64, quantum: f64, kind| Figure {
        range: first.range.start..second.range.end,
        value,
        quantum,
        kind,
        ..first.clone()
    };
    let ratio = || of(a / b, if a < b { a / (b * b) } else { first.quantum / b }, Kind::Ratio);
    let share = || of(a / b * 100.0, a / b * 100.0 * ROUGHLY, Kind::Percent);
    let is_part = a < b && b <= 100.0 && a.fract() == 0.0 && b.fract() == 0.0;
    match between.trim_matches('-').to_ascii_lowercase().as_str() {
        ":" => Some(ratio()),
        "to" | " to " if b.to_bits() == 1f64.to_bits() => {
            (!last_word(before.trim_end()).eq_ignore_ascii_case("from")).then(ratio)
        }
        "/" if a <= b && b <= 100.0 => Some(share()),
        "/" if a < 100.0 && b <= 100.0 => Some(ratio()),
        "in" | " in " if is_part && (b <= 10.0 || (b % 10.0).abs() < 0.5) => Some(share()),
        " out of " | " out of every " | " in every " | "out-of" if is_part => Some(share()),
        _ => None,
    }
}

/// `12 and a half percent`.
fn half_more(text: &str, figure: &mut Figure) {
    const HALF: &str = " and a half";
    let after = text.get(figure.range.end..).unwrap_or_default();
    if !figure.is_bare() || figure.value.fract() != 0.0 || !after.starts_with(HALF) {
        return;
    }
    let rest = after.get(HALF.len()..).unwrap_or_default();
    let (scale, length) = scale(rest, true);
    let unit = Suffix::read(rest.get(length..).unwrap_or_default());
    figure.range.end += HALF.len() + length + unit.length;
    figure.value = (figure.value + 0.5) * scale * unit.factor;
    figure.quantum = 0.1 * scale * unit.factor;
    figure.scale = scale;
    figure.kind = unit.kind.unwrap_or(figure.kind);
}
