//! Tools on the wire: definitions, calls and results, in both protocols.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{endpoint, request};
use crate::document::Tool;
use crate::event::{Message, ToolRequest};
use crate::model::{Answer, Endpoint, Request, ToolDefinition, anthropic, fault, openai};

fn model(provider: &str) -> Arc<Endpoint> {
    endpoint(&json!({"provider": provider, "model": "m", "base_url": "http://h/v1"}))
}

fn tool() -> ToolDefinition {
    let tool: Tool = serde_json::from_value(json!({
        "name": "spend_by_channel", "description": "What a channel spent.\n",
        "sql": {"source": "company", "query": "select 1"},
        "params": {
            "channel": {"type": "string", "description": "The channel.", "enum": ["search", "social"]},
            "campaign": {"type": "string", "values": {"tool": "list_campaigns", "field": "id"}},
            "least": {"type": "number", "minimum": 0, "maximum": 9.5, "default": 2},
            "from": {"type": "string", "pattern": "^[0-9]{4}$", "default": null},
        },
    }))
    .unwrap();
    ToolDefinition::from(&tool)
}

fn parameters() -> Value {
    json!({"type": "object", "properties": {
        "channel": {"type": "string", "description": "The channel.", "enum": ["search", "social"]},
        "campaign": {"type": "string", "description": "One that tool `list_campaigns` gives as `id`."},
        "least": {"type": "number", "minimum": 0, "maximum": 9.5, "default": 2},
        "from": {"type": "string", "pattern": "^[0-9]{4}$"},
    }, "required": ["channel", "campaign"]})
}

fn wants(id: &str, arguments: &str) -> ToolRequest {
    ToolRequest {
        id: id.to_owned(),
        tool: "spend_by_channel".to_owned(),
        arguments: arguments.to_owned(),
    }
}

/// A conversation in which two calls were made at once, one in vain, and something was said after them.
fn conversation(may_call: bool) -> Request {
    let calls = vec![wants("c1", r#"{"channel":"search"}"#), wants("c2", "{oops")];
    let messages = vec![
        Message::user("How are we?"),
        Message::assistant("", calls),
        Message::result("c1", "12", false),
        Message::result("c2", "error: no JSON", true),
        Message::assistant("Twelve.", Vec::new()),
        Message::user("Again."),
    ];
    let schema =
        json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}});
    Request {
        messages,
        tools: vec![tool()],
        may_call,
        schema: Some(schema),
        max_tokens: Some(50),
        ..request()
    }
}

fn strict() -> Value {
    json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}, "additionalProperties": false})
}

#[test]
fn chat_completions_carry_tools_calls_and_results() {
    let sent = |request: &Request| -> Value {
        serde_json::from_slice(&openai::body(&model("openai"), request, false).unwrap()).unwrap()
    };
    let mut expected = json!({"model": "m", "max_tokens": 50,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "How are we?"},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "c1", "type": "function",
                 "function": {"name": "spend_by_channel", "arguments": "{\"channel\":\"search\"}"}},
                {"id": "c2", "type": "function", "function": {"name": "spend_by_channel", "arguments": "{oops"}}]},
            {"role": "tool", "tool_call_id": "c1", "content": "12"},
            {"role": "tool", "tool_call_id": "c2", "content": "error: no JSON"},
            {"role": "assistant", "content": "Twelve."},
            {"role": "user", "content": "Again."}],
        "tools": [{"type": "function", "function": {"name": "spend_by_channel",
            "description": "What a channel spent.", "parameters": parameters()}}],
        "response_format": {"type": "json_schema",
            "json_schema": {"name": "answer", "strict": true, "schema": strict()}}});
    assert_eq!(sent(&conversation(true)), expected);
    expected.as_object_mut().unwrap().remove("tools");
    assert_eq!(sent(&conversation(false)), expected, "where an answer is due, no tool is offered");
}

