//! The documents of a project as the router searches them.

use std::collections::{BTreeMap, BTreeSet};

use super::months::Month;
use super::periods::is_season;
use super::reading::{Sense, Text, senses};
use super::target::{Entry, Target};
use super::terms::Stems;
use super::typos::slips;
use super::values::Values;
use super::words::Kind;
use crate::document::{Agent, Workflow};

/// The workflows and agents of a project, by their words.
pub struct Index {
    pub(super) entries: Vec<Entry>,
    pub(super) last: Month,
    pub(super) stems: Stems,
    /// Words as written with their stems, to mend misspellings by.
    spellings: BTreeMap<String, String>,
    /// In how many entries a term stands.
    counts: BTreeMap<String, usize>,
}

/// How much of a question a workflow or agent explains.
pub(super) struct Scored<'i> {
    pub(super) entry: &'i Entry,
    /// 0 to 1.
    pub(super) score: f64,
    /// The share of the question's weight that its terms explain, 0 to 1.
    pub(super) coverage: f64,
    pub(super) likeness: f64,
    /// What its terms explain of each token.
    pub(super) explained: BTreeMap<usize, f64>,
    pub(super) told: Vec<(Sense, f64)>,
}

impl Scored<'_> {
    /// Whether it knows what stands at a place of the question.
    pub(super) fn knows(&self, at: usize) -> bool {
        self.explained.get(&at).is_some_and(|tells| *tells > 0.0)
    }
}

/// How much the coverage of a question tells, against its likeness to the examples.
const COVERAGE: f64 = 0.6;

/// The weight of a word that no file knows.
const UNKNOWN: f64 = 1.6;

