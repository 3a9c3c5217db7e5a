//! The decision: what answers a question, or that words alone do not tell.

use std::collections::BTreeMap;

use super::amounts::Unit;
use super::answer::{Candidate, Kind, Match, Route};
use super::index::{Index, Scored, share};
use super::nameless::{Nameless, nameless};
use super::params::{Filled, fill};
use super::reading::{How, Text, is_slot};
use super::scope::{is_faint, is_foreign, is_own, names_stranger};
use super::slant::{is_about_several, loose, more, slant};
use super::target::Target;
use super::team::{team, together};
use crate::id::AgentName;
use crate::value::Object;

/// How sure is sure: scores and shares from 0 to 1.
#[derive(Clone, Debug)]
pub struct Thresholds {
    /// What a workflow must score.
    pub workflow: f64,
    /// By how much it must beat every agent where the question says something of all it needs.
    pub workflow_margin: f64,
    /// By how much it must beat every agent otherwise.
    pub bare_margin: f64,
    /// What an agent must score.
    pub agent: f64,
    /// By how much it must beat every other agent and workflow.
    pub agent_margin: f64,
    /// How much another agent may add to what it explains: with more it is not one agent's question.
    pub agent_gap: f64,
    /// How much of a question several agents must explain together.
    pub plan: f64,
    /// How much more that must be than what one of them explains.
    pub plan_gain: f64,
    /// What each of them must score.
    pub member: f64,
    /// How much of a question an agent must explain where words of it are left that its file does not hold.
    pub loose: f64,
    /// How much of a question may be explained, and yet it is none of the project's.
    pub foreign: f64,
    /// How much an agent must explain of a question that nothing else ties to the company, to be named where nothing is sure.
    pub faint: f64,
}

impl Default for Thresholds {
    /// As measured on evals/router.yaml; docs/routing.md tells how.
    fn default() -> Self {
        Self {
            workflow: 0.6,
            workflow_margin: 0.03,
            bare_margin: 0.1,
            agent: 0.5,
            agent_margin: 0.1,
            agent_gap: 0.12,
            plan: 0.6,
            plan_gain: 0.2,
            member: 0.25,
            loose: 0.6,
            foreign: 0.1,
            faint: 0.4,
        }
    }
}

impl Thresholds {
    /// What one more must add to a team of `size`: less, the more share the question.
    #[expect(clippy::cast_precision_loss, reason = "a team is small")]
    pub(super) fn gain(&self, size: usize) -> f64 {
        self.plan_gain * 2.0 / (size as f64 + 1.0)
    }
}

/// A workflow that all that the question gives fits beats an agent that scores a little better.
const COMPLETE: f64 = 0.1;
/// How much more several agents must add to such a workflow, as a factor.
const COMPLETE_GAIN: f64 = 1.5;
/// How much more a workflow must score of whose params the question does not speak.
const MISSING: f64 = 0.1;
/// A workflow of whose params the question gives none is a weak rival to an agent.
const UNHINTED: f64 = 0.7;
/// A question of which this share is known is nobody else's, however it is spelled.
const WHOLE: f64 = 0.7;
/// Where nothing is sure, agents that come this near the best are named as well.
const NEAR: f64 = 0.55;
/// And no more of them than these.
const MOST_NEAR: usize = 3;
/// A question that is this like an example is answered by that example's workflow, however many
/// agents know its words.
const VERBATIM: f64 = 0.9;

/// Finds what answers a question, by its words alone. It decides only where it is sure.
pub fn route(index: &Index, question: &str) -> Route {
    route_by(index, question, &Thresholds::default())
}

