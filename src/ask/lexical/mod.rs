//! Routing by the words of a question alone. It decides only where it is sure; elsewhere it says who comes nearest.

mod amounts;
mod terms;

use std::collections::{BTreeMap, BTreeSet};

use super::{By, Candidate, Catalog, Known, Route, RouteKind};
use crate::document::{AgentRef, Param, ParamType, Workflow};
use crate::id::AgentName;
use crate::plan::without_slots;
use crate::value::{Object, Value, unquoted};

use terms::{Terms, terms};

/// How much a question and a workflow's own question have to share, from 0 to 1.
const SAME_QUESTION: f64 = 0.72;

/// How much of a question one agent has to cover.
const COVERED: f64 = 0.7;

/// By how much the best has to lead.
const LEAD: f64 = 0.12;

/// Agents that come this near the best are taken as well where none is sure.
const NEAR: f64 = 0.55;

/// The most agents for one question.
const MOST_AGENTS: usize = 3;

/// Where the words of a question lead.
pub fn route(catalog: &Catalog<'_>, question: &str) -> Route {
    let weights = Weights::of(catalog);
    let asked = terms(question).mended(&weights.counts);
    let mut workflows: Vec<(f64, &Workflow, Filled)> = catalog
        .workflows
        .iter()
        .map(|workflow| {
            let filled = fill(catalog, workflow, question);
            let rest = asked.without(&filled.words);
            (likeness(workflow, &rest, &filled, &weights), *workflow, filled)
        })
        .collect();
    workflows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let agents = ranked(catalog, &asked, &weights);
    let candidates = candidates(&workflows, &agents);
    let is_strange = candidates.is_empty() && !asked.is_empty();
    let done = |route: Route, sure| Route { candidates, sure, ..route };

    let second = workflows.get(1).map_or(0.0, |(score, ..)| *score);
    if let Some((score, workflow, filled)) = workflows.into_iter().next()
        && score >= SAME_QUESTION
        && score - second >= LEAD
    {
        // What is missing is asked for only where nothing of the question is left that may say it in another way.
        let rest = asked.without(&filled.words);
        let own = terms(&workflow.questions.join(" "));
        let understood = weights.covered(&rest, &own) >= 1.0;
        let route = Route {
            score: rounded(score),
            why: "it asks what the workflow says it answers".to_owned(),
            ..Route::to_workflow(workflow, filled.params, By::Lexical)
        };
        if route.missing.is_empty() || understood {
            return done(route, true);
        }
    }
    let best = agents.first().map_or(0.0, |(score, _)| *score);
    if best <= 0.0 {
        let agents = by_values(catalog, &asked);
        if !agents.is_empty() {
            let why = "it names values of our data";
            return done(Route::to_agents(agents, 0.0, By::Lexical, why), false);
        }
        let why = "no word of it is one of ours".to_owned();
        return done(Route { why, ..Route::of(RouteKind::OutOfScope, By::Lexical) }, is_strange);
    }
    let lead = best - agents.get(1).map_or(0.0, |(score, _)| *score);
    let sure = best >= COVERED && lead >= LEAD;
    let chosen = if sure {
        agents.into_iter().take(1).map(|(_, name)| name).collect()
    } else {
        specialists(catalog, question, &agents, &weights)
    };
    done(Route::to_agents(chosen, rounded(best), By::Lexical, "the words of the question"), sure)
}

/// The agents by how much of the question each covers, best first.
fn ranked(catalog: &Catalog<'_>, asked: &Terms, weights: &Weights) -> Vec<(f64, AgentName)> {
    let agents = catalog.library.agents().map(|document| &document.value);
    let mut ranked: Vec<(f64, AgentName)> = agents
        .map(|agent| (weights.covered(asked, &terms(&about(agent))), agent.name.clone()))
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    ranked
}

/// Whom it takes where no agent covers the question alone: the best for each part of it, then those near the best.
fn specialists(
    catalog: &Catalog<'_>,
    question: &str,
    agents: &[(f64, AgentName)],
    weights: &Weights,
) -> Vec<AgentName> {
    let clauses = question.split(['?', '.', ';', ',']).flat_map(|part| part.split(" and "));
    let first = |clause: &str| ranked(catalog, &terms(clause), weights).into_iter().next();
    let best = clauses.filter_map(first).filter(|(score, _)| *score > 0.0).map(|(_, name)| name);
    let most = agents.first().map_or(0.0, |(score, _)| *score);
    let near = agents.iter().filter(|(score, _)| *score >= most * NEAR && *score > 0.0);
    let mut chosen: Vec<AgentName> = Vec::new();
    for name in best.chain(near.map(|(_, name)| name.clone())) {
        if !chosen.contains(&name) && chosen.len() < MOST_AGENTS {
            chosen.push(name);
        }
    }
    chosen
}

