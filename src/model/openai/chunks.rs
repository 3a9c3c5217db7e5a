//! Chat completions that come in pieces.

use std::borrow::Cow;
use std::ops::ControlFlow;

use serde::Deserialize;

use super::{Content, Counts, Said};
use crate::event::ToolRequest;
use crate::model::Answer;
use crate::model::fault::{self, Unusable};
use crate::model::stream::Assembly;
use crate::value::Value;

/// The data of the event that ends a stream.
const DONE: &str = "[DONE]";

/// Tools that an answer may ask for at once. Nobody asks for so many; a server gone mad does.
const MOST_CALLS: usize = 1024;

/// A completion, as far as its pieces came.
#[derive(Default)]
pub(in crate::model) struct Chunks {
    text: Option<String>,
    refusal: Option<String>,
    calls: Vec<PartialCall>,
    finish: Option<String>,
    usage: Option<Counts>,
}

/// A call of a tool, as far as it came.
struct PartialCall {
    index: Option<u64>,
    request: ToolRequest,
}

impl Assembly for Chunks {
    fn take(&mut self, data: &str) -> Result<ControlFlow<()>, Unusable> {
        if data.trim() == DONE {
            return Ok(ControlFlow::Break(()));
        }
        let chunk: Chunk<'_> = fault::parsed(data.as_bytes())?;
        if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
            return Err(Unusable::BrokenOff(error));
        }
        self.usage = chunk.usage.or(self.usage.take());
        let choices = chunk.choices.unwrap_or_default();
        // A second choice is never asked for.
        for choice in choices.into_iter().filter(|choice| choice.index.unwrap_or(0) == 0) {
            self.finish = choice.finish_reason.map(Cow::into_owned).or(self.finish.take());
            let delta = choice.delta.unwrap_or_default();
            if let Some(content) = delta.content {
                self.text.get_or_insert_default().push_str(&content.text());
            }
            if let Some(refusal) = delta.refusal {
                self.refusal.get_or_insert_default().push_str(&refusal);
            }
            for piece in delta.tool_calls.unwrap_or_default() {
                self.call(piece)?;
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    fn is_whole(&self) -> bool {
        self.finish.is_some()
    }

    fn answer(self) -> Result<Answer, Unusable> {
        let said = Said {
            text: self.text,
            refusal: self.refusal,
            tool_calls: self.calls.into_iter().map(|call| call.request).collect(),
            finish: self.finish.as_deref(),
            usage: self.usage.unwrap_or_default().into(),
        };
        said.answer(&[])
    }
}

impl Chunks {
    /// Puts a piece to the call that it belongs to. Some servers number none of their calls, or all of them alike: then another
    /// id is another call.
    fn call(&mut self, piece: CallPiece<'_>) -> Result<(), Unusable> {
        let id = piece.id.unwrap_or_default();
        let (name, arguments) = piece
            .function
            .map_or_else(Default::default, |function| (function.name, function.arguments));
        let begun = self.calls.iter().rposition(|call| call.index == piece.index);
        let same = |call: &PartialCall| {
            id.is_empty() || call.request.id.is_empty() || call.request.id == id
        };
        let begun = begun.filter(|number| self.calls.get(*number).is_some_and(same));
        if begun.is_none() {
            if self.calls.len() >= MOST_CALLS {
                let why = format!("it asks for more than {MOST_CALLS} tools at once");
                return Err(Unusable::Unreadable(why));
            }
            let request = ToolRequest::default();
            self.calls.push(PartialCall { index: piece.index, request });
        }
        let number = begun.unwrap_or(self.calls.len() - 1);
        let Some(PartialCall { request, .. }) = self.calls.get_mut(number) else { return Ok(()) };
        if request.id.is_empty() {
            request.id = id.into_owned();
        }
        if request.tool.is_empty() {
            request.tool = name.unwrap_or_default().into_owned();
        }
        match arguments {
            Value::String(text) => request.arguments.push_str(&text),
            Value::Null => {}
            other => request.arguments.push_str(&other.to_string()),
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    choices: Option<Vec<Choice<'a>>>,
    usage: Option<Counts>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    index: Option<u64>,
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
    #[serde(borrow)]
    finish_reason: Option<Cow<'a, str>>,
}

#[derive(Default, Deserialize)]
struct Delta<'a> {
    content: Option<Content>,
    #[serde(borrow)]
    refusal: Option<Cow<'a, str>>,
    #[serde(borrow)]
    tool_calls: Option<Vec<CallPiece<'a>>>,
}

#[derive(Deserialize)]
struct CallPiece<'a> {
    index: Option<u64>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    function: Option<FunctionPiece<'a>>,
}

#[derive(Deserialize)]
struct FunctionPiece<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    /// JSON as text; some servers send the JSON itself.
    #[serde(default)]
    arguments: Value,
}
