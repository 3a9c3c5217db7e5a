//! Chat completions, as OpenAI and most servers speak them.

mod chunks;

use std::borrow::Cow;

use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};

use super::endpoint::Endpoint;
use super::fault::{self, Unusable};
use super::schema::{self, Strict};
use super::tools::ToolDefinition;
use super::{Answer, Request};
use crate::event::{Message, Role, ToolRequest, Usage};
use crate::value::Value;

pub(super) use chunks::Chunks;

/// OpenAI's own address.
pub(super) const BASE_URL: &str = "https://api.openai.com/v1";

/// The JSON of a request; `streamed` asks for its answer in pieces.
pub(super) fn body(
    endpoint: &Endpoint,
    request: &Request,
    streamed: bool,
) -> serde_json::Result<Vec<u8>> {
    let own = endpoint.at_vendor();
    let dialect = if own { &schema::OPENAI } else { &schema::COMPATIBLE };
    // OpenAI takes objects only, even where it is not strict: other shapes are asked for in words.
    let said = |schema: &&Value| own && schema.get("type").is_none_or(|kind| kind != "object");
    let spoken = request.schema.as_ref().filter(said);
    let system = schema::spoken(&request.system, spoken);
    let enforced = request.schema.as_ref().filter(|_| spoken.is_none());
    let longest = endpoint.longest_answer(request);
    let body = Body {
        model: endpoint.model(),
        messages: Conversation { system: &system, messages: &request.messages },
        tools: request.offered().iter().map(Offer::of).collect(),
        response_format: enforced.map(|schema| ResponseFormat::of(schema, dialect)),
        // OpenAI's newer models refuse the old name, and other servers do not know the new one.
        max_completion_tokens: longest.filter(|_| own),
        max_tokens: longest.filter(|_| !own),
        temperature: endpoint.temperature(),
        stream: streamed,
        // Without it an answer in pieces does not tell what it cost.
        stream_options: streamed.then_some(StreamOptions { include_usage: true }),
    };
    super::endpoint::to_json(&body, request)
}

/// The answer in a response of status 200.
pub(super) fn answer(json: &[u8]) -> Result<Answer, Unusable> {
    let completion: Completion<'_> = fault::parsed(json)?;
    let Some(choice) = completion.choices.unwrap_or_default().into_iter().next() else {
        return Err(fault::empty(json, "it holds no choice"));
    };
    let message = choice.message.unwrap_or_default();
    let said = Said {
        text: message.content.map(Content::text),
        refusal: message.refusal.map(Cow::into_owned),
        tool_calls: message.tool_calls.unwrap_or_default().into_iter().map(Into::into).collect(),
        finish: choice.finish_reason.as_deref(),
        usage: completion.usage.unwrap_or_default().into(),
    };
    said.answer(json)
}

/// What a choice says, whichever way it came.
struct Said<'a> {
    text: Option<String>,
    refusal: Option<String>,
    tool_calls: Vec<ToolRequest>,
    finish: Option<&'a str>,
    usage: Usage,
}

impl Said<'_> {
    /// The answer that it is; `json` is the response where it came whole.
    fn answer(self, json: &[u8]) -> Result<Answer, Unusable> {
        let Self { text, refusal, tool_calls, finish, usage } = self;
        if let Some(refusal) = refusal.filter(|refusal| !refusal.is_empty()) {
            return Err(Unusable::Refused(refusal));
        }
        let truncated = finish == Some("length");
        let text = match (text, finish) {
            (_, Some("content_filter")) => {
                return Err(Unusable::Refused("its content filter stopped the answer".to_owned()));
            }
            (Some(text), _) => text,
            (None, _) if truncated || !tool_calls.is_empty() => String::new(),
            (None, _) => return Err(fault::empty(json, "it holds no text")),
        };
        Ok(Answer { text, tool_calls, usage, truncated })
    }
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Conversation<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Offer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// The system message, where there is one, and the messages after it.
struct Conversation<'a> {
    system: &'a str,
    messages: &'a [Message],
}

impl Serialize for Conversation<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct System<'a> {
            role: &'a str,
            content: &'a str,
        }
        let mut list = serializer.serialize_seq(None)?;
        if !self.system.is_empty() {
            list.serialize_element(&System { role: "system", content: self.system })?;
        }
        for message in self.messages {
            list.serialize_element(&Turn::of(message))?;
        }
        list.end()
    }
}

