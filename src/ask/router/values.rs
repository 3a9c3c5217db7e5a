//! The known values of a param, and which of them a question means.

use std::collections::{BTreeMap, BTreeSet};

use super::reading::is_year;
use super::target::Target;
use crate::ask::Known;
use crate::value::{Value, unquoted};

/// The values that exist, by the workflow or agent that takes them and the param's name. For an agent these
/// are the params of its tools.
pub type Values = BTreeMap<(Target, String), Vec<Known>>;

/// The values of one param with the terms that name them.
pub(super) struct ParamValues {
    pub(super) param: String,
    values: Vec<(Known, BTreeSet<String>)>,
    /// In how many values a term stands.
    counts: BTreeMap<String, usize>,
}

/// What a question says of a param.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Meant {
    /// The values that fit best; the value is settled where there is one only.
    pub(super) values: Vec<Known>,
    pub(super) settled: bool,
    /// A year that the question names is a part of the value, or may be.
    pub(super) dated: bool,
}

impl ParamValues {
    /// `terms` gives the stems of a value's or label's words.
    pub(super) fn new(
        param: &str,
        known: &[Known],
        terms: impl Fn(&str) -> BTreeSet<String>,
    ) -> Self {
        let named = known.iter().map(|known| {
            let mut words = terms(&unquoted(&known.value));
            words.extend(known.label.iter().flat_map(|label| terms(label)));
            (known.clone(), words)
        });
        let values: Vec<(Known, BTreeSet<String>)> = named.collect();
        let mut counts = BTreeMap::new();
        for term in values.iter().flat_map(|(_, terms)| terms) {
            *counts.entry(term.clone()).or_default() += 1;
        }
        Self { param: param.to_owned(), values, counts }
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Known> {
        self.values.iter().map(|(known, _)| known.clone()).collect()
    }

    /// The terms that name a value.
    pub(super) fn terms_of(&self, value: &Value) -> Option<&BTreeSet<String>> {
        self.values.iter().find(|(known, _)| known.value == *value).map(|(_, terms)| terms)
    }

    /// Whether some terms hold one that names a value.
    pub(super) fn is_touched(&self, known: &Known, asked: &BTreeSet<String>) -> bool {
        self.terms_of(&known.value).is_some_and(|terms| !terms.is_disjoint(asked))
    }

    /// Whether a term and another one of a text, years aside, stand together in a value.
    pub(super) fn joins(&self, term: &str, asked: &BTreeSet<String>) -> bool {
        let other = |own: &String| own != term && !is_year(own) && asked.contains(own);
        self.values.iter().any(|(_, terms)| terms.contains(term) && terms.iter().any(other))
    }

    /// Whether a term names a value.
    pub(super) fn has(&self, term: &str) -> bool {
        self.counts.contains_key(term)
    }

    /// The terms that name values.
    pub(super) fn terms(&self) -> impl Iterator<Item = &String> {
        self.counts.keys()
    }

    /// How much of a value the terms of a question that name one make up, at best.
    pub(super) fn share(&self, term: &str, asked: &BTreeSet<String>) -> f64 {
        let holding = self.values.iter().filter(|(_, terms)| terms.contains(term));
        holding.map(|(_, terms)| share(terms, asked)).fold(0.0, f64::max)
    }

    /// The values that a question means. A year that it names must be a value's own, where that has one.
    pub(super) fn meant(&self, asked: &BTreeSet<String>, years: &BTreeSet<String>) -> Meant {
        let fits = |terms: &BTreeSet<String>| {
            let mut own = terms.iter().filter(|term| is_year(term)).peekable();
            years.is_empty() || own.peek().is_none() || own.any(|year| years.contains(year))
        };
        let mut asked = asked.clone();
        asked.extend(years.iter().cloned());
        let named = |terms: &BTreeSet<String>| {
            terms.intersection(&asked).filter(|term| !is_year(term)).count()
        };
        let best = self.values.iter().map(|(_, terms)| named(terms)).max().unwrap_or_default();
        if best == 0 {
            return Meant::default();
        }
        let close: Vec<_> =
            self.values.iter().filter(|(_, terms)| named(terms) == best && fits(terms)).collect();
        let whole: Vec<_> =
            close.iter().copied().filter(|(_, terms)| terms.is_subset(&asked)).collect();
        let chosen = if whole.is_empty() { close } else { whole };
        let settled = match chosen.as_slice() {
            [(_, terms)] => self.is_enough(terms, &asked),
            _ => false,
        };
        let dated = match chosen.as_slice() {
            [(_, terms)] if settled => !terms.is_disjoint(years),
            _ => self.counts.keys().any(|term| is_year(term)),
        };
        let values = chosen.into_iter().map(|(known, _)| known.clone()).collect();
        Meant { values, settled, dated }
    }

    /// Whether so many of a value's terms are there that it must be meant: most of them, or one
    /// that no other value has.
    fn is_enough(&self, terms: &BTreeSet<String>, asked: &BTreeSet<String>) -> bool {
        let telling = |term: &String| !is_year(term) && self.counts.get(term) == Some(&1);
        let words: BTreeSet<String> = terms.iter().filter(|term| !is_year(term)).cloned().collect();
        share(&words, asked) > 0.5 || terms.intersection(asked).any(telling)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a value has a handful of words")]
fn share(terms: &BTreeSet<String>, asked: &BTreeSet<String>) -> f64 {
    terms.intersection(asked).count() as f64 / terms.len().max(1) as f64
}
