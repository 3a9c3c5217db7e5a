//! Requests to web APIs, as tools describe them.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::value::{HumanDuration, Value};

/// A request to a web API. Its texts are templates over the tool's own `params`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// What is done: GET where absent.
    #[serde(default)]
    pub method: Method,
    /// The address. Whatever a `{{ ... }}` writes is percent-encoded: it stays inside its segment of the path, or its
    /// value of the query.
    #[schemars(example = &"https://api.example.com/v1/rates/{{ params.currency }}")]
    pub url: String,
    /// What follows the `?`, by name: texts, numbers, lists (a value each), templates. What is null is left out.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(example = serde_json::json!({"from": "{{ params.from }}", "limit": 100}))]
    pub query: IndexMap<String, Value>,
    /// Headers by name: texts or templates. A secret is named by its environment variable: `{env: NAME}`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(example = serde_json::json!({"Authorization": {"env": "CRM_TOKEN", "prefix": "Bearer "}}))]
    pub headers: IndexMap<String, Header>,
    /// The JSON that is sent; a text that is one whole `{{ ... }}` keeps the type of its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = serde_json::json!({"amount": "{{ params.amount }}"}))]
    pub body: Option<Value>,
    /// What is taken of the answer: a JSON pointer; all of it where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^(/|$)"), example = &"/data/items")]
    pub select: Option<String>,
    /// A JSON Schema (draft 2020-12) that what is taken must fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("type" = "object"))]
    pub schema: Option<Value>,
    /// Hosts that requests and redirects may go to, besides one that `url` writes out: `example.com`, `*.example.com`,
    /// `example.com:8443`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = r"^(\*\.)?[A-Za-z0-9.\[\]:_-]+$")), example = ["api.example.com"])]
    pub allow_hosts: Vec<String>,
    /// Whether addresses of this machine and of private networks may be asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_private: bool,
    /// The longest that it may take, redirects included; a step's shorter `timeout` counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<HumanDuration>,
    /// The greatest size of the answer.
    #[serde(default = "max_bytes")]
    #[schemars(range(min = 1, max = 67_108_864))]
    pub max_bytes: usize,
    /// The most redirects that a GET follows.
    #[serde(default = "max_redirects")]
    #[schemars(range(max = 10))]
    pub max_redirects: u8,
}

fn max_bytes() -> usize {
    1 << 20
}

fn max_redirects() -> u8 {
    3
}

/// Methods of HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    #[default]
    Get,
    /// Creates, or asks with a body.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// Its word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// The value of a header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Header {
    /// A text or template that everybody may read.
    Text(String),
    /// A secret.
    Secret(FromEnvironment),
}

/// A secret in the environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FromEnvironment {
    /// The environment variable that holds it.
    #[schemars(regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$"), example = &"CRM_TOKEN")]
    pub env: String,
    /// What stands before it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(example = &"Bearer ")]
    pub prefix: String,
}

/// Headers that the engine writes itself.
pub(super) fn is_own(header: &str) -> bool {
    const OWN: [&str; 6] =
        ["host", "content-length", "transfer-encoding", "connection", "idempotency-key", "te"];
    OWN.contains(&header.to_ascii_lowercase().as_str())
}
