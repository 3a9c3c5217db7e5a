//! Why a request to a model gave no answer.

use std::time::Duration;

use crate::event::Fault;

/// Why a request to a model gave no answer. No secret is ever in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ModelError {
    /// What went wrong.
    pub kind: ModelErrorKind,
    /// What went wrong in words: model, host and what the server said.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// How long the server asks to wait before the next request.
    pub retry_after: Option<Duration>,
    /// The HTTP status, where there was an answer.
    pub status: Option<u16>,
}

/// What went wrong with a request to a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ModelErrorKind {
    /// The server does not accept the request (400, 422 and what is not named below).
    BadRequest,
    /// Request and answer together are longer than the model reads, or than the server takes (413).
    ContextTooLong,
    /// The key is missing or wrong (401).
    Unauthorized,
    /// The key may not use this model (403).
    Forbidden,
    /// Neither the model nor the address is known to the server (404).
    NotFound,
    /// The server sends us to another address (3xx).
    Redirected,
    /// The account has nothing left to spend (402, or 429 with `insufficient_quota`).
    QuotaExceeded,
    /// Too many requests (429).
    RateLimited,
    /// Another request is in the way (409).
    Conflict,
    /// The server failed or is overloaded (5xx).
    ServerError,
    /// No answer in time (408, or our own limit).
    Timeout,
    /// No connection, or it broke before an answer.
    Connection,
    /// An answer that ends too early, is too large, or is not what the protocol says.
    UnreadableAnswer,
    /// The model or its provider refuses to answer.
    Refused,
    /// No model of this name.
    UnknownModel,
    /// The environment variable that should hold the key is not set.
    MissingKey,
    /// The model cannot be asked as it is configured.
    BadModel,
    /// Its server failed so often in a row that it is left alone for a time.
    NotAsked,
    /// Answers come from recordings, and there is none of this request; or it cannot be recorded.
    NotRecorded,
}

impl ModelErrorKind {
    /// The stable name, in kebab case.
    pub fn name(self) -> &'static str {
        match self {
            Self::BadRequest => "bad-request",
            Self::ContextTooLong => "context-too-long",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::Redirected => "redirected",
            Self::QuotaExceeded => "quota-exceeded",
            Self::RateLimited => "rate-limited",
            Self::Conflict => "conflict",
            Self::ServerError => "server-error",
            Self::Timeout => "timeout",
            Self::Connection => "connection",
            Self::UnreadableAnswer => "unreadable-answer",
            Self::Refused => "refused",
            Self::UnknownModel => "unknown-model",
            Self::MissingKey => "missing-key",
            Self::BadModel => "bad-model",
            Self::NotAsked => "not-asked",
            Self::NotRecorded => "not-recorded",
        }
    }

    /// Whether a fault of this name says that no model was there to answer: a server that is down or refuses everybody.
    pub fn is_absence(name: &str) -> bool {
        [
            Self::Unauthorized,
            Self::Forbidden,
            Self::NotFound,
            Self::Redirected,
            Self::QuotaExceeded,
            Self::RateLimited,
            Self::ServerError,
            Self::Timeout,
            Self::Connection,
            Self::UnreadableAnswer,
            Self::MissingKey,
            Self::NotAsked,
        ]
        .iter()
        .any(|kind| kind.name() == name)
    }

    /// Whether the same request may succeed when it is sent again.
    pub fn retryable(self) -> bool {
        match self {
            Self::RateLimited
            | Self::Conflict
            | Self::ServerError
            | Self::Timeout
            | Self::Connection
            | Self::UnreadableAnswer => true,
            Self::BadRequest
            | Self::ContextTooLong
            | Self::Unauthorized
            | Self::Forbidden
            | Self::NotFound
            | Self::Redirected
            | Self::QuotaExceeded
            | Self::Refused
            | Self::UnknownModel
            | Self::NotAsked
            | Self::NotRecorded
            | Self::MissingKey
            | Self::BadModel => false,
        }
    }
}

impl ModelError {
    /// An error that no server answered to.
    pub fn new(kind: ModelErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), help: None, retry_after: None, status: None }
    }

    /// Says how to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Whether the same request may succeed when it is sent again.
    pub fn retryable(&self) -> bool {
        self.kind.retryable()
    }

    /// The error as events and outcomes hold it.
    pub fn fault(&self) -> Fault {
        Fault {
            kind: self.kind.name().to_owned(),
            message: self.message.clone(),
            help: self.help.clone(),
        }
    }
}
