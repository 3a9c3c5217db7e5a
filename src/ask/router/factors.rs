//! By how much, in words: `double`, `half of it`, `a third`, `two thirds`, `tenfold`, and how often something comes: `three years`.

use super::numbers::{number, written};
use super::reading::Text;
use super::words::Token;

/// Words that multiply by themselves, by their stems.
const MULTIPLES: &[(f64, &[&str])] = &[
    (0.5, &["half", "halv"]),
    (2.0, &["doubl", "twice"]),
    (3.0, &["tripl", "trebl", "thrice"]),
    (4.0, &["quadrupl"]),
    (5.0, &["quintupl"]),
];

/// Parts, in the singular, with how many of them make one.
const PARTS: &[(f64, &str)] = &[
    (2.0, "half"),
    (3.0, "third"),
    (4.0, "quarter"),
    (4.0, "fourth"),
    (5.0, "fifth"),
    (6.0, "sixth"),
    (8.0, "eighth"),
    (10.0, "tenth"),
    (20.0, "twentieth"),
];

/// What a year and its parts hold of months.
const UNITS: &[(f64, &[&str])] =
    &[(1.0, &["month", "months"]), (3.0, &["quarter", "quarters"]), (12.0, &["year", "years"])];

/// The factor that a word is by itself, given its stem.
pub(super) fn multiple(stem: &str) -> Option<f64> {
    let found = MULTIPLES.iter().find(|(_, words)| words.contains(&stem));
    found.map(|(factor, _)| *factor)
}

/// The numbers that a reckoning may hold for what a text says by how much, or for how long: what comes by a third is multiplied
/// by 1/3 or 4/3 or divided by 3, what is tripled grows by 2 times, and three years are one and 2 more, or 36 months.
pub(super) fn factors(text: &Text) -> Vec<f64> {
    let mut found = Vec::new();
    for (at, token) in text.tokens.iter().enumerate() {
        let stem = text.stems.get(at).and_then(Option::as_ref);
        let rest = text.tokens.get(at..).unwrap_or_default();
        if let Some(factor) = stem.and_then(|stem| multiple(stem)).or_else(|| fold(token)) {
            found.extend(grown(factor));
        }
        if !text.periods.iter().any(|period| period.span.contains(&at))
            && let Some(part) = part(rest)
        {
            found.extend(grown(part));
        }
    }
    for amount in &text.amounts {
        let Some(behind) = text.tokens.get(amount.span.end) else { continue };
        if let Some((months, _)) = UNITS.iter().find(|(_, words)| behind.is(words)) {
            found.extend([amount.value - 1.0, amount.value * months]);
        }
        if behind.is(&["times", "x", "fold"]) {
            found.extend(grown(amount.value));
        }
    }
    found
}

/// A factor with what else it comes to: a part is also added, taken and divided by, a multiple is also what is added.
fn grown(factor: f64) -> impl Iterator<Item = f64> {
    let more = if factor < 1.0 { vec![1.0 + factor, 1.0 - factor] } else { vec![factor - 1.0] };
    [factor, 1.0 / factor].into_iter().chain(more)
}

/// `tenfold`.
fn fold(token: &Token) -> Option<f64> {
    written(token.text.strip_suffix("fold")?).filter(|factor| *factor >= 2.0)
}

/// `a third`, `two thirds`, `one-fifth`.
fn part(tokens: &[Token]) -> Option<f64> {
    let (count, length) = match tokens.first()? {
        article if article.is(&["a", "an"]) => (1.0, 1),
        _ => number(tokens).map(|count| (count.value, count.length))?,
    };
    let hyphen = tokens.get(length).is_some_and(|mark| mark.is(&["-"]));
    let name = tokens.get(length + usize::from(hyphen))?;
    let singular = |part: &str| name.text == part || name.text.strip_suffix('s') == Some(part);
    let (parts, _) = PARTS.iter().find(|(_, part)| singular(part))?;
    (count < *parts).then(|| count / parts)
}
