//! `tools/*.yaml`: named calls to the outside; figures come from here.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Param;
use crate::id::{SourceName, ToolName};

/// A file of tools that belong together.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolFile {
    /// The tools.
    #[schemars(length(min = 1))]
    pub tools: Vec<Tool>,
}

/// A tool: a named query whose arguments are typed and bound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Name by which steps and agents call it; unique in the project.
    #[schemars(extend("pattern" = r"^[A-Za-z_][A-Za-z0-9_-]*$"), example = &"campaign_metrics")]
    pub name: ToolName,
    /// What it gives, in a sentence; models read it.
    #[schemars(example = &"Spend, revenue, conversions and ROAS of one campaign.")]
    pub description: String,
    /// Typed arguments, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub params: IndexMap<String, Param>,
    /// The query it runs.
    pub sql: Sql,
    /// What it gives: all rows, one row, or one value.
    #[serde(default)]
    pub returns: Returns,
    /// Units of its fields (`usd`, `ratio`, `percent`, `month`, `number`), by field.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(example = serde_json::json!({"spend_usd": "usd", "roas": "ratio"}))]
    pub units: IndexMap<String, String>,
}

/// A read-only query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sql {
    /// The source it reads; a key of `sources` in engine.yaml.
    #[schemars(example = &"company")]
    pub source: SourceName,
    /// One `select`; `:name` stands for the param of that name, always bound, never pasted.
    #[schemars(example = &"select month, sum(spend_usd) as spend_usd from marketing_performance where channel = :channel group by month")]
    pub query: String,
}

/// What a tool gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Returns {
    /// A list of objects, one a row.
    #[default]
    Rows,
    /// The object of the only row; none or several is an error.
    Row,
    /// The only value of the only row.
    Value,
}
