//! Recorded exchanges: what models were asked and answered, in files that people can read, and runs that take their answers
//! from them instead of asking anybody.
//!
//! A file is named by the hash of what is asked (model, messages, tools, schema) and a number, for a question that was asked
//! more than once. No key is ever part of a question or an answer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::{ModelError, ModelErrorKind};
use super::{Answer, Request};
use crate::event::{Message, ToolRequest, Usage};
use crate::id::ModelName;
use crate::value::{Value, hex};

/// Hexadecimal digits of a question's hash in the name of its file.
const DIGITS: usize = 16;

/// Lines of a difference that are shown.
const SHOWN: usize = 6;

/// The longest line of a difference, in characters.
const WIDTH: usize = 160;

/// A folder of recorded exchanges.
#[derive(Debug)]
pub struct Tape {
    folder: PathBuf,
    records: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The exchanges by the hash of their question, in the order of their numbers.
    known: BTreeMap<String, Vec<(PathBuf, Exchange)>>,
    /// How often each question was asked now.
    asked: BTreeMap<String, usize>,
    /// What was told of each question that is not recorded.
    missed: Vec<String>,
}

/// A question and its answer, as a file holds them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    /// Who made the answer up, where no model gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    made_by: Option<String>,
    question: Question,
    answer: Recorded,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    /// The model, as engine.yaml names it.
    model: ModelName,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    system: String,
    messages: Vec<Message>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    schema: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    /// The tools that were offered, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tools: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolRequest>,
    usage: Usage,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
}

impl Tape {
    /// A folder that exchanges are written to. What is recorded there already stays, and is added to.
    pub fn record(folder: &Path) -> Result<Self, String> {
        std::fs::create_dir_all(folder)
            .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        // A question that is asked again gets the number it had in the run before: its answer is replaced.
        Ok(Self { folder: folder.to_owned(), records: true, state: Mutex::default() })
    }

    /// The exchanges of a folder.
    pub fn replay(folder: &Path) -> Result<Self, String> {
        let cannot = |what: &Path, why: &dyn std::fmt::Display| {
            format!("cannot read {}: {why}", what.display())
        };
        let entries = std::fs::read_dir(folder).map_err(|error| cannot(folder, &error))?;
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
        paths.sort();
        let mut state = State::default();
        for path in paths {
            let text = std::fs::read_to_string(&path).map_err(|error| cannot(&path, &error))?;
            let exchange = Exchange::read(&text).map_err(|error| cannot(&path, &error))?;
            state.known.entry(exchange.question.hash()).or_default().push((path, exchange));
        }
        if state.known.is_empty() {
            return Err(format!("{} holds no recorded exchanges", folder.display()));
        }
        Ok(Self { folder: folder.to_owned(), records: false, state: Mutex::new(state) })
    }

    /// Whether answers come from the files, and nobody is asked.
    pub fn replays(&self) -> bool {
        !self.records
    }

    /// How many questions had no recorded answer.
    pub fn misses(&self) -> usize {
        self.state().missed.len()
    }

    /// What was told of each question that had no recorded answer: the message of its fault.
    pub fn missed(&self) -> Vec<String> {
        self.state().missed.clone()
    }

    /// Who made recorded answers up, where no model gave them.
    pub fn makers(&self) -> BTreeSet<String> {
        let state = self.state();
        let all = state.known.values().flatten();
        all.filter_map(|(_, exchange)| exchange.made_by.clone()).collect()
    }

    /// The files whose answers nobody took, where answers come from files.
    pub fn unused(&self) -> Vec<PathBuf> {
        let state = self.state();
        let all = state.known.iter().flat_map(|(hash, exchanges)| {
            let asked = state.asked.get(hash).copied().unwrap_or_default();
            exchanges.iter().skip(asked)
        });
        all.map(|(path, _)| path.clone()).collect()
    }

    /// Whether a model answered anything that is recorded.
    pub(super) fn knows(&self, model: &ModelName) -> bool {
        let state = self.state();
        let mut all = state.known.values().flatten();
        all.any(|(_, exchange)| exchange.question.model == *model)
    }

