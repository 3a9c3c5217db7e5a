//! What servers send, read as answers by the protocol that they speak. Nothing is asked here.

use futures_util::FutureExt as _;
use futures_util::stream::{self, Stream};

use super::fault::Unusable;
use super::stream::{Failed, Telling, assemble};
use super::{Answer, Watcher, anthropic, openai};
use crate::document::Provider;
use crate::wire::{Broken, events};

/// The answer in the body of a response that came whole.
pub(super) fn whole(provider: Provider, body: &[u8]) -> Result<Answer, Unusable> {
    match provider {
        Provider::Openai => openai::answer(body),
        Provider::Anthropic => anthropic::answer(body),
    }
}

/// The answer in a stream of events.
pub(super) async fn pieces(
    provider: Provider,
    pieces: impl Stream<Item = Result<impl AsRef<[u8]>, Broken>>,
    telling: Option<&mut Telling<'_>>,
) -> Result<Answer, Failed> {
    match provider {
        Provider::Openai => assemble::<openai::Chunks>(events(pieces), telling).await,
        Provider::Anthropic => assemble::<anthropic::Chunks>(events(pieces), telling).await,
    }
}

/// The answer in the body of a response that came whole, if it is one.
pub fn read_whole(provider: Provider, body: &[u8]) -> Option<Answer> {
    whole(provider, body).ok()
}

/// The answer in the body of a response that came in these pieces, if it is one. A watcher reads its text as it would have come.
pub fn read_pieces<'p>(
    provider: Provider,
    body: impl Iterator<Item = &'p [u8]>,
    watcher: &dyn Watcher,
) -> Option<Answer> {
    let mut telling = Telling::begin(watcher, None);
    let pieces = pieces(provider, stream::iter(body.map(Ok)), Some(&mut telling));
    // All of it is there, so nothing is waited for.
    pieces.now_or_never()?.ok()
}