/// Finds what answers a question, as sure as is asked for.
pub fn route_by(index: &Index, question: &str, sure: &Thresholds) -> Route {
    let text = index.text(question);
    let scored = index.scored(&text);
    let weights = index.weights(&text, &scored);
    let base = Undecided { text: &text, scored: &scored };

    // A misspelling may be chance, unless it stands beside a time that there is data of (`revnue in december 2025`), or hardly a word
    // is left that is not known.
    let dated = text.periods.iter().any(|found| found.period.is_some());
    let told = |it: &Scored<'_>| {
        if dated || it.coverage >= WHOLE { it.coverage } else { it.firmly(&weights) }
    };
    let explained = scored.iter().map(told).fold(0.0, f64::max);
    if is_foreign(&text, &weights, explained, sure.foreign) {
        let reason = "hardly a word of it is known here, and it does not speak of the company";
        return Route { score: 1.0 - explained, ..base.route(Kind::OutOfScope, reason) };
    }
    let (agents, workflows): (Vec<_>, Vec<_>) =
        scored.iter().partition(|it| matches!(it.entry.target, Target::Agent(_)));
    let workflows: Vec<Choice<'_>> =
        workflows.into_iter().map(|it| Choice::of(it, &text, index)).collect();
    let team = team(&agents, &weights, sure);
    let shared = if team.len() > 1 { together(&team, &weights) } else { 0.0 };
    let nearest = nearest(&team, &agents);
    let given = workflows.iter().any(Choice::is_complete);
    let faint = !given && is_faint(&text, nearest.first().copied(), sure.faint);
    let unsure = |reason| {
        let mut agents = if faint { Vec::new() } else { names(&nearest) };
        // Nobody knows a word of it, but it is about the company, or about nothing but a time of the data (`Which month was worst
        // in 2025?`): who may ask all the others has to see.
        if agents.is_empty() && (is_own(&text) || dated && weights.is_empty()) {
            agents.extend(presiding(&scored));
        }
        Route { agents, ..base.route(Kind::Unsure, reason) }
    };

    if let Some(route) = named_in_vain(index, question, &text, &scored, sure) {
        return route;
    }
    if text.periods.iter().any(|found| found.period.is_none()) {
        return unsure("it asks about a time that the data does not reach");
    }
    let holds = |it: &Scored<'_>| it.entry.holds(&text, &it.told);
    let mut own = workflows.iter().filter(|own| !own.is_held_to_no_period());
    if let Some((own, numbers)) = own.find_map(|own| Some((own, holds(own.it)?))) {
        let reasons = [
            "it is one of its questions",
            "it is one of its questions, but says less than it needs",
        ];
        return base.to_workflow(own.it, own.filled.with(numbers, own.it.entry), reasons);
    }
    if let Some(own) = agents.iter().find(|own| holds(own).is_some()) {
        let route = base.route(Kind::Agent, "it is one of its questions");
        return Route { agents: names(&[*own]), score: own.score, ..route };
    }
    if names_stranger(&text, &scored) {
        return unsure("it names what the files and the data do not know");
    }
    let agent_score = agents.first().map_or(0.0, |best| best.score);
    if let Some(best) = workflows.first()
        && best.is_sure(&text, agent_score, sure)
        && (best.it.likeness > VERBATIM || shared - best.it.reach(&weights) < best.gain(sure))
    {
        return base.to_workflow(
            best.it,
            best.filled.clone(),
            [
                "its questions are the closest, and all that it needs is given",
                "its questions are the closest, but not all that it needs is given",
            ],
        );
    }
    // What has the words of a workflow and means something else is told by no words of agents either.
    let closest = workflows.first().filter(|best| best.it.score > agent_score);
    let strange =
        closest.is_some_and(|best| best.slant.is_some() || best.several || best.is_complete());
    let joins = team.iter().all(|member| member.score >= sure.member);
    if team.len() > 1 && shared >= sure.plan && joins && !strange {
        let reason = "together these agents explain clearly more of it than one of them";
        return Route { agents: names(&team), score: shared, ..base.route(Kind::Plan, reason) };
    }
    if let ([only], Some(best)) = (team.as_slice(), agents.first()) {
        let workflows = workflows.iter().map(Choice::rivalry);
        let others = agents.iter().skip(1).map(|it| it.score);
        let rival = workflows.chain(others).fold(0.0, f64::max);
        let peers = agents.iter().filter(|it| !it.entry.presides);
        let added = peers.map(|it| together(&[only, it], &weights) - only.coverage);
        let alone =
            only.entry.target == best.entry.target && added.fold(0.0, f64::max) < sure.agent_gap;
        // A value tells of what is spoken, and not what is asked of it.
        let asked = best.told.iter().any(|(sense, tells)| *tells > 0.0 && !is_slot(&sense.term));
        let whole = best.coverage >= sure.loose || loose(&text, best).next().is_none();
        let alone = alone && asked && whole;
        if alone && best.score >= sure.agent && best.score - rival >= sure.agent_margin {
            let reason = "what it covers explains the question best";
            let route = base.route(Kind::Agent, reason);
            return Route { agents: names(&team), score: best.score, ..route };
        }
    }
    let more = closest.filter(|best| !best.more.is_empty());
    let more = more.map(|_| "it holds words that the closest workflow does not know");
    unsure(
        closest.and_then(|best| best.slant).or(more).unwrap_or("no workflow or agent stands out"),
    )
}

