//! Money: what was spent on what, and the budgets of a day and of a month.

use serde_json::{Value, json};

use super::support::Test;
use super::support::server::{ModelServer, Reply};

/// A call of the scripted server costs $0.11 by these prices: 80 tokens in, 20 cached, 10 out.
const PRICE: &str = "{input: 1000, cached_input: 500, output: 2000}";

/// A company of two agents, a priced model and one without a price.
fn company(server: &ModelServer, limits: &str) -> Test {
    let engine = format!(
        "
default_model: paid
models:
  paid: {{provider: openai, model: x, api_key_env: OPENAI_API_KEY, price: {PRICE}}}
  own: {{provider: openai, model: y, base_url: '{}/v1'}}
limits: {limits}
",
        server.url()
    );
    Test::new()
        .file("engine.yaml", &engine)
        .file("agents/cfo.yaml", "name: cfo\nrole: CFO\ninstructions: Brief.\n")
        .file("agents/cro.yaml", "name: cro\nrole: CRO\ninstructions: Brief.\nmodel: [own]\n")
        .file(
            "workflows/one.yaml",
            "name: one\nsteps: [{id: a, agent: cfo, prompt: Well?, max_tokens: 10}]\n",
        )
        .file(
            "workflows/two.yaml",
            "
name: two
steps:
  - {id: a, agent: cfo, prompt: Well?}
  - {id: b, agent: cro, prompt: Well?}
  - {id: c, agent: {instructions: x}, prompt: 'And {{ steps.a.output }}?'}
",
        )
        .openai(server)
}

fn row<'r>(report: &'r Value, name: &str) -> &'r Value {
    let rows = report["rows"].as_array().expect("rows");
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no `{name}`: {report:#}"))
}

#[track_caller]
fn is_usd(value: &Value, usd: f64) {
    let found = value.as_f64().unwrap_or(f64::NAN);
    assert!((found - usd).abs() < 1e-9, "{value} is not {usd}");
}

#[test]
fn what_was_spent_is_told_by_workflow_agent_model_day_and_session() {
    let server = ModelServer::start(|_, _| Reply::text("words"));
    let test = company(&server, "{}");
    let test = test.args(["run", "one", "--json"]);
    test.run().code(0);
    test.run().code(0);
    let test = test.args(["run", "two", "--json"]);
    test.run().code(0);
    let test = test.args(["costs", "--json"]);
    let report = test.run().code(0).json();
    let one = row(&report, "one");
    is_usd(&one["cost_usd"], 0.22);
    assert_eq!((&one["runs"], &one["calls"]), (&json!(2), &json!(2)));
    let two = row(&report, "two");
    is_usd(&two["cost_usd"], 0.22);
    assert_eq!((&two["calls"], &two["unpriced_calls"]), (&json!(3), &json!(1)));
    let total = &report["total"];
    is_usd(&total["cost_usd"], 0.44);
    for (key, count) in [
        ("runs", 3),
        ("calls", 5),
        ("input_tokens", 500),
        ("cached_input_tokens", 100),
        ("output_tokens", 50),
        ("unpriced_calls", 1),
    ] {
        assert_eq!(total[key], count, "{key}");
    }
    let shape = |name: &str| {
        let shapes = report["shapes"].as_array().expect("shapes").iter();
        shapes.clone().find(|shape| shape["shape"] == name).cloned().unwrap_or_default()
    };
    assert_eq!(shape("single_agent")["runs"], 2, "{report:#}");
    is_usd(&shape("single_agent")["cost_usd"]["median"], 0.11);
    assert_eq!(shape("workflow")["priced_runs"], 0, "one of its calls has no price");
    assert!(shape("workflow")["duration_ms"]["p95"].as_f64() > Some(0.0));

    let by = |what: &str| test.also(["costs", "--by", what, "--json"]).code(0).json();
    let agents = by("agent");
    is_usd(&row(&agents, "cfo")["cost_usd"], 0.33);
    assert_eq!(row(&agents, "cro")["cost_usd"], Value::Null, "unpriced is never $0");
    assert_eq!(row(&agents, "step c of two")["calls"], 1, "an agent in place has no name");
    let models = by("model");
    assert_eq!(row(&models, "paid")["calls"], 4);
    assert_eq!(row(&models, "own")["unpriced_calls"], 1);
    let days = by("day");
    assert_eq!(days["rows"].as_array().map(Vec::len), Some(1));
    let name = days["rows"][0]["name"].as_str().expect("a day");
    assert!(name.len() == 10 && name.starts_with("20"), "{name}");
    assert_eq!(by("session")["rows"][0]["name"], Value::Null);

    let shown = test.also(["costs", "--by", "model"]).code(0);
    for part in ["paid", "unpriced", "total", "$0.4400", "unpriced calls: 1", "one agent"] {
        assert!(shown.stdout.contains(part), "`{part}` is missing in:\n{}", shown.stdout);
    }
}

