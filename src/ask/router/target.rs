//! What may answer a question, a workflow or an agent, as the router knows it.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::months::Month;
use super::params::is_required_number;
use super::reading::{AMOUNT, How, Sense, Synonyms, Text, senses};
use super::slant::{Lead, leads};
use super::terms::Stems;
use super::values::{ParamValues, Values};
use super::verbatim::{self, Free, Piece};
use super::words::tokens;
use crate::ask::Known;
use crate::document::{Agent, Param, ParamType, Workflow};
use crate::id::{AgentName, WorkflowName};
use crate::value::unquoted;

/// The name of what may answer a question.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A workflow.
    Workflow(WorkflowName),
    /// An agent.
    Agent(AgentName),
}

/// A workflow or agent with its terms.
pub(super) struct Entry {
    pub(super) target: Target,
    /// The terms of its file, by how much they tell.
    pub(super) terms: BTreeMap<String, f64>,
    /// The terms of what an agent covers.
    pub(super) covers: BTreeSet<String>,
    /// What its example questions begin with.
    pub(super) leads: BTreeSet<Lead>,
    /// The terms of each of its example questions.
    pub(super) examples: Vec<BTreeSet<String>>,
    /// Each of them word for word.
    verbatim: Vec<Vec<Piece>>,
    pub(super) synonyms: Synonyms,
    pub(super) values: Vec<ParamValues>,
    /// It may ask all other agents, so it is nobody's peer.
    pub(super) presides: bool,
    /// The params of a workflow.
    pub(super) params: Vec<(String, Param)>,
    /// The words of its file as written, to mend misspellings by.
    pub(super) spellings: BTreeMap<String, String>,
    /// The stems of all words of its file, also of those that every question has.
    said: BTreeSet<String>,
}

/// How much a term tells that stands in an example question or in what an agent covers.
const TELLING: f64 = 1.0;
/// How much one tells that stands elsewhere in the file.
const ASIDE: f64 = 0.7;

impl Entry {
    pub(super) fn workflow(
        workflow: &Workflow,
        values: &Values,
        stems: &Stems,
        last: Month,
    ) -> Self {
        let mut entry = Self::new(Target::Workflow(workflow.name.clone()));
        entry.params =
            workflow.params.iter().map(|(name, param)| (name.clone(), param.clone())).collect();
        entry.values = values_of(&entry.target, values, stems);
        for (name, param) in workflow.params.iter().filter(|(_, param)| !param.choices.is_empty()) {
            let known = param.choices.iter().cloned();
            let known: Vec<Known> = known.map(|value| Known { value, label: None }).collect();
            entry.values.push(ParamValues::new(name, &known, |text| words(text, stems)));
        }
        entry.learn(&workflow.questions, &workflow.synonyms, stems);
        entry.hold(&workflow.questions, stems, last);
        entry.read(workflow.description.as_deref(), TELLING, stems);
        entry.read(Some(workflow.name.as_str()), ASIDE, stems);
        entry
    }

    pub(super) fn agent(agent: &Agent, values: &Values, stems: &Stems, last: Month) -> Self {
        let mut entry = Self::new(Target::Agent(agent.name.clone()));
        entry.values = values_of(&entry.target, values, stems);
        entry.learn(&agent.questions, &agent.synonyms, stems);
        entry.hold(&agent.questions, stems, last);
        entry.read(agent.covers.as_deref(), TELLING, stems);
        entry.covers = entry.terms_in(agent.covers.as_deref().unwrap_or_default(), stems);
        for text in [agent.role.as_deref(), agent.goal.as_deref(), Some(agent.name.as_str())] {
            entry.read(text, ASIDE, stems);
        }
        entry
    }

    /// Whether it has params that a question must give.
    pub(super) fn needs(&self) -> bool {
        self.params.iter().any(|(_, param)| param.default.is_none())
    }

    /// A word of its file with this stem, the shortest; the term itself where there is none.
    pub(super) fn as_written<'t>(&'t self, term: &'t str) -> &'t str {
        let words = self.spellings.iter().filter(|(_, stem)| *stem == term);
        words.map(|(word, _)| word.as_str()).min_by_key(|word| word.len()).unwrap_or(term)
    }

    /// Whether its file holds a word with this stem, wherever.
    pub(super) fn says(&self, stem: &str) -> bool {
        self.said.contains(stem)
    }

