//! `engine.yaml`: the models, sources and limits of a project.

use std::time::Duration;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{AgentName, ModelName, ServerName, SourceName, ToolName};

use super::McpServer;
use crate::value::HumanDuration;

/// The settings of a project.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// The model of agents that name none, or `auto`: the first of `models` whose key is set or whose server answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"auto")]
    pub default_model: Option<ModelName>,
    /// The model that judges answers in evals; `default_model` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"openai")]
    pub judge: Option<ModelName>,
    /// Models by name, in the order in which `auto` tries them.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub models: IndexMap<ModelName, Model>,
    /// What SQL tools read, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub sources: IndexMap<SourceName, Source>,
    /// MCP servers whose tools are called, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub mcp: IndexMap<ServerName, McpServer>,
    /// Bounds of every run.
    #[serde(default)]
    pub limits: Limits,
    /// How `engine ask` answers.
    #[serde(default)]
    pub ask: Ask,
}

/// How questions are answered that no workflow answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The agent that puts together what the others found; one of the engine's own where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"analyst")]
    pub agent: Option<AgentName>,
    /// The last complete month in the data, against which words for periods (`last quarter`) are read; the calendar's where
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_month: Option<LastMonth>,
}

/// Where the last complete month in the data is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LastMonth {
    /// A tool without required params.
    #[schemars(example = &"data_period")]
    pub tool: ToolName,
    /// The field of its row, or of the first of its rows, that holds the month: `YYYY-MM`.
    #[schemars(example = &"last_month")]
    pub field: String,
}

/// A named endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The wire protocol it speaks.
    pub provider: Provider,
    /// The provider's name of the model.
    #[schemars(example = &"gpt-4o-mini")]
    pub model: String,
    /// Where the server is; the provider's own address where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^https?://[^/\s]+"), example = &"http://127.0.0.1:11434/v1")]
    pub base_url: Option<String>,
    /// The environment variable that holds the key. The key itself never stands in a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[A-Z_][A-Z0-9_]*$"), example = &"OPENAI_API_KEY")]
    pub api_key_env: Option<String>,
    /// What it costs; without it calls are reported as unpriced, never as free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// Tokens that it can take in at once, question and answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1), example = &128_000)]
    pub context_window: Option<u32>,
    /// How much it may be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Randomness of answers; the provider's own where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2), example = &0.2)]
    pub temperature: Option<f64>,
    /// The greatest length of an answer, in tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1), example = &1000)]
    pub max_tokens: Option<u32>,
    /// Whether answers come in pieces: always, or never. Where absent, those that may be long do (a `max_tokens` of 4096 or
    /// more), and those that somebody reads as they come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &true)]
    pub stream: Option<bool>,
    /// How long answers that come in pieces are waited for.
    #[serde(default, skip_serializing_if = "is_default")]
    pub timeouts: Timeouts,
    /// When its server is taken to be down, and for how long it is left alone.
    #[serde(default, skip_serializing_if = "is_default")]
    pub circuit_breaker: CircuitBreaker,
    /// From when on an answer is late, by the time that earlier ones of the process took: then the same question goes out a second
    /// time, and the first good answer wins. The other is called off, and booked at an estimate. Never where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hedge: Option<Hedge>,
}

/// From when on an answer is late: later than so many in a hundred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Hedge {
    /// Later than 90.
    P90,
    /// Later than 95.
    P95,
    /// Later than 99.
    P99,
}

impl Hedge {
    /// How many in a hundred are in time.
    pub fn percent(self) -> usize {
        match self {
            Self::P90 => 90,
            Self::P95 => 95,
            Self::P99 => 99,
        }
    }
}

/// How long an answer that comes in pieces is waited for. All of any answer is bounded by the step's `timeout`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timeouts {
    /// From the request to the first byte of the answer; 2m where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "2m"), example = &"30s")]
    pub first_byte: Option<HumanDuration>,
    /// From one byte of the answer to the next; 1m where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "1m"), example = &"20s")]
    pub between_bytes: Option<HumanDuration>,
}

