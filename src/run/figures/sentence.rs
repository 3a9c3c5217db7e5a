//! A sentence as names are looked for in it, and when two words are one.

use std::ops::Range;

use super::context::{MONTHS, is_year};
use super::operands::Operand;

/// Words that say the same.
const SAME: &[&[&str]] = &[
    &["spend", "spent", "cost", "costs", "spending", "expense", "expenses", "outlay"],
    &["revenue", "sales", "turnover"],
    &["profit", "earned", "earnings", "income", "made"],
    &["left", "remaining", "remains", "remain"],
    &["headcount", "employees", "people", "staff"],
];

/// Words of which so much is the same may be one.
const STEM: usize = 4;

/// The beginning that all words have which are one with this.
fn stem(word: &str) -> &str {
    word.char_indices().nth(STEM).map_or(word, |(end, _)| word.get(..end).unwrap_or(word))
}

/// A sentence, as names are looked for in it.
pub(super) struct Sentence {
    text: String,
    words: Vec<String>,
    /// The stems of the words, in order, by which most names are told not to be there at a glance.
    stems: Vec<String>,
}

impl Sentence {
    /// The sentence of a text that holds the byte `at`.
    pub(super) fn around(text: &str, at: usize) -> Self {
        Self::of(text.get(sentence_around(text, at)).unwrap_or_default())
    }

    /// A text as one sentence.
    pub(super) fn of(text: &str) -> Self {
        let text = text.to_lowercase();
        let words = words_of(&text);
        let mut stems: Vec<String> = words.iter().map(|word| stem(word).to_owned()).collect();
        stems.sort_unstable();
        Self { text, words, stems }
    }

    /// Whether it holds one of these words.
    pub(super) fn has(&self, words: &[&str]) -> bool {
        self.words.iter().any(|word| words.contains(&word.as_str()))
    }

    /// Whether it names a value: half of the words of its field, or their initials, and the row it stands in.
    pub(super) fn names(&self, operand: &Operand) -> bool {
        let named = operand.words.iter().filter(|word| self.says(word)).count();
        let is_named = named > 0 && named * 2 >= operand.words.len();
        (is_named || self.has_initials(&operand.words))
            && (!operand.is_row() || self.names_row(operand))
    }

    /// Whether it holds the initials of these words: `R&D`, `G&A`.
    pub(super) fn has_initials(&self, words: &[impl AsRef<str>]) -> bool {
        words.len() > 1 && self.text.contains('&') && {
            let initials: Vec<&str> =
                words.iter().filter_map(|word| word.as_ref().get(..1)).collect();
            let initials = initials.join("&");
            let is_edge = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
            self.text.match_indices(&initials).any(|(at, _)| {
                let (before, after) = (self.text.get(..at), self.text.get(at + initials.len()..));
                is_edge(before.and_then(|text| text.chars().next_back()))
                    && is_edge(after.and_then(|text| text.chars().next()))
            })
        }
    }

    /// Whether it names the row of a value by one of its texts.
    pub(super) fn names_row(&self, operand: &Operand) -> bool {
        operand.labels.iter().any(|label| self.labels(label))
    }

    /// Its words, in lower case.
    pub(super) fn words(&self) -> &[String] {
        &self.words
    }

    /// Whether all of its words are such.
    pub(super) fn all(&self, is: impl Fn(&str) -> bool) -> bool {
        self.words.iter().all(|word| is(word))
    }

    /// Whether its first word is one of these.
    pub(super) fn begins_with(&self, words: &[&str]) -> bool {
        self.words.first().is_some_and(|word| words.contains(&word.as_str()))
    }

    /// Whether it holds a word, one that says the same, or what it is short for.
    pub(super) fn says(&self, word: &str) -> bool {
        self.words.iter().any(|said| same(said, word)) || is_spelled_out(word, &self.words)
    }