    /// Whether any of its params is a number.
    pub(super) fn takes_number(&self) -> bool {
        self.params
            .iter()
            .any(|(_, param)| matches!(param.kind, ParamType::Number | ParamType::Integer))
    }

    /// Whether it needs a number, such as an amount to be spent.
    pub(super) fn takes_amount(&self) -> bool {
        self.params.iter().any(|(_, param)| is_required_number(param))
    }

    fn new(target: Target) -> Self {
        Self {
            target,
            terms: BTreeMap::new(),
            covers: BTreeSet::new(),
            leads: BTreeSet::new(),
            examples: Vec::new(),
            verbatim: Vec::new(),
            synonyms: Synonyms::default(),
            values: Vec::new(),
            presides: false,
            params: Vec::new(),
            spellings: BTreeMap::new(),
            said: BTreeSet::new(),
        }
    }

    /// Takes in the example questions and the synonyms.
    fn learn(
        &mut self,
        questions: &[String],
        synonyms: &IndexMap<String, Vec<String>>,
        stems: &Stems,
    ) {
        self.learn_synonyms(synonyms, stems);
        self.leads = leads(questions, stems);
        for question in questions {
            let (text, slots) = self.slots(question);
            let mut example: BTreeSet<String> = slots.into_iter().collect();
            example.extend(self.terms_in(&text, stems));
            self.spell(&text, stems);
            for term in &example {
                self.terms.insert(term.clone(), TELLING);
            }
            self.examples.push(example);
        }
        for known in self.values.iter().flat_map(ParamValues::all).collect::<Vec<_>>() {
            self.spell(&unquoted(&known.value), stems);
            self.spell(known.label.as_deref().unwrap_or_default(), stems);
        }
    }

    /// Takes in the example questions word for word.
    fn hold(&mut self, questions: &[String], stems: &Stems, last: Month) {
        self.verbatim =
            questions.iter().map(|question| self.written(question, stems, last)).collect();
    }

