//! Whether a sentence speaks of some rows and its figure is of another one: `TikTok returned 8.75x`, which is what email did.
//! A row is named by a text that stands in it and tells it from others of its kind.
//!
//! A figure is accused only where nothing in its sentence, or in the one before, may stand for the row that it is of: no word
//! of a name of it, no name that the evidence does not know, no `others` and no `best`. What surrounds the figure has to be
//! a name of another row, or words that name nothing.

use std::collections::BTreeSet;
use std::ops::Range;

use super::clause::Clause;
use super::context::is_year;
use super::glue::is_plain_word;
use super::naming::is;
use super::numbers::Figure;
use super::operands::Operand;
use super::sentence::{Sentence, alike, sentence_around};

/// Words that stand for things which are not named.
const OTHERS: &[&str] = &[
    "other", "others", "another", "rest", "both", "either", "neither", "instead", "average",
    "total", "overall", "all", "every", "combined", "together", "any", "peers", "rival", "rivals",
];

/// They stand for something as well, unless they are said of what is named: `email is the best`.
const RANKS: &[&str] = &[
    "best",
    "worst",
    "top",
    "bottom",
    "leader",
    "first",
    "next",
    "second",
    "third",
    "last",
    "largest",
    "smallest",
    "biggest",
    "highest",
    "lowest",
    "strongest",
    "weakest",
    "cheapest",
    "dearest",
];

/// Of what is named before them a rank may be said.
const IS: &[&str] = &[
    "is",
    "was",
    "are",
    "were",
    "did",
    "does",
    "do",
    "comes",
    "came",
    "ranks",
    "ranked",
    "performed",
    "stop",
    "cut",
];

/// Words that lead from one time to another: `up from $2.4M`, `$2.4M the month before`.
const OTHER_TIMES: &[&str] = &[
    "from", "before", "after", "earlier", "previous", "prior", "last", "ago", "since", "year",
    "between", "then",
];

/// Words that a sentence begins with which goes on about what the one before named.
const PRONOUNS: &[&str] = &["it", "its", "they", "their", "this", "that"];

/// Clauses end here as well.
const CONTRASTS: &[&str] = &[": ", " unlike ", " compared ", " than ", " to "];

/// A figure of another row than those that are named.
pub(super) struct Stranger<'o> {
    /// Where the figure is.
    pub(super) found: &'o Operand,
    /// What tells its row.
    pub(super) of: &'o str,
    /// What the sentence names.
    pub(super) named: &'o str,
}

/// Finds whether the figure, found at `path`, is of a row that its sentence does not name. `figures` are where the figures
/// of the text stand, in order; `operands` have to be all values of the evidence.
pub(super) fn stranger<'o>(
    text: &str,
    figure: &Figure,
    figures: &[Range<usize>],
    operands: &'o [Operand],
    path: &str,
) -> Option<Stranger<'o>> {
    let found: Vec<&Operand> = operands.iter().filter(|operand| is(operand, figure)).collect();
    let all_rows = found.iter().all(|operand| !operand.labels.is_empty());
    if !all_rows || !found.iter().any(|operand| operand.path == path) {
        return None;
    }
    let place = Place::around(text, figure, figures);
    let mut named = None;
    for operand in &found {
        named = Some(place.names_another(operand, operands)?);
    }
    let (found, named) = (*found.first()?, named?);
    let of = found.labels.iter().find(|label| !is_time(label) || is_time(named))?;
    Some(Stranger { found, of, named })
}

/// The words around a figure by which a row may be named.
struct Place {
    /// Its own part of the sentence, before it and behind it.
    left: Sentence,
    right: Sentence,
    /// What may be spoken of: its sentence, and the one before where it goes on about that.
    said: Sentence,
    /// What lets it off: its sentence, and the one before.
    wide: Sentence,
    /// Words with a capital that do not begin a sentence.
    capitals: Vec<String>,
    /// Whether something is spoken of that is not named.
    hides: bool,
}

