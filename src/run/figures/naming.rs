//! Whether a sentence speaks of the value that its figure was found at. Two right values at each other's names are both
//! in the evidence, so a look-up alone takes them.
//!
//! ```text
//! Spend: $71,318     $71,318 of spend     The spend of Facebook was $71,318
//! ```
//!
//! Only such clauses accuse a figure: a name, a figure, and nothing else but words that tell nothing. What is accused is
//! let off where a value that it can be is spoken of by so much as one word.

use std::borrow::Cow;
use std::ops::Range;

use super::clause::Clause;
use super::formulas::{DECLINE, GROWTH};
use super::glue::{GLUE, TIMES};
use super::numbers::{Figure, Kind};
use super::operands::{Class, Operand};
use super::sentence::{Sentence, alike, is_spelled_out, same, short_for, words_of};
use super::signs::tells_a_side;
use super::told::compares;
use super::units::Unit;

/// A longer one is no name but a sentence.
const LONGEST_NAME: usize = 6;

/// What may stand between a figure and a name behind it: `$71,318 in spend`. With an article the name is the whole
/// that the figure is a part of.
const BEFORE_NAME: &[&str] = &["of", "in"];

const ARTICLES: &[&str] = &["a", "an", "the", "its", "our", "their", "this", "that", "these"];

/// Words before a name that make another thing of it, or a part of it. Any other one may stand there: `attributed revenue`.
const OTHER: &[&str] = &[
    "additional",
    "extra",
    "new",
    "more",
    "less",
    "unplanned",
    "planned",
    "lost",
    "missing",
    "saved",
    "other",
    "remaining",
    "incremental",
    "added",
    "wasted",
    "unspent",
    "excess",
    "further",
    "potential",
    "expected",
    "prior",
    "previous",
    "last",
    "next",
    "marginal",
    "average",
    "half",
    "no",
    "per",
    "by",
    "than",
    "not",
    "without",
    "after",
    "before",
    "with",
    "over",
    "under",
    "above",
    "below",
    "against",
    "beyond",
    "would",
    "will",
    "could",
    "should",
    "if",
];

/// What binds a name to the figure behind it: `revenue of $71,318`.
const BINDS: &[&str] = &[
    "of", "is", "was", "are", "were", "at", "came", "comes", "to", "stood", "stands", "reached",
    "totalled", "about", "around", "roughly", "nearly", "almost", "just", "exactly", "only",
];

/// Verbs before `to` that tell what a value became, beside those of growth and decline.
const CHANGES: &[&str] = &[
    "changed",
    "improved",
    "improves",
    "moved",
    "moves",
    "went",
    "goes",
    "recovered",
    "slipped",
    "worsened",
    "narrowed",
    "widened",
    "rises",
    "falls",
    "grows",
    "drops",
    "adds",
    "reverted",
];

/// `Of the budget, $71,318 is spent`: what stands behind these is not what the sentence is about.
const ASIDE: &[&str] = &["of", "in", "on", "for", "at", "to", "from"];

/// Fields that are named by words which say anything.
const GENERIC: &[&str] = &[
    "result", "results", "answer", "figure", "rate", "share", "level", "free", "used", "change",
    "left", "months", "year", "month",
];

/// Two names that say the same in an accusation; `earned` or `made` may be said of any money.
const PLAIN: &[&str] =
    &["spend", "spent", "cost", "costs", "spending", "revenue", "sales", "turnover"];

/// What a clause speaks of where that is not what its figure was found at: the value named.
///
/// `figures` are where the figures of the text stand, in order. A value that no operand holds is never accused.
pub(super) fn misnamed<'o>(
    text: &str,
    figure: &Figure,
    figures: &[Range<usize>],
    operands: &'o [Operand],
) -> Option<&'o Operand> {
    let clause = Named::around(text, figure, figures);
    let named: Vec<&Operand> =
        operands.iter().filter(|o| fits(o, figure) && clause.is_about(o, operands)).collect();
    let first = *named.first()?;
    if named.iter().any(|operand| is(operand, figure)) {
        return None;
    }
    let mut found = operands.iter().filter(|operand| is(operand, figure)).peekable();
    found.peek()?;
    // `ROAS is 62% above break-even` is no ROAS.
    let is_compared = clause.right.first().is_some_and(|word| compares(word));
    if figure.kind == Kind::Percent && is_compared {
        return None;
    }
    // What is a ratio may be worded as money for each dollar.
    if figure.per_dollar && operands.iter().any(|o| o.class == Class::Share && is(o, figure)) {
        return None;
    }
    // Of a row that is named, a name says no more than it says: `a ROAS of` is none to break even. Where several rows are
    // named, it may be that of each. Of two names that share a word (`gross margin`, `operating margin`) the others tell.
    let strict = first.is_row() && clause.is_led_to(first);
    let is_apart = |operand: &Operand| {
        first.words.iter().any(|word| !operand.words.iter().any(|name| same(name, word)))
    };
    let own = |operand: &Operand| {
        !(strict || is_apart(operand))
            || (operand.is_row()
                && operand.object != first.object
                && clause.sentence.names_row(operand))
            || operand.words.iter().any(|word| !first.words.contains(word) && clause.has(word))
            || clause.left.iter().chain(&clause.right).any(|word| tells_a_side(operand, word))
    };
    found.all(|operand| !(clause.mentions(operand, operands) && own(operand))).then_some(first)
}

