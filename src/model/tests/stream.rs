//! Answers that come in pieces: what is asked for, how the pieces are put together, and what a watcher sees.

use std::sync::Mutex;
use std::time::Duration;

use futures_util::stream;
use serde_json::{Value, json};
use wiremock::matchers::{any, body_partial_json};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::server::raw;
use super::{KEY, LIMIT, endpoint, request, told};
use crate::event::{ToolRequest, Usage};
use crate::model::stream::{Assembly, Failed, assemble};
use crate::model::{Answer, Request, Watcher, anthropic, openai};
use crate::wire::events;

/// The stream of events that hold these.
fn sse(events: &[Value]) -> String {
    let events: Vec<String> = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    events.concat()
}

/// Reads a stream that comes in pieces of so many bytes.
async fn read<A: Assembly>(stream: &str, size: usize) -> Result<Answer, Failed> {
    let pieces = stream::iter(stream.as_bytes().chunks(size).map(Ok));
    assemble::<A>(events(pieces), None).await
}

fn delta(delta: &Value) -> Value {
    json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
}

fn finish(reason: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

/// A message of Anthropic's with these events between its first and its last.
fn message(events: &[Value], stop: &str) -> String {
    let start = json!({"type": "message_start", "message": {"usage": {"input_tokens": 7, "cache_read_input_tokens": 3, "output_tokens": 1}}});
    let end = json!({"type": "message_delta", "delta": {"stop_reason": stop}, "usage": {"output_tokens": 5}});
    sse(&[&[start], events, &[end, json!({"type": "message_stop"})]].concat())
}

#[tokio::test]
async fn the_pieces_of_both_protocols_make_one_answer_however_they_are_cut() {
    let usage = Usage { input_tokens: 10, cached_input_tokens: 3, output_tokens: 5 };
    let chat = sse(&[
        delta(&json!({"role": "assistant", "content": ""})),
        delta(&json!({"content": "Sp\u{e9}n"})),
        delta(&json!({"content": "d\nis \"up\""})),
        finish("stop"),
        json!({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 3}}}),
    ]) + "data: [DONE]\n\n";
    let text = |block: u64, text: &str| json!({"type": "content_block_delta", "index": block, "delta": {"type": "text_delta", "text": text}});
    let messages = message(
        &[
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}}),
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}}),
            json!({"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}}),
            json!({"type": "ping"}),
            text(1, "Sp\u{e9}n"),
            text(1, "d\nis \"up\""),
            json!({"type": "content_block_stop", "index": 1}),
        ],
        "end_turn",
    );
    // A byte order mark, comments, fields of the server's own and the other line ends are part of the format.
    let odd = format!("\u{feff}: hello\nserver: x\n\n{}", chat.replace('\n', "\r\n"));
    for size in [1, 2, 3, 7, 64, 100_000] {
        for answer in [
            read::<openai::Chunks>(&chat, size).await,
            read::<openai::Chunks>(&odd, size).await,
            read::<anthropic::Chunks>(&messages, size).await,
        ] {
            let text = "Sp\u{e9}nd\nis \"up\"".to_owned();
            let whole = Answer { text, tool_calls: Vec::new(), usage, truncated: false };
            assert_eq!(answer.unwrap(), whole, "{size}");
        }
    }
}

#[tokio::test]
async fn calls_are_put_together_however_a_server_numbers_them() {
    let piece = |index: Value, id: &str, name: &str, arguments: &str| {
        let (id, name) = [id, name].map(|text| (!text.is_empty()).then_some(text)).into();
        json!({"index": index, "id": id, "function": {"name": name, "arguments": arguments}})
    };
    let calls = |pieces: &[Value]| {
        let pieces: Vec<Value> =
            pieces.iter().map(|piece| delta(&json!({"tool_calls": [piece]}))).collect();
        sse(&pieces) + &sse(&[finish("tool_calls")])
    };
    let numbered = calls(&[
        piece(json!(0), "a", "one", ""),
        piece(json!(0), "", "", "{\"x\":"),
        piece(json!(1), "b", "two", "{}"),
        piece(json!(0), "", "", "1}"),
    ]);
    let alike =
        calls(&[piece(json!(0), "a", "one", "{\"x\":1}"), piece(json!(0), "b", "two", "{}")]);
    let none =
        calls(&[piece(Value::Null, "a", "one", "{\"x\":1}"), piece(Value::Null, "b", "two", "{}")]);
    let block = |index: u64, id: &str, name: &str| json!({"type": "content_block_start", "index": index, "content_block": {"type": "tool_use", "id": id, "name": name, "input": {}}});
    let part = |index: u64, json: &str| json!({"type": "content_block_delta", "index": index, "delta": {"type": "input_json_delta", "partial_json": json}});
    let messages = message(
        &[block(0, "a", "one"), part(0, "{\"x\""), part(0, ":1}"), block(1, "b", "two")],
        "tool_use",
    );
    let wanted: Vec<ToolRequest> = [("a", "one", "{\"x\":1}"), ("b", "two", "{}")]
        .map(|(id, tool, arguments)| ToolRequest {
            id: id.to_owned(),
            tool: tool.to_owned(),
            arguments: arguments.to_owned(),
        })
        .into();
    for stream in [numbered, alike, none] {
        let answer = read::<openai::Chunks>(&stream, 50).await.unwrap();
        assert_eq!((answer.text.as_str(), answer.tool_calls), ("", wanted.clone()), "{stream}");
    }
    assert_eq!(read::<anthropic::Chunks>(&messages, 50).await.unwrap().tool_calls, wanted);
}