    /// An example question word for word, with places for what its slots stand for.
    fn written(&self, question: &str, stems: &Stems, last: Month) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let add = |text: &str, pieces: &mut Vec<Piece>| {
            let text = Text::new(text, stems, last, |_| false);
            let told = self.told(&senses(&text, &self.synonyms, &BTreeMap::new()));
            pieces.extend(verbatim::pieces(&text, &told));
        };
        let mut rest = question;
        while let Some((before, name, behind)) = self.first_slot(rest) {
            add(before, &mut pieces);
            let param = self.params.iter().find(|(known, _)| known == name);
            match (name, param.map(|(_, param)| param.kind)) {
                // The last month follows the first one, and both are one period.
                ("to", _) if self.takes_period() => {
                    let first = pieces.iter().rposition(|piece| *piece == Piece::AnyPeriod);
                    pieces.truncate(first.map_or(pieces.len(), |at| at + 1));
                }
                ("from", _) if self.takes_period() => {
                    verbatim::add_period(&mut pieces, Piece::AnyPeriod);
                }
                (_, Some(ParamType::Number | ParamType::Integer)) => {
                    pieces.push(Piece::AnyNumber(name.to_owned()));
                }
                _ => pieces.push(Piece::Value(name.to_owned())),
            }
            rest = behind;
        }
        add(rest, &mut pieces);
        pieces
    }

    /// The first `{param}` of an example question, with what stands before and behind it.
    fn first_slot<'q>(&self, question: &'q str) -> Option<(&'q str, &'q str, &'q str)> {
        let (before, behind) = question.split_once('{')?;
        let (name, rest) = behind.split_once('}')?;
        self.params.iter().any(|(known, _)| known == name).then_some((before, name, rest))
    }

    /// Its example questions word for word.
    pub(super) fn verbatim(&self) -> &[Vec<Piece>] {
        &self.verbatim
    }

    /// Whether it takes the months of a period.
    pub(super) fn takes_period(&self) -> bool {
        ["from", "to"].iter().all(|name| self.params.iter().any(|(known, _)| known == name))
    }

    /// The numbers that a question gives for its params where the question is one that its file holds, up to typos and to what may
    /// be named otherwise; none where it is another one.
    pub(super) fn holds(&self, text: &Text, told: &[(Sense, f64)]) -> Option<Vec<(String, f64)>> {
        let asked = verbatim::pieces(text, told);
        // Who answers in words answers for any number and time; a workflow for those that it takes.
        let is_agent = matches!(self.target, Target::Agent(_));
        let free = Free { numbers: is_agent, periods: is_agent || self.takes_period() };
        self.verbatim.iter().find_map(|held| verbatim::given(&asked, held, free))
    }

    fn learn_synonyms(&mut self, synonyms: &IndexMap<String, Vec<String>>, stems: &Stems) {
        for (word, others) in synonyms {
            let term: Vec<String> = words(word, stems).into_iter().collect();
            let phrase = Some(word).filter(|word| word.contains(' '));
            for other in others.iter().chain(phrase) {
                let phrase: Vec<String> =
                    tokens(other).iter().filter_map(|token| stems.stem(token)).collect();
                self.spell(other, stems);
                self.synonyms.add(phrase, term.clone());
            }
            // Where the word names a value it tells no more than the value does.
            let named = |term: &String| {
                self.values.iter().any(|values| values.terms().any(|known| known == term))
            };
            let own: Vec<String> = term.into_iter().filter(|term| !named(term)).collect();
            self.terms.extend(own.into_iter().map(|term| (term, TELLING)));
            self.spell(word, stems);
        }
    }

    /// A question without its `{param}` slots, and the terms that stand for them.
    fn slots(&self, question: &str) -> (String, Vec<String>) {
        let mut text = question.to_owned();
        let mut slots = Vec::new();
        for (name, param) in &self.params {
            let slot = format!("{{{name}}}");
            if text.contains(&slot) {
                text = text.replace(&slot, " ");
                // A question's months give no term.
                if name == "from" || name == "to" {
                    continue;
                }
                let number = matches!(param.kind, ParamType::Number | ParamType::Integer);
                slots.push(if number { AMOUNT.to_owned() } else { slot });
            }
        }
        (text, slots)
    }

    fn read(&mut self, text: Option<&str>, tells: f64, stems: &Stems) {
        let Some(text) = text else { return };
        self.spell(text, stems);
        for term in self.terms_in(text, stems) {
            let known = self.terms.entry(term).or_insert(tells);
            *known = known.max(tells);
        }
    }

    /// The terms of a text of the file: values as the slot of their param.
    fn terms_in(&self, text: &str, stems: &Stems) -> BTreeSet<String> {
        // No period is read in a file, so any month does.
        let text = Text::new(text, stems, Month::new(0, 1), |_| false);
        let senses = senses(&text, &self.synonyms, &BTreeMap::new());
        senses.into_iter().map(|sense| sense.term).collect()
    }

    fn spell(&mut self, text: &str, stems: &Stems) {
        for token in tokens(text) {
            let Some(stem) = stems.stem(&token) else { continue };
            self.said.insert(stem.clone());
            if !stems.is_idle(&token) {
                self.spellings.insert(token.text, stem);
            }
        }
    }

    /// How much each sense of a question tells here, 0 to 1; what names a value becomes its param's slot.
    pub(super) fn told(&self, senses: &[Sense]) -> Vec<(Sense, f64)> {
        let asked: BTreeSet<String> = senses.iter().map(|sense| sense.term.clone()).collect();
        let told = senses.iter().map(|sense| {
            let word = self.terms.get(&sense.term).copied().unwrap_or_default();
            let value = self
                .values
                .iter()
                .map(|values| (values.share(&sense.term, &asked), &values.param))
                .max_by(|one, other| one.0.total_cmp(&other.0));
            match value {
                Some((share, param)) if share > 0.0 && share >= word => {
                    let term = format!("{{{param}}}");
                    (Sense { term, how: How::Value, ..sense.clone() }, share.sqrt())
                }
                _ => {
                    let typo = if sense.how == How::Typo { 0.85 } else { 1.0 };
                    (sense.clone(), word * typo)
                }
            }
        });
        told.collect()
    }
}

fn values_of(owner: &Target, values: &Values, stems: &Stems) -> Vec<ParamValues> {
    let own = values.iter().filter(|((target, _), _)| target == owner);
    own.map(|((_, param), known)| ParamValues::new(param, known, |text| words(text, stems)))
        .collect()
}

/// The stems of a name; those that every question has only where nothing else is left.
fn words(text: &str, stems: &Stems) -> BTreeSet<String> {
    let tokens = tokens(text);
    let telling = tokens.iter().filter(|token| !stems.is_stop_word(token));
    let found: BTreeSet<String> = telling.filter_map(|token| stems.stem(token)).collect();
    if found.is_empty() {
        return tokens.iter().filter_map(|token| stems.stem(token)).collect();
    }
    found
}