    /// Whether it names a row by one of its texts.
    pub(super) fn labels(&self, label: &str) -> bool {
        if let Some((year, month)) = label.split_once('-')
            && let Some(name) =
                month.parse::<usize>().ok().and_then(|m| MONTHS.get(m.checked_sub(1)?))
        {
            let other_year = self.words.iter().any(|word| is_year(word) && word != year);
            return self.text.contains(label)
                || (self.words.iter().any(|word| word == name) && !other_year);
        }
        let mut words =
            label.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).peekable();
        let may_be = |word: &str| {
            self.stems.binary_search_by(|stem| stem.as_str().cmp(self::stem(word))).is_ok()
        };
        let says = |word: &str| may_be(word) && self.words.iter().any(|said| alike(said, word));
        let is_said = words.peek().is_some() && words.all(says);
        is_said
            || (self.text.contains('&') && {
                let words = label.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
                self.has_initials(&words.collect::<Vec<_>>())
            })
    }
}

/// Abbreviations that no initials explain, by what they are short for.
const SHORT: &[(&str, [&str; 2])] =
    &[("opex", ["operating", "costs"]), ("capex", ["capital", "costs"])];

/// How many words at the beginning of these a word is short for: `cogs` for `cost of goods`, `opex` for `operating costs`; none
/// where it is for none.
pub(super) fn short_for(word: &str, said: &[String]) -> Option<usize> {
    /// They stand within what is shortened, and not at its ends.
    const WITHIN: &[&str] = &["of", "on", "per", "and", "to", "in", "the"];
    if let Some((_, [first, second])) = SHORT.iter().find(|(short, _)| *short == word) {
        let is_it = |at: usize, word: &str| said.get(at).is_some_and(|said| same(said, word));
        return (is_it(0, first) && is_it(1, second)).then_some(2);
    }
    if !(3..=5).contains(&word.len()) || said.first()?.chars().next() != word.chars().next() {
        return None;
    }
    let letters: Vec<char> = word.chars().collect();
    let is_it = |letters: &[char]| {
        let window = said.get(..letters.len()).unwrap_or_default();
        let ends = [window.first(), window.last()];
        window.len() == letters.len()
            && window.iter().zip(letters).all(|(word, letter)| word.starts_with(*letter))
            && ends.into_iter().flatten().all(|word| !WITHIN.contains(&word.as_str()))
    };
    // `cost of goods`: the last letter may be that of a plural.
    let (last, others) = letters.split_last()?;
    let plural = |length: usize| said.get(length - 1).is_some_and(|word| word.ends_with('s'));
    if is_it(&letters) {
        Some(letters.len())
    } else if *last == 's' && is_it(others) && plural(others.len()) {
        Some(others.len())
    } else {
        None
    }
}

/// Whether words hold what a word is short for.
pub(super) fn is_spelled_out(word: &str, said: &[String]) -> bool {
    (0..said.len()).any(|at| said.get(at..).is_some_and(|said| short_for(word, said).is_some()))
}

/// Where the sentence stands that holds the byte `at`.
pub(super) fn sentence_around(text: &str, at: usize) -> Range<usize> {
    let before = text.get(..at).unwrap_or_default();
    let start = before
        .char_indices()
        .rev()
        .find(|(at, c)| ends_sentence(text, *at, *c))
        .map_or(0, |(at, c)| at + c.len_utf8());
    let after = text.get(at..).unwrap_or_default();
    let end = after
        .char_indices()
        .find(|(behind, c)| ends_sentence(text, at + behind, *c))
        .map_or(text.len(), |(behind, _)| at + behind);
    start..end
}

/// Whether a sign ends a sentence: a line, or a point before a space.
fn ends_sentence(text: &str, at: usize, c: char) -> bool {
    c == '\n'
        || (matches!(c, '.' | '!' | '?')
            && text.get(at + 1..).is_some_and(|rest| rest.starts_with(char::is_whitespace)))
}

/// Whether two words say the same.
pub(super) fn same(a: &str, b: &str) -> bool {
    SAME.iter().any(|group| group.contains(&a) && group.contains(&b)) || alike(a, b)
}

/// Whether two words are one, endings aside: `conversion` and `conversions`, `market` and `marketing`.
pub(super) fn alike(a: &str, b: &str) -> bool {
    let shared = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    if shared < STEM {
        return a == b;
    }
    let (a, b) = (a.chars().count(), b.chars().count());
    let (short, long) = (a.min(b), a.max(b));
    (shared == short && short == long)
        || (shared >= STEM.max(short.saturating_sub(1)) && long - shared <= 3)
}

/// The words of a text, in lower case.
pub(super) fn words_of(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}
