//! The words of a text that tell what it is about.

use std::collections::{BTreeMap, BTreeSet};

/// Words that say nothing about the subject.
const EMPTY: &[&str] = &[
    "a", "about", "after", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be",
    "been", "before", "but", "by", "can", "could", "did", "do", "does", "each", "for", "from",
    "get", "give", "given", "had", "has", "have", "how", "i", "if", "in", "into", "is", "it",
    "its", "just", "let", "like", "may", "me", "more", "most", "much", "my", "no", "not", "of",
    "on", "one", "or", "our", "out", "over", "please", "put", "say", "see", "shall", "she",
    "should", "show", "so", "some", "such", "tell", "than", "that", "the", "their", "them", "then",
    "there", "these", "they", "this", "those", "to", "up", "us", "want", "was", "we", "were",
    "what", "when", "where", "which", "who", "why", "will", "with", "would", "you", "your",
];

/// Endings that change a word and not its subject, the longest first.
const ENDINGS: &[&str] =
    &["ations", "ation", "ities", "ings", "able", "ing", "ies", "ity", "ed", "es", "s", "e", "y"];

/// The shortest word that is left when an ending is cut off.
const SHORTEST: usize = 3;

/// The shortest term that is mended: of shorter ones too many are a letter apart.
const LEAST_MENDED: usize = 5;

/// From this length on two letters may be wrong.
const LONG: usize = 8;

/// What a text is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Terms(BTreeSet<String>);

impl Terms {
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub(super) fn contains(&self, term: &str) -> bool {
        self.0.contains(term)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// They with slips of the keyboard mended: a term that nobody uses becomes the one in use that it is a letter away
    /// from, or two where it is long.
    pub(super) fn mended(&self, used: &BTreeMap<String, usize>) -> Self {
        let mend = |term: &String| {
            let length = term.chars().count();
            if length < LEAST_MENDED || used.contains_key(term) {
                return term.clone();
            }
            let away = if length < LONG { 1 } else { 2 };
            let near = used.keys().map(|known| (strsim::osa_distance(term, known), known));
            let near = near.filter(|(distance, _)| *distance <= away).min();
            near.map_or_else(|| term.clone(), |(_, known)| known.clone())
        };
        Self(self.0.iter().map(mend).collect())
    }

    /// They and others.
    pub(super) fn with(&self, others: &[String]) -> Self {
        Self(self.0.iter().chain(others).cloned().collect())
    }

    /// They without those of some words.
    pub(super) fn without(&self, words: &BTreeSet<String>) -> Self {
        let stems: BTreeSet<String> = words.iter().map(|word| stem(word)).collect();
        Self(self.0.difference(&stems).cloned().collect())
    }
}

/// Whether a word says something about the subject.
pub(super) fn tells(word: &str) -> bool {
    !EMPTY.contains(&word)
}

/// The terms of a text.
pub(super) fn terms(text: &str) -> Terms {
    Terms(words(text).into_iter().filter(|word| tells(word)).map(|word| stem(&word)).collect())
}

/// The words of a text in lower case; names such as `facebook_holiday_2025` come apart.
pub(super) fn words(text: &str) -> Vec<String> {
    let text = text.to_lowercase().replace(['\'', '\u{2019}'], "");
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn stem(word: &str) -> String {
    let cut = |ending: &str| {
        let rest = word.strip_suffix(ending)?;
        (rest.chars().count() >= SHORTEST).then(|| rest.to_owned())
    };
    let mut stem = ENDINGS.iter().find_map(|ending| cut(ending)).unwrap_or_else(|| word.to_owned());
    // `planned` and `planning` are of one stem with `plan`.
    let mut last = stem.chars().rev();
    if let (Some(a), Some(b)) = (last.next(), last.next())
        && a == b
        && stem.chars().count() > SHORTEST
        && !matches!(a, 's' | 'l')
    {
        stem.pop();
    }
    stem
}