    /// The recorded answer to a question; asked more often than it was recorded, the last one. The fault of a question that is
    /// not recorded shows how it differs from the one most like it.
    pub(super) fn answer(
        &self,
        model: &ModelName,
        request: &Request,
    ) -> Result<Answer, ModelError> {
        let question = Question::of(model, request);
        let hash = question.hash();
        let mut state = self.state();
        let asked = state.asked.entry(hash.clone()).or_default();
        let number = *asked;
        *asked += 1;
        if let Some(exchanges) = state.known.get(&hash)
            && let Some((_, exchange)) = exchanges.get(number).or(exchanges.last())
        {
            let Recorded { text, tool_calls, usage, truncated } = exchange.answer.clone();
            return Ok(Answer { text, tool_calls, usage, truncated });
        }
        let all = state.known.values().flatten();
        let difference = all
            .map(|(_, exchange)| question.differs(&exchange.question))
            .min_by_key(|difference| difference.lines)
            .map(|difference| format!("; from the one most like it differs\n{}", difference.text))
            .unwrap_or_default();
        let message = format!(
            "no such question to model `{model}` is recorded in {}{difference}",
            self.folder.display()
        );
        state.missed.push(message.clone());
        Err(ModelError::new(ModelErrorKind::NotRecorded, message)
            .help("record it again with `--record`"))
    }

    /// Keeps an exchange, where exchanges are recorded.
    pub(super) fn keep(
        &self,
        model: &ModelName,
        request: &Request,
        answer: &Answer,
    ) -> Result<(), ModelError> {
        if !self.records {
            return Ok(());
        }
        let question = Question::of(model, request);
        let hash = question.hash();
        let mut state = self.state();
        let asked = state.asked.entry(hash.clone()).or_default();
        *asked += 1;
        let short = hash.get(..DIGITS).unwrap_or(&hash);
        let path = self.folder.join(format!("{short}-{asked}.yaml"));
        drop(state);
        let Answer { text, tool_calls, usage, truncated } = answer.clone();
        let answer = Recorded { text, tool_calls, usage, truncated };
        let exchange = Exchange { made_by: None, question, answer };
        let written = std::fs::write(&path, exchange.text());
        written.map_err(|error| {
            let message = format!("cannot record {}: {error}", path.display());
            ModelError::new(ModelErrorKind::NotRecorded, message)
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exchange {
    fn read(text: &str) -> Result<Self, serde_saphyr::Error> {
        serde_saphyr::from_str(text)
    }

    /// It as a file holds it: YAML, so that a long text stands there line by line. Where YAML would not give it back to the letter
    /// it is JSON, which is YAML as well.
    fn text(&self) -> String {
        let yaml = serde_saphyr::to_string(self).unwrap_or_default();
        if Self::read(&yaml).is_ok_and(|read| read == *self) {
            return yaml;
        }
        serde_json::to_string_pretty(self).map(|json| json + "\n").unwrap_or_default()
    }
}

impl Question {
    fn of(model: &ModelName, request: &Request) -> Self {
        let tools = request.offered().iter().map(|tool| {
            let told =
                serde_json::json!({"description": tool.description, "parameters": tool.parameters});
            (tool.name.clone(), told)
        });
        Self {
            model: model.clone(),
            system: request.system.clone(),
            messages: request.messages.clone(),
            schema: request.schema.clone(),
            max_tokens: request.max_tokens,
            tools: tools.collect(),
        }
    }

    fn hash(&self) -> String {
        // A question is always JSON: its maps have texts for keys.
        let json = serde_json::to_vec(self).unwrap_or_default();
        hex(&Sha256::digest(json))
    }

    /// It line by line, as differences are told.
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("model: {}", self.model)];
        lines.extend(self.system.lines().map(|line| format!("system: {line}")));
        for message in &self.messages {
            let role = format!("{:?}", message.role).to_lowercase();
            lines.extend(message.content.lines().map(|line| format!("{role}: {line}")));
            lines.extend(
                message
                    .tool_calls
                    .iter()
                    .map(|call| format!("{role}: calls {} {}", call.tool, call.arguments)),
            );
        }
        lines.extend(self.schema.iter().map(|schema| format!("schema: {schema}")));
        lines.extend(self.max_tokens.iter().map(|most| format!("max_tokens: {most}")));
        lines.extend(self.tools.iter().map(|(name, told)| format!("tool {name}: {told}")));
        lines
    }

    /// How it differs from a recorded one.
    fn differs(&self, recorded: &Self) -> Difference {
        let (now, then) = (self.lines(), recorded.lines());
        let gone: Vec<&String> = then.iter().filter(|line| !now.contains(line)).collect();
        let new: Vec<&String> = now.iter().filter(|line| !then.contains(line)).collect();
        let mut text = String::new();
        let marked = gone
            .iter()
            .map(|line| ('-', line))
            .take(SHOWN)
            .chain(new.iter().map(|line| ('+', line)).take(SHOWN));
        for (mark, line) in marked {
            let short: String = line.chars().take(WIDTH).collect();
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {mark} {short}");
        }
        if text.is_empty() {
            text.push_str("  the order of its lines");
        }
        Difference { lines: gone.len() + new.len(), text: text.trim_end().to_owned() }
    }
}

/// How two questions differ.
struct Difference {
    lines: usize,
    text: String,
}
