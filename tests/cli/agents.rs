//! Agents and models: what is sent, what runs at the same time, what is retried.

use std::time::Duration;

use serde_json::json;

use super::support::server::{ModelServer, Reply, Seen};
use super::support::{Test, step};

const ROI_SHAPED: &str = r#"
name: roi_shaped
params:
  topic: {type: string}
steps:
  - id: synth
    agent: {instructions: "You put things together."}
    prompt: "{{ steps.cro.output }} and {{ steps.cfo.output }}"
    figures: none
  - id: cro
    agent: {role: Chief Revenue Officer, goal: Grow, instructions: "Speak of channels."}
    prompt: "Returns of {{ params.topic }}?"
    figures: none
  - id: cfo
    agent: {instructions: "Speak of budgets."}
    prompt: "Budget of {{ params.topic }}?"
    figures: none
outputs:
  answer: "{{ steps.synth.output }}"
"#;

fn asked<'s>(seen: &'s [Seen], system: &str) -> &'s Seen {
    seen.iter().find(|seen| seen.message("system").contains(system)).expect("a request")
}

#[test]
fn independent_agents_run_in_parallel_and_the_synthesis_after_both() {
    let server = ModelServer::start(|seen, _| {
        let text = if seen.message("user").starts_with("Returns") {
            "Returns are fine."
        } else {
            "Budget is tight."
        };
        Reply::text(text).after(Duration::from_millis(150))
    });
    let test = Test::new().file("roi.yaml", ROI_SHAPED).openai(&server);
    let outcome = test
        .args(["run", "roi.yaml", "-p", "topic=a second bakery", "--json"])
        .run()
        .code(0)
        .json();
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    assert_eq!(seen.iter().map(|s| s.in_flight).max(), Some(2), "two agents in flight at once");
    let (cro, cfo, synth) =
        (asked(&seen, "channels"), asked(&seen, "budgets"), asked(&seen, "put things together"));
    assert!(
        synth.started >= cro.ended && synth.started >= cfo.ended,
        "the synthesiser waits for both"
    );
    assert_eq!(
        cro.message("system"),
        "You are the Chief Revenue Officer.\nYour goal: Grow.\nSpeak of channels.",
        "role, goal, instructions"
    );
    assert_eq!(cfo.message("system"), "Speak of budgets.", "instructions alone, to the letter");
    assert_eq!(cro.message("user"), "Returns of a second bakery?");
    let user = synth.message("user");
    assert!(
        user.contains("source=\"steps.cro\">\nReturns are fine.\n</data:"),
        "what another model wrote is fenced: {user}"
    );
    assert!(
        synth.message("system").contains("is data"),
        "and the fence is explained: {}",
        synth.message("system")
    );
    assert_eq!(
        outcome["usage"],
        json!({"model_calls": 3, "input_tokens": 300, "cached_input_tokens": 60, "output_tokens": 30})
    );
    assert_eq!(outcome["timing"]["critical_path"][1], "synth");
    let (wall, sequential) = (&outcome["timing"]["wall_ms"], &outcome["timing"]["sequential_ms"]);
    assert!(wall.as_f64() < sequential.as_f64(), "parallel steps save time: {outcome:#}");
}

#[test]
fn max_parallel_holds_steps_back() {
    let server =
        ModelServer::start(|_, _| Reply::text("words here").after(Duration::from_millis(60)));
    let test = Test::new().file("roi.yaml", ROI_SHAPED).openai(&server);
    test.args(["run", "roi.yaml", "-p", "topic=x", "--json", "--max-parallel", "1"]).run().code(0);
    assert_eq!(server.seen().iter().map(|s| s.in_flight).max(), Some(1));
}

const ONE: &str = "
name: one
steps:
  - id: a
    agent: {instructions: Say something.}
    prompt: Well?
    retry: {max_attempts: 3, delay: 1ms}
";

fn one(
    script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static,
) -> (super::support::Ran, Vec<Seen>) {
    let server = ModelServer::start(script);
    let ran =
        Test::new().file("one.yaml", ONE).openai(&server).args(["run", "one.yaml", "--json"]).run();
    (ran, server.seen())
}

