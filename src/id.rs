//! Identifiers. Each is a text of its own type, so that a step cannot be taken for a tool.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The identifier as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    )*};
}

identifiers! {
    /// A step; unique within its workflow.
    StepId;
    /// A step of a run, with the way to it: `answer`, `regions[3]` (an item, from 0), `regions[3]/answer` (a step of
    /// the workflow that the item runs).
    StepPath;
    /// An agent; unique within its project.
    AgentName;
    /// A tool; unique within its project.
    ToolName;
    /// An MCP server; a key of `mcp` in engine.yaml.
    ServerName;
    /// A model; a key of `models` in engine.yaml.
    ModelName;
    /// A source; a key of `sources` in engine.yaml.
    SourceName;
    /// A workflow; unique within its project.
    WorkflowName;
    /// A run; unique everywhere, ordered by time (UUID version 7).
    RunId;
    /// A frozen plan; the SHA-256 of its JSON, in hex.
    PlanHash;
    /// What a step is made of: equal for steps that would ask or call the same. A hash, in hex.
    StepKey;
}

impl From<&StepId> for StepPath {
    fn from(id: &StepId) -> Self {
        Self(Arc::clone(&id.0))
    }
}
