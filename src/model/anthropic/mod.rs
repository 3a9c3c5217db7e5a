//! Messages, as Anthropic speaks them.

mod chunks;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::endpoint::Endpoint;
use super::fault::{self, Unusable};
use super::schema::{self, Strict};
use super::tools::ToolDefinition;
use super::{Answer, Request};
use crate::event::{Message, Role, ToolRequest, Usage};
use crate::value::{Object, Value};

pub(super) use chunks::Chunks;

/// Anthropic's own address.
pub(super) const BASE_URL: &str = "https://api.anthropic.com";
/// The version of the protocol.
pub(super) const VERSION: &str = "2023-06-01";
/// The greatest length of an answer where nothing else is said: the protocol demands one.
pub(super) const LONGEST_ANSWER: u32 = 4096;

/// The JSON of a request; `streamed` asks for its answer in pieces.
///
/// Prompt caching (`cache_control`) is not asked for: system messages here are shorter than the
/// shortest text that the provider caches, and writing to its cache costs more than reading anew.
pub(super) fn body(
    endpoint: &Endpoint,
    request: &Request,
    streamed: bool,
) -> serde_json::Result<Vec<u8>> {
    let strict = request.schema.as_ref().and_then(|schema| schema::ANTHROPIC.strict(schema));
    // There is no mode for schemas that are not strict: those are asked for in words.
    let spoken = request.schema.as_ref().filter(|_| strict.is_none());
    let system = schema::spoken(&request.system, spoken);
    // A conversation that holds calls is sent with its tools to the end: where it must not go on calling, that is said.
    let calls = request.messages.iter().any(|message| !message.tool_calls.is_empty());
    let tools = if calls { request.tools.as_slice() } else { request.offered() };
    let body = Body {
        model: endpoint.model(),
        max_tokens: endpoint.longest_answer(request).unwrap_or(LONGEST_ANSWER),
        system: &system,
        messages: turns(&request.messages),
        tools: tools.iter().map(Offer::of).collect(),
        tool_choice: (!request.may_call && !tools.is_empty()).then_some(ToolChoice::None),
        output_config: strict.map(|schema| OutputConfig { format: Format::JsonSchema { schema } }),
        temperature: endpoint.temperature(),
        stream: streamed,
    };
    super::endpoint::to_json(&body, request)
}

/// The answer in a response of status 200.
pub(super) fn answer(json: &[u8]) -> Result<Answer, Unusable> {
    let reply: Reply<'_> = fault::parsed(json)?;
    let Some(blocks) = reply.content else {
        return Err(fault::empty(json, "it holds no content"));
    };
    let (mut texts, mut tool_calls) = (Vec::new(), Vec::new());
    for block in blocks {
        match block.kind.as_ref() {
            "text" => texts.push(block.text),
            "tool_use" => tool_calls.push(ToolRequest {
                id: block.id,
                tool: block.name,
                arguments: Value::Object(block.input).to_string(),
            }),
            _ => {}
        }
    }
    let said = Said { texts, tool_calls, stop: reply.stop_reason.as_deref() };
    said.answer(reply.usage.unwrap_or_default(), json)
}

/// What a message says, whichever way it came.
struct Said<'a> {
    texts: Vec<Cow<'a, str>>,
    tool_calls: Vec<ToolRequest>,
    stop: Option<&'a str>,
}

impl Said<'_> {
    /// The answer that it is; `json` is the response where it came whole.
    fn answer(self, usage: Counts, json: &[u8]) -> Result<Answer, Unusable> {
        let Self { texts, tool_calls, stop } = self;
        let truncated = match stop {
            Some("refusal") => {
                let said = texts.into_iter().next().filter(|text| !text.is_empty());
                return Err(Unusable::Refused(
                    said.unwrap_or_else(|| "no reason given".into()).into_owned(),
                ));
            }
            Some("max_tokens" | "model_context_window_exceeded") => true,
            Some(_) | None => false,
        };
        if texts.is_empty() && tool_calls.is_empty() && !truncated {
            return Err(fault::empty(json, "it holds no text"));
        }
        let text = texts.concat();
        Ok(Answer { text, tool_calls, usage: usage.into(), truncated })
    }
}

