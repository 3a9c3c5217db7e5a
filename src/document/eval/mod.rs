//! `evals/*.yaml`: workflows and questions, with what their answers must hold.

mod assertion;
mod figure;
mod measure;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Sql;
use crate::id::{ModelName, ToolName, WorkflowName};
use crate::value::Value;

pub use assertion::{AgentNames, Assertion, Check, RouteTo, Texts, WantedRoute};
pub use figure::{ExpectedSql, Figure, Tolerance};
pub use measure::{Rubric, Similar};

/// Cases with what their answers must hold.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Eval {
    /// What is held against what, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"Every figure of the campaigns, against SQL.")]
    pub description: Option<String>,
    /// Words by which `--tag` picks all its cases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The share of its cases that must pass, from 0 to 1; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1), example = &0.95)]
    pub pass_rate: Option<f64>,
    /// The model that judges answers where `llm-rubric` asks for it; that of engine.yaml where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"openai")]
    pub judge: Option<ModelName>,
    /// Whether its cases are about what models answer, as recordings/ holds it: `--replay` does them from there, and where no
    /// model is there they are left undecided.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recorded: bool,
    /// What every case must hold besides its own `assert`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assert: Vec<Assertion>,
    /// The cases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1))]
    pub cases: Vec<Case>,
    /// Answers that people judged: `engine eval judge` asks the judge about each, and tells how far it agrees.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1))]
    pub examples: Vec<Example>,
}

/// An answer with what people say of it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"Was the Facebook Holiday 2025 campaign profitable?")]
    pub question: Option<String>,
    /// What was answered.
    #[schemars(example = &"It lost $44,104 once the margin of 58.4% is counted.")]
    pub answer: String,
    /// What must be so of the answer.
    #[schemars(example = &"Says whether it paid off, and by how much.")]
    pub rubric: String,
    /// Whether people find it to be so.
    pub pass: bool,
}

/// A workflow to run, or a question to ask, with what must hold of it. Exactly one of `workflow`, `question` and
/// `conversation` says which.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its name in reports; the question, or the workflow with its params, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"return of {{ campaign_id }}")]
    pub name: Option<String>,
    /// Rows, each of which makes a case; `{{ column }}` in any text of the case stands for the row's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_each: Option<Rows>,
    /// With `for_each`: an expression over the row; where it is false, the row makes no case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"kind == 'workflow'")]
    pub when: Option<String>,
    /// The workflow to run, by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"roi_analysis")]
    pub workflow: Option<WorkflowName>,
    /// With `workflow`: values of its params.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(example = serde_json::json!({"campaign_id": "facebook_holiday_2025"}))]
    pub params: IndexMap<String, Value>,
    /// The question to ask, as `engine ask` takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"Can we afford to spend $500K on marketing?")]
    pub question: Option<String>,
    /// With `question`: whether only its way is looked for, and nothing is run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub route_only: bool,
    /// Questions of one session, asked one after another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conversation: Vec<Turn>,
    /// Words by which `--tag` picks it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What must hold. Where nothing is said about status, exit or route, the run has to succeed as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assert: Vec<Assertion>,
}

/// A question of a conversation.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// The question; it may refer to those before it.
    #[schemars(example = &"And what about Instagram?")]
    pub question: String,
    /// What must hold of its answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assert: Vec<Assertion>,
}

/// Where rows come from: exactly one of `values`, `file`, `tool` and `sql`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// The rows themselves: maps, or single values that texts read as `{{ value }}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Value>>,
    /// A file of rows beside this one: .csv, .jsonl, .yaml or .json.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"campaigns.csv")]
    pub file: Option<String>,
    /// With `file`: the dotted path of the list in a .yaml or .json file; the whole file where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"cases")]
    pub at: Option<String>,
    /// A tool that returns rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"list_campaigns")]
    pub tool: Option<ToolName>,
    /// With `tool`: its arguments.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(example = serde_json::json!({"fiscal_year": "2025"}))]
    pub with: IndexMap<String, Value>,
    /// A query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<Sql>,
}

/// The keys of which a case has exactly one.
pub(super) const CASE_KINDS: [&str; 3] = ["workflow", "question", "conversation"];

/// The keys of which rows have exactly one.
pub(super) const ROW_KINDS: [&str; 4] = ["values", "file", "tool", "sql"];
