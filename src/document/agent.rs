//! `agents/*.yaml`: who is asked.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{AgentName, ModelName, ToolName};

/// An agent: a role with instructions and tools, one file each.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// Name by which steps call it; unique in the project.
    #[schemars(extend("pattern" = r"^[A-Za-z_][A-Za-z0-9_-]*$"), example = &"cfo")]
    pub name: AgentName,
    /// The role it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"Chief Financial Officer")]
    pub role: Option<String>,
    /// What it is there to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"Judge what the company can afford")]
    pub goal: Option<String>,
    /// The subjects it knows about; the router and the decomposer read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"Budget, revenue, profit and margin, cash and runway.")]
    pub covers: Option<String>,
    /// Questions it can answer, as people ask them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(length(min = 1)))]
    pub questions: Vec<String>,
    /// Other words for what it covers: a word or phrase of this file or of the data, with what people say for it.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(example = serde_json::json!({"cash": ["liquidity", "money in the bank"]}))]
    pub synonyms: IndexMap<String, Vec<String>>,
    /// How it works and answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"Answer in two sentences. Say which month a figure is of.")]
    pub instructions: Option<String>,
    /// The model, or several to be tried in order; `auto` is the project's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelList>,
    /// Tools it may call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("uniqueItems" = true))]
    pub tools: Vec<ToolName>,
    /// Tools without required params, shown when no model is there to choose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("uniqueItems" = true))]
    pub overview: Vec<ToolName>,
    /// Agents it may ask as if they were tools.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("uniqueItems" = true))]
    pub consult: Vec<AgentName>,
}

/// An agent written in place, for one step.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InlineAgent {
    /// The role it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"Chief Financial Officer")]
    pub role: Option<String>,
    /// What it is there to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"Judge what the company can afford")]
    pub goal: Option<String>,
    /// How it works and answers. Alone, it is the whole system message, to the letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"Answer in two sentences.")]
    pub instructions: Option<String>,
    /// The model, or several to be tried in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelList>,
    /// Tools it may call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("uniqueItems" = true))]
    pub tools: Vec<ToolName>,
    /// Agents it may ask as if they were tools.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("uniqueItems" = true))]
    pub consult: Vec<AgentName>,
}

/// A model by name, or several: the next is tried when one is down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ModelList {
    /// One model.
    One(ModelName),
    /// Several, in the order they are tried.
    Many(#[schemars(length(min = 1), extend("uniqueItems" = true))] Vec<ModelName>),
}

impl ModelList {
    /// The models in the order they are tried.
    pub fn names(&self) -> &[ModelName] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Many(names) => names,
        }
    }
}
