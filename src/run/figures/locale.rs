//! Numbers as other countries write them, where that can be read in one way only: `1 234 567`, `12,34,567`, `58,4 %`.

use super::numbers::counts_things;
use super::scan::{SPACES, Suffix, scale};
use super::units::SIGNS;

/// A number in another country's writing.
pub(super) struct Foreign {
    /// Where it ends.
    pub(super) end: usize,
    /// As Rust reads a number.
    pub(super) number: String,
    pub(super) decimals: i32,
}

/// Reads the number whose first digit is at `start`.
///
/// `1.234` and `1,234` are read as a fraction and as thousands, as in English; `1 234` needs a unit behind it.
pub(super) fn foreign(text: &str, start: usize) -> Option<Foreign> {
    let before = text.get(..start)?;
    if before.ends_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',')) {
        return None;
    }
    indian(text, start)
        .or_else(|| apart(text, start))
        .or_else(|| spaced(text, start))
        .or_else(|| comma(text, start))
}

/// The digits at a place.
fn digits(text: &str, at: usize) -> &str {
    let rest = text.get(at..).unwrap_or_default();
    rest.get(..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())).unwrap_or_default()
}

/// The digits behind a mark at a place.
fn behind(text: &str, at: usize, mark: char) -> &str {
    let rest = text.get(at..).unwrap_or_default();
    if rest.starts_with(mark) { digits(text, at + mark.len_utf8()) } else { "" }
}

/// `12,34,567`: groups of two, the last of three.
fn indian(text: &str, start: usize) -> Option<Foreign> {
    let first = digits(text, start);
    let mut number = first.to_owned();
    let mut end = start + first.len();
    let mut pairs = 0;
    while behind(text, end, ',').len() == 2 {
        number.push_str(behind(text, end, ','));
        (end, pairs) = (end + 3, pairs + 1);
    }
    let last = behind(text, end, ',');
    if pairs == 0 || last.len() != 3 || !(1..=2).contains(&first.len()) {
        return None;
    }
    number.push_str(last);
    Some(fraction(text, end + 4, number, '.'))
}

/// `1 234 567`, `1 234 €`, `1 234,50`.
fn spaced(text: &str, start: usize) -> Option<Foreign> {
    let first = digits(text, start);
    if !(1..=3).contains(&first.len()) || first.starts_with('0') {
        return None;
    }
    let mut number = first.to_owned();
    let (mut end, mut groups) = (start + first.len(), 0);
    while behind(text, end, ' ').len() == 3 {
        number.push_str(behind(text, end, ' '));
        (end, groups) = (end + 4, groups + 1);
    }
    let found = fraction(text, end, number, ',');
    let behind = text.get(found.end..).unwrap_or_default();
    // No number begins with zeros of its own.
    let last = groups > 0 && text.get(end - 3..end).is_some_and(|group| group.starts_with('0'));
    let told = last || found.decimals > 0 || has_unit(text, found.end) || counts_things(behind);
    (groups > 1 || (groups == 1 && told)).then_some(found)
}

/// `7 1 3 1 8`: a number whose digits stand apart.
fn apart(text: &str, start: usize) -> Option<Foreign> {
    let mut number = digits(text, start).to_owned();
    let mut end = start + number.len();
    while number.len() * 2 == end - start + 1 && behind(text, end, ' ').len() == 1 {
        number.push_str(behind(text, end, ' '));
        end += 2;
    }
    (number.len() >= 3 && end - start == number.len() * 2 - 1).then_some(Foreign {
        end,
        number,
        decimals: 0,
    })
}

/// `58,4 %`, `€3,50`, `1,2 Mio`, `2,3`: a comma before one or two digits that is none of a list.
fn comma(text: &str, start: usize) -> Option<Foreign> {
    let whole = digits(text, start);
    let found = fraction(text, start + whole.len(), whole.to_owned(), ',');
    let before = text.get(..start)?.trim_end_matches(SPACES);
    let money = SIGNS.iter().any(|(sign, _)| *sign != '$' && before.ends_with(*sign));
    let unit = money || has_unit(text, found.end);
    let after = text.get(found.end..).unwrap_or_default();
    let is_list = after.starts_with(',')
        || [" and ", " or ", " & "].iter().any(|word| {
            after
                .strip_prefix(word)
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        });
    let sure = unit || (whole.len() <= 3 && !is_list);
    (found.decimals > 0 && sure && behind(text, found.end, ',').is_empty()).then_some(found)
}

/// Takes up one or two digits behind a mark.
fn fraction(text: &str, end: usize, mut number: String, mark: char) -> Foreign {
    let digits = behind(text, end, mark);
    if !(1..=2).contains(&digits.len()) {
        return Foreign { end, number, decimals: 0 };
    }
    number.push('.');
    number.push_str(digits);
    let decimals = if digits.len() == 1 { 1 } else { 2 };
    Foreign { end: end + 1 + digits.len(), number, decimals }
}

fn has_unit(text: &str, end: usize) -> bool {
    let after = text.get(end..).unwrap_or_default();
    scale(after, true).1 > 0 || Suffix::read(after).kind.is_some()
}