impl Index {
    /// Reads the documents. `values` are the values that exist of params; `last` is the last complete
    /// month in the data, against which words for periods are read.
    pub fn new<'d>(
        workflows: impl IntoIterator<Item = &'d Workflow>,
        agents: impl IntoIterator<Item = &'d Agent>,
        values: &Values,
        last: Month,
    ) -> Self {
        let stems = Stems::new();
        let workflows = workflows.into_iter().map(|it| Entry::workflow(it, values, &stems, last));
        let mut entries: Vec<Entry> = workflows.collect();
        let agents: Vec<&Agent> = agents.into_iter().collect();
        entries.extend(agents.iter().map(|agent| {
            let mut entry = Entry::agent(agent, values, &stems, last);
            let others = agents.iter().filter(|other| other.name != agent.name);
            entry.presides = agents.len() > 2
                && others.map(|other| &other.name).all(|other| agent.consult.contains(other));
            entry
        }));
        let spellings = entries.iter().flat_map(|entry| entry.spellings.clone()).collect();
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for entry in &entries {
            let slots = entry.values.iter().map(|values| format!("{{{}}}", values.param));
            let terms: BTreeSet<String> = entry.terms.keys().cloned().chain(slots).collect();
            for term in terms {
                *counts.entry(term).or_default() += 1;
            }
        }
        Self { entries, last, stems, spellings, counts }
    }

    /// Whether all telling words of a text name values of a param of a workflow, or of a tool of an agent.
    pub fn names_values(&self, target: &Target, param: &str, text: &str) -> bool {
        let entry = self.entries.iter().find(|entry| entry.target == *target);
        let values = entry.and_then(|it| it.values.iter().find(|values| values.param == param));
        let text = self.text(text);
        let telling = text.content().filter_map(|at| text.stems.get(at)?.as_ref());
        let mut stems = telling.peekable();
        stems.peek().is_some() && values.is_some_and(|values| stems.all(|stem| values.has(stem)))
    }

    /// The last complete month in the data.
    pub fn last(&self) -> Month {
        self.last
    }

    /// A question, as far as no document is needed.
    pub(super) fn text(&self, question: &str) -> Text {
        let is_own = |word: &str| {
            let values = self.entries.iter().flat_map(|entry| &entry.values);
            self.spellings.get(word).is_some_and(|stem| values.into_iter().any(|it| it.has(stem)))
        };
        let mut text = Text::new(question, &self.stems, self.last, is_own);
        let asked: BTreeSet<String> = text.stems.iter().flatten().cloned().collect();
        // `Google in spring 2025` may be a campaign's name as well as a time.
        let is_named = |stem: &String| {
            self.entries.iter().flat_map(|entry| &entry.values).any(|it| it.joins(stem, &asked))
        };
        for (at, _) in text.tokens.iter().enumerate().filter(|(_, it)| is_season(&it.text)) {
            let named = text.stems.get(at).and_then(Option::as_ref).is_some_and(is_named);
            if let Some(idle) = text.idle.get_mut(at).filter(|_| named) {
                *idle = false;
            }
        }
        text
    }

    /// A question as one workflow or agent reads it.
    pub(super) fn read(&self, target: &Target, text: &Text) -> Option<(&Entry, Vec<(Sense, f64)>)> {
        let entry = self.entries.iter().find(|entry| entry.target == *target)?;
        let told = entry.told(&senses(text, &entry.synonyms, &self.mended(text)));
        Some((entry, told))
    }

    /// How much a term tells: more, the fewer entries have it.
    #[expect(clippy::cast_precision_loss, reason = "a project has a handful of files")]
    fn weight(&self, term: &str) -> f64 {
        let entries = self.entries.len() as f64;
        self.counts.get(term).map_or(UNKNOWN, |count| (1.0 + entries / *count as f64).ln())
    }

    /// All workflows and agents, the best first.
    pub(super) fn scored(&self, text: &Text) -> Vec<Scored<'_>> {
        let mended = self.mended(text);
        let mut scored: Vec<Scored<'_>> = self
            .entries
            .iter()
            .map(|entry| {
                let told = entry.told(&senses(text, &entry.synonyms, &mended));
                let explained = explained(&told);
                let likeness = self.likeness(entry, &told);
                Scored { entry, score: 0.0, coverage: 0.0, likeness, explained, told }
            })
            .collect();
        let weights = self.weights(text, &scored);
        for entry in &mut scored {
            entry.coverage = covered(&weights, &entry.explained);
            entry.score = COVERAGE * entry.coverage + (1.0 - COVERAGE) * entry.likeness;
        }
        scored.sort_by(|one, other| other.score.total_cmp(&one.score));
        scored
    }

    /// The weight of each token of a question: that of the best term that any file sees in it.
    pub(super) fn weights(&self, text: &Text, scored: &[Scored<'_>]) -> BTreeMap<usize, f64> {
        let mut weights: BTreeMap<usize, f64> = BTreeMap::new();
        let told = scored.iter().flat_map(|entry| &entry.told).filter(|(_, tells)| *tells > 0.0);
        for (sense, _) in told {
            let weight = self.weight(&sense.term) / length(sense);
            for at in sense.span.clone() {
                let best = weights.entry(at).or_default();
                *best = best.max(weight);
            }
        }
        for (at, _) in text.idle.iter().enumerate().filter(|(_, idle)| !**idle) {
            weights.entry(at).or_insert(UNKNOWN);
        }
        weights
    }

    /// How like the question is to the most like of the entry's examples: the weight of the terms
    /// they share against the weight of all terms of both.
    fn likeness(&self, entry: &Entry, told: &[(Sense, f64)]) -> f64 {
        let asked: BTreeSet<&str> = told.iter().map(|(sense, _)| sense.term.as_str()).collect();
        let all: f64 = asked.iter().map(|term| self.weight(term)).sum();
        let like = entry.examples.iter().map(|example| {
            let own: f64 = example.iter().map(|term| self.weight(term)).sum();
            let shared = example.iter().filter(|term| asked.contains(term.as_str()));
            2.0 * shared.map(|term| self.weight(term)).sum::<f64>() / (all + own).max(f64::EPSILON)
        });
        like.fold(0.0, f64::max)
    }

    /// The stems meant by words that are spelled wrong, by their place.
    fn mended(&self, text: &Text) -> BTreeMap<usize, String> {
        let known: BTreeSet<&String> = self.spellings.values().collect();
        let mut mended = BTreeMap::new();
        for (at, token) in text.tokens.iter().enumerate() {
            let right = text
                .stems
                .get(at)
                .and_then(Option::as_ref)
                .is_some_and(|stem| known.contains(stem));
            if token.kind != Kind::Word || right || text.idle.get(at) != Some(&false) {
                continue;
            }
            let near = self.spellings.iter();
            let nearest =
                near.filter_map(|(word, stem)| Some((slips(&token.text, word)?, stem))).min();
            if let Some((_, stem)) = nearest {
                mended.insert(at, stem.clone());
            }
        }
        mended
    }
}

/// How much is told of each token.
fn explained<'t>(told: impl IntoIterator<Item = &'t (Sense, f64)>) -> BTreeMap<usize, f64> {
    let mut explained = BTreeMap::new();
    for (sense, tells) in told {
        for at in sense.span.clone() {
            let best: &mut f64 = explained.entry(at).or_default();
            *best = best.max(*tells);
        }
    }
    explained
}

/// The share of the weights that some senses explain.
pub(super) fn share<'t>(
    weights: &BTreeMap<usize, f64>,
    told: impl IntoIterator<Item = &'t (Sense, f64)>,
) -> f64 {
    covered(weights, &explained(told))
}

/// The share of the weights that is explained.
pub(super) fn covered(weights: &BTreeMap<usize, f64>, explained: &BTreeMap<usize, f64>) -> f64 {
    let all: f64 = weights.values().sum();
    let part: f64 = weights
        .iter()
        .map(|(at, weight)| weight * explained.get(at).copied().unwrap_or_default())
        .sum();
    if all > 0.0 { part / all } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "a phrase has a handful of words")]
fn length(sense: &Sense) -> f64 {
    sense.span.len().max(1) as f64
}
