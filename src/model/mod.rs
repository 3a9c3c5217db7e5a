//! Models: one request to a provider and its answer. Retries, fallbacks and budgets are the
//! runner's; this module knows nothing of steps and graphs.
//!
//! ```text
//! Project + Environment -> Models -> Endpoint -> openai | anthropic -> http -> Answer | ModelError
//! ```
//!
//! Proxies of the system (`HTTPS_PROXY`) are not used: what is asked goes to the address that
//! engine.yaml or the environment names, and a redirect is reported instead of followed.

mod anthropic;
mod breaker;
mod cut;
mod endpoint;
mod environment;
mod error;
mod fault;
mod openai;
mod overflow;
mod pace;
mod rate;
mod reading;
mod registry;
mod schema;
mod stream;
mod tape;
#[cfg(test)]
mod tests;
mod tools;

use crate::event::{Message, ToolRequest, Usage};
use crate::value::Value;

pub use breaker::Entry;
pub use cut::Cut;
pub use endpoint::{Endpoint, cost, greatest_input};
pub use environment::Environment;
pub use error::{ModelError, ModelErrorKind};
pub use rate::Admission;
pub use reading::{read_pieces, read_whole};
pub use registry::Models;
pub use stream::Watcher;
pub use tape::Tape;
pub use tools::ToolDefinition;

/// What a model is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The system message; none is sent where it is empty.
    pub system: String,
    /// The conversation, from the user's first message to the user's last.
    pub messages: Vec<Message>,
    /// The JSON Schema of the answer; without it the answer is text.
    pub schema: Option<Value>,
    /// The greatest length of the answer, in tokens; the endpoint's own where absent.
    pub max_tokens: Option<u32>,
    /// The tools that the conversation is about.
    pub tools: Vec<ToolDefinition>,
    /// Whether the model may call them now, or has to answer.
    pub may_call: bool,
}

impl Request {
    /// The tools that the model may call now.
    pub fn offered(&self) -> &[ToolDefinition] {
        if self.may_call { &self.tools } else { &[] }
    }
}

/// What a model answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The text; with a schema, JSON as the model wrote it (not yet checked against the schema).
    pub text: String,
    /// The tools that it asks for first; where there are any, the text is no answer yet.
    pub tool_calls: Vec<ToolRequest>,
    /// Tokens of request and answer, as the provider counts them.
    pub usage: Usage,
    /// Whether the answer ends because its greatest length was reached.
    pub truncated: bool,
}