#[test]
fn the_report_is_as_its_schema_says() {
    let server = ModelServer::start(|_, _| Reply::text("words"));
    let test = company(&server, "{budget: {usd_per_day: 50}}").args(["run", "two", "--json"]);
    test.run().code(0);
    let schema = include_str!("../../schemas/costs.schema.json");
    let schema = serde_json::from_str(schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for arguments in
        [&["costs", "--json"][..], &["costs", "--json", "--by", "agent", "--since", "7d"]]
    {
        let report = test.also(arguments.iter().copied()).code(0).json();
        let faults: Vec<String> = validator.iter_errors(&report).map(|f| f.to_string()).collect();
        assert!(faults.is_empty(), "{faults:?}");
    }
}

#[test]
fn a_time_can_be_asked_for() {
    let server = ModelServer::start(|_, _| Reply::text("words"));
    let test = company(&server, "{}").args(["run", "one"]);
    test.run().code(0);
    for (since, calls) in [
        ("today", 1),
        ("month", 1),
        ("7d", 1),
        ("24h", 1),
        ("2026-01-01", 1),
        ("2999-01-01", 0),
        ("0s", 0),
    ] {
        let report = test.also(["costs", "--since", since, "--json"]).code(0).json();
        assert_eq!(report["total"]["calls"], calls, "{since}");
    }
    for since in ["yesterday", "2026-13-01", "-7d", "7", ""] {
        let ran = test.also(["costs", "--since", since]).code(2);
        ran.says("help:").says("2026-11-01");
    }
    test.also(["costs", "--by", "colour"]).code(2).says("workflow");
}

#[test]
fn without_runs_nothing_was_spent() {
    let test = Test::demo().args(["costs", "--json"]);
    let report = test.run().code(0).json();
    assert_eq!(report["rows"], json!([]));
    assert_eq!(report["total"]["cost_usd"], 0.0);
    assert!(!test.path().join(".engine").exists());
    test.also(["costs"]).code(0).prints("no runs");
    test.also(["run", "channel_optimization", "--offline"]).code(0);
    let runs = test.also(["runs", "--json"]).json();
    let shown = test.also(["show", runs[0]["run_id"].as_str().expect("an id")]).code(0);
    shown.prints("cost: $0.00");
}

#[test]
fn what_is_left_of_the_day_bounds_a_run() {
    let server = ModelServer::start(|_, _| Reply::text("words"));
    // The first run spends $0.11; what is left is less than a call may cost.
    let test = company(&server, "{budget: {usd_per_day: 0.2, usd_per_month: 50}}");
    let test = test.args(["run", "one", "--json"]);
    test.run().code(0);
    let outcome = test.run().code(4).json();
    let message = outcome["error"]["message"].as_str().expect("a message");
    assert!(message.contains("of the budget of today"), "{message}");
    assert_eq!(server.seen().len(), 1);
    let shown = test.also(["costs"]).code(0);
    assert!(shown.stdout.contains("$0.11 of $0.20 today"), "{}", shown.stdout);
    assert!(shown.stdout.contains("$0.11 of $50.00 this month"), "{}", shown.stdout);
}

#[test]
fn a_budget_that_is_spent_refuses_a_run_before_it_starts() {
    let server = ModelServer::start(|_, _| Reply::text("words"));
    for (key, name) in [("usd_per_day", "today"), ("usd_per_month", "this month")] {
        let before = server.seen().len();
        let test = company(&server, &format!("{{budget: {{{key}: 0.109}}}}"));
        let test = test.args(["run", "one", "--json"]);
        test.run().code(0);
        let ran = test.run().code(4);
        assert!(ran.stdout.is_empty(), "{}", ran.stdout);
        ran.says(&format!("the budget of {name} is spent"))
            .says(&format!("$0.11 of $0.109 {name}"))
            .says(&format!("limits.budget.{key}"));
        assert_eq!(server.seen().len(), before + 1, "no call is made");
        let runs = test.also(["runs", "--json"]).code(0).json();
        assert_eq!(runs.as_array().map(Vec::len), Some(1), "and no run begins");
        test.also(["run", "one", "--offline"]).code(1).says("--offline");
    }
}

#[test]
fn a_budget_that_only_warns_lets_the_run_go_on() {
    let server = ModelServer::start(|_, _| Reply::text("words"));
    for budget in ["usd_per_day: 0.109", "usd: 0.01", "tokens: 5"] {
        let test = company(&server, &format!("{{budget: {{{budget}, on_exceed: warn}}}}"));
        let test = test.args(["run", "one", "--json"]);
        test.run().code(0);
        let outcome = test.run().code(0).json();
        assert_eq!(outcome["status"], "succeeded");
        let warnings = outcome["warnings"].to_string();
        assert!(warnings.contains("over budget"), "{budget}: {warnings}");
    }
}

#[test]
fn rows_of_a_batch_share_what_is_left_of_the_day() {
    let server = ModelServer::start(|_, _| Reply::text("words"));
    // Two rows at $0.11 each fit, then nothing is left.
    let test = company(&server, "{budget: {usd_per_day: 0.219}}")
        .file("rows.csv", "topic\na\nb\nc\n")
        .file(
            "workflows/rows.yaml",
            "
name: rows
params: {topic: {type: string}}
steps: [{id: a, agent: cfo, prompt: 'Of {{ params.topic }}?', max_tokens: 10}]
",
        )
        .args(["run", "rows", "--batch", "rows.csv", "--concurrency", "1"]);
    let ran = test.run().code(4);
    let lines: Vec<Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let statuses: Vec<&Value> = lines.iter().map(|line| &line["status"]).collect();
    assert_eq!(statuses, ["succeeded", "succeeded", "failed"]);
    assert_eq!(lines[2]["error"]["kind"], "over-budget");
    assert_eq!(server.seen().len(), 2);
    let pruned = test.also(["runs", "--prune", "--keep", "0", "--json"]).code(0).json();
    assert_eq!((&pruned["runs"], &pruned["kept_for_batches"]), (&json!(0), &json!(2)));
}

#[test]
fn what_steps_inside_of_steps_spend_is_told_by_their_agents() {
    let server = ModelServer::start(|_, _| Reply::text("words"));
    let test = company(&server, "{}")
        .file(
            "workflows/outer.yaml",
            "
name: outer
steps:
  - {id: each, for_each: '{{ [1, 2] }}', workflow: one}
  - {id: own, for_each: '{{ [1, 2] }}', agent: {instructions: x}, prompt: 'Of {{ item }}?'}
",
        )
        .args(["run", "outer", "--json"]);
    test.run().code(0);
    let report = test.also(["costs", "--by", "agent", "--json"]).code(0).json();
    is_usd(&row(&report, "cfo")["cost_usd"], 0.22);
    assert_eq!(row(&report, "step own of outer")["calls"], 2, "{report:#}");
    is_usd(&report["total"]["cost_usd"], 0.44);
    let id = test.also(["runs", "--json"]).json()[0]["run_id"].clone();
    let id = id.as_str().expect("an id");
    let shown = test.also(["show", id, "--step", "each", "--prompts"]).code(0);
    assert!(
        shown.stdout.contains("each[1]/a") && !shown.stdout.contains("own["),
        "{}",
        shown.stdout
    );
    assert_eq!(shown.stdout.matches("=== call").count(), 2);
}

#[test]
fn what_deleted_runs_spent_stays_known_and_counts_against_the_budget() {
    let server = ModelServer::start(|_, _| Reply::text("words"));
    let test = company(&server, "{budget: {usd_per_day: 9, usd_per_month: 90}}");
    for workflow in ["one", "one", "two"] {
        test.also(["run", workflow]).code(0);
    }
    let reports = || {
        ["day", "workflow", "agent", "model", "session"].map(|by| {
            let mut report = test.also(["costs", "--by", by, "--json"]).code(0).json();
            let object = report.as_object_mut().expect("an object");
            object.remove("shapes");
            let deleted = object.remove("deleted_runs").expect("a count");
            (report, deleted)
        })
    };
    let before = reports();
    let pruned = test.also(["runs", "--prune", "--keep", "1", "--json"]).code(0).json();
    assert_eq!(pruned["runs"], 2);
    test.also(["runs", "--prune", "--keep", "0"]).code(0).prints("deleted 1 run");
    assert_eq!(test.also(["runs", "--json"]).code(0).json(), json!([]));
    for ((before, _), (after, deleted)) in before.iter().zip(&reports()) {
        let rounded = |report: &Value| {
            let usd = |number: &Value| Some(format!("{:.6}", number.as_f64()?));
            let rows = report["rows"].as_array().expect("rows").iter();
            let rows: Vec<_> = rows
                .chain([&report["total"]])
                .map(|row| {
                    (
                        row["name"].clone(),
                        row["runs"].clone(),
                        row["calls"].clone(),
                        row["input_tokens"].clone(),
                        row["unpriced_calls"].clone(),
                        usd(&row["cost_usd"]),
                    )
                })
                .collect();
            (rows, report["budgets"].clone())
        };
        assert_eq!(rounded(before), rounded(after));
        assert_eq!(deleted, 3);
    }
    test.also(["costs"]).code(0).prints("3 runs of it deleted since");
    let test = test.change("engine.yaml", "usd_per_day: 9", "usd_per_day: 0.44");
    test.also(["run", "one"]).code(4).says("the budget of today is spent: $0.44 of $0.44");
    // What bounds the day is what engine.yaml says by now, also for a run that was planned before.
    let test = test.change("engine.yaml", "usd_per_day: 0.44", "usd_per_day: 0.45");
    let stopped = test.also(["run", "one", "--json"]).code(4).json();
    let run = stopped["run_id"].as_str().expect("an id");
    let help = stopped["error"]["help"].to_string();
    assert!(
        help.contains("usd_per_day") && help.contains(&format!("engine rerun {run}")),
        "{help}"
    );
    test.also(["rerun", run]).code(4);
    let test = test.change("engine.yaml", "usd_per_day: 0.45", "usd_per_day: 9");
    test.also(["rerun", run]).code(0);
}
