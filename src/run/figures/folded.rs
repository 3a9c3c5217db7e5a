//! A text as its figures are read: digits of all scripts as ASCII, fractions and powers that are one sign written out, and
//! without what nobody sees, so that a figure cannot hide behind its signs.

use std::borrow::Cow;
use std::ops::Range;

/// The zeros of the scripts that have digits of their own; the other nine follow each.
const ZEROS: &[u32] = &[
    0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66,
    0x0de6, 0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90,
    0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0x2080, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0,
    0xff10, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1fbf0,
];

/// Fractions that are one sign.
const FRACTIONS: &[(char, &str)] = &[
    ('½', ".50"),
    ('¼', ".25"),
    ('¾', ".75"),
    ('⅓', ".33"),
    ('⅔', ".67"),
    ('⅕', ".20"),
    ('⅖', ".40"),
    ('⅗', ".60"),
    ('⅘', ".80"),
    ('⅙', ".17"),
    ('⅚', ".83"),
    ('⅐', ".14"),
    ('⅛', ".125"),
    ('⅜', ".375"),
    ('⅝', ".625"),
    ('⅞', ".875"),
    ('⅑', ".11"),
    ('⅒', ".10"),
];

/// Roman numerals that are one sign, from `Ⅰ` on and from `ⅰ` on.
const ROMAN: [u32; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 50, 100, 500, 1000];

/// Numbers in circles, in brackets and with a point: the first of each row, and how many there are from 1 on.
const ENCLOSED: &[(char, u32)] =
    &[('①', 20), ('⑴', 20), ('⒈', 20), ('❶', 10), ('➀', 10), ('➊', 10)];

const SUPERSCRIPTS: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/// Spaces as HTML writes them.
const ENTITIES: &[&str] =
    &["&nbsp;", "&thinsp;", "&ensp;", "&emsp;", "&#160;", "&#8239;", "&#8201;"];

/// A text to be read, with the way back to the one that was written.
pub(super) struct Folded<'t> {
    pub(super) text: Cow<'t, str>,
    /// Where each byte of it comes from, and at last the length of what was written; empty where nothing was folded.
    from: Vec<usize>,
}

impl<'t> Folded<'t> {
    pub(super) fn of(written: &'t str) -> Self {
        if written.is_ascii() && !written.contains('&') {
            return Self { text: Cow::Borrowed(written), from: Vec::new() };
        }
        let mut text = String::with_capacity(written.len());
        let mut from = Vec::with_capacity(written.len() + 1);
        let mut rest = written;
        while !rest.is_empty() {
            let at = written.len() - rest.len();
            rest = fold(rest, &mut text);
            from.resize(text.len(), at);
        }
        from.push(written.len());
        Self { text: Cow::Owned(text), from }
    }

    /// Where a span of the text stands in what was written.
    pub(super) fn written(&self, span: &Range<usize>) -> Range<usize> {
        let at = |at: usize| self.from.get(at).copied().unwrap_or(at);
        // A sign that is several is taken whole.
        let within = |end: &usize| *end > 0 && self.from.get(*end) == self.from.get(*end - 1);
        let mut end = span.end;
        while !self.from.is_empty() && within(&end) {
            end += 1;
        }
        at(span.start)..at(end)
    }
}

/// Appends the first sign of `rest` as it is read, and gives what stands behind it.
fn fold<'r>(rest: &'r str, text: &mut String) -> &'r str {
    let mut signs = rest.chars();
    let Some(c) = signs.next() else { return rest };
    let behind = signs.as_str();
    if c.is_ascii() {
        let entity = ENTITIES.iter().find_map(|entity| rest.strip_prefix(entity));
        text.push(if entity.is_some() { '\u{a0}' } else { c });
        return entity.unwrap_or(behind);
    }
    let behind_digit = text.ends_with(|c: char| c.is_ascii_digit());
    if is_superscript(c) {
        let end = rest.find(|c: char| !is_superscript(c)).unwrap_or(rest.len());
        let (power, behind) = rest.split_at(end);
        superscript(power, text);
        return behind;
    }
    if let Some(digit) = digit(c) {
        text.push(digit);
    } else if let Some((_, part)) = FRACTIONS.iter().find(|(sign, _)| *sign == c) {
        fraction(part, text);
    } else if let Some(number) = roman(c) {
        text.push_str(&number.to_string());
    } else if let Some(number) = enclosed(c) {
        text.push_str(&number.to_string());
        // At the beginning of a line it is the mark of a list.
        if text.rsplit('\n').next().is_some_and(|line| line.trim() == number.to_string()) {
            text.push('.');
        }
    } else if !(is_unseen(c) || (behind_digit && is_above(c))) {
        text.push(if c == '·' && behind_digit { '.' } else { plain(c) });
    }
    behind
}

