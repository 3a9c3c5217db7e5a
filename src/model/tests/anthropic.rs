//! Messages: what is sent, and how answers are read.

use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{KEY, LIMIT, endpoint, request};
use crate::event::Usage;
use crate::model::anthropic::{answer, body};
use crate::model::fault::Unusable;
use crate::model::{Answer, Endpoint, Request};

fn sent(endpoint: &Endpoint, request: &Request) -> Value {
    serde_json::from_slice(&body(endpoint, request, false).unwrap()).unwrap()
}

#[tokio::test]
async fn a_plain_request_is_sent_and_answered() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/messages"))
        .and(header("x-api-key", KEY))
        .and(header("anthropic-version", "2023-06-01"))
        .and(body_json(json!({"model": "claude-haiku-4-5", "max_tokens": 4096, "system": "Be brief.",
            "messages": [{"role": "user", "content": "How are we?"}]})))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "id": "x", "type": "message", "role": "assistant", "stop_reason": "end_turn",
            "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "We are "},
                {"type": "text", "text": "fine."}],
            "usage": {"input_tokens": 10, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 5,
                "output_tokens": 8}})))
        .expect(2)
        .mount(&server)
        .await;
    // The vendor's own client adds /v1; an address that has it already is taken as well.
    for base_url in [server.uri(), format!("{}/v1/", server.uri())] {
        let model =
            json!({"provider": "anthropic", "model": "claude-haiku-4-5", "base_url": base_url});
        let answer = endpoint(&model).call(&request(), LIMIT).await.unwrap();
        let usage = Usage { input_tokens: 115, cached_input_tokens: 100, output_tokens: 8 };
        assert_eq!(
            answer,
            Answer {
                text: "We are fine.".to_owned(),
                usage,
                tool_calls: Vec::new(),
                truncated: false
            }
        );
    }
}

#[test]
fn a_schema_is_enforced_or_asked_for_in_words() {
    let endpoint = endpoint(&json!({"provider": "anthropic", "model": "c", "max_tokens": 99}));
    let with = |schema: Value, system: &str| {
        sent(&endpoint, &Request { schema: Some(schema), system: system.to_owned(), ..request() })
    };
    let schema =
        json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}});
    let mut closed = schema.clone();
    closed["additionalProperties"] = json!(false);
    assert_eq!(
        with(schema, ""),
        json!({"model": "c", "max_tokens": 99, "messages": [{"role": "user", "content": "How are we?"}],
            "output_config": {"format": {"type": "json_schema", "schema": closed}}})
    );
    let open = json!({"type": "object", "additionalProperties": {"type": "number"}});
    let spoken = with(open.clone(), "");
    assert_eq!(spoken["output_config"], Value::Null);
    let system = spoken["system"].as_str().unwrap();
    assert!(
        system.starts_with("Answer with one JSON value") && system.ends_with(&open.to_string()),
        "{system}"
    );
}

#[test]
fn the_reason_to_stop_is_understood() {
    let read = |reason: &str| {
        answer(
            json!({"content": [{"type": "text", "text": "x"}], "stop_reason": reason})
                .to_string()
                .as_bytes(),
        )
    };
    for (reason, truncated) in [
        ("end_turn", false),
        ("stop_sequence", false),
        ("max_tokens", true),
        ("model_context_window_exceeded", true),
    ] {
        assert_eq!(read(reason).unwrap().truncated, truncated, "{reason}");
    }
    assert!(matches!(read("refusal"), Err(Unusable::Refused(why)) if why == "x"));
    assert!(matches!(
        answer(br#"{"content": [], "stop_reason": "refusal"}"#),
        Err(Unusable::Refused(_))
    ));
    assert!(answer(br#"{"content": [], "stop_reason": "max_tokens"}"#).unwrap().truncated);
    for body in ["{}", r#"{"content": [], "stop_reason": "end_turn"}"#, r#"{"content": "x"}"#, ""] {
        assert!(matches!(answer(body.as_bytes()), Err(Unusable::Unreadable(_))), "{body}");
    }
}
