//! Every way in which a request can fail: its kind, whether it is sent again, and what is said.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::server::{nobody, raw};
use super::{KEY, request};
use crate::document::{CircuitBreaker, Provider, Timeouts};
use crate::model::breaker::Breaker;
use crate::model::endpoint::Settings;
use crate::model::stream::patience;
use crate::model::{Endpoint, ModelError};
use crate::wire::{Http, Limits};

const PROVIDERS: [Provider; 2] = [Provider::Openai, Provider::Anthropic];

/// Given up soon.
const LIMIT: Duration = Duration::from_millis(300);

/// An endpoint that gives up soon.
fn endpoint(provider: Provider, base_url: &str) -> Endpoint {
    let settings = Settings {
        name: "m".into(),
        provider,
        model: "gpt-x".to_owned(),
        base_url: Some(base_url.to_owned()),
        key: Some(SecretString::from(KEY)),
        key_variable: "TEAM_KEY".to_owned(),
        price: None,
        rate: None,
        temperature: None,
        max_tokens: None,
        stream: None,
        patience: patience(&Timeouts::default()),
        breaker: Breaker::new(&CircuitBreaker::default()),
        pace: None,
    };
    Endpoint::new(settings, Arc::new(Http::with(Limits { connect: LIMIT, body: 1 << 20 })), None)
        .unwrap()
}

async fn failure(provider: Provider, base_url: &str) -> ModelError {
    endpoint(provider, base_url).call(&request(), LIMIT).await.unwrap_err()
}

async fn failure_of(response: ResponseTemplate) -> ModelError {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(response).mount(&server).await;
    failure(Provider::Openai, &server.uri()).await
}

#[tokio::test]
async fn a_status_tells_what_is_wrong() {
    let error =
        |status, body: &serde_json::Value| ResponseTemplate::new(status).set_body_json(body);
    let plain = json!({"error": {"message": "no"}});
    let coded = |code: &str| json!({"error": {"message": "no", "code": code}});
    for (status, body, kind, retryable) in [
        (307, &plain, "redirected", false),
        (400, &plain, "bad-request", false),
        (400, &coded("context_length_exceeded"), "context-too-long", false),
        (
            400,
            &json!({"error": {"type": "exceed_context_size_error", "message": "n_ctx"}}),
            "context-too-long",
            false,
        ),
        (
            400,
            &json!({"error": {"message": "prompt is too long: 9 tokens > 8"}}),
            "context-too-long",
            false,
        ),
        (400, &coded("content_filter"), "refused", false),
        (
            400,
            &json!({"error": {"message": "Your credit balance is too low"}}),
            "quota-exceeded",
            false,
        ),
        (401, &plain, "unauthorized", false),
        (402, &plain, "quota-exceeded", false),
        (403, &plain, "forbidden", false),
        (404, &plain, "not-found", false),
        (405, &plain, "bad-request", false),
        (408, &plain, "timeout", true),
        (409, &plain, "conflict", true),
        (413, &plain, "context-too-long", false),
        (422, &plain, "bad-request", false),
        (429, &plain, "rate-limited", true),
        (429, &coded("insufficient_quota"), "quota-exceeded", false),
        (500, &plain, "server-error", true),
        (502, &plain, "server-error", true),
        (503, &plain, "server-error", true),
        (
            529,
            &json!({"type": "error", "error": {"type": "overloaded_error"}}),
            "server-error",
            true,
        ),
    ] {
        let failure = failure_of(error(status, body)).await;
        assert_eq!(
            (failure.fault().kind.as_str(), failure.retryable()),
            (kind, retryable),
            "{status} {body}"
        );
        assert_eq!(failure.status, Some(status));
    }
}

#[tokio::test]
async fn the_message_says_who_what_and_how_to_mend_it() {
    let body = json!({"error": {"message": "Incorrect\nAPI key"}});
    let failure = failure_of(ResponseTemplate::new(401).set_body_json(body)).await;
    let message = failure.to_string();
    assert!(message.starts_with("model `m` (gpt-x at 127.0.0.1:"), "{message}");
    assert!(message.ends_with(") answered 401 Unauthorized: Incorrect API key"), "{message}");
    assert_eq!(failure.help.as_deref(), Some("check the key in TEAM_KEY"));

    let page = "<html><head><title>502 Bad Gateway</title></head></html>";
    let failure = failure_of(ResponseTemplate::new(502).set_body_raw(page, "text/html")).await;
    assert!(
        failure.message.ends_with("a page instead of JSON, titled `502 Bad Gateway`"),
        "{failure}"
    );

    let failure = failure_of(ResponseTemplate::new(500).set_body_string("é".repeat(5000))).await;
    assert!(failure.message.len() < 420 && failure.message.ends_with('…'), "{failure}");

    let moved = ResponseTemplate::new(308).insert_header("location", "https://elsewhere/v1");
    let help = failure_of(moved).await.help.unwrap();
    assert!(help.ends_with("https://elsewhere/v1"), "{help}");
}