/// The agents of workflows some of whose values a question names.
fn by_values(catalog: &Catalog<'_>, asked: &Terms) -> Vec<AgentName> {
    let named = |known: &Known| touches(asked, known);
    let mut found: Vec<AgentName> = Vec::new();
    for workflow in &catalog.workflows {
        if !workflow.params.keys().any(|name| catalog.known(&workflow.name, name).iter().any(named))
        {
            continue;
        }
        for step in &workflow.steps {
            if let Some(AgentRef::Named(name)) = &step.agent
                && !found.contains(name)
            {
                found.push(name.clone());
            }
        }
    }
    found.truncate(MOST_AGENTS);
    found
}

fn candidates(
    workflows: &[(f64, &Workflow, Filled)],
    agents: &[(f64, AgentName)],
) -> Vec<Candidate> {
    let workflows = workflows.iter().map(|(score, workflow, _)| Candidate {
        workflow: Some(workflow.name.clone()),
        agent: None,
        score: rounded(*score),
    });
    let agents = agents.iter().map(|(score, name)| Candidate {
        workflow: None,
        agent: Some(name.clone()),
        score: rounded(*score),
    });
    let mut all: Vec<Candidate> = workflows.chain(agents).filter(|one| one.score > 0.0).collect();
    all.sort_by(|a, b| b.score.total_cmp(&a.score));
    all
}

fn rounded(score: f64) -> f64 {
    (score * 1000.0).round() / 1000.0
}

