//! The HTTP client that models and tools share.
//!
//! Reading the certificates that the system trusts costs more than a whole run without TLS, so
//! there are two clients, each made when the first request needs it: one for `http://`, which
//! trusts no certificate because it never sees one, and one for `https://`.

use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::dns::Resolve;
use reqwest::header::{CONTENT_LENGTH, HeaderMap};
use reqwest::{Client, ClientBuilder, Response, StatusCode, Url, redirect};
use rustls::crypto::{CryptoProvider, ring};

/// How long a connection may take and how large an answer may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// To have a connection.
    pub(crate) connect: Duration,
    /// Bytes of an answer.
    pub(crate) body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), body: 32 << 20 }
    }
}

/// The clients.
#[derive(Default)]
pub(crate) struct Http {
    limits: Limits,
    /// Tells which addresses names stand for; the system does where absent.
    resolver: Option<Arc<dyn Resolve>>,
    plain: OnceLock<Result<Client, String>>,
    tls: OnceLock<Result<Client, String>>,
}

/// An answer of a server, whatever its status.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The client could not be made.
    Setup(String),
    /// The name stands for an address that must not be asked.
    Refused(Refused),
    /// There was no connection: nothing was sent.
    Unconnected(String),
    /// The connection ended before the answer began.
    Connection(String),
    /// The time for what was awaited was up.
    Timeout(Duration, Awaited),
    /// The answer began and did not end well.
    Body(String),
    /// The answer is longer than so many bytes.
    TooLarge(usize),
}

/// What a server was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Awaited {
    /// All of its answer.
    Answer,
    /// The first byte of an answer that comes in pieces.
    FirstByte,
    /// The next byte of it.
    NextByte,
}

/// Why a name was not resolved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refused(pub(crate) String);

impl Http {
    /// Clients with other limits.
    #[cfg(test)]
    pub(crate) fn with(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Clients that connect to nothing but what the resolver tells. They use no proxy: it would resolve names itself.
    pub(crate) fn resolved_by(resolver: Arc<dyn Resolve>) -> Self {
        Self { resolver: Some(resolver), ..Self::default() }
    }

    /// Sends a request and reads the whole answer. Nothing is left behind when it is dropped.
    pub(crate) async fn exchange(
        &self,
        request: reqwest::Request,
        within: Duration,
    ) -> Result<Reply, Broken> {
        self.exchange_up_to(request, within, self.limits.body).await
    }

    /// The same, with an answer of so many bytes at most.
    pub(crate) async fn exchange_up_to(
        &self,
        request: reqwest::Request,
        within: Duration,
        bytes: usize,
    ) -> Result<Reply, Broken> {
        let exchange = self.untimed(request, bytes);
        tokio::time::timeout(within, exchange)
            .await
            .unwrap_or(Err(Broken::Timeout(within, Awaited::Answer)))
    }

    async fn untimed(&self, request: reqwest::Request, bytes: usize) -> Result<Reply, Broken> {
        let mut response = self.begin(request).await?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let body = match self.body(response, &headers, bytes).await {
            Ok(body) => body,
            // The status says what is wrong; what could not be read would only have worded it.
            Err(_) if !status.is_success() => Vec::new(),
            Err(broken) => return Err(broken),
        };
        Ok(Reply { status, headers, body })
    }

    /// Sends a request, as far as the head of its answer.
    pub(super) async fn begin(&self, request: reqwest::Request) -> Result<Response, Broken> {
        let client = self.client(request.url()).map_err(Broken::Setup)?;
        client.execute(request).await.map_err(|error| self.broken(&error))
    }

    async fn body(
        &self,
        mut response: Response,
        headers: &HeaderMap,
        most: usize,
    ) -> Result<Vec<u8>, Broken> {
        let length = told_length(headers, most)?;
        let mut body = Vec::with_capacity(length.unwrap_or(2048));
        while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(&error))? {
            if body.len() + chunk.len() > most {
                return Err(Broken::TooLarge(most));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// Bytes that an answer may have.
    pub(super) fn largest(&self) -> usize {
        self.limits.body
    }

    /// Whether a server answers a GET in time, whatever it answers.
    pub(crate) async fn answers(&self, url: Url, within: Duration) -> bool {
        let Ok(client) = self.client(&url) else {
            return false;
        };
        matches!(tokio::time::timeout(within, client.get(url).send()).await, Ok(Ok(_)))
    }

    /// The client for an address, with the same bounds on whom it connects to; for protocols that send by themselves.
    pub(crate) fn client(&self, url: &Url) -> Result<&Client, String> {
        let made = if url.scheme() == "https" {
            self.tls.get_or_init(|| self.make(|builder| builder))
        } else {
            self.plain.get_or_init(|| self.make(|builder| builder.tls_certs_only([])))
        };
        made.as_ref().map_err(Clone::clone)
    }

    fn make(&self, tls: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Result<Client, String> {
        if CryptoProvider::get_default().is_none() {
            // Fails only where another thread has just installed one, which is as good.
            drop(ring::default_provider().install_default());
        }
        let builder = Client::builder()
            .user_agent(concat!("engine/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.limits.connect)
            // As many as a wide workflow opens: a connection made anew costs more than one kept.
            .pool_max_idle_per_host(4096)
            .tcp_nodelay(true)
            // A key is sent to the address that was named, and to no other.
            .redirect(redirect::Policy::none());
        let builder = match &self.resolver {
            Some(resolver) => builder.no_proxy().dns_resolver(Arc::clone(resolver)),
            None => builder,
        };
        tls(builder).build().map_err(|error| root_cause(&error))
    }

    /// Why there is no answer, as a client of this kind tells it.
    pub(crate) fn broken(&self, error: &reqwest::Error) -> Broken {
        let refused = causes(error).find_map(|cause| cause.downcast_ref::<Refused>());
        match refused {
            Some(refused) => Broken::Refused(refused.clone()),
            None if error.is_connect() && error.is_timeout() => {
                Broken::Unconnected(format!("no connection within {:?}", self.limits.connect))
            }
            None if error.is_connect() => Broken::Unconnected(root_cause(error)),
            None if error.is_body() || error.is_decode() => Broken::Body(root_cause(error)),
            None => Broken::Connection(root_cause(error)),
        }
    }
}

/// The length that the head of an answer tells, where it does.
pub(super) fn told_length(headers: &HeaderMap, most: usize) -> Result<Option<usize>, Broken> {
    let told = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    match told {
        Some(length) if length > most => Err(Broken::TooLarge(most)),
        told => Ok(told),
    }
}

/// An error and those inside it.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

/// The innermost error, which says what happened; those round it say only where.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    causes(error).last().unwrap_or(error).to_string()
}