#[tokio::test]
async fn what_ends_no_answer_is_told_apart() {
    let begun = delta(&json!({"content": "par"}));
    let chat = |events: &[Value]| sse(&[std::slice::from_ref(&begun), events].concat());
    for (stream, said) in [
        (chat(&[]), "unreadable: its stream ended before the answer did"),
        (String::new(), "unreadable: its stream ended before the answer did"),
        (chat(&[finish("content_filter")]), "refused: its content filter stopped the answer"),
        (
            sse(&[
                delta(&json!({"refusal": "I will "})),
                delta(&json!({"refusal": "not"})),
                finish("stop"),
            ]),
            "refused: I will not",
        ),
        (chat(&[json!({"error": {"message": "busy"}})]), "broken off: {\"message\":\"busy\"}"),
        (chat(&[]) + "event: error\ndata: busy\n\n", "broken off: \"busy\""),
        (
            chat(&[json!([1])]),
            "unreadable: invalid type: integer `1`, expected a sequence at line 1 column 2",
        ),
        (chat(&[]) + "<html>\n\n", "unreadable: its stream ended before the answer did"),
    ] {
        let failed = read::<openai::Chunks>(&stream, 9).await.unwrap_err();
        let Failed::Unusable(unusable) = failed else { panic!("{failed:?}") };
        assert_eq!(told(unusable), said, "{stream}");
    }
    let cut = read::<openai::Chunks>(&chat(&[finish("length")]), 9).await.unwrap();
    assert_eq!((cut.text.as_str(), cut.truncated), ("par", true));
    let mad: Vec<Value> = (0..2000)
        .map(|n| delta(&json!({"tool_calls": [{"index": n, "function": {"name": "x"}}]})))
        .collect();
    let failed = read::<openai::Chunks>(&sse(&mad), 9000).await.unwrap_err();
    assert!(format!("{failed:?}").contains("more than 1024 tools"), "{failed:?}");
}

#[tokio::test]
async fn a_fault_in_the_middle_is_of_the_kind_that_it_would_have_been_before() {
    for (provider, error, kind, retryable) in [
        (
            "anthropic",
            json!({"type": "overloaded_error", "message": "Overloaded"}),
            "server-error",
            true,
        ),
        (
            "anthropic",
            json!({"type": "invalid_request_error", "message": "no"}),
            "bad-request",
            false,
        ),
        ("openai", json!({"type": "server_error", "message": "no"}), "server-error", true),
        ("openai", json!({"code": 429, "message": "slow down"}), "rate-limited", true),
        ("openai", json!({"code": "insufficient_quota", "message": "no"}), "quota-exceeded", false),
        ("openai", json!(format!("key {KEY} is worn out")), "server-error", true),
    ] {
        let body = sse(&[json!({"type": "error", "error": error})]);
        let server = served(&body).await;
        let model =
            json!({"provider": provider, "model": "q", "base_url": server.uri(), "stream": true});
        let failure = endpoint(&model).call(&request(), LIMIT).await.unwrap_err();
        assert_eq!((failure.fault().kind.as_str(), failure.retryable()), (kind, retryable));
        assert!(failure.message.contains(") broke off its answer: "), "{failure}");
        assert!(!failure.message.contains(KEY), "{failure}");
    }
}

/// A server that answers everything with this stream.
async fn served(body: &str) -> MockServer {
    let server = MockServer::start().await;
    let response =
        ResponseTemplate::new(200).set_body_raw(body, "text/event-stream; charset=utf-8");
    Mock::given(any()).respond_with(response).mount(&server).await;
    server
}

/// Keeps what it is told; `|` where a request went out.
#[derive(Default)]
struct Kept(Mutex<Vec<String>>);

impl Watcher for Kept {
    fn began(&self) {
        self.0.lock().unwrap().push("|".to_owned());
    }

    fn said(&self, piece: &str) {
        self.0.lock().unwrap().push(piece.to_owned());
    }
}

