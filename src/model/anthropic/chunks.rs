//! Messages that come in pieces.

use std::borrow::Cow;
use std::ops::ControlFlow;

use serde::Deserialize;

use super::{Block, Counts, Said};
use crate::event::ToolRequest;
use crate::model::Answer;
use crate::model::fault::{self, Unusable};
use crate::model::stream::Assembly;
use crate::value::Value;

/// A message, as far as its pieces came.
#[derive(Default)]
pub(in crate::model) struct Chunks {
    /// The texts of all its blocks, none where it has no block of text.
    text: Option<String>,
    calls: Vec<PartialCall>,
    stop: Option<String>,
    usage: Counts,
}

/// A call of a tool, as far as it came.
struct PartialCall {
    block: u64,
    request: ToolRequest,
    /// The arguments that its block began with, which count where no others come.
    given: Value,
}

impl Assembly for Chunks {
    fn take(&mut self, data: &str) -> Result<ControlFlow<()>, Unusable> {
        let piece: Piece<'_> = fault::parsed(data.as_bytes())?;
        match piece.kind.as_ref() {
            "message_start" => {
                let usage = piece.message.and_then(|message| message.usage);
                self.usage.update(usage.unwrap_or_default());
            }
            "content_block_start" => {
                if let Some(block) = piece.content_block {
                    self.begin(piece.index, block);
                }
            }
            "content_block_delta" => {
                let delta = piece.delta.unwrap_or_default();
                if let Some(text) = delta.text {
                    self.text.get_or_insert_default().push_str(&text);
                }
                let call = self.calls.last_mut().filter(|call| call.block == piece.index);
                if let (Some(json), Some(call)) = (delta.partial_json, call) {
                    call.request.arguments.push_str(&json);
                }
            }
            "message_delta" => {
                let stop = piece.delta.and_then(|delta| delta.stop_reason);
                self.stop = stop.map(Cow::into_owned).or(self.stop.take());
                self.usage.update(piece.usage.unwrap_or_default());
            }
            "message_stop" => return Ok(ControlFlow::Break(())),
            "error" => return Err(Unusable::BrokenOff(piece.error.unwrap_or_default())),
            // Pings, ends of blocks, and what the protocol may come to have.
            _ => {}
        }
        Ok(ControlFlow::Continue(()))
    }

    fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    fn is_whole(&self) -> bool {
        self.stop.is_some()
    }

    fn answer(self) -> Result<Answer, Unusable> {
        let tool_calls = self.calls.into_iter().map(|call| {
            let PartialCall { mut request, given, .. } = call;
            if request.arguments.is_empty() {
                request.arguments = given.to_string();
            }
            request
        });
        let said = Said {
            texts: self.text.map(Cow::Owned).into_iter().collect(),
            tool_calls: tool_calls.collect(),
            stop: self.stop.as_deref(),
        };
        said.answer(self.usage, &[])
    }
}

impl Chunks {
    fn begin(&mut self, index: u64, block: Block<'_>) {
        match block.kind.as_ref() {
            "text" => self.text.get_or_insert_default().push_str(&block.text),
            "tool_use" => self.calls.push(PartialCall {
                block: index,
                request: ToolRequest { id: block.id, tool: block.name, arguments: String::new() },
                given: Value::Object(block.input),
            }),
            _ => {}
        }
    }
}

#[derive(Deserialize)]
struct Piece<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    /// The number of the block that it belongs to.
    #[serde(default)]
    index: u64,
    message: Option<Started>,
    #[serde(borrow)]
    content_block: Option<Block<'a>>,
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
    usage: Option<Counts>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Started {
    usage: Option<Counts>,
}

#[derive(Default, Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    partial_json: Option<Cow<'a, str>>,
    #[serde(borrow)]
    stop_reason: Option<Cow<'a, str>>,
}