/// The words by which a clause names a figure, in lower case and without those that tell nothing; none where it has no
/// name of its own, or one that anything has. `all` are the figures of the text.
pub fn name_of(text: &str, figure: &Figure, all: &[Figure]) -> Vec<String> {
    let spans: Vec<Range<usize>> = all.iter().map(|figure| figure.range.clone()).collect();
    let Named { left, right, .. } = Named::around(text, figure, &spans);
    let telling = |words: Vec<String>| -> Vec<String> {
        let told = words
            .into_iter()
            .filter(|word| TIMES.contains(&word.as_str()) || !GLUE.contains(&word.as_str()));
        told.collect()
    };
    let name = if left.is_empty() { telling(right) } else { telling(left) };
    let says_nothing = |word: &String| {
        GENERIC.contains(&word.as_str())
            || TIMES.contains(&word.as_str())
            || word == "total"
            || word == "and"
    };
    if name.len() > LONGEST_NAME || name.iter().all(says_nothing) { Vec::new() } else { name }
}

/// Whether two names say the same, in whatever order.
pub fn is_named_alike(one: &[String], other: &[String]) -> bool {
    let says = |one: &[String], other: &[String]| {
        one.iter().all(|word| other.iter().any(|said| same(word, said)))
    };
    says(one, other) && says(other, one)
}

/// Whether an operand can be written as such a figure.
pub(super) fn fits(operand: &Operand, figure: &Figure) -> bool {
    match (figure.kind, operand.class) {
        (Kind::Money(figure), Class::Sized(Unit::Money(value))) => figure == value,
        (Kind::Percent | Kind::Ratio, Class::Share)
        | (Kind::Money(_), Class::Amount)
        | (Kind::Plain, _) => true,
        (Kind::Money(_) | Kind::Percent | Kind::Ratio, _) => false,
    }
}

/// Whether it is that figure, however its unit is read.
pub(super) fn is(operand: &Operand, figure: &Figure) -> bool {
    let (below, above) = figure.reach();
    let (low, high) = (figure.value - below, figure.value + above);
    let slack = figure.quantum * 1e-9 + figure.value * 1e-14;
    let reads = |value: f64| (low - slack..=high + slack).contains(&value.abs());
    reads(operand.value) || reads(operand.value * 100.0)
}

/// The words of a clause, by which a value may be named.
struct Named {
    /// Before the figure.
    left: Vec<String>,
    /// Right before it, back to the last sign, and whether a sign or the sentence begins there.
    ahead: (Vec<String>, bool),
    /// Behind it.
    right: Vec<String>,
    sentence: Sentence,
}

impl Named {
    fn around(text: &str, figure: &Figure, figures: &[Range<usize>]) -> Self {
        let clause = Clause::around(text, figure, figures);
        let sign = clause.since.rfind([':', ',', '(', ';', '|', '—']);
        let ahead = sign.and_then(|at| clause.since.get(at..)).unwrap_or(clause.since);
        Self {
            left: words_of(clause.left),
            ahead: (words_of(ahead), sign.is_some() || clause.is_first),
            right: words_of(clause.right),
            sentence: Sentence::of(clause.sentence),
        }
    }

    /// Whether it says nothing but the name of a value and the figure.
    fn is_about(&self, operand: &Operand, all: &[Operand]) -> bool {
        let generic = operand.words.iter().all(|word| GENERIC.contains(&word.as_str()));
        !operand.total
            && !generic
            && (self.is_led_to(operand) || self.goes_on_with(operand))
            && (!operand.is_row() || self.is_the_row(operand, all))
    }

    /// Whether the name stands before the figure.
    fn is_led_to(&self, operand: &Operand) -> bool {
        self.leads_to(operand) || self.ends_with(operand)
    }

    /// Whether it has a word, one that says the same, or what it is short for.
    fn has(&self, name: &str) -> bool {
        [&self.left, &self.right]
            .into_iter()
            .any(|said| said.iter().any(|word| same(word, name)) || is_spelled_out(name, said))
    }

