//! Numbers as people write them: digits, words, and scales (`1.5m`, `250 grand`, `half a million`).

use super::words::{Kind, Token, tokens};

/// A number at the start of some tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number {
    pub(super) value: f64,
    /// How many tokens it takes.
    pub(super) length: usize,
    /// The scale it is written with, of a thousand or more, as money is.
    pub(super) scale: Option<f64>,
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

/// `half a million`, `half-million`, `a quarter of a million`, `three quarters of a million`, `3/4 of a million`.
fn fraction(tokens: &[Token]) -> Option<Number> {
    let leading = usize::from(tokens.first()?.is(&["a", "one"]));
    let (value, mut length) = match tokens.get(leading)? {
        token if token.is(&["half", "\u{bd}"]) => (0.5, leading + 1),
        token if token.is(&["quarter", "\u{bc}"]) => (0.25, leading + 1),
        token if token.is(&["\u{be}"]) => (0.75, leading + 1),
        token if token.is(&["three"]) && tokens.get(1)?.is(&["quarters"]) => (0.75, 2),
        _ => (part(tokens)?, 3),
    };
    for word in ["-", "of", "a"] {
        length += usize::from(tokens.get(length)?.is(&[word]));
    }
    let unit = tokens.get(length)?;
    if let Some(dozen) = dozen(unit) {
        return Some(Number { value: value * dozen, length: length + 1, scale: None });
    }
    let scale = big(unit)?;
    Some(Number { value: value * scale, length: length + 1, scale: Some(scale) })
}

/// `1/2`, written without spaces.
fn part(tokens: &[Token]) -> Option<f64> {
    let [above, slash, below] = tokens.get(..3)? else { return None };
    let glued = slash.is(&["/"]) && slash.glued && below.glued;
    let (above, below) = (above.whole()?, below.whole().filter(|below| *below > 1)?);
    (glued && above < below).then(|| f64::from(above) / f64::from(below))
}

/// `50,000`, `50 000`, `1.5 m`, `1 1/2 million`, `2 and a half million`.
fn digits(tokens: &[Token]) -> Option<Number> {
    let first = tokens.first().filter(|token| token.kind == Kind::Number)?;
    let is_group = |token: &&Token| {
        token.kind == Kind::Number && token.text.len() == 3 && token.whole().is_some()
    };
    let rest = tokens.get(1..).unwrap_or_default();
    let mut text = pointed(&first.text).replace(',', "");
    let mut length = 1;
    if first.text.len() <= 3 && first.whole().is_some() {
        for group in rest.iter().take_while(|token| is_group(token) && !token.glued) {
            text.push_str(&group.text);
            length += 1;
        }
    }
    let mut value: f64 = text.parse().ok()?;
    let behind = tokens.get(length..).unwrap_or_default();
    let sign = behind.first().and_then(|token| match token.text.as_str() {
        "\u{bc}" => Some(0.25),
        "\u{bd}" => Some(0.5),
        "\u{be}" => Some(0.75),
        _ => None,
    });
    if let Some(part) = sign {
        (value, length) = (value + part, length + 1);
    } else if let Some(part) = part(behind).filter(|_| behind.get(3).and_then(big).is_some()) {
        (value, length) = (value + part, length + 3);
    }
    Some(scaled(tokens, value, length))
}

/// Digits with commas between groups and a point before decimals, also where they are written the other way round: `300.000,00`.
pub(super) fn pointed(digits: &str) -> String {
    let swapped = match (digits.rfind('.'), digits.rfind(',')) {
        (Some(point), Some(comma)) => point < comma,
        (Some(_), None) => digits.matches('.').count() > 1,
        (None, _) => false,
    };
    let swap = |c| match c {
        '.' => ',',
        ',' => '.',
        other => other,
    };
    digits.chars().map(|c| if swapped { swap(c) } else { c }).collect()
}

/// `ten`, `two hundred and fifty thousand`, `twenty-five grand`, `a million`, `a couple of hundred thousand`.
fn spelled(tokens: &[Token]) -> Option<Number> {
    let (mut value, mut length) = (0.0, 0);
    if tokens.first()?.is(&["a", "an"]) {
        let next = tokens.get(1)?;
        hundred(next).or_else(|| big(next)).or_else(|| couple(next)).or_else(|| dozen(next))?;
        (value, length) = if couple(next).is_some() { (0.0, 1) } else { (1.0, 1) };
    }
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is(&[word]));
    while let Some(token) = tokens.get(length) {
        if let Some(part) = small(token) {
            value += part;
        } else if let Some(two) = couple(token).filter(|_| value == 0.0) {
            value = two;
            length += usize::from(is(length + 1, "of"));
        } else if let Some(dozen) = dozen(token) {
            value = if value > 0.0 { value * dozen } else { dozen };
        } else if length > 0 && hundred(token).is_some() {
            value *= 100.0;
        } else {
            let joins = match token.text.as_str() {
                "and" => length > 0 && tokens.get(length - 1).and_then(hundred).is_some(),
                "-" => length > 0 && token.glued,
                _ => false,
            };
            let next = tokens.get(length + 1);
            let goes_on = next.is_some_and(|next| {
                small(next).is_some() || token.is(&["-"]) && hundred(next).is_some()
            });
            if !(joins && goes_on) {
                break;
            }
        }
        length += 1;
    }
    (length > 0).then(|| scaled(tokens, value, length))
}

/// The number with what multiplies it behind it.
fn scaled(tokens: &[Token], mut value: f64, mut length: usize) -> Number {
    let is_half = |from: usize| {
        let words = ["and", "a", "half"];
        words.iter().zip(from..).all(|(word, at)| tokens.get(at).is_some_and(|it| it.is(&[word])))
    };
    if is_half(length) && tokens.get(length + 3).and_then(big).is_some() {
        value += 0.5;
        length += 3;
    }
    // `two-hundred-thousand`
    let hyphen = |at: usize| tokens.get(at).is_some_and(|mark| mark.is(&["-"]) && mark.glued);
    let multiplies = |at: usize, by: fn(&Token) -> Option<f64>| {
        let at = at + usize::from(hyphen(at) && tokens.get(at + 1).and_then(by).is_some());
        Some((tokens.get(at).and_then(by)?, at + 1))
    };
    if let Some((factor, end)) = multiplies(length, hundred) {
        (value, length) = (value * factor, end);
    }
    let mut scale: Option<f64> = None;
    // A hundred thousand grand is no number, but a thousand million is.
    while let Some((factor, end)) = multiplies(length, big) {
        (value, length) = (value * factor, end);
        scale = Some(scale.unwrap_or(1.0) * factor);
    }
    if let Some(scale) = scale.filter(|_| is_half(length)) {
        // `a million and a half`
        (value, length) = (value + 0.5 * scale, length + 3);
    }
    Number { value, length, scale }
}

#[expect(clippy::cast_precision_loss, reason = "places in lists of twenty words")]
fn small(token: &Token) -> Option<f64> {
    let place = |list: &[&str]| list.iter().position(|word| token.text == *word);
    place(&SMALL).map(|at| at as f64).or_else(|| place(&TENS).map(|at| (at as f64 + 2.0) * 10.0))
}

/// A number below a hundred that one word is.
pub(super) fn written(word: &str) -> Option<f64> {
    tokens(word).first().and_then(small)
}

fn dozen(token: &Token) -> Option<f64> {
    token.is(&["dozen", "dozens"]).then_some(12.0)
}

fn couple(token: &Token) -> Option<f64> {
    token.is(&["couple", "pair"]).then_some(2.0)
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
