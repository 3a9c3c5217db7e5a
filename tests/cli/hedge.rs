//! Late answers: the same question goes out a second time, and what that costs is told.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::support::Test;
use super::support::server::{ModelServer, Reply};

/// Twenty answers, by which the next one is judged.
const ITEMS: &str = "
name: w
steps:
  - id: a
    for_each: \"{{ range(21) }}\"
    as: n
    max_parallel: 1
    agent: {instructions: Count., model: m, TOOLS}
    prompt: \"Say {{ n }}\"
    max_tokens: 50
    figures: none
";

/// A server that answers the last question only after this time, when it is asked for the first time.
fn late(delay: Duration) -> ModelServer {
    let asked = AtomicBool::new(false);
    ModelServer::start(move |seen, _| {
        let first = seen.message("user") == "Say 20" && !asked.swap(true, Ordering::SeqCst);
        if first { Reply::text("late").after(delay) } else { Reply::text("in time") }
    })
}

fn project(server: &ModelServer, budget: &str) -> Test {
    let model = format!(
        "models:\n  m: {{provider: openai, model: x, base_url: \"{}/v1\", price: {{input: 1, output: 2}}, hedge: p95}}\n\
         limits: {{max_parallel: 1{budget}}}\n",
        server.url()
    );
    Test::new().file("engine.yaml", &model)
}

fn last(outcome: &Value) -> &Value {
    outcome["outputs"]["a"].as_array().and_then(|all| all.last()).unwrap_or(&Value::Null)
}

#[test]
fn a_late_question_goes_out_a_second_time_and_the_first_good_answer_wins() {
    // Nobody waits for it: the run ends long before.
    let server = late(Duration::from_mins(10));
    let test = project(&server, "").file("w.yaml", &ITEMS.replace("TOOLS", "tools: []"));
    let outcome = test.also(["run", "w.yaml", "--json"]).code(0).json();
    assert_eq!(last(&outcome), "in time");
    assert_eq!(server.seen().len(), 21, "of the 22 requests one is still not answered");
    assert_eq!(outcome["usage"]["model_calls"], 22);
    assert_eq!(outcome["called_off_calls"], 1);
    // 100 tokens in and 10 out of each; of the one called off as many as of the one that won.
    let usd = |value: &Value| value.as_f64().map(|usd| (usd * 1e6).round());
    assert_eq!(usd(&outcome["estimated_usd"]), Some(120.0));
    assert_eq!(usd(&outcome["cost_usd"]), Some(22.0 * 120.0), "never as nothing");
    let run = outcome["run_id"].as_str().expect("a run");
    test.also(["show", run, "--prompts"]).code(0).prints("called off for another answer");
    test.also(["show", run]).code(0);
    let costs = test.also(["costs", "--json"]).code(0).json();
    assert_eq!(usd(&costs["total"]["cost_usd"]), Some(22.0 * 120.0));
    for cost in [&costs["total"], &costs["rows"][0]] {
        assert_eq!(usd(&cost["estimated_usd"]), Some(120.0));
        assert_eq!(cost["called_off_calls"], 1);
    }
    let costs = test.also(["costs"]).code(0);
    costs.prints("of it estimated").prints("estimated: $0.00012 of it, for calls");
    test.also(["resume", run]).code(0).says("estimated, for 1 call called off");
}

#[test]
fn a_question_goes_out_once_where_the_budget_or_a_tool_that_writes_forbids_more() {
    let soon = Duration::from_millis(1500);
    // Twenty calls of 110 tokens, and one more that is reckoned to take about 140.
    let server = late(soon);
    let test = project(&server, ", budget: {tokens: 2420}")
        .file("w.yaml", &ITEMS.replace("TOOLS", "tools: []"));
    let outcome = test.args(["run", "w.yaml", "--json"]).run().code(0).json();
    assert_eq!((last(&outcome), server.seen().len()), (&Value::from("late"), 21));

    let server = late(soon);
    let test = project(&server, "").file("w.yaml", &ITEMS.replace("TOOLS", "tools: [pay]")).file(
        "tools/t.yaml",
        "tools:\n  - name: pay\n    description: Pays.\n    effect: write\n    \
             http: {method: POST, url: \"https://pay.example/\", allow_hosts: [pay.example]}\n",
    );
    let outcome = test.args(["run", "w.yaml", "--json", "--allow-write"]).run().code(0).json();
    assert_eq!((last(&outcome), server.seen().len()), (&Value::from("late"), 21));
    assert_eq!(server.seen()[0].offered(), ["pay"]);
}