#[tokio::test]
async fn the_server_says_how_long_to_wait() {
    let limited = |value: &str| ResponseTemplate::new(429).insert_header("retry-after", value);
    assert_eq!(failure_of(limited("3")).await.retry_after, Some(Duration::from_secs(3)));
    assert_eq!(failure_of(ResponseTemplate::new(429)).await.retry_after, None);
    let past = failure_of(limited("Sun, 06 Nov 1994 08:49:37 GMT")).await;
    assert_eq!(past.retry_after, Some(Duration::ZERO));
}

#[tokio::test]
async fn the_key_is_never_shown() {
    let server = MockServer::start().await;
    for (status, body) in [
        (401, json!({"error": {"message": format!("key {KEY} is wrong")}}).to_string()),
        (500, format!("Authorization: Bearer {KEY}")),
        (500, format!("{}{KEY}", "x".repeat(295))),
        (200, format!("<html><title>{KEY}</title>")),
        (200, json!({"choices": KEY, "content": KEY}).to_string()),
        (
            200,
            json!({"choices": [{"message": {"refusal": KEY}}], "stop_reason": "refusal",
            "content": [{"type": "text", "text": KEY}]})
            .to_string(),
        ),
    ] {
        server.reset().await;
        Mock::given(any())
            .respond_with(ResponseTemplate::new(status).set_body_string(&body))
            .mount(&server)
            .await;
        for provider in PROVIDERS {
            let endpoint = endpoint(provider, &server.uri());
            let error = endpoint.call(&request(), LIMIT).await.unwrap_err();
            let shown = format!("{error} {error:?} {:?} {endpoint:?}", error.fault());
            assert!(!shown.contains("sk-test"), "{shown}");
        }
    }
    server.reset().await;
    let echo = json!({"choices": [{"message": {"content": format!("you sent {KEY}")}}]});
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_json(echo))
        .mount(&server)
        .await;
    let answer = endpoint(Provider::Openai, &server.uri()).call(&request(), LIMIT).await.unwrap();
    assert_eq!(answer.text, "you sent [key]");
}

#[tokio::test]
async fn a_connection_that_fails_is_told_from_an_answer_that_does() {
    let soon = Duration::ZERO;
    let never = Duration::from_mins(1);
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    let huge = format!("{head}content-length: 99999999\r\n\r\n{{");
    let endless =
        format!("{head}transfer-encoding: chunked\r\n\r\n2000000\r\n{}", "x".repeat(2 << 20));
    for (bytes, hang, kind, said) in [
        (Vec::new(), soon, "connection", "cannot be reached"),
        (Vec::new(), never, "timeout", "did not answer within 300ms"),
        (b"SSH-2.0-OpenSSH\r\n".to_vec(), soon, "connection", "cannot be reached"),
        (
            format!("{head}content-length: 90\r\n\r\n{{\"cho").into(),
            soon,
            "unreadable-answer",
            "broke off",
        ),
        (
            format!("{head}content-length: 90\r\n\r\n{{\"cho").into(),
            never,
            "timeout",
            "did not answer",
        ),
        (
            format!("{head}transfer-encoding: chunked\r\n\r\nzz\r\n").into(),
            soon,
            "unreadable-answer",
            "broke off",
        ),
        (huge.into(), never, "unreadable-answer", "longer than 1048576 bytes"),
        (endless.into(), soon, "unreadable-answer", "longer than"),
        (
            format!("{head}content-length: 0\r\n\r\n").into(),
            soon,
            "unreadable-answer",
            "it is empty",
        ),
        (
            format!("{head}content-length: 4\r\n\r\n{{\"\u{80}").into(),
            soon,
            "unreadable-answer",
            "cannot be read",
        ),
    ] {
        let server = raw(bytes, hang).await;
        for provider in PROVIDERS {
            let failure = failure(provider, &server.address).await;
            assert_eq!(failure.fault().kind, kind, "{failure}");
            assert!(failure.retryable() && failure.message.contains(said), "{failure}");
        }
    }
    let refused = failure(Provider::Openai, &nobody().await).await;
    assert_eq!(refused.fault().kind, "connection");
    assert!(refused.message.contains("Connection refused"), "{refused}");
}

#[tokio::test]
async fn a_fault_keeps_its_status_when_its_body_breaks_off() {
    let cut = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 90\r\n\r\n{";
    let server = raw(cut, Duration::ZERO).await;
    let failure = failure(Provider::Openai, &server.address).await;
    assert_eq!((failure.status, failure.retry_after), (Some(503), Some(Duration::from_secs(1))));
}

#[tokio::test]
async fn a_server_without_tls_is_no_https_server() {
    let server = raw("HTTP/1.1 400 Bad Request\r\n\r\n", Duration::ZERO).await;
    let failure = failure(Provider::Openai, &server.address.replace("http:", "https:")).await;
    assert_eq!(failure.fault().kind, "connection", "{failure}");
}