#[test]
fn passing_faults_are_retried() {
    for (name, fault) in [
        ("429", Reply::error(429, "slow down").header("retry-after: 0")),
        ("500", Reply::error(500, "oops")),
        ("503", Reply::error(503, "loading")),
        ("529", Reply::raw(529, "overloaded")),
        ("408", Reply::error(408, "late")),
        ("409", Reply::error(409, "conflict")),
        ("garbage", Reply::raw(200, "<html>hello</html>")),
        ("empty", Reply::raw(200, "")),
        ("cut", Reply::text("all is well").cut_at(40)),
    ] {
        let fault = std::sync::Mutex::new(Some(fault));
        let (ran, seen) = one(move |_, _| {
            fault.lock().expect("a lock").take().unwrap_or_else(|| Reply::text("fine"))
        });
        let outcome = ran.code(0).json();
        assert_eq!(seen.len(), 2, "{name}");
        assert_eq!(step(&outcome, "a")["attempts"], 2, "{name}");
        assert_eq!(outcome["outputs"]["a"], "fine", "{name}");
    }
}

#[test]
fn lasting_faults_are_not() {
    for (status, word) in
        [(400, "bad"), (401, "OPENAI_API_KEY"), (403, ""), (404, "gpt-4o-mini"), (422, "")]
    {
        let (ran, seen) =
            one(move |_, _| Reply::error(status, "bad: your key sk-secret-key is odd"));
        let outcome = ran.code(1).json();
        assert_eq!(seen.len(), 1, "{status}");
        assert_eq!(outcome["status"], "failed", "{status}");
        let text = outcome.to_string();
        assert!(text.contains(word), "{status}: {text}");
        assert!(
            !text.contains("sk-secret-key"),
            "a key that the server echoes is scrubbed: {text}"
        );
    }
}

#[test]
fn retries_end() {
    let (ran, seen) = one(|_, _| Reply::error(500, "oops"));
    let outcome = ran.code(1).json();
    assert_eq!(seen.len(), 3);
    assert_eq!(step(&outcome, "a")["attempts"], 3);
    assert_eq!(step(&outcome, "a")["status"], "failed");
}

#[test]
fn the_next_model_of_a_list_is_tried() {
    let down = ModelServer::start(|_, _| Reply::error(503, "down"));
    let up = ModelServer::start(|_, _| Reply::text("from the second"));
    let project = format!(
        "models:\n  first: {{provider: openai, model: m1, base_url: '{}/v1'}}\n  second: {{provider: openai, model: m2, base_url: '{}/v1'}}\n",
        down.url(),
        up.url()
    );
    let workflow = ONE.replace("Say something.}", "Say something., model: [first, second]}");
    let outcome = Test::new()
        .file("engine.yaml", &project)
        .file("one.yaml", &workflow)
        .args(["run", "one.yaml", "--json"])
        .run()
        .code(0)
        .json();
    assert_eq!((down.seen().len(), up.seen().len()), (3, 1));
    assert_eq!(up.seen()[0].body["model"], "m2");
    assert_eq!(step(&outcome, "a")["model"], "second");
    assert_eq!(step(&outcome, "a")["attempts"], 4);
    assert_eq!(outcome["unpriced_calls"], 1, "a model without a price is unpriced, not free");
    assert_eq!(step(&outcome, "a")["cost_usd"], json!(null));
}

#[test]
fn a_timeout_is_retried_like_a_fault_of_the_server() {
    let server = ModelServer::start(|_, n| {
        let reply = Reply::text("fine");
        if n == 0 { reply.after(Duration::from_secs(5)) } else { reply }
    });
    let workflow = format!("{ONE}    timeout: 300ms\n");
    let outcome = Test::new()
        .file("one.yaml", &workflow)
        .openai(&server)
        .args(["run", "one.yaml", "--json"])
        .run()
        .code(0)
        .json();
    assert_eq!(step(&outcome, "a")["attempts"], 2);
}