impl Place {
    fn around(text: &str, figure: &Figure, figures: &[Range<usize>]) -> Self {
        let clause = Clause::around(text, figure, figures);
        let own = clause.sentence;
        let start = sentence_around(text, figure.range.start).start;
        let earlier = text.get(..start).unwrap_or_default();
        let line = earlier.rfind('\n').map_or(0, |at| at + 1);
        let earlier = earlier.get(line..).unwrap_or_default();
        let nearest = clause.nearest();
        let cut = CONTRASTS.iter().filter_map(|word| nearest.rfind(word).map(|at| at + word.len()));
        let left = cut.max().and_then(|cut| nearest.get(cut..)).unwrap_or(nearest);
        let goes_on = Sentence::of(own).begins_with(PRONOUNS);
        let last = earlier.trim_end();
        let last = last
            .get(sentence_around(last, last.len().saturating_sub(1)).start..)
            .filter(|_| goes_on)
            .unwrap_or_default();
        Self {
            left: Sentence::of(left),
            right: Sentence::of(clause.right),
            said: Sentence::of(&format!("{last} {own}")),
            wide: Sentence::of(&format!("{earlier} {own}")),
            capitals: capitals(own),
            hides: hides(&Sentence::of(own)),
        }
    }

    /// What the place names of rows that are not the operand's; none where it may speak of the operand.
    fn names_another<'o>(&self, operand: &Operand, operands: &'o [Operand]) -> Option<&'o str> {
        if self.hides || operand.labels.iter().any(|label| self.wide.labels(label)) {
            return None;
        }
        let kin = operands.iter().filter(|one| one.shape == operand.shape);
        let labels: BTreeSet<&str> =
            kin.flat_map(|one| one.labels.iter().map(String::as_str)).collect();
        let other = |label: &&&str| !operand.labels.iter().any(|own| own == **label);
        let of_times = operand.labels.iter().all(|label| is_time(label));
        let may_name = |label: &&&str| of_times || !is_time(label);
        let said_in = |place: &Sentence| {
            let labels = labels.iter().filter(other).filter(may_name);
            labels.filter(|label| place.labels(label)).max_by_key(|label| label.len()).copied()
        };
        let (left, right) = (said_in(&self.left), said_in(&self.right));
        let named = right.or(left).or_else(|| said_in(&self.said))?;
        let light = |place: &Sentence| place.all(|word| is_plain_word(word, operands));
        let leads_on = of_times
            && right.is_none()
            && (self.left.has(OTHER_TIMES) || self.right.has(OTHER_TIMES));
        let is_clear =
            (left.is_some() || light(&self.left)) && (right.is_some() || light(&self.right));
        let known = |word: &String| {
            is_plain_word(word, operands)
                || operands.iter().flat_map(|one| one.labels.iter()).any(|label| {
                    words(label).any(|part| alike(part, word)) || Sentence::of(word).labels(label)
                })
                || labels.iter().any(|label| is_time(label))
        };
        let is_free = !leads_on
            && is_clear
            && !self.hints_at(operand, named)
            && self.capitals.iter().all(known);
        is_free.then_some(named)
    }

    /// Whether a word of the operand's own row is said: `Google` for `google_search`.
    fn hints_at(&self, operand: &Operand, named: &str) -> bool {
        let named: Vec<&str> = words(named).collect();
        operand.labels.iter().filter(|label| !is_time(label)).any(|label| {
            let mut own = words(label).filter(|word| {
                word.len() > 2 && !is_year(word) && !named.iter().any(|said| alike(said, word))
            });
            own.any(|word| self.wide.says(word))
        })
    }
}

/// Whether a sentence speaks of something that it does not name.
fn hides(sentence: &Sentence) -> bool {
    if sentence.has(OTHERS) {
        return true;
    }
    let words = sentence.words();
    words.iter().enumerate().any(|(at, word)| {
        let mut back = words.iter().take(at).rev().map(String::as_str);
        let skipped = ["the", "a", "by", "far", "our", "your", "its"];
        let said_of =
            back.find(|word| !skipped.contains(word)).is_some_and(|word| IS.contains(&word));
        RANKS.contains(&word.as_str()) && !said_of
    })
}

/// The words of a sentence that have a capital without beginning it, and abbreviations.
fn capitals(sentence: &str) -> Vec<String> {
    let words =
        sentence.split(|c: char| !c.is_alphanumeric() && c != '&').filter(|word| !word.is_empty());
    let capital = |c: char| c.is_uppercase();
    words
        .enumerate()
        .filter(|(at, word)| {
            let is_short = word.len() > 1 && word.chars().all(|c| c.is_uppercase() || c == '&');
            is_short || (*at > 0 && word.starts_with(capital))
        })
        .map(|(_, word)| word.to_lowercase())
        .collect()
}

/// Whether a text tells a time: `2025-10`, `2025`.
fn is_time(label: &str) -> bool {
    let (year, month) = label.split_once('-').unwrap_or((label, "01"));
    is_year(year) && month.get(..2).is_some_and(|month| month.bytes().all(|b| b.is_ascii_digit()))
}

fn words(label: &str) -> impl Iterator<Item = &str> {
    label.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}