#[derive(Serialize)]
struct Turn<'a> {
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
    /// Null where there is nothing but calls.
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
}

impl<'a> Turn<'a> {
    fn of(message: &'a Message) -> Self {
        let only_calls = message.content.is_empty() && !message.tool_calls.is_empty();
        Self {
            role: message.role,
            tool_call_id: message.answers.as_deref(),
            content: (!only_calls).then_some(message.content.as_str()),
            tool_calls: message.tool_calls.iter().map(Call::of).collect(),
        }
    }
}

/// A call of a tool.
#[derive(Serialize)]
struct Call<'a> {
    id: &'a str,
    r#type: &'static str,
    function: Called<'a>,
}

#[derive(Serialize)]
struct Called<'a> {
    name: &'a str,
    arguments: &'a str,
}

impl<'a> Call<'a> {
    fn of(request: &'a ToolRequest) -> Self {
        let function = Called { name: &request.tool, arguments: &request.arguments };
        Self { id: &request.id, r#type: "function", function }
    }
}

/// A tool that may be called.
#[derive(Serialize)]
struct Offer<'a> {
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
}

impl<'a> Offer<'a> {
    fn of(tool: &'a ToolDefinition) -> Self {
        let ToolDefinition { name, description, parameters } = tool;
        Self { r#type: "function", function: Function { name, description, parameters } }
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ResponseFormat<'a> {
    JsonSchema { json_schema: JsonSchema<'a> },
}

#[derive(Serialize)]
struct JsonSchema<'a> {
    name: &'a str,
    strict: bool,
    schema: Written<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Written<'a> {
    Strict(Strict<'a>),
    Free(&'a Value),
}

impl<'a> ResponseFormat<'a> {
    fn of(schema: &'a Value, dialect: &'static schema::Dialect) -> Self {
        let (strict, schema) = match dialect.strict(schema) {
            Some(strict) => (true, Written::Strict(strict)),
            None => (false, Written::Free(schema)),
        };
        Self::JsonSchema { json_schema: JsonSchema { name: "answer", strict, schema } }
    }
}

#[derive(Deserialize)]
struct Completion<'a> {
    #[serde(borrow)]
    choices: Option<Vec<Choice<'a>>>,
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    message: Option<Reply<'a>>,
    finish_reason: Option<Cow<'a, str>>,
}

#[derive(Default, Deserialize)]
struct Reply<'a> {
    content: Option<Content>,
    #[serde(borrow)]
    refusal: Option<Cow<'a, str>>,
    tool_calls: Option<Vec<Requested>>,
}

#[derive(Deserialize)]
struct Requested {
    #[serde(default)]
    id: Option<String>,
    function: RequestedFunction,
}

#[derive(Deserialize)]
struct RequestedFunction {
    name: String,
    /// JSON as text; some servers send the JSON itself.
    #[serde(default)]
    arguments: Value,
}

impl From<Requested> for ToolRequest {
    fn from(requested: Requested) -> Self {
        let arguments = match requested.function.arguments {
            Value::String(text) => text,
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let id = requested.id.unwrap_or_default();
        Self { id, tool: requested.function.name, arguments }
    }
}

/// The text, whole or, as some servers send it, in parts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Whole(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    text: String,
}

impl Content {
    fn text(self) -> String {
        match self {
            Self::Whole(text) => text,
            Self::Parts(parts) => parts.into_iter().map(|part| part.text).collect(),
        }
    }
}

#[derive(Default, Deserialize)]
struct Counts {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<InputCounts>,
}

#[derive(Deserialize)]
struct InputCounts {
    cached_tokens: Option<u64>,
}

impl From<Counts> for Usage {
    fn from(counts: Counts) -> Self {
        let cached = counts.prompt_tokens_details.and_then(|details| details.cached_tokens);
        Self {
            input_tokens: counts.prompt_tokens.unwrap_or_default(),
            cached_input_tokens: cached.unwrap_or_default(),
            output_tokens: counts.completion_tokens.unwrap_or_default(),
        }
    }
}
