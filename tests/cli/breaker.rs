//! A server that is down is left alone for a time: others go to the next model at once, or fail and say when it is asked again.

use std::time::Duration;

use serde_json::Value;

use super::support::server::{ModelServer, Reply};
use super::support::{Ran, Test, step};

/// Three steps, one after the other; each asks twice, over a second at least.
fn run(models: &str, down: &ModelServer, up: &ModelServer, breaker: &str) -> Ran {
    run_each([models; 3], down, up, breaker)
}

fn run_each(models: [&str; 3], down: &ModelServer, up: &ModelServer, breaker: &str) -> Ran {
    let one = |(id, models): (&str, &str)| {
        format!(
            "  - id: {id}\n    agent: {{instructions: Speak., model: {models}}}\n    prompt: Well?\n    \
             retry: {{max_attempts: 2, delay: 1s, backoff: 1}}\n"
        )
    };
    let model = |server: &ModelServer| {
        format!("{{provider: openai, model: x, base_url: \"{}/v1\", {breaker}}}", server.url())
    };
    let steps: String = ["a", "b", "c"].into_iter().zip(models).map(one).collect();
    Test::new()
        .file("engine.yaml", &format!("models:\n  down: {}\n  up: {}\n", model(down), model(up)))
        .file("w.yaml", &format!("name: w\nsteps:\n{steps}"))
        .args(["run", "w.yaml", "--json", "--max-parallel", "1"])
        .run()
}

fn failing() -> ModelServer {
    ModelServer::start(|_, _| Reply::error(503, "out of order"))
}

fn answering() -> ModelServer {
    ModelServer::start(|_, _| Reply::text("Well."))
}

const QUICK: &str = "circuit_breaker: {faults: 2, pause: 10m}";

fn kinds(outcome: &Value) -> [&str; 3] {
    ["a", "b", "c"].map(|id| step(outcome, id)["error"]["kind"].as_str().unwrap_or("none"))
}

#[test]
fn the_next_model_is_asked_at_once_while_a_server_is_down() {
    let (down, up) = (failing(), answering());
    let outcome = run("[down, up]", &down, &up, QUICK).code(0).json();
    assert_eq!(down.seen().len(), 2, "the first step asks it as often as it may, no other does");
    assert_eq!(up.seen().len(), 3);
    let told = "is not asked: its server failed 2 times in a row";
    let warnings = outcome["warnings"].as_array().expect("warnings");
    let told = warnings.iter().filter(|warning| warning.to_string().contains(told));
    assert_eq!(told.count(), 2, "{warnings:?}");
}

#[test]
fn without_another_model_a_step_says_when_the_server_is_asked_again() {
    let (down, up) = (failing(), answering());
    let outcome = run("down", &down, &up, QUICK).code(1).json();
    assert_eq!(down.seen().len(), 2);
    assert_eq!(kinds(&outcome), ["server-error", "not-asked", "not-asked"]);
    let error = &step(&outcome, "b")["error"];
    let message = error["message"].as_str().expect("a message");
    assert!(
        message.contains("it is asked again in ") && message.contains("out of order"),
        "{error}"
    );
    assert!(error["help"].to_string().contains("`circuit_breaker`"), "{error}");
}

#[test]
fn a_server_that_is_back_is_asked_as_ever() {
    // It takes longer than the pause.
    let up = ModelServer::start(|_, _| {
        std::thread::sleep(Duration::from_millis(50));
        Reply::text("Well.")
    });
    let back = ModelServer::start(|_, n| {
        if n < 2 { Reply::error(503, "out of order") } else { Reply::text("Well.") }
    });
    let soon = "circuit_breaker: {faults: 2, pause: 1ms}";
    let outcome = run_each(["down", "up", "down"], &back, &up, soon).json();
    assert_eq!(kinds(&outcome), ["server-error", "none", "none"]);
    assert_eq!(back.seen().len(), 3);
}

#[test]
fn no_requests_are_spared_a_server_that_says_no_or_where_the_file_says_so() {
    let up = answering();
    let limited = ModelServer::start(|_, _| Reply::error(429, "slow down"));
    run("down", &limited, &up, QUICK).code(1);
    assert_eq!(limited.seen().len(), 6);
    let down = failing();
    run("down", &down, &up, "circuit_breaker: {faults: 0}").code(1);
    assert_eq!(down.seen().len(), 6);
}

#[test]
fn rows_of_a_batch_wait_for_a_server_that_is_soon_back() {
    // The first four rows meet an outage, twice each; whoever comes next waits for its end instead of failing in bulk.
    let server = ModelServer::start(|seen, _| {
        let row = seen.message("user");
        let early = ["Row 1", "Row 2", "Row 3", "Row 4"].contains(&row);
        if early { Reply::error(503, "starting anew") } else { Reply::text("Well.") }
    });
    let model = format!(
        "models:\n  m: {{provider: openai, model: x, base_url: \"{}/v1\", circuit_breaker: {{faults: 5, pause: 2s}}}}\n",
        server.url()
    );
    let workflow = "name: w\nparams: {n: {type: integer}}\nsteps:\n  - id: a\n    agent: {instructions: Speak., model: m}\n    \
                    prompt: 'Row {{ params.n }}'\n    retry: {max_attempts: 2, delay: 1500ms, backoff: 1}\n\
                    outputs: {a: '{{ steps.a.output }}'}\n";
    let rows: Vec<String> = (1..=24).map(|n| format!("{{\"n\": {n}}}")).collect();
    let ran = Test::new()
        .file("engine.yaml", &model)
        .file("w.yaml", workflow)
        .file("rows.jsonl", &rows.join("\n"))
        .args(["run", "w.yaml", "--batch", "rows.jsonl", "--concurrency", "4", "--quiet"])
        .run()
        .code(1);
    let rows: Vec<Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let failed: Vec<&Value> = rows.iter().filter(|row| row["status"] != "succeeded").collect();
    assert_eq!(rows.len(), 24);
    assert_eq!(failed.len(), 4, "{failed:#?}");
    assert!(failed.iter().all(|row| step(row, "a")["error"]["kind"] == "server-error"));
    assert_eq!(server.seen().len(), 8 + 20, "and nothing is asked twice");
}