/// Asks back for a value where it is surely known what is asked, of something that does not exist.
fn named_in_vain(
    index: &Index,
    question: &str,
    text: &Text,
    scored: &[Scored<'_>],
    sure: &Thresholds,
) -> Option<Route> {
    let workflows = scored.iter().filter(|it| matches!(it.entry.target, Target::Workflow(_)));
    let mut found =
        workflows.filter_map(|it| nameless(question, text, scored, it.entry, &index.stems));
    let Nameless { name, param, rest } = found.next()?;
    let scored = index.scored(&rest);
    let is_agent = |it: &&Scored<'_>| matches!(it.entry.target, Target::Agent(_));
    let agent_score = scored.iter().find(is_agent).map_or(0.0, |best| best.score);
    let best = scored.iter().find(|it| !is_agent(it))?;
    let mut choice = Choice::of(best, &rest, index);
    let Target::Workflow(workflow) = &best.entry.target else { return None };
    let missing = choice.filled.missing.iter_mut().find(|missing| missing.param == param)?;
    missing.why = format!("there is no `{name}`").into();
    if !choice.is_sure(&rest, agent_score, sure) {
        return None;
    }
    let reason = "its questions are the closest, but it is asked of what does not exist";
    Some(Route {
        workflow: Some(workflow.clone()),
        params: choice.filled.params,
        missing: choice.filled.missing,
        score: best.score,
        ..Undecided { text, scored: &scored }.route(Kind::Clarify, reason)
    })
}

/// A workflow with what the question gives of its params.
struct Choice<'s> {
    it: &'s Scored<'s>,
    filled: Filled,
    /// Why it is not sure that the question asks for it, whatever its words.
    slant: Option<&'static str>,
    /// The places of words that its file does not account for.
    more: Vec<usize>,
    /// Whether the question is about any or all of the things of which it takes one.
    several: bool,
}

impl<'s> Choice<'s> {
    fn of(it: &'s Scored<'s>, text: &Text, index: &Index) -> Self {
        let filled = fill(it.entry, text, &it.told, index.last);
        let mut unnamed = filled.missing.iter().filter(|missing| !missing.values.is_empty());
        let several = unnamed.any(|missing| is_about_several(text, &missing.param, &index.stems));
        let more = more(text, it, &filled);
        Self { it, filled, slant: slant(text, it, &index.stems), more, several }
    }

    /// Whether it takes a period and the question names one that it cannot be held to.
    fn is_held_to_no_period(&self) -> bool {
        self.filled.wrong_period && self.it.entry.takes_period()
    }

    /// Whether the question gives all of the params that must be given, and there are any.
    fn is_complete(&self) -> bool {
        self.it.entry.needs() && self.filled.missing.is_empty()
    }

    /// Whether it is surely this workflow that is asked for, if some of it must be asked back.
    fn is_sure(&self, text: &Text, agent_score: f64, sure: &Thresholds) -> bool {
        self.slant.is_none()
            && self.more.is_empty()
            && !self.several
            && self.is_close(text, agent_score, sure)
    }

    /// Whether its words are so close to the question that it is asked for, unless others say otherwise.
    fn is_close(&self, text: &Text, agent_score: f64, sure: &Thresholds) -> bool {
        // What is said of an amount would be dropped.
        let amount = text.amounts.iter().any(|amount| amount.unit == Unit::Dollars);
        if amount && !self.it.entry.takes_number() {
            return false;
        }
        let named = self.filled.names_all();
        let margin = if self.it.entry.needs() && named {
            sure.workflow_margin
        } else if self.filled.gives_required(self.it.entry) {
            // Who names an amount means the workflow that takes one, whatever an agent knows of amounts.
            -COMPLETE
        } else {
            sure.bare_margin
        };
        // Who asks how much does not forget to say how much; who says `double` or `more` has something else in mind than an
        // amount.
        let numbers = self.filled.missing.iter().filter(|missing| missing.values.is_empty());
        // One word (`invest`) asks nothing yet, where nothing has to be given with it.
        let known = self.it.explained.values().filter(|tells| **tells > 0.0).count();
        if !self.it.entry.needs() && known < 2 {
            return false;
        }
        let unsaid = numbers.filter(|missing| text.asks_number() || missing.is_unnamed()).count();
        unsaid == 0
            && !self.filled.wrong_period
            && self.it.score >= sure.workflow + if named { 0.0 } else { MISSING }
            && self.it.score - agent_score >= margin
    }

    /// What several agents must add to it for the question to be theirs.
    fn gain(&self, sure: &Thresholds) -> f64 {
        if self.is_complete() { sure.plan_gain * COMPLETE_GAIN } else { sure.plan_gain }
    }

    /// What an agent has to beat.
    fn rivalry(&self) -> f64 {
        if self.several {
            return 0.0;
        }
        let hinted = self.it.told.iter().any(|(sense, tells)| *tells > 0.0 && is_slot(&sense.term));
        if self.is_complete() {
            self.it.score + COMPLETE
        } else if hinted || !self.it.entry.needs() {
            self.it.score
        } else {
            self.it.score * UNHINTED
        }
    }
}

