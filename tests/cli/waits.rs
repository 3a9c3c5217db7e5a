//! What waits is told apart from what works: people who are asked, processes that died, lists that are long.

use serde_json::{Value, json};

use super::lasting::{cut, events};
use super::support::server::{ModelServer, Reply};
use super::support::{Test, step};

/// An inner workflow asks a person, beside a step that works; then something is done.
const OUTER: &str = "name: outer
steps:
  - {id: inner, workflow: asks}
  - {id: beside, agent: {instructions: x}, prompt: y, figures: none}
  - {id: after, compute: {went: steps.inner.output.choice}}
outputs: {went: '{{ steps.after.output.went }}'}
";

const ASKS: &str = "name: asks
steps:
  - {id: ok, approval: {message: 'Go?'}}
  - {id: then, agent: {instructions: x}, prompt: 'z {{ steps.ok.output.choice }}', figures: none}
outputs: {choice: '{{ steps.ok.output.choice }}', said: '{{ steps.then.output }}'}
";

const DAY_US: i64 = 86_400_000_000;
const DAY_MS: f64 = 86_400_000.0;

/// Makes everything that has happened so far happen a day earlier.
fn a_day_passes(test: &Test, run: &str, mut events: Vec<Value>) {
    for event in &mut events {
        event["at_us"] = json!(event["at_us"].as_i64().expect("a time") - DAY_US);
    }
    cut(test.path(), run, &events);
    let journal = rusqlite::Connection::open(test.path().join(".engine/journal.db"));
    let earlier = "update runs set started_us = started_us - ?1";
    journal.expect("a journal").execute(earlier, [DAY_US]).expect("an update");
}

fn waited(step: &Value) -> f64 {
    step["waiting_ms"].as_f64().unwrap_or_default()
}

#[test]
fn a_person_and_a_process_that_died_are_waited_for_and_that_is_no_work() {
    let server = ModelServer::start(|_, _| Reply::text("words"));
    let test = Test::new()
        .file(
            "engine.yaml",
            "models: {m: {provider: openai, model: x, api_key_env: OPENAI_API_KEY}}\n",
        )
        .file("workflows/outer.yaml", OUTER)
        .file("workflows/asks.yaml", ASKS)
        .openai(&server)
        .args(["run", "outer", "--json"]);
    test.run().code(3);
    let (run, asked) = events(test.path());
    a_day_passes(&test, &run, asked);
    test.also(["approve", &run]).code(0).says("1d00h waiting");
    // The process died while the step after the answer was under way, and a day later somebody goes on.
    let (_, mut under_way) = events(test.path());
    let began = |event: &Value| {
        event["event"]["type"] == "step_started" && event["event"]["step"] == "inner/then"
    };
    let end = under_way.iter().position(began).expect("the inner step began") + 1;
    under_way.truncate(end);
    a_day_passes(&test, &run, under_way);
    let outcome = test.also(["resume", &run, "--json"]).code(0).json();
    let timing = &outcome["timing"];
    assert!(waited(timing) >= 2.0 * DAY_MS, "{timing:#}");
    for time in ["critical_path_ms", "sequential_ms"] {
        assert!(timing[time].as_f64().expect("a time") < DAY_MS, "`{time}` is work: {timing:#}");
    }
    let inner = step(&outcome, "inner");
    assert!(waited(inner) >= 2.0 * DAY_MS, "{inner:#}");
    assert!(inner["duration_ms"].as_f64().expect("a time") < DAY_MS, "{inner:#}");
    let [ok, then] = [&inner["steps"][0], &inner["steps"][1]];
    assert!(waited(ok) >= DAY_MS && waited(ok) < 2.0 * DAY_MS, "the person took a day: {ok:#}");
    assert!(waited(then) >= DAY_MS && waited(then) < 2.0 * DAY_MS, "and the process: {then:#}");
    assert_eq!(step(&outcome, "beside")["waiting_ms"], Value::Null, "it waited for nobody");
    let shown = test.also(["show", &run]).code(0);
    assert!(!shown.stdout.contains("saved"), "nothing was saved by waiting:\n{}", shown.stdout);
    assert!(shown.stdout.contains("2d00h waiting"), "{}", shown.stdout);
    shown.prints("inner/ok");
    test.also(["show", &run, "--step", "inner"]).code(0).prints("inner/ok: approve by");
    let listed = &test.also(["runs", "--json"]).code(0).json()[0];
    assert!(listed["waiting_ms"].as_f64().expect("a time") >= 2.0 * DAY_MS, "{listed:#}");
    assert!(listed["duration_ms"].as_f64().expect("a time") < DAY_MS, "{listed:#}");
}

