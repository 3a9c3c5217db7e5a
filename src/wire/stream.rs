//! Answers that come in pieces: server-sent events, waited for by the piece.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{BoxStream, Stream, StreamExt as _, iter, try_unfold};
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use tokio::time::{Instant, timeout};

use super::client::{Awaited, Broken, Http, Reply, told_length};
use super::sse::Reader;

/// How long an answer that comes in pieces is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Patience {
    /// From the request to the first byte of the answer's body.
    pub(crate) first_byte: Duration,
    /// From one byte to the next.
    pub(crate) between_bytes: Duration,
}

/// An answer, as far as its head told what it is.
pub(crate) enum Opened<'a> {
    /// It is no stream of events, and all of it is there.
    Whole(Reply),
    /// It is one; these are its bytes as they come.
    Stream(BoxStream<'a, Result<Bytes, Broken>>),
}

/// Why the next event of a stream is none.
#[derive(Debug)]
pub(crate) enum Malformed {
    /// Nothing more comes.
    Broken(Broken),
    /// What came is no stream of events.
    Text(String),
}

/// An event of a stream.
#[derive(Debug)]
pub(crate) struct ServerEvent {
    /// Its name, where it has one.
    pub(crate) name: Option<String>,
    /// Its text; an event without any is not told.
    pub(crate) data: String,
}

impl Http {
    /// Sends a request. An answer whose head says that it is a stream of events is given as it comes, any other whole;
    /// both with the bounds on size that hold for every answer.
    pub(crate) async fn open(
        &self,
        request: reqwest::Request,
        patience: Patience,
    ) -> Result<Opened<'_>, Broken> {
        let asked = Instant::now();
        let late = |_| Broken::Timeout(patience.first_byte, Awaited::FirstByte);
        let begin = timeout(patience.first_byte, self.begin(request));
        let mut response = begin.await.map_err(late)??;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let is_stream = headers
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.trim_start().starts_with("text/event-stream"));
        let most = self.largest();
        let told = told_length(&headers, most);
        let pieces = Pieces { response, asked: Some(asked), patience, left: most };
        let mut pieces = pieces.stream(self);
        if is_stream && status.is_success() {
            return Ok(Opened::Stream(pieces));
        }
        let read = async {
            let mut body = Vec::with_capacity(told?.unwrap_or(2048));
            while let Some(piece) = pieces.next().await {
                body.extend_from_slice(&piece?);
            }
            Ok(body)
        };
        match read.await {
            Ok(body) => Ok(Opened::Whole(Reply { status, headers, body })),
            // As with answers that are not streamed, the status says what is wrong.
            Err(_) if !status.is_success() => {
                Ok(Opened::Whole(Reply { status, headers, body: Vec::new() }))
            }
            Err(broken) => Err(broken),
        }
    }
}

/// The body of an answer.
struct Pieces {
    response: Response,
    /// When it was asked for, until its first byte is there.
    asked: Option<Instant>,
    patience: Patience,
    /// Bytes that may still come.
    left: usize,
}

impl Pieces {
    fn stream(self, http: &Http) -> BoxStream<'_, Result<Bytes, Broken>> {
        try_unfold(self, move |mut pieces| async move {
            let piece = pieces.next(http).await?;
            Ok(piece.map(|piece| (piece, pieces)))
        })
        .boxed()
    }

    async fn next(&mut self, http: &Http) -> Result<Option<Bytes>, Broken> {
        let Patience { first_byte, between_bytes } = self.patience;
        let (within, told) = match self.asked {
            Some(asked) => {
                let left = first_byte.saturating_sub(asked.elapsed());
                (left, Broken::Timeout(first_byte, Awaited::FirstByte))
            }
            None => (between_bytes, Broken::Timeout(between_bytes, Awaited::NextByte)),
        };
        let piece = timeout(within, self.response.chunk()).await.map_err(|_| told)?;
        let Some(piece) = piece.map_err(|error| http.broken(&error))? else { return Ok(None) };
        self.asked = None;
        self.left = self.left.checked_sub(piece.len()).ok_or(Broken::TooLarge(http.largest()))?;
        Ok(Some(piece))
    }
}

/// The events of a stream of bytes. Comments and what stands between events keep a stream alive and are not told.
pub(crate) fn events(
    pieces: impl Stream<Item = Result<impl AsRef<[u8]>, Broken>>,
) -> impl Stream<Item = Result<ServerEvent, Malformed>> {
    let mut reader = Reader::default();
    pieces.flat_map(move |piece| {
        iter(match piece {
            Ok(piece) => reader.take(piece.as_ref()),
            Err(broken) => vec![Err(Malformed::Broken(broken))],
        })
    })
}
