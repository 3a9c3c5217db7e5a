//! Amounts in a question: `$500K`, `1.5m`, `250,000`, `250 grand`, `2 million`.

use crate::value::Value;

/// Words and letters that multiply.
const TIMES: &[(&str, f64)] = &[
    ("k", 1e3),
    ("thousand", 1e3),
    ("grand", 1e3),
    ("m", 1e6),
    ("mm", 1e6),
    ("mio", 1e6),
    ("million", 1e6),
    ("b", 1e9),
    ("bn", 1e9),
    ("billion", 1e9),
];

/// The amounts of a text with the words they are made of. A bare number is one only with a currency's sign or from 1000
/// on that is no year; a percentage is none.
pub(super) fn find(text: &str) -> Vec<(f64, Vec<String>)> {
    let tokens: Vec<&str> = text.split_whitespace().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        let Some((number, unit, signed)) = number(token) else { continue };
        let mut words = super::terms::words(token);
        let mut times = times(&unit);
        if times.is_none() && !unit.is_empty() && unit != "usd" {
            continue;
        }
        if times.is_none()
            && let Some(next) = tokens.get(at)
        {
            let word = next.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
            times = self::times(&word).filter(|_| word.len() > 1);
            if times.is_some() {
                words.push(word);
                at += 1;
            }
        }
        let amount = number * times.unwrap_or(1.0);
        let year = times.is_none() && !signed && (1900.0..2100.0).contains(&amount);
        if (signed || times.is_some() || amount >= 1000.0) && !year {
            found.push((amount, words));
        }
    }
    found
}

fn times(word: &str) -> Option<f64> {
    TIMES.iter().find(|(name, _)| *name == word).map(|(_, times)| *times)
}

/// Words that a number is written with.
const NUMBERS: &[&str] = &[
    "half", "quarter", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "ten", "eleven", "twelve", "dozen", "twenty", "thirty", "forty", "fifty", "sixty", "seventy",
    "eighty", "ninety", "hundred", "thousand", "grand", "million", "billion",
];

/// Whether a word is a number written out, or a part of one.
pub(super) fn is_number(word: &str) -> bool {
    NUMBERS.contains(&word)
}

/// The number at the beginning of a token, what follows it, and whether a currency's sign stands before it.
fn number(token: &str) -> Option<(f64, String, bool)> {
    let token = token
        .trim_start_matches(['(', '"', '\''])
        .trim_end_matches(['?', '.', ',', '!', ')', ';', ':', '"', '\'']);
    let rest = token.trim_start_matches(['$', '\u{20ac}', '\u{a3}']);
    let signed = rest.len() < token.len();
    let digits =
        rest.find(|c: char| !(c.is_ascii_digit() || c == ',' || c == '.')).unwrap_or(rest.len());
    let (number, unit) = rest.split_at_checked(digits)?;
    let number: f64 = number.replace(',', "").parse().ok()?;
    (number.is_finite() && number > 0.0).then(|| (number, unit.to_lowercase(), signed))
}

/// An amount as params take it.
#[expect(clippy::cast_possible_truncation, reason = "the bound is checked")]
pub(super) fn value(amount: f64) -> Value {
    if amount.fract() == 0.0 && amount.abs() < 1e15 {
        (amount as i64).into()
    } else {
        amount.into()
    }
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        let cases: &[(&str, &[f64])] = &[
            ("Can we spend $500K on marketing?", &[500_000.0]),
            ("1.5m for engineering", &[1_500_000.0]),
            ("is 250 grand fine?", &[250_000.0]),
            ("another 2 million dollars", &[2_000_000.0]),
            ("spend 250,000.", &[250_000.0]),
            ("$75", &[75.0]),
            ("hire 10 engineers in 2025", &[]),
            ("raise it by 20%", &[]),
            ("between $1k and $2k", &[1000.0, 2000.0]),
            ("campaign 3m_launch", &[]),
        ];
        for (text, amounts) in cases {
            let found: Vec<f64> = find(text).into_iter().map(|(amount, _)| amount).collect();
            assert_eq!(found, *amounts, "{text}");
        }
    }
}
