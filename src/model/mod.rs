//! Models: one request to a provider and its answer. Retries, fallbacks and budgets are the
//! runner's; this module knows nothing of steps and graphs.

mod stub;
pub use stub::*;

use crate::event::{Message, Usage};
use crate::value::Value;


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
}

/// What a model answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The text; with a schema, JSON as the model wrote it (not yet checked against the schema).
    pub text: String,
    /// Tokens of request and answer, as the provider counts them.
    pub usage: Usage,
    /// Whether the answer ends because its greatest length was reached.
    pub truncated: bool,
}