#[test]
fn of_a_long_list_what_failed_and_what_was_slow_is_shown() {
    let server = ModelServer::start(|seen, _| {
        if seen.message("user").ends_with('7') { Reply::error(400, "no") } else { Reply::text("a") }
    });
    let long = "name: long
steps:
  - {id: all, for_each: '{{ range(60) | list }}', agent: {instructions: x}, prompt: 'Of {{ item }}', figures: none, on_error: default, default: none}
  - {id: some, for_each: '{{ range(30) | list }}', compute: {x: 10 / (item - 20)}}
outputs: {all: '{{ steps.all.output | length }}', some: '{{ steps.some.output }}'}
";
    let test = Test::new().file("long.yaml", long).openai(&server).args(["run", "long.yaml"]);
    let ran = test.run().code(3);
    assert!(ran.stderr.lines().filter(|line| line.contains("took its default")).count() < 30);
    let (run, _) = events(test.path());
    let shown = test.also(["show", &run]).code(0);
    for part in [
        "all: 60 items: 54 succeeded, 6 defaulted ([7], [17], [27], [37], [47], ...); 60 calls, 54 unpriced; slowest [",
        "some: 21 items: 20 succeeded, 1 failed ([20]); slowest [",
        "some[20]",
        "--all",
    ] {
        assert!(shown.stdout.contains(part), "`{part}` is missing in:\n{}", shown.stdout);
    }
    assert!(shown.stdout.lines().count() < 90, "{}", shown.stdout);
    for whole in [&["show", &run, "--all"][..], &["show", &run, "--step", "all"]] {
        let shown = test.also(whole.iter().copied()).code(0);
        assert!((0..60).all(|item| shown.stdout.contains(&format!("all[{item}]"))), "{whole:?}");
    }
}

#[test]
fn a_run_that_ended_and_files_that_changed_are_told() {
    let one = |text: &str| {
        format!(
            "name: one\nsteps: [{{id: a, compute: {{x: {text}}}}}]\noutputs: {{x: '{{{{ steps.a.output.x }}}}'}}\n"
        )
    };
    let test = Test::new()
        .file("engine.yaml", "models: {}\n")
        .file("workflows/one.yaml", &one("1"))
        .args(["run", "one", "--json", "--max-parallel", "3", "--max-cost-usd", "1"]);
    let run = test.run().code(0).json()["run_id"].as_str().expect("an id").to_owned();
    let ended = test.also(["resume", &run]).code(0);
    let ended = ended.says(&format!("run {run} had ended before and succeeded"));
    ended.says(&format!("`engine rerun {run}` does it again")).prints("\"x\": 1");
    let same = test.also(["rerun", &run]).code(0);
    assert!(!same.stderr.contains("changed"), "{}", same.stderr);
    let test = test.file("workflows/one.yaml", &one("2"));
    let then = test.also(["rerun", &run]).code(0).prints("\"x\": 1");
    then.says("workflow `one`, or what it uses, has changed since; the plan of then is kept: `engine run one` runs it as it is now");
    let test = test.file("workflows/one.yaml", &one("nothing.at.all"));
    test.also(["rerun", &run]).code(0).says("`engine validate` tells what is wrong with it now");
    std::fs::remove_file(test.path().join("workflows/one.yaml")).expect("a file");
    let gone = "no file of the project or of this folder is workflow `one` now";
    test.also(["rerun", &run]).code(0).says(gone).says("the plan of then is kept");
    // Outside of any project.
    let test = Test::new().file("w.yaml", &one("1")).args(["run", "w.yaml", "--json"]);
    let run = test.run().code(0).json()["run_id"].as_str().expect("an id").to_owned();
    let same = test.also(["rerun", &run]).code(0);
    assert!(!same.stderr.contains("note:"), "{}", same.stderr);
    let test = test.file("w.yaml", &one("2"));
    test.also(["rerun", &run]).code(0).says("kept: `engine run w.yaml` runs it as it is now");
    let test = test.file("w.yaml", &one("nothing.at.all"));
    test.also(["rerun", &run]).code(0).says("`engine validate w.yaml` tells what is wrong");
}
