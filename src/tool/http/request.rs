//! A tool's request with its arguments in it.

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request};
use secrecy::{ExposeSecret, SecretString};

use super::Web;
use super::place::Shape;
use crate::document::{FromEnvironment, Header, Http};
use crate::expression::{Scope, Template, view};
use crate::tool::ToolError;
use crate::value::{Object, Value};

/// The header by which a server knows a call that it has seen before.
pub(super) const ONCE: HeaderName = HeaderName::from_static("idempotency-key");

/// A request ready to be sent.
pub(super) struct Prepared {
    pub(super) request: Request,
    /// The headers that hold secrets, and the secrets.
    pub(super) secrets: Vec<(HeaderName, SecretString)>,
}

/// Puts arguments and secrets into a request. `once` names a call that is to happen once.
pub(super) fn prepare(
    web: &Web,
    http: &Http,
    shape: &Shape,
    arguments: &Object,
    once: Option<&str>,
) -> Result<Prepared, ToolError> {
    let scope = Scope::new(&view(&Value::Object(arguments.clone())), []);
    let mut url = shape.render(&http.url, &scope)?;
    let mut query = Vec::new();
    for (name, value) in &http.query {
        pairs(name, Template::new(value).render(&scope)?, &mut query)?;
    }
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    let method = Method::from_bytes(http.method.name().as_bytes())
        .map_err(|error| ToolError::new("bug", error.to_string()))?;
    let mut request = Request::new(method, url);
    let mut secrets = Vec::new();
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(body) = &http.body {
        let body = Template::new(body).render(&scope)?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *request.body_mut() = Some(body.to_string().into());
    }
    for (name, header) in &http.headers {
        let value = match header {
            Header::Text(text) => {
                let text = Template::new(&Value::String(text.clone())).render_text(&scope)?;
                header_value(name, &text)?
            }
            Header::Secret(secret) => {
                let found = web.secret(secret)?;
                let mut value = secret_value(secret, found)?;
                value.set_sensitive(true);
                secrets.push((header_name(name)?, found.clone()));
                value
            }
        };
        request.headers_mut().insert(header_name(name)?, value);
    }
    if let Some(once) = once {
        set(request.headers_mut(), ONCE, once)?;
    }
    Ok(Prepared { request, secrets })
}

/// What a value of `query` adds to the address.
fn pairs(name: &str, value: Value, pairs: &mut Vec<(String, String)>) -> Result<(), ToolError> {
    match value {
        Value::Null => {}
        Value::String(text) => pairs.push((name.to_owned(), text)),
        Value::Bool(_) | Value::Number(_) => pairs.push((name.to_owned(), value.to_string())),
        Value::Array(items) if items.iter().all(|item| !item.is_array()) => {
            for item in items {
                self::pairs(name, item, pairs)?;
            }
        }
        Value::Array(_) | Value::Object(_) => {
            let message = format!("`{name}` of the query is neither a text nor a number");
            return Err(ToolError::new("bad-argument", message).help("send a map as `body`"));
        }
    }
    Ok(())
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) -> Result<(), ToolError> {
    let value = header_value(name.as_str(), value)?;
    headers.insert(name, value);
    Ok(())
}

fn header_name(name: &str) -> Result<HeaderName, ToolError> {
    HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| ToolError::new("bad-argument", format!("`{name}` is no name of a header")))
}

fn header_value(name: &str, text: &str) -> Result<HeaderValue, ToolError> {
    HeaderValue::from_str(text).map_err(|_| {
        ToolError::new(
            "bad-argument",
            format!("header `{name}` holds characters that no header has"),
        )
        .help("take line breaks out of the argument")
    })
}

fn secret_value(secret: &FromEnvironment, found: &SecretString) -> Result<HeaderValue, ToolError> {
    HeaderValue::from_str(&format!("{}{}", secret.prefix, found.expose_secret())).map_err(|_| {
        let message = format!("the secret in {} holds characters that no header has", secret.env);
        ToolError::new("bad-secret", message).help("set it again")
    })
}