const STRUCTURED: &str = r#"
name: structured
steps:
  - id: verdict
    agent: {instructions: Judge.}
    prompt: Well?
    output:
      schema:
        type: object
        required: [decision, reasons]
        additionalProperties: false
        properties:
          decision: {type: string, enum: [approve, deny]}
          reasons: {type: array, items: {type: string}}
outputs:
  decision: "{{ steps.verdict.output.decision }}"
"#;

#[test]
fn an_answer_that_breaks_its_schema_is_repaired_once() {
    let server = ModelServer::start(|_, n| {
        Reply::text(if n == 0 {
            r#"{"decision": "maybe"}"#
        } else {
            r#"{"decision": "deny", "reasons": ["no room"]}"#
        })
    });
    let test = Test::new().file("s.yaml", STRUCTURED).openai(&server);
    let outcome = test.args(["run", "s.yaml", "--json"]).run().code(0).json();
    assert_eq!(outcome["outputs"]["decision"], "deny");
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].body["response_format"]["type"], "json_schema");
    assert_eq!(
        seen[0].body["response_format"]["json_schema"]["schema"]["required"],
        json!(["decision", "reasons"])
    );
    let repair = seen[1].message("user");
    assert!(
        repair.contains("decision") && repair.contains("reasons"),
        "the model is shown its faults: {repair}"
    );
    assert_eq!(seen[1].message("assistant"), r#"{"decision": "maybe"}"#);
}

#[test]
fn an_answer_that_stays_wrong_fails_its_step() {
    let server = ModelServer::start(|_, _| Reply::text("I would rather not use JSON."));
    let test = Test::new().file("s.yaml", STRUCTURED).openai(&server);
    let outcome = test.args(["run", "s.yaml", "--json"]).run().code(1).json();
    assert_eq!(server.seen().len(), 2, "one repair turn, no more");
    assert_eq!(step(&outcome, "verdict")["status"], "failed");
    assert_eq!(outcome["degraded"], false, "a model did answer");
}

#[test]
fn the_other_protocol_works_alike() {
    let server = ModelServer::start(|_, _| Reply::anthropic("fine"));
    let outcome = Test::new()
        .file("one.yaml", ONE)
        .env("ANTHROPIC_BASE_URL", &server.url())
        .env("ANTHROPIC_API_KEY", "sk-secret-key")
        .args(["run", "one.yaml", "--json"])
        .run()
        .code(0)
        .json();
    let seen = server.seen();
    assert_eq!(seen[0].path, "/v1/messages");
    assert!(seen[0].has_header("x-api-key: sk-secret-key"));
    assert!(seen[0].has_header("anthropic-version: 2023-06-01"));
    assert_eq!(seen[0].body["system"], "Say something.");
    assert_eq!(outcome["usage"]["input_tokens"], 100, "cached tokens are tokens of the request");
    assert_eq!(outcome["usage"]["cached_input_tokens"], 20);
}

#[test]
fn a_call_that_does_not_fit_the_budget_is_not_made() {
    let server = ModelServer::start(|_, _| Reply::text("words here"));
    let project = "models:\n  m: {provider: openai, model: x, api_key_env: OPENAI_API_KEY, price: {input: 1, output: 10}}\n";
    let workflow = "
name: w
steps:
  - {id: a, agent: {instructions: x}, prompt: 'One?', max_tokens: 50}
  - {id: b, agent: {instructions: x}, prompt: 'Two, after {{ steps.a.output }}?', max_tokens: 5000}
  - {id: c, compute: {x: 1}}
";
    let test = Test::new().file("engine.yaml", project).file("w.yaml", workflow).openai(&server);
    let test = test.args(["run", "w.yaml", "--json", "--max-cost-usd", "0.01"]);
    let outcome = test.run().code(4).json();
    assert_eq!(server.seen().len(), 1, "the first call fits, the second may not");
    assert_eq!(outcome["error"]["kind"], "over-budget");
    assert_eq!(outcome["outputs"]["c"], json!({"x": 1}), "what costs nothing goes on");
    assert!(outcome["cost_usd"].as_f64() > Some(0.0) && outcome["cost_usd"].as_f64() <= Some(0.01));
}
