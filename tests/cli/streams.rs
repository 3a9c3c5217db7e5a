//! Answers that come in pieces are the same answers, and cost the same.

use serde_json::{Value, json};

use super::support::server::{ModelServer, Reply, Seen};
use super::support::{Test, step};

const WORKFLOW: &str = "
name: w
steps:
  - id: look
    agent: {instructions: Look., model: chat, tools: [spend]}
    prompt: How much?
    figures: check
  - id: note
    agent: {instructions: Note., model: messages, tools: [spend]}
    prompt: How much?
    figures: check
  - id: judge
    agent: {instructions: Judge., model: messages}
    prompt: Well?
    max_tokens: 5000
    output:
      schema: {type: object, required: [fine], properties: {fine: {type: boolean}}, additionalProperties: false}
outputs:
  look: \"{{ steps.look.output }}\"
  note: \"{{ steps.note.output }}\"
  judge: \"{{ steps.judge.output }}\"
";

/// Answers in pieces where it is asked to.
fn script(seen: &Seen, _: usize) -> Reply {
    let tool = || [("c1", "spend", json!({}))];
    let last = seen.messages().last().cloned().unwrap_or_default();
    let reply = match (seen.path.ends_with("/messages"), last["content"].is_array()) {
        (false, _) if last["role"] == "tool" => Reply::text("We spent $42, \u{e9}t\u{e9} compris."),
        (false, _) => Reply::calls(&tool()),
        (true, true) => Reply::anthropic("It was $42."),
        (true, false) if seen.body["tools"].is_array() => Reply::anthropic_calls(&tool()),
        (true, false) => Reply::anthropic(r#"{"fine": true}"#),
    };
    if seen.body["stream"] == true { reply.in_pieces() } else { reply }
}

/// The outcome where `stream` of both models is this, without its times, and whether each request asked for pieces.
fn ran(stream: &str) -> (Value, Vec<bool>) {
    let server = ModelServer::start(script);
    let (url, price) = (server.url(), "{input: 1, cached_input: 0.5, output: 2}");
    let outcome = Test::new()
        .file(
            "engine.yaml",
            &format!(
                "models:\n  chat: {{provider: openai, model: x, base_url: \"{url}/v1\", price: {price}{stream}}}\n  \
                 messages: {{provider: anthropic, model: y, base_url: \"{url}\", price: {price}{stream}}}\n\
                 sources:\n  books: {{csv: data}}\n"
            ),
        )
        .file("data/costs.csv", "usd\n40\n2\n")
        .file(
            "tools/books.yaml",
            "tools:\n  - name: spend\n    description: What was spent.\n    returns: row\n    \
             sql: {source: books, query: \"select sum(usd) as usd from costs\"}\n",
        )
        .file("w.yaml", WORKFLOW)
        .args(["run", "w.yaml", "--json"])
        .run()
        .code(0)
        .json();
    let parts = ["look", "note", "judge"].map(|id| {
        let step = step(&outcome, id);
        json!([step["status"], step["usage"], step["cost_usd"], step["error"]])
    });
    let told = json!([outcome["outputs"], outcome["usage"], outcome["figures"], parts]);
    (told, server.seen().iter().map(|seen| seen.body["stream"] == true).collect())
}

#[test]
fn an_answer_in_pieces_is_the_same_answer() {
    let (whole, asked) = ran(", stream: false");
    assert_eq!(asked, [false; 5]);
    assert_eq!(whole[0]["look"], "We spent $42, \u{e9}t\u{e9} compris.");
    assert_eq!(whole[0]["judge"], json!({"fine": true}));
    let (pieces, asked) = ran(", stream: true");
    assert_eq!(asked, [true; 5]);
    assert_eq!(pieces, whole);
    let (usual, asked) = ran("");
    assert_eq!(asked.iter().filter(|streamed| **streamed).count(), 1, "the one that may be long");
    assert_eq!(usual, whole);
}

#[test]
fn an_answer_that_tells_no_tokens_is_unpriced_and_not_free() {
    let silent = json!({"choices": [{"index": 0, "finish_reason": "stop", "message": {"content": "Well."}}], "usage": null});
    let server = ModelServer::start(move |seen, _| {
        let reply = Reply::raw(200, &silent.to_string());
        if seen.body["stream"] == true { reply.in_pieces() } else { reply }
    });
    for stream in [true, false] {
        let model = format!(
            "models:\n  m: {{provider: openai, model: x, base_url: \"{}/v1\", price: {{input: 1, output: 2}}, stream: {stream}}}\n",
            server.url()
        );
        let outcome = Test::new()
            .file("engine.yaml", &model)
            .file("w.yaml", "name: w\nsteps:\n  - {id: a, agent: {instructions: Speak., model: m}, prompt: Well?}\n")
            .args(["run", "w.yaml", "--json"])
            .run()
            .code(0)
            .json();
        assert_eq!(
            (&outcome["outputs"]["a"], &outcome["unpriced_calls"]),
            (&json!("Well."), &json!(1))
        );
    }
}

#[test]
fn a_server_that_only_answers_whole_is_understood() {
    let server = ModelServer::start(|_, _| Reply::text("All at once."));
    let outcome = Test::new()
        .file("w.yaml", "name: w\nsteps:\n  - {id: a, agent: {instructions: Speak.}, prompt: Well?, max_tokens: 9000}\n")
        .openai(&server)
        .args(["run", "w.yaml", "--json"])
        .run()
        .code(0)
        .json();
    assert_eq!(server.seen()[0].body["stream"], true);
    assert_eq!(outcome["outputs"]["a"], "All at once.");
}