/// What a watcher was told of an answer that a server gives in this body.
async fn watched(model: Value, response: ResponseTemplate) -> (Vec<String>, String) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(response).mount(&server).await;
    let mut model = model;
    model["base_url"] = json!(server.uri());
    let (endpoint, kept) = (endpoint(&model), Kept::default());
    let admission = endpoint.admit(&request()).await;
    let answer = endpoint.send(admission, &request(), LIMIT, Some(&kept)).await.unwrap();
    let asked: Value = server.received_requests().await.unwrap()[0].body_json().unwrap();
    assert_eq!(asked["stream"] == true, model["stream"] != false, "{asked}");
    (kept.0.into_inner().unwrap(), answer.text)
}

#[tokio::test]
async fn a_watcher_reads_the_text_as_it_comes_and_never_the_key() {
    let (start, end) = KEY.split_at(5);
    let pieces = ["you ", "sent ", start, end, " and ", "sk-t", "oo"];
    let mut events: Vec<Value> =
        pieces.iter().map(|piece| delta(&json!({"content": piece}))).collect();
    events.push(finish("stop"));
    let stream = ResponseTemplate::new(200).set_body_raw(sse(&events), "text/event-stream");
    let model = json!({"provider": "openai", "model": "q", "stream": null});
    let (told, answer) = watched(model.clone(), stream).await;
    assert_eq!(told, ["|", "you ", "sent ", "[key]", " and ", "sk-too"]);
    assert_eq!(answer, "you sent [key] and sk-too");

    // A server that does not know how to stream, and a model that must not, answer as ever.
    let whole = || {
        ResponseTemplate::new(200)
            .set_body_json(json!({"choices": [{"message": {"content": format!("all of {KEY}")}}]}))
    };
    for stream in [Value::Null, json!(false)] {
        let mut model = model.clone();
        model["stream"] = stream;
        let (told, answer) = watched(model, whole()).await;
        assert_eq!(told, ["|", "all of [key]"]);
        assert_eq!(answer, "all of [key]");
    }
}

#[test]
fn answers_that_may_be_long_come_in_pieces() {
    let asked = |settings: &Value, max_tokens: Option<u32>| {
        let mut model = json!({"provider": "openai", "model": "q", "base_url": "http://h/v1"});
        model.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        endpoint(&model).streams(&Request { max_tokens, ..request() }, false)
    };
    assert!(!asked(&json!({}), None), "as ever");
    assert!(!asked(&json!({}), Some(4095)));
    assert!(asked(&json!({}), Some(4096)));
    assert!(asked(&json!({"max_tokens": 8000}), None));
    assert!(!asked(&json!({"max_tokens": 8000}), Some(50)), "the step's own length counts");
    assert!(!asked(&json!({"stream": false}), Some(9000)));
    assert!(asked(&json!({"stream": true}), None));
}

#[tokio::test]
async fn a_streamed_request_asks_for_what_it_costs() {
    for (provider, body) in [
        ("openai", json!({"stream": true, "stream_options": {"include_usage": true}})),
        ("anthropic", json!({"stream": true, "max_tokens": 4096})),
    ] {
        let server = MockServer::start().await;
        let text = json!({"choices": [{"message": {"content": "ok"}}], "content": [{"type": "text", "text": "ok"}]});
        Mock::given(body_partial_json(body))
            .respond_with(ResponseTemplate::new(200).set_body_json(text))
            .mount(&server)
            .await;
        let model =
            json!({"provider": provider, "model": "q", "base_url": server.uri(), "stream": true});
        assert_eq!(endpoint(&model).call(&request(), LIMIT).await.unwrap().text, "ok");
    }
}

#[tokio::test]
async fn a_stream_is_waited_for_by_the_byte() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    let begun = format!("{head}{}", sse(&[delta(&json!({"content": "par"}))]));
    for (bytes, said, help) in [
        (String::new(), "did not begin to answer within 150ms", "timeouts.first_byte"),
        (head.to_owned(), "did not begin to answer within 150ms", "timeouts.first_byte"),
        (begun, "sent nothing for 170ms in the middle of its answer", "timeouts.between_bytes"),
    ] {
        let server = raw(bytes, Duration::from_mins(1)).await;
        let timeouts = json!({"first_byte": "150ms", "between_bytes": "170ms"});
        let model = json!({"provider": "openai", "model": "q", "base_url": server.address, "stream": true, "timeouts": timeouts});
        let failure = endpoint(&model).call(&request(), LIMIT).await.unwrap_err();
        assert_eq!(failure.fault().kind, "timeout");
        assert!(failure.message.ends_with(said), "{failure}");
        assert!(failure.help.is_some_and(|text| text.contains(help)));
    }
}