/// When a server is taken to be down: steps that have not yet begun to ask it then go to the next model of their list at once, or
/// fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CircuitBreaker {
    /// Faults of its own in a row (no connection, no answer in time, 5xx), over a second at least; 0 for never.
    #[serde(default = "usual_faults")]
    #[schemars(example = &10)]
    pub faults: u32,
    /// How long it is left alone; then one request is let through, and what comes of it decides.
    #[serde(default = "usual_pause")]
    #[schemars(example = &"1m")]
    pub pause: HumanDuration,
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self { faults: usual_faults(), pause: usual_pause() }
    }
}

fn usual_faults() -> u32 {
    5
}

fn usual_pause() -> HumanDuration {
    HumanDuration(Duration::from_secs(15))
}

/// Wire protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Chat completions, as OpenAI and most servers speak them (Ollama, llama.cpp, vLLM).
    Openai,
    /// Messages, as Anthropic speaks them.
    Anthropic,
}

/// USD per million tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Tokens of the request.
    #[schemars(range(min = 0), example = &0.15)]
    pub input: f64,
    /// Tokens of the request that the provider had cached; as `input` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0), example = &0.075)]
    pub cached_input: Option<f64>,
    /// Tokens of the answer.
    #[schemars(range(min = 0), example = &0.6)]
    pub output: f64,
    /// The day the price was looked up (YYYY-MM-DD).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"), example = &"2026-11-01")]
    pub as_of: Option<String>,
}

/// How much an endpoint may be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Requests in a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &60)]
    pub requests_per_minute: Option<std::num::NonZeroU32>,
    /// Tokens in a minute, questions and answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &100_000)]
    pub tokens_per_minute: Option<std::num::NonZeroU32>,
    /// Requests at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &4)]
    pub max_in_flight: Option<std::num::NonZeroU32>,
}

/// A database, or a folder of CSV files, that SQL tools read. Exactly one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// A folder, relative to the project; every CSV file in it is a table.
    #[schemars(extend("examples" = [{"csv": "data"}]))]
    Csv(String),
    /// A SQLite file, relative to the project.
    #[schemars(extend("examples" = [{"sqlite": "company.db"}]))]
    Sqlite(String),
    /// The environment variable that holds the URL of a PostgreSQL database.
    #[schemars(extend("examples" = [{"postgres_env": "DATABASE_URL"}]))]
    PostgresEnv(#[schemars(regex(pattern = r"^[A-Z_][A-Z0-9_]*$"))] String),
}

impl Source {
    /// The environment variable that it names, if it names one.
    pub fn variable(&self) -> Option<&str> {
        match self {
            Self::PostgresEnv(name) => Some(name),
            Self::Csv(_) | Self::Sqlite(_) => None,
        }
    }
}

/// Bounds of every run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Steps that run at the same time; 16 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = 16))]
    pub max_parallel: Option<std::num::NonZeroUsize>,
    /// The longest that a run may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_timeout: Option<HumanDuration>,
    /// What runs may spend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
}

/// What runs may spend on models.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// US dollars of one run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0), example = &0.25)]
    pub usd: Option<f64>,
    /// Tokens of one run, questions and answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &200_000)]
    pub tokens: Option<u64>,
    /// US dollars that all runs of a day (UTC) may spend: a run may spend what is left of them when it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0), example = &5.0)]
    pub usd_per_day: Option<f64>,
    /// US dollars that all runs of a month (UTC) may spend: a run may spend what is left of them when it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0), example = &50.0)]
    pub usd_per_month: Option<f64>,
    /// What happens to a call that does not fit.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_exceed: OnExceed,
}

/// What happens to a call that does not fit the budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnExceed {
    /// It is not made, and the run answers from what it has.
    #[default]
    Stop,
    /// It is made, and the outcome warns.
    Warn,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
