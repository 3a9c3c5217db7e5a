//! What `engine plan` tells of cost and time before anything is run.

use serde_json::{Value, json};

use super::support::Test;
use super::support::server::{ModelServer, Reply};

fn project(model: &str) -> Test {
    let engine = format!(
        "models: {{m: {{provider: openai, model: x, api_key_env: OPENAI_API_KEY{model}}}}}\n"
    );
    Test::new().file("engine.yaml", &engine)
}

const PRICE: &str = ", price: {input: 1000, output: 2000}";

const FIXED: &str = "
name: w
steps:
  - {id: a, agent: {instructions: x}, prompt: y, max_tokens: 10, timeout: 20s, retry: {max_attempts: 2}}
  - {id: b, compute: {z: steps.a.output}}
";

fn plan(test: &Test) -> Value {
    test.also(["plan", "w.yaml", "--json"]).code(0).json()
}

#[track_caller]
fn is_about(value: &Value, wanted: f64) {
    assert!(
        value.as_f64().is_some_and(|found| (found - wanted).abs() < 1e-6),
        "{value} is not {wanted}"
    );
}

#[test]
fn a_plan_tells_the_least_the_usual_and_the_greatest_cost() {
    let server = ModelServer::start(|_, _| Reply::text("words"));
    let test = project(PRICE).file("w.yaml", FIXED).openai(&server).args(["run", "w.yaml"]);
    let told = plan(&test);
    is_about(&told["cost"]["least"]["usd"], 0.002);
    assert_eq!(told["cost"]["expected"]["usd"], Value::Null);
    assert_eq!(told["cost"]["expected"]["runs"], 0);
    // 80 tokens of prompt and 10 of answer, twice.
    is_about(&told["cost"]["greatest"]["usd"], 0.2);
    assert_eq!(told["cost"]["unbounded"], json!([]));
    assert_eq!(told["longest_wait"]["ms"], 40_000.0);
    assert!(server.seen().is_empty(), "a plan asks nobody");
    test.run().code(0);
    test.run().code(0);
    let told = plan(&test);
    is_about(&told["cost"]["expected"]["usd"], 0.12);
    assert_eq!(told["cost"]["expected"]["runs"], 2);
    let shown = test.also(["plan", "w.yaml"]).code(0);
    for part in [
        "at least:  $0.002 (",
        "$0.12 (the median of 2 runs",
        "at most:   $0.20 (",
        "longest wait:    40.0s (",
    ] {
        assert!(shown.stdout.contains(part), "`{part}` is missing in:\n{}", shown.stdout);
    }
}

#[test]
fn what_nothing_bounds_is_named_with_what_a_bound_would_need() {
    let unbounded = "name: w\nsteps: [{id: a, agent: {instructions: x}, prompt: y}]\n";
    let data = "name: w\nparams: {p: {type: string, default: q}}\nsteps: [{id: a, agent: {instructions: x}, prompt: 'Of {{ params.p }}', max_tokens: 10}]\n";
    for (model, workflow, reason) in [
        ("", FIXED, "model `m` has no price"),
        (PRICE, unbounded, "neither the step nor model `m` has `max_tokens`"),
        (PRICE, data, "no `context_window`"),
    ] {
        let test = project(model).file("w.yaml", workflow).args(["plan"]);
        let told = plan(&test);
        assert_eq!(told["cost"]["greatest"]["usd"], Value::Null, "{reason}");
        assert_eq!(told["cost"]["unbounded"][0]["step"], "a");
        let found = told["cost"]["unbounded"][0]["reason"].as_str().expect("a reason");
        assert!(found.contains(reason), "{found}");
        test.also(["plan", "w.yaml"]).code(0).prints("unbounded").prints(reason);
    }
    let window = format!("{PRICE}, context_window: 1000");
    let test = project(&window).file("w.yaml", data).args(["plan"]);
    is_about(&plan(&test)["cost"]["greatest"]["usd"], 3.0 * (1.0 + 0.02));
}

#[test]
fn budgets_and_conditions_narrow_the_interval() {
    let engine = format!(
        "models: {{m: {{provider: openai, model: x, api_key_env: OPENAI_API_KEY{PRICE}}}}}\nlimits: {{run_timeout: 15s, budget: {{usd: 0.15}}}}\n"
    );
    let maybe = FIXED.replace("timeout: 20s", "timeout: 20s, when: 'true and not false'");
    let test = Test::new().file("engine.yaml", &engine).file("w.yaml", &maybe).args(["plan"]);
    let told = plan(&test);
    is_about(&told["cost"]["greatest"]["usd"], 0.15);
    is_about(&told["cost"]["least"]["usd"], 0.0);
    assert_eq!(told["longest_wait"]["ms"], 15_000.0);
}

#[test]
fn the_demo_tells_its_interval_without_a_key() {
    let test = Test::demo().args(["plan", "roi_analysis"]);
    test.run().code(0).prints("cost, at least").prints("cost, expected").prints("cost, at most");
}

#[test]
fn lists_workflows_and_people_count() {
    let inner = "name: inner\nsteps: [{id: a, agent: {instructions: x}, prompt: y, max_tokens: 10, timeout: 10s, retry: {max_attempts: 1}}]\n";
    let outer = "
name: outer
steps:
  - {id: once, workflow: inner}
  - {id: thrice, for_each: [1, 2, 3], workflow: inner, needs: [once]}
";
    let test = project(PRICE)
        .file("workflows/inner.yaml", inner)
        .file("workflows/outer.yaml", outer)
        .file(
            "workflows/open.yaml",
            "
name: open
params: {list: {type: array, default: []}}
steps:
  - {id: each, for_each: '{{ params.list }}', workflow: inner}
  - {id: ok, approval: {message: 'Well?'}}
",
        )
        .args(["plan", "outer", "--json"]);
    let told = test.run().code(0).json();
    is_about(&told["cost"]["greatest"]["usd"], 0.4);
    is_about(&told["cost"]["least"]["usd"], 0.008);
    assert_eq!(
        (&told["model_calls"], &told["inner_model_calls"]),
        (&json!(1), &json!({"inner": 1}))
    );
    assert_eq!(told["longest_wait"]["ms"], 40_000.0);
    let shown = test.also(["plan", "open"]).code(0);
    let shown = shown.prints("1 ask a model, of which 1 inside of workflow `inner`");
    shown.prints("$0.00 (empty lists in `for_each` may skip every step that asks a model)");
    let told = test.also(["plan", "open", "--json"]).code(0).json();
    assert_eq!(told["cost"]["unbounded"][0]["step"], "each");
    assert_eq!(told["longest_wait"]["ms"], Value::Null);
}