/// What is known of a question before anything is decided.
struct Undecided<'s> {
    text: &'s Text,
    scored: &'s [Scored<'s>],
}

impl Undecided<'_> {
    fn route(&self, kind: Kind, reason: &'static str) -> Route {
        let candidates = self
            .scored
            .iter()
            .filter(|it| it.score > 0.0)
            .map(|it| Candidate { target: it.entry.target.clone(), score: it.score });
        let best = self.scored.first();
        Route {
            kind,
            workflow: None,
            params: Object::new(),
            missing: Vec::new(),
            agents: Vec::new(),
            score: best.map_or(0.0, |best| best.score),
            candidates: candidates.collect(),
            matches: self
                .misspelt()
                .chain(best.map(|it| self.matches(it)).unwrap_or_default())
                .collect(),
            reason,
        }
    }

    /// To a workflow, whether all that it needs is given or not; with the reason for either.
    fn to_workflow(
        &self,
        it: &Scored<'_>,
        filled: Filled,
        [whole, open]: [&'static str; 2],
    ) -> Route {
        let Filled { params, missing, .. } = filled;
        let whole = if missing.is_empty() { Some(whole) } else { None };
        let kind = whole.map_or(Kind::Clarify, |_| Kind::Workflow);
        let workflow = match &it.entry.target {
            Target::Workflow(name) => Some(name.clone()),
            Target::Agent(_) => None,
        };
        Route {
            workflow,
            params,
            missing,
            score: it.score,
            ..self.route(kind, whole.unwrap_or(open))
        }
    }

    /// Misspelt words of periods.
    fn misspelt(&self) -> impl Iterator<Item = Match> {
        self.text.misspelt.iter().filter_map(|(at, meant)| {
            let words = self.text.tokens.get(*at)?.text.clone();
            Some(Match { words, term: meant.clone(), how: How::Typo })
        })
    }

    /// What the best made of the question's words.
    fn matches(&self, best: &Scored<'_>) -> Vec<Match> {
        let told = best.told.iter().filter(|(_, tells)| *tells > 0.0);
        told.map(|(sense, _)| {
            let tokens = self.text.tokens.get(sense.span.clone()).unwrap_or_default();
            let words: Vec<&str> = tokens.iter().map(|token| token.text.as_str()).collect();
            let term = best.entry.as_written(&sense.term);
            Match { words: words.join(" "), term: term.to_owned(), how: sense.how }
        })
        .collect()
    }
}

/// Whom to ask where nothing is sure: the team, and who comes near the best without it. Who may ask all others is asked
/// where nobody else comes near.
fn nearest<'s, 'i>(team: &[&'s Scored<'i>], agents: &[&'s Scored<'i>]) -> Vec<&'s Scored<'i>> {
    let mut near = team.to_vec();
    let most = agents.first().map_or(0.0, |best| best.score);
    let others = agents.iter().filter(|it| it.score >= most * NEAR && !it.entry.presides);
    for other in others {
        if !near.iter().any(|it| it.entry.target == other.entry.target) {
            near.push(other);
        }
    }
    if near.iter().any(|it| !it.entry.presides) {
        near.retain(|it| !it.entry.presides);
    }
    near.truncate(MOST_NEAR);
    near
}

/// Who may ask all the others.
fn presiding(scored: &[Scored<'_>]) -> Option<AgentName> {
    scored.iter().filter(|it| it.entry.presides).find_map(|it| match &it.entry.target {
        Target::Agent(name) => Some(name.clone()),
        Target::Workflow(_) => None,
    })
}

fn names(team: &[&Scored<'_>]) -> Vec<AgentName> {
    let explaining = team.iter().filter(|member| member.coverage > 0.0);
    explaining
        .filter_map(|member| match &member.entry.target {
            Target::Agent(name) => Some(name.clone()),
            Target::Workflow(_) => None,
        })
        .collect()
}

impl Scored<'_> {
    /// The share of a question of which it knows anything.
    fn reach(&self, weights: &BTreeMap<usize, f64>) -> f64 {
        let known = self.told.iter().filter(|(_, tells)| *tells > 0.0);
        let known: Vec<_> = known.map(|(sense, _)| (sense.clone(), 1.0)).collect();
        share(weights, &known)
    }

    /// The share of a question that it explains without mending any misspelling.
    fn firmly(&self, weights: &BTreeMap<usize, f64>) -> f64 {
        let firm = self.told.iter().filter(|(sense, _)| !sense.mended);
        share(weights, firm)
    }
}
