//! `tools/*.yaml`: named calls to the outside; figures come from here.

use std::borrow::Cow;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Http, Mcp, Method, Param};
use crate::id::{SourceName, ToolName};

/// A file of tools that belong together.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolFile {
    /// The tools.
    #[schemars(length(min = 1))]
    pub tools: Vec<Tool>,
}

/// A tool: a named call whose arguments are typed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Tool {
    /// Name by which steps and agents call it; unique in the project.
    pub name: ToolName,
    /// What it gives, in a sentence; models read it.
    pub description: String,
    /// Typed arguments, by name.
    pub params: IndexMap<String, Param>,
    /// What it calls.
    pub kind: ToolKind,
    /// Whether it changes anything.
    pub effect: Effect,
    /// What it gives: all rows, one row, or one value.
    pub returns: Returns,
    /// Units of its fields, by field.
    pub units: IndexMap<String, String>,
}

/// What a tool calls.
#[derive(Clone, Debug, PartialEq)]
pub enum ToolKind {
    /// A query of a source.
    Sql(Sql),
    /// A request to a web API.
    Http(Box<Http>),
    /// A tool of an MCP server.
    Mcp(Mcp),
}

impl Tool {
    /// Whether it changes something outside.
    pub fn writes(&self) -> bool {
        self.effect == Effect::Write
    }

    /// The request that it is, if it is one.
    pub fn http(&self) -> Option<&Http> {
        match &self.kind {
            ToolKind::Http(http) => Some(http),
            ToolKind::Sql(_) | ToolKind::Mcp(_) => None,
        }
    }
}

/// The keys of a tool that make its kind; it has exactly one.
pub(super) const TOOL_KINDS: [&str; 3] = ["sql", "http", "mcp"];

/// A tool as it is written: exactly one key makes its kind.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Tool", transform = tool_kinds)]
struct Written {
    /// Name by which steps and agents call it; unique in the project.
    #[schemars(extend("pattern" = r"^[A-Za-z_][A-Za-z0-9_-]*$"), example = &"campaign_metrics")]
    name: ToolName,
    /// What it gives, in a sentence; models read it.
    #[schemars(example = &"Spend, revenue, conversions and ROAS of one campaign.")]
    description: String,
    /// Typed arguments, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    params: IndexMap<String, Param>,
    /// The query it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sql: Option<Sql>,
    /// The request it sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    http: Option<Box<Http>>,
    /// The tool of an MCP server that it calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mcp: Option<Mcp>,
    /// Whether it changes anything: `write` for requests that are no GET, else `read`. A tool that writes runs only behind an approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    effect: Option<Effect>,
    /// What it gives: all rows, one row, or one value. `rows` where absent; for a tool of an MCP server `value`: whatever it
    /// gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    returns: Option<Returns>,
    /// Units of its fields (`usd`, `ratio`, `percent`, `month`, `number`), by field.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(example = serde_json::json!({"spend_usd": "usd", "roas": "ratio"}))]
    units: IndexMap<String, String>,
}

impl TryFrom<Written> for Tool {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { name, description, params, sql, http, mcp, effect, returns, units } = written;
        let (kind, usual, shape) = match (sql, http, mcp) {
            (Some(sql), None, None) => (ToolKind::Sql(sql), Effect::Read, Returns::Rows),
            (None, Some(http), None) => {
                let reads = http.method == Method::Get;
                let usual = if reads { Effect::Read } else { Effect::Write };
                (ToolKind::Http(http), usual, Returns::Rows)
            }
            (None, None, Some(mcp)) => {
                let mcp = Mcp { says_effect: effect.is_some(), ..mcp };
                (ToolKind::Mcp(mcp), Effect::Read, Returns::Value)
            }
            _ => return Err(format!("a tool has exactly one of {}", TOOL_KINDS.join(", "))),
        };
        let (effect, returns) = (effect.unwrap_or(usual), returns.unwrap_or(shape));
        Ok(Self { name, description, params, kind, effect, returns, units })
    }
}

impl From<Tool> for Written {
    fn from(tool: Tool) -> Self {
        let Tool { name, description, params, kind, effect, returns, units } = tool;
        let (sql, http, mcp) = match kind {
            ToolKind::Sql(sql) => (Some(sql), None, None),
            ToolKind::Http(http) => (None, Some(http), None),
            ToolKind::Mcp(mcp) => (None, None, Some(mcp)),
        };
        let said = http.is_some() || mcp.as_ref().is_some_and(|mcp| mcp.says_effect);
        let (effect, returns) = (said.then_some(effect), Some(returns));
        Self { name, description, params, sql, http, mcp, effect, returns, units }
    }
}

impl JsonSchema for Tool {
    fn schema_name() -> Cow<'static, str> {
        Written::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Written::json_schema(generator)
    }
}

fn tool_kinds(schema: &mut Schema) {
    let kinds = TOOL_KINDS.iter().map(|kind| json!({"required": [kind]}));
    schema.insert("oneOf".to_owned(), kinds.collect());
}

/// What a tool does to the world outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// It only reads.
    Read,
    /// It changes something.
    Write,
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
