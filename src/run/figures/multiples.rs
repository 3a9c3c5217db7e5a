//! Multiples in words: `twice the spend`, `doubled`, `threefold`, `five times as much`, and parts that are told without a whole: `by a
//! third`, `half as much`.

use super::context::last_word;
use super::numbers::Kind;
use super::words::{Number, ROUGHLY, Word, next, position_of_small};

/// Verbs that tell that a value became so many times what it was.
const BECAME: &[(&str, f64)] = &[
    ("doubled", 2.0),
    ("doubling", 2.0),
    ("doubles", 2.0),
    ("tripled", 3.0),
    ("trebled", 3.0),
    ("tripling", 3.0),
    ("triples", 3.0),
    ("quadrupled", 4.0),
    ("quadrupling", 4.0),
    ("quadruples", 4.0),
    ("quintupled", 5.0),
    ("halved", 0.5),
];

/// Words that are such a verb in what may be done, and a number in what is so.
const TIMES: &[(&str, f64)] = &[
    ("double", 2.0),
    ("triple", 3.0),
    ("treble", 3.0),
    ("quadruple", 4.0),
    ("twice", 2.0),
    ("thrice", 3.0),
];

/// What they go on with where they tell a number: `double the spend`, `twice as much`.
const WHOLES: &[&str] =
    &["the", "that", "what", "its", "their", "our", "your", "as", "this", "those"];

/// Behind these a verb tells what may be done: `to double the spend`.
const PLANS: &[&str] = &[
    "to", "would", "could", "should", "can", "may", "might", "must", "will", "not", "please",
    "then", "or", "and", "we", "you", "they", "i", "cannot", "let", "us", "never", "ll", "by",
    "of", "before", "after", "consider", "means", "from",
];

/// Words that make a wish of what follows.
const WISHES: &[&str] =
    &["if", "would", "could", "should", "when", "were", "unless", "be", "can", "may", "might"];

/// Behind a part these compare: `a third less`, `half as much`.
const COMPARES: &[&str] = &[
    "less", "more", "fewer", "lower", "higher", "smaller", "larger", "bigger", "cheaper", "as",
    "above", "below", "of", "that", "what",
];

/// `twice the spend`, `doubled`, `threefold`.
pub(super) fn multiple(text: &str, words: &[Word]) -> Option<Number> {
    let first = words.first()?;
    let before = text.get(..first.range.start).unwrap_or_default();
    let known =
        |list: &[(&str, f64)]| list.iter().find(|(word, _)| *word == first.text).map(|(_, n)| *n);
    let ratio = |value: f64, quantum: f64| {
        Some(Number { value, quantum, scale: 1.0, used: 1, kind: Kind::Ratio })
    };
    if let Some(times) = known(BECAME) {
        let near: Vec<String> =
            before.split_whitespace().rev().take(3).map(str::to_lowercase).collect();
        let is_wish = near.iter().any(|word| WISHES.contains(&word.as_str()));
        let is_act = first.text.ends_with("ing") || begins(before);
        return if is_wish || is_act { None } else { ratio(times, times * ROUGHLY) };
    }
    if let Some(times) = known(TIMES) {
        let whole = next(words, 1).is_some_and(|word| WHOLES.contains(&word));
        let is_verb = !matches!(first.text.as_str(), "twice" | "thrice");
        let last = last_word(before.trim_end()).to_lowercase();
        let is_plan = is_verb && (begins(before) || PLANS.contains(&last.as_str()));
        return if whole && !is_plan { ratio(times, times * ROUGHLY) } else { None };
    }
    let stem = first.text.strip_suffix("fold")?;
    let value = match stem {
        "hundred" => 100.0,
        stem => position_of_small(stem).filter(|n| *n >= 2.0)?,
    };
    ratio(value, 1.0)
}

/// Whether a part that is told without a whole is one all the same: `by a third`, `in half`, `a third less`.
pub(super) fn stands_alone(text: &str, words: &[Word], used: usize) -> bool {
    let Some(first) = words.first() else { return false };
    let before = text.get(..first.range.start).unwrap_or_default();
    let last = last_word(before.trim_end()).to_lowercase();
    let follows = next(words, used);
    let ends = follows.is_none_or(|word| {
        matches!(
            word,
            "in" | "from"
                | "to"
                | "since"
                | "and"
                | "this"
                | "last"
                | "over"
                | "on"
                | "compared"
                | "while"
                | "but"
        )
    });
    let behind = words.get(used.saturating_sub(1)).and_then(|word| text.get(word.range.end..));
    let is_part_of_word = behind.is_some_and(|behind| behind.starts_with('-'));
    !is_part_of_word
        && ((last == "by" && ends)
            || (last == "in" && first.text == "half" && ends)
            || follows.is_some_and(|word| COMPARES.contains(&word)))
}

/// Whether a sentence, a line or an item begins here.
fn begins(before: &str) -> bool {
    let before = before.trim_end_matches([' ', '*', '_', '(', '"']);
    before.is_empty() || before.ends_with(['.', '!', '?', '\n', '-', ':', ';', '|', ','])
}
