//! Steps and what they wait for: conditions, skips, failures, defaults, the journal.

use serde_json::json;

use super::support::server::{ModelServer, Reply};
use super::support::{Test, step};

fn compute(yaml: &str) -> Test {
    Test::new().file("w.yaml", yaml).args(["run", "w.yaml", "--json"])
}

#[test]
fn a_false_condition_skips_a_step_and_what_needs_it() {
    let outcome = compute(
        "
name: w
steps:
  - {id: a, compute: {x: 1}}
  - {id: b, compute: {y: 2}, when: steps.a.output.x > 1}
  - {id: c, compute: {z: steps.b.output.y}}
  - {id: d, compute: {z: 'steps.b.output | default({}) | length'}}
  - {id: e, compute: {z: 7}, needs: [b], when: steps.b.status == 'skipped'}
outputs: {c: '{{ steps.c.output }}', d: '{{ steps.d.output.z }}', e: '{{ steps.e.output.z }}'}
",
    )
    .run()
    .code(0)
    .json();
    for (id, status) in [("b", "skipped"), ("c", "skipped"), ("d", "succeeded"), ("e", "succeeded")]
    {
        assert_eq!(step(&outcome, id)["status"], status, "{id}");
    }
    assert_eq!(outcome["outputs"], json!({"c": null, "d": 0, "e": 7}));
    assert_eq!(outcome["status"], "succeeded");
}

#[test]
fn a_failure_leaves_siblings_alone_and_names_the_gap() {
    let outcome = compute(
        "
name: w
steps:
  - {id: bad, compute: {x: 1 / 0}}
  - {id: after, compute: {y: steps.bad.output.x}}
  - {id: good, compute: {z: 3}}
outputs: {y: '{{ steps.after.output.y }}', z: '{{ steps.good.output.z }}'}
",
    )
    .run()
    .code(3)
    .json();
    assert_eq!(outcome["status"], "partial");
    assert_eq!(outcome["outputs"], json!({"y": null, "z": 3}));
    assert_eq!(step(&outcome, "bad")["status"], "failed");
    assert_eq!(step(&outcome, "bad")["attempts"], 1);
    assert!(
        step(&outcome, "bad")["error"]["message"].as_str().expect("a message").contains("1 / 0")
    );
    assert_eq!(step(&outcome, "after")["status"], "skipped");
    let warnings = outcome["warnings"].to_string();
    assert!(
        warnings.contains("`y`") && warnings.contains("`bad`"),
        "step and gap are named: {warnings}"
    );
}

#[test]
fn nothing_made_is_a_failure() {
    let outcome =
        compute("name: w\nsteps: [{id: bad, compute: {x: 1 / 0}}]\n").run().code(1).json();
    assert_eq!(outcome["status"], "failed");
    assert!(outcome["error"]["message"].as_str().expect("a message").contains("bad"));
}

#[test]
fn a_default_keeps_a_run_going_and_is_said() {
    let server = ModelServer::start(|_, _| Reply::error(400, "no"));
    let outcome = Test::new()
        .file(
            "w.yaml",
            "
name: w
params: {topic: {type: string, default: tea}}
steps:
  - {id: a, agent: {instructions: x}, prompt: y, on_error: default, default: 'about {{ params.topic }}'}
  - {id: b, compute: {z: steps.a.output}}
  - {id: c, agent: {instructions: x}, prompt: y, on_error: skip}
",
        )
        .openai(&server)
        .args(["run", "w.yaml", "--json"])
        .run()
        .code(0)
        .json();
    assert_eq!(step(&outcome, "a")["status"], "defaulted");
    assert_eq!(step(&outcome, "c")["status"], "skipped");
    assert_eq!(outcome["outputs"]["b"], json!({"z": "about tea"}));
    assert_eq!(outcome["degraded"], true, "a model was wanted and none answered");
    assert!(outcome["warnings"].to_string().contains("`a`"), "{}", outcome["warnings"]);
}

#[test]
fn offline_asks_nobody() {
    let server = ModelServer::start(|_, _| Reply::text("x"));
    let outcome = Test::new()
        .file("w.yaml", "name: w\nsteps: [{id: a, agent: {instructions: x}, prompt: y}]\n")
        .openai(&server)
        .args(["run", "w.yaml", "--json", "--offline"])
        .run()
        .code(1)
        .json();
    assert!(server.seen().is_empty());
    assert_eq!(step(&outcome, "a")["error"]["kind"], "no-model");
}