    /// `... with a net income of` before the figure, whatever stands before that.
    fn ends_with(&self, operand: &Operand) -> bool {
        let (ahead, is_begun) = &self.ahead;
        let ahead = &shortened(ahead, operand);
        let mut back = ahead.iter().rev().peekable();
        let is = |list: &[&str], word: &str| list.contains(&word);
        let (mut is_bound, mut leads) = (false, false);
        while let Some(word) = back.next_if(|word| is(BINDS, word)) {
            (is_bound, leads) = (true, leads || word == "to");
        }
        // `improved to`
        let becomes = |word: &str| is(GROWTH, word) || is(DECLINE, word) || is(CHANGES, word);
        if leads {
            back.next_if(|word| becomes(word));
        }
        let is_named =
            operand.words.iter().rev().all(|name| back.next_if(|word| says(word, name)).is_some());
        while back.next_if(|word| word.chars().all(|c| c.is_ascii_digit())).is_some() {}
        // The `s` of `September's` as well.
        let article = back.next_if(|word| is(ARTICLES, word) || *word == "s").is_some();
        let begins = match back.next() {
            None => *is_begun,
            Some(word) if article => !is(ASIDE, word),
            Some(word) => is(&["with", "and"], word),
        };
        is_bound && is_named && begins
    }

    /// `The spend of Facebook was` before the figure.
    fn leads_to(&self, operand: &Operand) -> bool {
        let left = &shortened(&self.left, operand);
        let says = |word: &String| operand.words.iter().any(|name| says(word, name));
        let Some(first) = left.iter().position(says) else { return false };
        let qualifier = first.checked_sub(1).and_then(|at| left.get(at));
        let qualifier = qualifier.filter(|word| qualifies(word));
        let ahead = left.iter().take(first).rev().skip(usize::from(qualifier.is_some()));
        let aside = ahead.into_iter().find(|word| !ARTICLES.contains(&word.as_str()));
        let known = |word: &String| {
            says(word)
                || Some(word) == qualifier
                || GLUE.contains(&word.as_str())
                || word.chars().all(|c| c.is_ascii_digit())
                || operand
                    .labels
                    .iter()
                    .any(|label| words_of(label).iter().any(|part| alike(part, word)))
        };
        let whole = operand.words.iter().all(|name| left.iter().any(|word| self::says(word, name)));
        whole && aside.is_none_or(|word| !ASIDE.contains(&word.as_str())) && left.iter().all(known)
    }

    /// `of spend` behind the figure.
    fn goes_on_with(&self, operand: &Operand) -> bool {
        let right = &shortened(&self.right, operand);
        let lead = right.iter().take_while(|word| BEFORE_NAME.contains(&word.as_str())).count();
        let named = |from: usize| {
            let mut words = right.iter().skip(from);
            operand.words.iter().all(|name| words.next().is_some_and(|word| says(word, name)))
        };
        named(lead)
            || (lead > 0 && right.get(lead).is_some_and(|word| qualifies(word)) && named(lead + 1))
    }

    /// Whether the sentence names this row of its list and no other.
    fn is_the_row(&self, operand: &Operand, all: &[Operand]) -> bool {
        self.sentence.names_row(operand)
            && !all.iter().any(|other| {
                other.entry == operand.entry
                    && other.object != operand.object
                    && other.is_row()
                    && self.sentence.names_row(other)
            })
    }

    /// Whether it may speak of a value: any word of its name will do, and no other row of its list is named.
    fn mentions(&self, operand: &Operand, all: &[Operand]) -> bool {
        let named = operand.words.iter().any(|name| self.has(name));
        let elsewhere = || {
            operand.is_row()
                && !self.sentence.names_row(operand)
                && all
                    .iter()
                    .any(|other| other.entry == operand.entry && self.is_the_row(other, all))
        };
        operand.words.is_empty() || (named && !elsewhere())
    }
}

/// Whether a word may stand before a name without making another thing of it.
fn qualifies(word: &str) -> bool {
    let is = |list: &[&str]| list.contains(&word);
    !is(OTHER) && !is(GLUE) && !is(TIMES) && word.chars().all(char::is_alphabetic)
}

/// The words with the operand's own abbreviations for what they are short for: `cogs` for `cost of goods`.
fn shortened<'w>(said: &'w [String], operand: &Operand) -> Cow<'w, [String]> {
    let mut found = Cow::Borrowed(said);
    for name in &operand.words {
        let place = |said: &[String]| {
            (0..said.len()).find_map(|at| Some((at, short_for(name, said.get(at..)?)?)))
        };
        if let Some((at, length)) = place(&found) {
            found.to_mut().splice(at..at + length, [name.clone()]);
        }
    }
    found
}

/// Whether a word is this word of a name.
fn says(word: &str, name: &str) -> bool {
    alike(word, name) || (PLAIN.contains(&word) && same(word, name))
}
