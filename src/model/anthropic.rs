//! Messages, as Anthropic speaks them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::endpoint::Endpoint;
use super::fault::{self, Unusable};
use super::schema::{self, Strict};
use super::{Answer, Request};
use crate::event::{Message, Usage};

/// Anthropic's own address.
pub(super) const BASE_URL: &str = "https://api.anthropic.com";
/// The version of the protocol.
pub(super) const VERSION: &str = "2023-06-01";
/// The greatest length of an answer where nothing else is said: the protocol demands one.
pub(super) const LONGEST_ANSWER: u32 = 4096;

/// The JSON of a request.
///
/// Prompt caching (`cache_control`) is not asked for: system messages here are shorter than the
/// shortest text that the provider caches, and writing to its cache costs more than reading anew.
pub(super) fn body(endpoint: &Endpoint, request: &Request) -> serde_json::Result<Vec<u8>> {
    let strict = request.schema.as_ref().and_then(|schema| schema::ANTHROPIC.strict(schema));
    // There is no mode for schemas that are not strict: those are asked for in words.
    let spoken = request.schema.as_ref().filter(|_| strict.is_none());
    let system = schema::spoken(&request.system, spoken);
    let body = Body {
        model: endpoint.model(),
        max_tokens: endpoint.longest_answer(request).unwrap_or(LONGEST_ANSWER),
        system: &system,
        messages: &request.messages,
        output_config: strict.map(|schema| OutputConfig { format: Format::JsonSchema { schema } }),
        temperature: endpoint.temperature(),
    };
    super::endpoint::to_json(&body, request)
}

/// The answer in a response of status 200.
pub(super) fn answer(json: &[u8]) -> Result<Answer, Unusable> {
    let reply: Reply<'_> = fault::parsed(json)?;
    let Some(blocks) = reply.content else {
        return Err(fault::empty(json, "it holds no content"));
    };
    let mut texts = blocks.into_iter().filter(|block| block.kind == "text").map(|block| block.text);
    let first = texts.next();
    let truncated = match reply.stop_reason.as_deref() {
        Some("refusal") => {
            let said = first.filter(|text| !text.is_empty());
            return Err(Unusable::Refused(
                said.unwrap_or_else(|| "no reason given".into()).into_owned(),
            ));
        }
        Some("max_tokens" | "model_context_window_exceeded") => true,
        Some(_) | None => false,
    };
    let mut text = match first {
        Some(text) => text.into_owned(),
        None if truncated => String::new(),
        None => return Err(fault::empty(json, "it holds no text")),
    };
    text.extend(texts);
    Ok(Answer { text, usage: reply.usage.unwrap_or_default().into(), truncated })
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "str::is_empty")]
    system: &'a str,
    messages: &'a [Message],
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
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
}

/// Tokens of the request come in three parts: read anew, read from the cache, written to it.
#[derive(Default, Deserialize)]
#[expect(clippy::struct_field_names, reason = "they are the provider's")]
struct Counts {
    input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
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