#[test]
fn compute_names_build_on_one_another_and_keep_their_types() {
    let outcome = compute(
        "
name: w
params: {n: {type: integer, default: 4}}
steps:
  - id: a
    compute:
      double: params.n * 2
      half: double / 16
      list: '[double, half]'
      safe: 1 / 0 if false else none
      constant: 5
      text: '\"n is \" ~ double'
outputs: {all: '{{ steps.a.output }}', text: 'it is {{ steps.a.output.double }}'}
",
    )
    .run()
    .code(0)
    .json();
    assert_eq!(
        outcome["outputs"]["all"],
        json!({"double": 8, "half": 0.5, "list": [8, 0.5], "safe": null, "constant": 5, "text": "n is 8"})
    );
    assert_eq!(outcome["outputs"]["text"], "it is 8");
}

#[test]
fn without_outputs_a_run_gives_what_no_step_waits_for() {
    let yaml = "name: w\nsteps:\n  - {id: a, compute: {x: 1}}\n  - {id: b, compute: {y: steps.a.output.x + 1}}\n  - {id: c, compute: {z: 9}}\n";
    let outcome = compute(yaml).run().code(0).json();
    assert_eq!(outcome["outputs"], json!({"b": {"y": 2}, "c": {"z": 9}}));
}

#[test]
fn runs_are_kept_and_can_be_shown() {
    let test = Test::new().file("w.yaml", "name: w\nsteps: [{id: a, compute: {x: 1}}]\n");
    let test = test.args(["run", "w.yaml", "--json"]);
    let outcome = test.run().code(0).json();
    let id = outcome["run_id"].as_str().expect("an id").to_owned();
    let test = test.args(["runs", "--json"]);
    let runs = test.run().code(0).json();
    assert_eq!(runs[0]["run_id"], *id);
    assert_eq!(runs[0]["status"], "succeeded");
    assert_eq!(runs[0]["workflow"], "w");
    let mut shown = test.args(["show", &id, "--json"]).run().code(0).json();
    let events = shown.as_object_mut().expect("an object").remove("events").expect("events");
    assert_eq!(shown, outcome, "a replay of the journal gives the same outcome");
    assert_eq!(events[0]["event"]["type"], "run_started");
}

#[test]
fn the_first_ctrl_c_still_prints_the_outcome() {
    let server =
        ModelServer::start(|_, _| Reply::text("late").after(std::time::Duration::from_secs(20)));
    let test = Test::new()
        .file("w.yaml", "name: w\nsteps:\n  - {id: a, compute: {x: 1}}\n  - {id: b, agent: {instructions: x}, prompt: y}\n")
        .openai(&server)
        .args(["run", "w.yaml", "--json"]);
    let child = test.command().spawn().expect("the engine starts");
    std::thread::sleep(std::time::Duration::from_millis(700));
    let pid = child.id().to_string();
    assert!(
        std::process::Command::new("kill").args(["-INT", &pid]).status().expect("kill").success()
    );
    let ran: super::support::Ran = child.wait_with_output().expect("an end").into();
    let outcome = ran.code(130).json();
    assert_eq!(outcome["status"], "cancelled");
    assert_eq!(outcome["outputs"]["a"], json!({"x": 1}), "what was made is given: {outcome:#}");
    assert_eq!(step(&outcome, "b")["status"], "skipped");
}

#[test]
fn a_run_has_a_time_limit() {
    let server =
        ModelServer::start(|_, _| Reply::text("late").after(std::time::Duration::from_secs(20)));
    let outcome = Test::new()
        .file("engine.yaml", "models: {m: {provider: openai, model: x, api_key_env: OPENAI_API_KEY}}\nlimits: {run_timeout: 300ms}\n")
        .file("w.yaml", "name: w\nsteps: [{id: b, agent: {instructions: x}, prompt: y}]\n")
        .openai(&server)
        .args(["run", "w.yaml", "--json"])
        .run()
        .code(1)
        .json();
    assert_eq!(outcome["error"]["kind"], "run-timeout");
}

#[test]
fn the_outcome_is_as_its_schema_says() {
    let outcome =
        compute("name: w\nsteps: [{id: a, compute: {x: 1}}, {id: b, compute: {x: 1 / 0}}]\n")
            .run()
            .code(3)
            .json();
    let schema = include_str!("../../schemas/outcome.schema.json");
    let schema = serde_json::from_str(schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let faults: Vec<String> =
        validator.iter_errors(&outcome).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}");
}
