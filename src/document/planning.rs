//! Steps whose own steps a model plans while the workflow runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::AgentName;

/// What is planned when the step's turn comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Planning {
    /// What is to be found out; a template over `params` and `steps`.
    #[schemars(example = &"What would it take to enter {{ params.market }} next year?")]
    pub goal: String,
    /// The agents that may take part; all of the project where none is written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("uniqueItems" = true), example = ["cfo", "cro"])]
    pub agents: Vec<AgentName>,
    /// The most steps of the plan, besides the one that puts everything together. 8 where nothing is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 30), extend("default" = 8), example = &4)]
    pub max_steps: Option<u32>,
}
