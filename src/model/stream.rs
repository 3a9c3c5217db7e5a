//! Answers that come in pieces: put together, and shown to whoever watches while they come.
//!
//! A watcher sees text that is not yet an answer: what is journaled and checked is the whole.

use std::ops::ControlFlow;
use std::pin::pin;
use std::time::Duration;

use futures_util::stream::{Stream, StreamExt as _};
use secrecy::SecretString;

use super::Answer;
use super::fault::Unusable;
use crate::document::Timeouts;
use crate::value::Value;
use crate::wire::{Broken, Malformed, Patience, ServerEvent, held_back, scrubbed};

/// Who reads the text of an answer while it comes. It is called from the task that waits for the answer, so it must not block.
pub trait Watcher: Send + Sync {
    /// A request went out: what was said before belongs to another answer, or to an attempt that failed.
    fn began(&self);

    /// The next piece of the text, in order and never empty. The pieces of an answer that succeeded are its whole text.
    fn said(&self, piece: &str);

    /// What is left of the text, never empty: the answer is whole. Of an answer that did not come in pieces it is all.
    fn ended(&self, rest: &str) {
        self.said(rest);
    }
}

/// An answer that is put together from the events of a stream.
pub(super) trait Assembly: Default {
    /// Takes the data of the next event; breaks at the one that ends the stream.
    fn take(&mut self, data: &str) -> Result<ControlFlow<()>, Unusable>;

    /// The text so far. It only grows.
    fn text(&self) -> &str;

    /// Whether the model came to its end, should the server leave out the mark for it.
    fn is_whole(&self) -> bool;

    /// The answer that the pieces make.
    fn answer(self) -> Result<Answer, Unusable>;
}

/// Why a stream came to no answer.
#[derive(Debug)]
pub(super) enum Failed {
    /// Nothing more came.
    Broken(Broken),
    /// What came is no answer.
    Unusable(Unusable),
}

impl From<Unusable> for Failed {
    fn from(unusable: Unusable) -> Self {
        Self::Unusable(unusable)
    }
}

/// Reads a stream to its end.
pub(super) async fn assemble<A: Assembly>(
    events: impl Stream<Item = Result<ServerEvent, Malformed>>,
    mut telling: Option<&mut Telling<'_>>,
) -> Result<Answer, Failed> {
    let mut assembly = A::default();
    let mut events = pin!(events);
    let mut ended = false;
    while let Some(event) = events.next().await {
        let ServerEvent { name, data } = event.map_err(|malformed| match malformed {
            Malformed::Broken(broken) => Failed::Broken(broken),
            Malformed::Text(why) => {
                Unusable::Unreadable(format!("its stream is malformed: {why}")).into()
            }
        })?;
        if name.as_deref() == Some("error") {
            let error = serde_json::from_str(&data).unwrap_or(Value::String(data));
            return Err(Unusable::BrokenOff(error).into());
        }
        let flow = assembly.take(&data)?;
        if let Some(telling) = &mut telling {
            telling.as_far_as(assembly.text());
        }
        if flow.is_break() {
            ended = true;
            break;
        }
    }
    if !ended && !assembly.is_whole() {
        let why = "its stream ended before the answer did".to_owned();
        return Err(Unusable::Unreadable(why).into());
    }
    Ok(assembly.answer()?)
}

/// What a watcher was told of an answer.
pub(super) struct Telling<'a> {
    watcher: &'a dyn Watcher,
    /// The key of the endpoint, which no watcher sees.
    key: Option<&'a SecretString>,
    /// Bytes of the text that were told.
    told: usize,
}

impl<'a> Telling<'a> {
    pub(super) fn begin(watcher: &'a dyn Watcher, key: Option<&'a SecretString>) -> Self {
        watcher.began();
        Self { watcher, key, told: 0 }
    }

    /// Tells what is new in a text that goes on. What may be the beginning of the key waits for what comes next.
    fn as_far_as(&mut self, text: &str) {
        let new = text.get(self.told..).unwrap_or_default();
        let held = self.key.map_or(0, |key| held_back(new, key));
        let certain = new.get(..new.len().saturating_sub(held)).unwrap_or_default();
        self.tell(certain, Watcher::said);
    }

    /// Tells what is left of a text that has come to its end.
    pub(super) fn end(&mut self, text: &str) {
        self.tell(text.get(self.told..).unwrap_or_default(), Watcher::ended);
    }

    fn tell(&mut self, new: &str, how: impl Fn(&'a dyn Watcher, &str)) {
        if new.is_empty() {
            return;
        }
        self.told += new.len();
        match self.key {
            Some(key) => how(self.watcher, &scrubbed(new.to_owned(), key, "[key]")),
            None => how(self.watcher, new),
        }
    }
}

/// The waits that engine.yaml sets, or the usual ones.
pub(super) fn patience(timeouts: &Timeouts) -> Patience {
    let Timeouts { first_byte, between_bytes } = timeouts;
    Patience {
        first_byte: first_byte.map_or(Duration::from_mins(2), |limit| limit.0),
        between_bytes: between_bytes.map_or(Duration::from_mins(1), |limit| limit.0),
    }
}