#[test]
fn messages_carry_tools_calls_and_results() {
    let sent = |request: &Request| -> Value {
        serde_json::from_slice(&anthropic::body(&model("anthropic"), request, false).unwrap())
            .unwrap()
    };
    let mut expected = json!({"model": "m", "max_tokens": 50, "system": "Be brief.",
        "messages": [
            {"role": "user", "content": "How are we?"},
            {"role": "assistant", "content": [
                {"type": "tool_use", "id": "c1", "name": "spend_by_channel", "input": {"channel": "search"}},
                {"type": "tool_use", "id": "c2", "name": "spend_by_channel", "input": {}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": "12"},
                {"type": "tool_result", "tool_use_id": "c2", "content": "error: no JSON", "is_error": true}]},
            {"role": "assistant", "content": "Twelve."},
            {"role": "user", "content": "Again."}],
        "tools": [{"name": "spend_by_channel", "description": "What a channel spent.",
            "input_schema": parameters()}],
        "output_config": {"format": {"type": "json_schema", "schema": strict()}}});
    assert_eq!(sent(&conversation(true)), expected);
    expected["tool_choice"] = json!({"type": "none"});
    assert_eq!(sent(&conversation(false)), expected, "calls in a conversation need their tools");
    let mut short = conversation(false);
    short.messages.truncate(1);
    let sent = sent(&short);
    assert_eq!((&sent["tools"], &sent["tool_choice"]), (&Value::Null, &Value::Null));
}

#[test]
fn what_is_said_after_results_goes_into_their_message() {
    let mut request = conversation(true);
    request.messages.remove(4);
    let body = anthropic::body(&model("anthropic"), &request, false).unwrap();
    let sent: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(sent["messages"].as_array().unwrap().len(), 3);
    assert_eq!(sent["messages"][2]["content"][2], json!({"type": "text", "text": "Again."}));
}

#[test]
fn calls_are_read_as_servers_write_them() {
    let read = |message: Value| {
        let body = json!({"choices": [{"message": message, "finish_reason": "tool_calls"}]});
        openai::answer(body.to_string().as_bytes()).unwrap()
    };
    let call = |id: Value, arguments: Value| json!({"id": id, "type": "function", "function": {"name": "spend_by_channel", "arguments": arguments}});
    let answer = read(json!({"content": null, "tool_calls": [
        call(json!("c1"), json!("{\"channel\": \"search\"}")), call(Value::Null, json!({"channel": "x"})), call(json!("c3"), Value::Null)]}));
    assert_eq!(answer.text, "");
    let expected = vec![
        wants("c1", "{\"channel\": \"search\"}"),
        wants("", r#"{"channel":"x"}"#),
        wants("c3", ""),
    ];
    assert_eq!(answer.tool_calls, expected, "as text, as JSON, and none");
    assert_eq!(read(json!({"content": "Fine.", "tool_calls": null})).tool_calls, []);

    let body = json!({"stop_reason": "tool_use", "usage": {"input_tokens": 1, "output_tokens": 2}, "content": [
        {"type": "text", "text": "Let me see."},
        {"type": "tool_use", "id": "c1", "name": "spend_by_channel", "input": {"channel": "search"}}]});
    let answer = anthropic::answer(body.to_string().as_bytes()).unwrap();
    assert_eq!(answer.text, "Let me see.");
    assert_eq!(answer.tool_calls, vec![wants("c1", r#"{"channel":"search"}"#)]);
}

#[test]
fn a_call_of_what_was_not_offered_is_no_answer() {
    let called = |text: &str| Answer {
        text: text.to_owned(),
        tool_calls: vec![wants("c1", "{}")],
        usage: crate::event::Usage::default(),
        truncated: false,
    };
    let with_tools = conversation(true);
    assert_eq!(fault::not_offered(called(""), &with_tools).unwrap(), called(""));
    assert!(fault::not_offered(called(""), &conversation(false)).is_err());
    assert_eq!(fault::not_offered(called("Well."), &request()).unwrap().tool_calls, []);
}

#[test]
fn tools_and_calls_count_as_tokens_of_the_request() {
    let model = model("openai");
    let bare = model.greatest_usage(&request()).input_tokens;
    let offered = Request { tools: vec![tool()], may_call: true, ..request() };
    let offered = model.greatest_usage(&offered).input_tokens;
    let spoken = model.greatest_usage(&conversation(true)).input_tokens;
    assert!(bare + 100 < offered && offered + 50 < spoken, "{bare} {offered} {spoken}");
}

#[test]
fn without_tools_requests_are_what_they_always_were() {
    let text = |body: serde_json::Result<Vec<u8>>| String::from_utf8(body.unwrap()).unwrap();
    assert_eq!(
        text(openai::body(&model("openai"), &request(), false)),
        r#"{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"How are we?"}]}"#
    );
    assert_eq!(
        text(anthropic::body(&model("anthropic"), &request(), false)),
        r#"{"model":"m","max_tokens":4096,"system":"Be brief.","messages":[{"role":"user","content":"How are we?"}]}"#
    );
}
