//! Chat completions: what is sent, and how answers are read.

use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{KEY, LIMIT, endpoint, models, request, told};
use crate::event::{Message, Usage};
use crate::model::openai::{answer, body};
use crate::model::{Answer, Endpoint, Request};

/// The JSON that an endpoint makes of a request.
fn sent(endpoint: &Endpoint, request: &Request) -> Value {
    serde_json::from_slice(&body(endpoint, request, false).unwrap()).unwrap()
}

#[tokio::test]
async fn a_plain_request_is_sent_and_answered() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/chat/completions"))
        .and(header("authorization", format!("Bearer {KEY}")))
        .and(header("content-type", "application/json"))
        .and(body_json(json!({"model": "gpt-4o-mini", "messages": [
            {"role": "system", "content": "Be brief."}, {"role": "user", "content": "How are we?"}]})))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "id": "x", "choices": [{"index": 0, "finish_reason": "stop",
                "message": {"role": "assistant", "content": "Line 1\n\"fine\"", "refusal": null}}],
            "usage": {"prompt_tokens": 120, "completion_tokens": 8, "total_tokens": 128,
                "prompt_tokens_details": {"cached_tokens": 100}}})))
        .expect(1)
        .mount(&server)
        .await;
    let model = json!({"provider": "openai", "model": "gpt-4o-mini", "base_url": format!("{}/v1/", server.uri())});
    let answer = endpoint(&model).call(&request(), LIMIT).await.unwrap();
    let usage = Usage { input_tokens: 120, cached_input_tokens: 100, output_tokens: 8 };
    assert_eq!(
        answer,
        Answer {
            text: "Line 1\n\"fine\"".to_owned(),
            usage,
            tool_calls: Vec::new(),
            truncated: false
        }
    );
}

#[tokio::test]
async fn without_a_key_none_is_sent() {
    let server = MockServer::start().await;
    let completion = json!({"choices": [{"message": {"content": "ok"}}]});
    Mock::given(path("/chat/completions"))
        .respond_with(ResponseTemplate::new(200).set_body_json(completion))
        .mount(&server)
        .await;
    let project =
        json!({"models": {"m": {"provider": "openai", "model": "q", "base_url": server.uri()}}});
    let models = models(&project, &[("OPENAI_API_KEY", KEY)]);
    models.get(&"m".into()).unwrap().call(&request(), LIMIT).await.unwrap();
    let requests = server.received_requests().await.unwrap();
    assert!(!requests[0].headers.contains_key("authorization"));
}

#[test]
fn the_conversation_is_sent_as_it_is() {
    let endpoint =
        endpoint(&json!({"provider": "openai", "model": "q", "base_url": "http://h/v1"}));
    let messages =
        vec![Message::user("a"), Message::assistant("b", Vec::new()), Message::user("c")];
    let request = Request { system: String::new(), messages, ..request() };
    assert_eq!(
        sent(&endpoint, &request),
        json!({"model": "q", "messages": [{"role": "user", "content": "a"},
            {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]})
    );
}

#[test]
fn the_length_has_the_name_that_the_server_knows() {
    let model = |base: &str| {
        endpoint(
            &json!({"provider": "openai", "model": "q", "base_url": base, "max_tokens": 50, "temperature": 0.5}),
        )
    };
    let other = sent(&model("http://h/v1"), &request());
    assert_eq!((&other["max_tokens"], &other["max_completion_tokens"]), (&json!(50), &Value::Null));
    assert_eq!(other["temperature"], json!(0.5));
    let own =
        sent(&model("https://api.openai.com/v1"), &Request { max_tokens: Some(9), ..request() });
    assert_eq!((&own["max_tokens"], &own["max_completion_tokens"]), (&Value::Null, &json!(9)));
}

#[test]
fn a_schema_is_enforced_as_far_as_the_server_can() {
    let format = |base: &str, schema: Value| {
        let endpoint = endpoint(&json!({"provider": "openai", "model": "q", "base_url": base}));
        sent(&endpoint, &Request { schema: Some(schema), ..request() })
    };
    let (own, other) = ("https://api.openai.com/v1", "http://h/v1");
    let schema =
        json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}});
    let mut closed = schema.clone();
    closed["additionalProperties"] = json!(false);
    let strict = json!({"type": "json_schema", "json_schema": {"name": "answer", "strict": true, "schema": closed}});
    assert_eq!(format(own, schema.clone())["response_format"], strict);
    assert_eq!(format(other, schema)["response_format"], strict);

    let optional = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let loose = json!({"type": "json_schema", "json_schema": {"name": "answer", "strict": false, "schema": optional}});
    assert_eq!(format(own, optional)["response_format"], loose);

    let list = json!({"type": "array", "items": {"type": "string"}});
    assert_eq!(format(other, list.clone())["response_format"]["json_schema"]["schema"], list);
    let spoken = format(own, list.clone());
    assert_eq!(spoken["response_format"], Value::Null, "OpenAI takes objects only");
    let system = spoken["messages"][0]["content"].as_str().unwrap();
    assert!(
        system.starts_with("Be brief.\n\nAnswer with one JSON value")
            && system.ends_with(&list.to_string())
    );
}

#[test]
fn answers_are_read_as_servers_write_them() {
    let read = |choice: Value| {
        answer(json!({"choices": [choice]}).to_string().as_bytes())
            .map(|answer| (answer.text, answer.truncated))
    };
    let text = |text: &str, truncated| (text.to_owned(), truncated);
    assert_eq!(read(json!({"message": {"content": "x"}})).unwrap(), text("x", false));
    let cut = json!({"message": {"content": "{\"a\":"}, "finish_reason": "length"});
    assert_eq!(read(cut).unwrap(), text("{\"a\":", true));
    let thought =
        json!({"message": {"content": null, "reasoning": "hm"}, "finish_reason": "length"});
    assert_eq!(read(thought).unwrap(), text("", true));
    let parts = json!({"message": {"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}});
    assert_eq!(read(parts).unwrap(), text("ab", false));
}

#[test]
fn what_is_no_answer_is_told_apart() {
    let fault = |body: &str| told(answer(body.as_bytes()).unwrap_err());
    for (body, said) in [
        (
            r#"{"choices": [{"message": {"content": null, "refusal": "I will not"}}]}"#,
            "refused: I will not",
        ),
        (
            r#"{"choices": [{"message": {"content": "par"}, "finish_reason": "content_filter"}]}"#,
            "refused: its content filter stopped the answer",
        ),
        ("", "unreadable: it is empty"),
        ("{}", "unreadable: it holds no choice"),
        (r#"{"choices": [], "error": {"message": "busy"}}"#, "unreadable: busy"),
        (r#"{"choices": [{"message": {"content": null}}]}"#, "unreadable: it holds no text"),
        (r#"{"choices": [{"mess"#, "unreadable: EOF while parsing a string at line 1 column 19"),
        ("<html><title>Login</title>", "unreadable: a page instead of JSON, titled `Login`"),
        ("[1]", "unreadable: invalid type: integer `1`, expected a sequence at line 1 column 2"),
    ] {
        assert_eq!(fault(body), said, "{body}");
    }
}