/// What an agent says of itself.
fn about(agent: &crate::document::Agent) -> String {
    let parts = [&agent.role, &agent.goal, &agent.covers].into_iter().flatten();
    parts.chain(&agent.questions).map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// How much a question is like one of a workflow's own: what both share, against what either holds. A value in the place
/// where a question of its own has one is shared as well.
fn likeness(workflow: &Workflow, asked: &Terms, filled: &Filled, weights: &Weights) -> f64 {
    let like = |pattern: &String| {
        let slots = filled.params.keys().map(|name| format!("{{{name}}}"));
        let slots: Vec<String> = slots.filter(|slot| pattern.contains(slot)).collect();
        let own = terms(&without_slots(pattern)).with(&slots);
        let asked = &asked.with(&slots);
        let both = weights.covered(asked, &own) * weights.covered(&own, asked);
        both.max(0.0).sqrt()
    };
    workflow.questions.iter().map(like).fold(0.0, f64::max)
}

/// Values of params that a question names.
#[derive(Default)]
struct Filled {
    params: Object,
    /// The words that name them.
    words: BTreeSet<String>,
}

fn fill(catalog: &Catalog<'_>, workflow: &Workflow, question: &str) -> Filled {
    let mut filled = Filled::default();
    for name in workflow.params.keys() {
        let known = catalog.known(&workflow.name, name);
        if let Some((value, words)) = named(known, question) {
            filled.params.insert(name.clone(), value);
            filled.words.extend(words);
        }
    }
    let wanted = |param: &Param| {
        matches!(param.kind, ParamType::Number | ParamType::Integer) && param.default.is_none()
    };
    let mut numbers = workflow.params.iter().filter(|(_, param)| wanted(param));
    // One amount for one param; with more of either nobody can tell which is meant.
    if let (Some((name, _)), None) = (numbers.next(), numbers.next())
        && let [(amount, words)] = amounts::find(question).as_slice()
    {
        filled.params.insert(name.clone(), amounts::value(*amount));
        filled.words.extend(words.iter().cloned());
    }
    filled
}

/// The one value that a question names, by itself or by its label; none where several are named as well.
fn named(known: &[Known], question: &str) -> Option<(Value, Vec<String>)> {
    let asked: BTreeSet<String> = terms::words(question).into_iter().collect();
    let mut best: Vec<(usize, &Known, Vec<String>)> = Vec::new();
    for one in known {
        let value = unquoted(&one.value);
        let texts = [Some(value), one.label.clone()];
        for words in texts.into_iter().flatten().map(|text| terms::words(&text)) {
            if !words.is_empty() && words.iter().all(|word| asked.contains(word)) {
                best.push((words.len(), one, words));
            }
        }
    }
    let longest = best.iter().map(|(length, ..)| *length).max()?;
    best.retain(|(length, ..)| *length == longest);
    let (_, first, words) = best.first()?;
    let one = best.iter().all(|(_, other, _)| other.value == first.value);
    one.then(|| (first.value.clone(), words.clone()))
}

/// Whether a question names a value that a model took from it: by a word of it or of its label, or as a number. What no
/// list of values bounds is taken as it is.
pub fn is_named(known: &[Known], value: &Value, question: &str) -> bool {
    if value.is_number() {
        let numbers =
            |word: &String| word.contains(|c: char| c.is_ascii_digit()) || amounts::is_number(word);
        return terms::words(question).iter().any(numbers);
    }
    let Some(one) = known.iter().find(|one| one.value == *value) else { return known.is_empty() };
    touches(&terms(question), one)
}

/// Whether a question has a term of a value or of its label.
fn touches(asked: &Terms, known: &Known) -> bool {
    let texts = [known.value.as_str(), known.label.as_deref()];
    texts.into_iter().flatten().any(|text| terms(text).iter().any(|term| asked.contains(term)))
}

/// How much a term tells: the rarer among workflows and agents, the more.
struct Weights {
    documents: f64,
    counts: BTreeMap<String, usize>,
}

impl Weights {
    fn of(catalog: &Catalog<'_>) -> Self {
        let agents = catalog.library.agents().map(|agent| about(&agent.value));
        let workflows = catalog.workflows.iter().map(|workflow| {
            let own = workflow.questions.iter().map(|pattern| without_slots(pattern));
            own.chain(workflow.description.clone()).collect::<Vec<_>>().join(" ")
        });
        let mut weights = Self { documents: 0.0, counts: BTreeMap::new() };
        for text in agents.chain(workflows) {
            weights.documents += 1.0;
            for term in terms(&text).iter() {
                *weights.counts.entry(term.to_owned()).or_default() += 1;
            }
        }
        weights
    }

    fn of_term(&self, term: &str) -> f64 {
        let count = self.counts.get(term).copied().unwrap_or_default();
        (1.0 + (self.documents + 1.0) / (f64::from(u32::try_from(count).unwrap_or(u32::MAX)) + 1.0))
            .ln()
    }

    /// How much of one text another one covers, from 0 to 1.
    fn covered(&self, text: &Terms, by: &Terms) -> f64 {
        let all: f64 = text.iter().map(|term| self.of_term(term)).sum();
        let shared: f64 =
            text.iter().filter(|term| by.contains(term)).map(|term| self.of_term(term)).sum();
        if all > 0.0 { shared / all } else { 0.0 }
    }
}

/// Params whose values a question changes, with the words that say so. Of several values that it may mean, the one that is
/// most like the value before is taken: after a campaign of the holidays of 2025, `Instagram` is that of Instagram.
pub(super) fn changed(
    catalog: &Catalog<'_>,
    workflow: &Workflow,
    before: &Object,
    question: &str,
) -> Vec<(String, Value, Vec<String>)> {
    let asked: BTreeSet<String> = terms::words(question).into_iter().collect();
    let own = fill(catalog, workflow, question);
    let mut changes = Vec::new();
    for name in workflow.params.keys() {
        let old = before.get(name);
        if let Some(value) = own.params.get(name) {
            if old != Some(value) {
                changes.push((name.clone(), value.clone(), own.words.iter().cloned().collect()));
            }
            continue;
        }
        let old_words: Vec<String> =
            old.map_or_else(Vec::new, |value| terms::words(&unquoted(value)));
        let mut best: Vec<((usize, usize), &Known, Vec<String>)> = Vec::new();
        for one in catalog.known(&workflow.name, name) {
            let words = terms::words(&unquoted(&one.value));
            let said: Vec<String> = words
                .iter()
                .filter(|word| asked.contains(*word) && terms::tells(word))
                .cloned()
                .collect();
            let like = words.iter().filter(|word| old_words.contains(word)).count();
            if !said.is_empty() && old != Some(&one.value) {
                best.push(((said.len(), like), one, said));
            }
        }
        let Some(most) = best.iter().map(|(rank, ..)| *rank).max() else { continue };
        best.retain(|(rank, ..)| *rank == most);
        if let [(_, one, said)] = best.as_slice() {
            changes.push((name.clone(), one.value.clone(), said.clone()));
        }
    }
    changes
}

/// Whether a question is about more than the values that some words of it name.
pub(super) fn is_about_more(question: &str, words: &BTreeSet<String>) -> bool {
    !terms(question).without(words).is_empty()
}
