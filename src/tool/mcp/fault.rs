//! Why a server that is asked over HTTP gave nothing. The protocol's crate nests its errors and names types in them; here
//! they become the faults that requests of tools have.

use std::error::Error;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use rmcp::ServiceError;
use rmcp::service::ClientInitializeError;
use rmcp::transport::DynamicTransportError;
use rmcp::transport::streamable_http_client::StreamableHttpError;

use super::connection::LONGEST;
use crate::document::McpServer;
use crate::tool::ToolError;
use crate::tool::http::{broken, refused};
use crate::wire::{Http, one_line, retry_after};

type HttpError = StreamableHttpError<reqwest::Error>;

/// The fault of a server that was asked, where its transport tells one.
pub(super) fn of_start(error: &ClientInitializeError, spec: &McpServer) -> Option<ToolError> {
    match error {
        ClientInitializeError::TransportError { error, .. } => of_transport(error, spec),
        _ => None,
    }
}

/// The same for a request of a server that had answered before.
pub(super) fn of_request(error: &ServiceError, spec: &McpServer) -> Option<ToolError> {
    match error {
        ServiceError::TransportSend(error) => of_transport(error, spec),
        _ => None,
    }
}

fn of_transport(error: &DynamicTransportError, spec: &McpServer) -> Option<ToolError> {
    let url = spec.url.as_deref()?;
    let first: &(dyn Error + 'static) = error.error.as_ref();
    let mut chain = std::iter::successors(Some(first), |error| (*error).source());
    let error = chain.find_map(|error| error.downcast_ref::<HttpError>())?;
    let answered = |status: u16, said: &str, wait| {
        let status = StatusCode::from_u16(status).unwrap_or_default();
        let said = if said.is_empty() {
            format!("{url} answered {status}")
        } else {
            format!("{url} answered {status}: {said}")
        };
        let token = spec.token_env.as_ref();
        let token = token.map_or_else(
            || "name the variable that holds its token by `token_env`".to_owned(),
            |name| format!("check the token that {name} holds"),
        );
        refused(status, said, &token, wait)
    };
    let no_mcp = |why: &str| {
        ToolError::new("not-mcp", format!("{url} does not speak MCP: {why}"))
            .help("check `url` of the server in engine.yaml")
    };
    Some(match error {
        HttpError::Client(error) => match error.status() {
            Some(status) => answered(status.as_u16(), "", None),
            None => broken(Http::default().broken(error), url),
        },
        HttpError::HttpStatus(error) => {
            let mut headers = HeaderMap::new();
            let after =
                error.retry_after.as_ref().and_then(|after| HeaderValue::from_str(after).ok());
            headers.extend(after.map(|after| (RETRY_AFTER, after)));
            answered(error.status, "", retry_after(&headers))
        }
        HttpError::AuthRequired(_) => answered(401, "", None),
        HttpError::InsufficientScope(_) => answered(403, "", None),
        HttpError::SessionExpired => {
            ToolError::new("connection", format!("{url} ended the session")).passing()
        }
        HttpError::ResponseBodyTooLarge { .. } => ToolError::new(
            "connection",
            format!("a message of {url} is longer than {LONGEST} bytes"),
        ),
        HttpError::UnexpectedServerResponse(text) => match status_in(text) {
            Some((status, said)) => answered(status, &one_line(said), None),
            None => no_mcp(&one_line(text)),
        },
        HttpError::UnexpectedContentType(kind) => {
            no_mcp(&one_line(kind.as_deref().unwrap_or("an answer without a type")))
        }
        HttpError::Deserialize(error) => no_mcp(&error.to_string()),
        other => ToolError::new(
            "connection",
            format!("the answer of {url} broke off: {}", one_line(&other.to_string())),
        )
        .passing(),
    })
}

/// The status that the crate writes into a text, as in `HTTP 404 Not Found: nothing here`, and what follows it.
fn status_in(text: &str) -> Option<(u16, &str)> {
    let rest = text.strip_prefix("HTTP ")?;
    let (status, said) = rest.split_once(": ").unwrap_or((rest, ""));
    Some((status.get(..3)?.parse().ok()?, said))
}
