//! Chat completions, as OpenAI and most servers speak them.

use std::borrow::Cow;

use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};

use super::endpoint::Endpoint;
use super::fault::{self, Unusable};
use super::schema::{self, Strict};
use super::{Answer, Request};
use crate::event::{Message, Usage};
use crate::value::Value;

/// OpenAI's own address.
pub(super) const BASE_URL: &str = "https://api.openai.com/v1";

/// The JSON of a request.
pub(super) fn body(endpoint: &Endpoint, request: &Request) -> serde_json::Result<Vec<u8>> {
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
        response_format: enforced.map(|schema| ResponseFormat::of(schema, dialect)),
        // OpenAI's newer models refuse the old name, and other servers do not know the new one.
        max_completion_tokens: longest.filter(|_| own),
        max_tokens: longest.filter(|_| !own),
        temperature: endpoint.temperature(),
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
    let finish = choice.finish_reason.as_deref();
    let text = message.content.map(Content::text);
    if let Some(refusal) = message.refusal.filter(|refusal| !refusal.is_empty()) {
        return Err(Unusable::Refused(refusal.into_owned()));
    }
    let truncated = finish == Some("length");
    let text = match (text, finish) {
        (_, Some("content_filter")) => {
            return Err(Unusable::Refused("its content filter stopped the answer".to_owned()));
        }
        (Some(text), _) => text,
        (None, _) if truncated => String::new(),
        (None, _) => return Err(fault::empty(json, "it holds no text")),
    };
    Ok(Answer { text, usage: completion.usage.unwrap_or_default().into(), truncated })
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Conversation<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
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
            list.serialize_element(message)?;
        }
        list.end()
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