/// The messages as the protocol has them: the results of tools are the user's, all of one answer in one message, and
/// what the user says after them goes into it as well.
fn turns(messages: &[Message]) -> Vec<Turn<'_>> {
    let mut turns: Vec<Turn<'_>> = Vec::with_capacity(messages.len());
    for message in messages {
        let text = message.content.as_str();
        let content = match message.role {
            Role::Tool => Content::Blocks(vec![Part::ToolResult {
                tool_use_id: message.answers.as_deref().unwrap_or_default(),
                content: text,
                is_error: message.is_error,
            }]),
            Role::Assistant if !message.tool_calls.is_empty() => {
                let said = (!text.trim().is_empty()).then_some(Part::Text { text });
                let calls = message.tool_calls.iter().map(Part::call);
                Content::Blocks(said.into_iter().chain(calls).collect())
            }
            Role::Assistant | Role::User => Content::Text(text),
        };
        let role = if message.role == Role::Assistant { Role::Assistant } else { Role::User };
        match (turns.last_mut(), content) {
            (Some(Turn { role: Role::User, content: Content::Blocks(parts) }), content)
                if role == Role::User =>
            {
                match content {
                    Content::Blocks(more) => parts.extend(more),
                    Content::Text(text) => parts.push(Part::Text { text }),
                }
            }
            (_, content) => turns.push(Turn { role, content }),
        }
    }
    turns
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "str::is_empty")]
    system: &'a str,
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Offer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ToolChoice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
}

#[derive(Serialize)]
struct Turn<'a> {
    role: Role,
    content: Content<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(&'a str),
    Blocks(Vec<Part<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    Text {
        text: &'a str,
    },
    ToolUse {
        id: &'a str,
        name: &'a str,
        input: Object,
    },
    ToolResult {
        tool_use_id: &'a str,
        content: &'a str,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
    },
}

impl<'a> Part<'a> {
    fn call(request: &'a ToolRequest) -> Self {
        // What was no JSON is answered by an error; the protocol takes an object all the same.
        let input = serde_json::from_str(&request.arguments).unwrap_or_default();
        Self::ToolUse { id: &request.id, name: &request.tool, input }
    }
}

/// A tool that may be called.
#[derive(Serialize)]
struct Offer<'a> {
    name: &'a str,
    description: &'a str,
    input_schema: &'a Value,
}

impl<'a> Offer<'a> {
    fn of(tool: &'a ToolDefinition) -> Self {
        let ToolDefinition { name, description, parameters } = tool;
        Self { name, description, input_schema: parameters }
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ToolChoice {
    None,
}

#[derive(Serialize)]
struct OutputConfig<'a> {
    format: Format<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Format<'a> {
    JsonSchema { schema: Strict<'a> },
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    content: Option<Vec<Block<'a>>>,
    #[serde(borrow)]
    stop_reason: Option<Cow<'a, str>>,
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    text: Cow<'a, str>,
    /// Of a call of a tool: its id, its name and its arguments.
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    input: Object,
}

/// Tokens of the request come in three parts: read anew, read from the cache, written to it.
#[derive(Clone, Copy, Default, Deserialize)]
#[expect(clippy::struct_field_names, reason = "they are the provider's")]
struct Counts {
    input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
}

impl Counts {
    /// Takes what is told later, which counts from the beginning.
    fn update(&mut self, later: Self) {
        self.input_tokens = later.input_tokens.or(self.input_tokens);
        self.cache_read_input_tokens =
            later.cache_read_input_tokens.or(self.cache_read_input_tokens);
        self.cache_creation_input_tokens =
            later.cache_creation_input_tokens.or(self.cache_creation_input_tokens);
        self.output_tokens = later.output_tokens.or(self.output_tokens);
    }
}

impl From<Counts> for Usage {
    fn from(counts: Counts) -> Self {
        let anew = counts.input_tokens.unwrap_or_default();
        let cached = counts.cache_read_input_tokens.unwrap_or_default();
        let written = counts.cache_creation_input_tokens.unwrap_or_default();
        Self {
            input_tokens: anew.saturating_add(cached).saturating_add(written),
            cached_input_tokens: cached,
            output_tokens: counts.output_tokens.unwrap_or_default(),
        }
    }
}
