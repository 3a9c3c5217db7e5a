//! The HTTP client that all endpoints share.
//!
//! Reading the certificates that the system trusts costs more than a whole run without TLS, so
//! there are two clients, each made when the first request needs it: one for `http://`, which
//! trusts no certificate because it never sees one, and one for `https://`.

use std::error::Error;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Client, ClientBuilder, StatusCode, Url, redirect};
use rustls::crypto::{CryptoProvider, ring};

/// How long a connection may take and how large an answer may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// To have a connection.
    pub(super) connect: Duration,
    /// Bytes of an answer.
    pub(super) body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), body: 32 << 20 }
    }
}

/// The clients.
#[derive(Debug, Default)]
pub(super) struct Http {
    limits: Limits,
    plain: OnceLock<Result<Client, String>>,
    tls: OnceLock<Result<Client, String>>,
}

/// An answer of a server, whatever its status.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Broken {
    /// The client could not be made.
    Setup(String),
    /// No connection, or it ended before the answer began.
    Connection(String),
    /// The time was up.
    Timeout(Duration),
    /// The answer began and did not end well.
    Body(String),
}

impl Http {
    /// Clients with other limits.
    #[cfg(test)]
    pub(super) fn with(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Sends a request and reads the whole answer. Nothing is left behind when it is dropped.
    pub(super) async fn exchange(
        &self,
        request: reqwest::Request,
        within: Duration,
    ) -> Result<Reply, Broken> {
        let exchange = self.unlimited(request);
        tokio::time::timeout(within, exchange).await.unwrap_or(Err(Broken::Timeout(within)))
    }

    async fn unlimited(&self, request: reqwest::Request) -> Result<Reply, Broken> {
        let client = self.client(request.url()).map_err(Broken::Setup)?;
        let mut response = client.execute(request).await.map_err(|error| self.broken(&error))?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let body = match self.body(response, &headers).await {
            Ok(body) => body,
            // The status says what is wrong; what could not be read would only have worded it.
            Err(_) if !status.is_success() => Vec::new(),
            Err(broken) => return Err(broken),
        };
        Ok(Reply { status, headers, body })
    }

    async fn body(
        &self,
        mut response: reqwest::Response,
        headers: &HeaderMap,
    ) -> Result<Vec<u8>, Broken> {
        let too_large = || Broken::Body(format!("it is longer than {} bytes", self.limits.body));
        let length = headers
            .get(reqwest::header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if length.is_some_and(|length| length > self.limits.body) {
            return Err(too_large());
        }
        let mut body = Vec::with_capacity(length.unwrap_or(2048));
        while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(&error))? {
            if body.len() + chunk.len() > self.limits.body {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// Whether a server answers a GET in time, whatever it answers.
    pub(super) async fn answers(&self, url: Url, within: Duration) -> bool {
        let Ok(client) = self.client(&url) else {
            return false;
        };
        matches!(tokio::time::timeout(within, client.get(url).send()).await, Ok(Ok(_)))
    }

    fn client(&self, url: &Url) -> Result<&Client, String> {
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
        tls(builder).build().map_err(|error| root_cause(&error))
    }

    fn broken(&self, error: &reqwest::Error) -> Broken {
        match () {
            () if error.is_connect() && error.is_timeout() => {
                Broken::Connection(format!("no connection within {:?}", self.limits.connect))
            }
            () if error.is_body() || error.is_decode() => Broken::Body(root_cause(error)),
            () => Broken::Connection(root_cause(error)),
        }
    }
}

/// The innermost error, which says what happened; those round it say only where.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