/// `1½` and `1 ½` are one number, `½` is 0.5.
fn fraction(part: &str, text: &mut String) {
    let whole = text.trim_end_matches([' ', '\u{a0}', '\u{2009}', '\u{202f}']).len();
    let is_mixed =
        text.get(..whole).is_some_and(|text| text.ends_with(|c: char| c.is_ascii_digit()));
    if is_mixed && text.len() - whole <= 3 {
        text.truncate(whole);
    } else {
        text.push('0');
    }
    text.push_str(part);
}

/// `10⁶` is a power; behind a word or a longer number it is the mark of a note; else it is a number.
fn superscript(written: &str, text: &mut String) {
    let digits = || written.chars().filter_map(|sign| SUPERSCRIPTS.chars().position(|s| s == sign));
    let number: String = digits().map(|digit| digit.to_string()).collect();
    let base = text.rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or_default().len();
    let ahead = text.get(..text.len() - base).and_then(|ahead| ahead.chars().next_back());
    let is_base = (1..=2).contains(&base) && !matches!(ahead, Some('.' | ',' | '\'' | '’'));
    let is_note =
        text.ends_with(|c: char| !c.is_whitespace() && !matches!(c, '(' | ':' | '=' | '|'));
    if is_base {
        text.push('^');
        if written.starts_with('⁻') {
            text.push('-');
        }
        text.push_str(&number);
    } else if !is_note || (base == 0 && number.len() > 2) {
        text.push_str(&number);
    }
}

fn is_superscript(c: char) -> bool {
    c == '⁻' || SUPERSCRIPTS.contains(c)
}

/// A decimal digit of any script.
fn digit(c: char) -> Option<char> {
    let code = u32::from(c);
    let zero = ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

/// The number that a Roman one is.
fn roman(c: char) -> Option<u32> {
    let at = [0x2160, 0x2170].iter().rev().find_map(|first| u32::from(c).checked_sub(*first))?;
    ROMAN.get(usize::try_from(at).ok()?).copied()
}

/// The number in a circle or in brackets.
fn enclosed(c: char) -> Option<u32> {
    ENCLOSED.iter().find_map(|(first, count)| {
        let at = u32::from(c).checked_sub(u32::from(*first))?;
        (at < *count).then_some(at + 1)
    })
}

/// Whether a sign is a number that is not read: there are many scripts.
pub(super) fn is_unreadable(c: char) -> bool {
    c.is_numeric()
        && !c.is_ascii()
        && !is_superscript(c)
        && digit(c).is_none()
        && roman(c).is_none()
        && enclosed(c).is_none()
        && FRACTIONS.iter().all(|(sign, _)| *sign != c)
}

/// What takes no room: joiners, marks of direction, variants of signs.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e01ef}'
    )
}

/// What stands above, below or around the sign before it.
fn is_above(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
    )
}

/// A sign as ASCII has it, where it has.
fn plain(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(c) - u32::from('！') + u32::from('!')).unwrap_or(c)
        }
        '‐' | '‑' | '‒' | '﹣' => '-',
        '\u{2002}'..='\u{200a}' | '\u{205f}' => '\u{2009}',
        '\u{3000}' => ' ',
        '٫' => '.',
        '٬' => ',',
        '٪' | '﹪' => '%',
        '⁄' | '∕' => '/',
        '∶' => ':',
        '﹩' => '$',
        other => other,
    }
}
