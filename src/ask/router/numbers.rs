//! Numbers as people write them: digits, words, and scales (`1.5m`, `250 grand`, `half a million`).

use super::words::{Kind, Token};

/// A number at the start of some tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number {
    pub(super) value: f64,
    /// How many tokens it takes.
    pub(super) length: usize,
    /// Written with a scale of a thousand or more, as money is.
    pub(super) scaled: bool,
}

const SMALL: [&str; 20] = [
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
const TENS: [&str; 8] =
    ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// Reads the number that the tokens start with, if they do.
pub(super) fn number(tokens: &[Token]) -> Option<Number> {
    let number = fraction(tokens).or_else(|| digits(tokens)).or_else(|| spelled(tokens));
    number.filter(|number| number.value.is_finite())
}

/// `half a million`, `a quarter of a million`, `three quarters of a million`.
fn fraction(tokens: &[Token]) -> Option<Number> {
    let leading = usize::from(tokens.first()?.is(&["a", "one"]));
    let (value, mut length) = match tokens.get(leading)? {
        token if token.is(&["half"]) => (0.5, leading + 1),
        token if token.is(&["quarter"]) => (0.25, leading + 1),
        token if token.is(&["three"]) && tokens.get(1)?.is(&["quarters"]) => (0.75, 2),
        _ => return None,
    };
    length += usize::from(tokens.get(length)?.is(&["of"]));
    length += usize::from(tokens.get(length)?.is(&["a"]));
    let scale = big(tokens.get(length)?)?;
    Some(Number { value: value * scale, length: length + 1, scaled: true })
}

/// `50,000`, `1.5 m`, `2 and a half million`.
fn digits(tokens: &[Token]) -> Option<Number> {
    let first = tokens.first().filter(|token| token.kind == Kind::Number)?;
    let value: f64 = first.text.replace(',', "").parse().ok()?;
    Some(scaled(tokens, Number { value, length: 1, scaled: false }))
}

/// `ten`, `two hundred and fifty thousand`, `a million`.
fn spelled(tokens: &[Token]) -> Option<Number> {
    let (mut value, mut length) = (0.0, 0);
    if tokens.first()?.is(&["a", "an"]) {
        hundred(tokens.get(1)?).or_else(|| big(tokens.get(1)?))?;
        (value, length) = (1.0, 1);
    }
    while let Some(token) = tokens.get(length) {
        if let Some(part) = small(token) {
            value += part;
        } else if length > 0 && hundred(token).is_some() {
            value *= 100.0;
        } else if !(token.is(&["and"])
            && length > 0
            && tokens.get(length - 1).and_then(hundred).is_some()
            && tokens.get(length + 1).and_then(small).is_some())
        {
            break;
        }
        length += 1;
    }
    (length > 0).then(|| scaled(tokens, Number { value, length, scaled: false }))
}

/// The number with what multiplies it behind it.
fn scaled(tokens: &[Token], number: Number) -> Number {
    let Number { mut value, mut length, scaled: _ } = number;
    let texts = |from: usize| tokens.get(from..from + 3).unwrap_or_default();
    if let [and, a, half] = texts(length)
        && and.is(&["and"])
        && a.is(&["a"])
        && half.is(&["half"])
        && tokens.get(length + 3).and_then(big).is_some()
    {
        value += 0.5;
        length += 3;
    }
    if let Some(factor) = tokens.get(length).and_then(hundred) {
        value *= factor;
        length += 1;
    }
    let mut scaled = false;
    // A hundred thousand grand is no number, but a thousand million is.
    while let Some(scale) = tokens.get(length).and_then(big) {
        value *= scale;
        length += 1;
        scaled = true;
    }
    Number { value, length, scaled }
}

#[expect(clippy::cast_precision_loss, reason = "places in lists of twenty words")]
fn small(token: &Token) -> Option<f64> {
    let place = |list: &[&str]| list.iter().position(|word| token.text == *word);
    place(&SMALL)
        .map(|at| at as f64)
        .or_else(|| place(&TENS).map(|at| (at as f64 + 2.0) * 10.0))
        .or_else(|| token.is(&["dozen"]).then_some(12.0))
}

fn hundred(token: &Token) -> Option<f64> {
    token.is(&["hundred", "hundreds"]).then_some(100.0)
}

fn big(token: &Token) -> Option<f64> {
    match token.text.as_str() {
        "k" | "thousand" | "thousands" | "grand" => Some(1e3),
        "m" | "mm" | "mil" | "mill" | "mio" | "million" | "millions" => Some(1e6),
        "b" | "bn" | "billion" | "billions" => Some(1e9),
        _ => None,
    }
}
