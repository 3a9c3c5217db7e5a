//! Answers that were cut at their greatest length and questions that are longer than a model reads.

use serde_json::{Value, json};

use super::support::server::{ModelServer, Reply};
use super::support::{Ran, Test, step};

/// A chat completion that ends because its greatest length, 50 tokens, was reached.
fn cut(message: &Value) -> Reply {
    let body = json!({
        "id": "x", "object": "chat.completion", "model": "scripted",
        "choices": [{"index": 0, "finish_reason": "length", "message": message}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150},
    });
    Reply::raw(200, &body.to_string())
}

fn said(text: &str) -> Value {
    json!({"role": "assistant", "content": text})
}

const TEXT: &str = "
name: w
steps:
  - {id: a, agent: {instructions: Speak.}, prompt: Well?, max_tokens: 50}
";

const JSON: &str = "
name: w
steps:
  - id: a
    agent: {instructions: Judge.}
    prompt: Well?
    max_tokens: 50
    output:
      schema: {type: object, required: [reason], properties: {reason: {type: string}}, additionalProperties: false}
";

fn run(workflow: &str, server: &ModelServer) -> Ran {
    Test::new().file("w.yaml", workflow).openai(server).args(["run", "w.yaml", "--json"]).run()
}

#[test]
fn text_that_was_cut_is_kept_and_its_reader_is_told() {
    let server = ModelServer::start(|_, _| cut(&said("The budget is")));
    let outcome = run(TEXT, &server).code(0).json();
    assert_eq!(server.seen().len(), 1, "what is there can be used");
    assert_eq!(outcome["outputs"]["a"], "The budget is");
    let warnings = outcome["warnings"].to_string();
    assert!(
        warnings.contains("cut at 50 tokens") && warnings.contains("`max_tokens`"),
        "where it was cut and what raises the limit: {outcome:#}"
    );
}

#[test]
fn an_answer_that_was_cut_before_it_is_of_use_is_asked_for_once_more_and_shorter() {
    for (workflow, first, then, output, before) in [
        (
            JSON,
            said(r#"{"reason": "we"#),
            r#"{"reason": "no room"}"#,
            json!({"reason": "no room"}),
            "its JSON was whole",
        ),
        (TEXT, said(""), "No room.", json!("No room."), "it said anything"),
    ] {
        let server =
            ModelServer::start(move |_, n| if n == 0 { cut(&first) } else { Reply::text(then) });
        let outcome = run(workflow, &server).code(0).json();
        let seen = server.seen();
        assert_eq!(seen.len(), 2);
        let repair = seen[1].message("user");
        assert!(
            repair.contains(&format!("cut at 50 tokens, before {before}"))
                && repair.contains("much shorter"),
            "{repair}"
        );
        assert!(!seen[1].message("assistant").is_empty(), "some servers refuse an empty message");
        assert_eq!(outcome["outputs"]["a"], output);
        assert_eq!(outcome["warnings"], json!([]), "the second answer was whole");
    }
}

#[test]
fn json_that_is_cut_again_fails_its_step_and_says_what_raises_the_limit() {
    let server = ModelServer::start(|_, _| cut(&said(r#"{"reason": "we"#)));
    let outcome = run(JSON, &server).code(1).json();
    assert_eq!(server.seen().len(), 2, "one repair turn, no more");
    let error = &step(&outcome, "a")["error"];
    assert_eq!(error["kind"], "answer-cut");
    assert!(
        error["help"].as_str().is_some_and(|help| help.contains("raise the step's `max_tokens`")),
        "{error}"
    );
}

#[test]
fn json_that_is_whole_where_it_was_cut_is_taken() {
    let whole = ModelServer::start(|_, _| cut(&said(r#"{"reason": "no room"}"#)));
    assert_eq!(run(JSON, &whole).code(0).json()["outputs"]["a"]["reason"], "no room");
    assert_eq!(whole.seen().len(), 1);
}

const CALLS: &str = "
name: w
steps:
  - {id: a, agent: {instructions: Look., tools: [stock]}, prompt: Well?, max_tokens: 50, figures: none}
";
const TOOLS: &str = r#"
tools:
  - name: stock
    description: How much of a good there is.
    params: {name: {type: string}}
    sql: {source: shop, query: "select amount from goods where name = :name"}
    returns: row
"#;

fn look(server: &ModelServer) -> Ran {
    Test::new()
        .file("engine.yaml", "sources: {shop: {csv: shop}}\n")
        .file("tools/shop.yaml", TOOLS)
        .file("shop/goods.csv", "name,amount\nflour,7\n")
        .file("w.yaml", CALLS)
        .openai(server)
        .args(["run", "w.yaml", "--json"])
        .run()
}

fn call(arguments: &str) -> Value {
    json!({"role": "assistant", "content": null, "tool_calls": [
        {"id": "c", "type": "function", "function": {"name": "stock", "arguments": arguments}}
    ]})
}

#[test]
fn a_call_that_was_cut_is_told_to_the_model_once() {
    // The arguments can be read, and are not made use of all the same: their end may be missing.
    let server = ModelServer::start(|_, n| match n {
        0 => cut(&call(r#"{"name": "flour"}"#)),
        1 => Reply::calls(&[("d", "stock", json!({"name": "flour"}))]),
        _ => Reply::text("There is some."),
    });
    look(&server).code(0);
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    let told = seen[1].message("tool");
    assert!(told.contains("cut at 50 tokens, before the call was whole"), "{told}");
    assert!(seen[2].message("tool").contains('7'), "the second call was made");

    let server = ModelServer::start(|_, _| cut(&call(r#"{"name": "fl"#)));
    let outcome = look(&server).code(1).json();
    assert_eq!(server.seen().len(), 2, "it would be cut there again");
    assert_eq!(step(&outcome, "a")["error"]["kind"], "answer-cut");
}

#[test]
fn a_question_that_is_too_long_goes_to_the_next_model_and_not_to_the_same_again() {
    let error = json!({"error": {"code": "context_length_exceeded", "message":
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9100 tokens."}});
    let small = ModelServer::start({
        let error = error.to_string();
        move |_, _| Reply::raw(400, &error)
    });
    let large = ModelServer::start(|_, _| Reply::text("read"));
    let project = format!(
        "models:\n  small: {{provider: openai, model: s, base_url: '{}/v1'}}\n  large: {{provider: openai, model: l, base_url: '{}/v1'}}\n",
        small.url(),
        large.url()
    );
    let run = |models: &str| {
        Test::new()
            .file("engine.yaml", &project)
            .file("w.yaml", &TEXT.replace("Speak.", &format!("Speak., model: {models}")))
            .args(["run", "w.yaml", "--json"])
            .run()
    };
    let outcome = run("[small, large]").code(0).json();
    assert_eq!((small.seen().len(), large.seen().len()), (1, 1));
    assert_eq!(step(&outcome, "a")["model"], "large");

    let error = run("small").code(1).json()["steps"][0]["error"].clone();
    assert_eq!(error["kind"], "context-too-long");
    let told = format!("{} {}", error["message"], error["help"]);
    assert!(
        told.contains("reads at most 8192 tokens and was sent 9100")
            && told.contains("pass 908 tokens less"),
        "{told}"
    );
}
