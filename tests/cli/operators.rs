//! What operators do to runs while others are under way: budgets that are shared, answers that are mistaken, batches that
//! are interrupted.

use std::io::BufRead as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::support::server::{ModelServer, Reply};
use super::support::{Ran, Test, step, waits_until};

const PRICED: &str = "models:
  paid: {provider: openai, model: x, api_key_env: OPENAI_API_KEY, price: {input: 1000, output: 1000}}
limits: {budget: {usd_per_day: 2}}
";

/// Two steps, the second of which the server takes its time for.
const TWO: &str = "name: two
params: {topic: {type: string}}
steps:
  - {id: a, agent: {instructions: First.}, prompt: 'Of {{ params.topic }}', max_tokens: 20, figures: none}
  - {id: b, agent: {instructions: Then.}, prompt: 'Of {{ steps.a.output }}', max_tokens: 20, figures: none}
";

fn outcomes(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn runs_at_the_same_time_stay_below_the_budget_of_the_day_together() {
    let server = ModelServer::start(|_, _| Reply::text("words").after(Duration::from_millis(30)));
    let rows: Vec<String> = (0..24).map(|n| format!("t{n}")).collect();
    let test = Test::new()
        .file("engine.yaml", PRICED)
        .file("workflows/two.yaml", TWO)
        .file("rows.csv", &format!("topic\n{}\n", rows.join("\n")))
        .openai(&server)
        .args(["run", "two", "--batch", "rows.csv", "--concurrency", "12", "--quiet"]);
    let ran = test.run().code(4);
    let spent: f64 = outcomes(&ran).iter().filter_map(|one| one["cost_usd"].as_f64()).sum();
    assert!(spent > 0.2 && spent <= 2.0, "${spent} of $2");
    let report = test.also(["costs", "--json"]).code(0).json();
    assert!(report["total"]["cost_usd"].as_f64().expect("a sum") <= 2.0, "{report:#}");
    let refused = outcomes(&ran).into_iter().find(|one| one["error"]["kind"] == "over-budget");
    let refused = refused.expect("what did not fit");
    assert!(refused["error"]["message"].to_string().contains("of today"), "{refused:#}");
    for key in ["steps", "usage", "timing", "figures", "warnings", "unpriced_calls", "degraded"] {
        assert!(!refused[key].is_null(), "a row is told like any other: `{key}` in {refused:#}");
    }
}

#[test]
fn processes_at_the_same_time_stay_below_the_budget_of_the_day_together() {
    let server = ModelServer::start(|_, _| Reply::text("words").after(Duration::from_millis(40)));
    let rows: Vec<String> = (0..12).map(|n| format!("t{n}")).collect();
    let test = Test::new()
        .file("engine.yaml", PRICED)
        // More is reserved for a call than the server says that it took.
        .file("workflows/two.yaml", &TWO.replace("max_tokens: 20", "max_tokens: 120"))
        .file("rows.csv", &format!("topic\n{}\n", rows.join("\n")))
        .openai(&server)
        .args(["run", "two", "--batch", "rows.csv", "--concurrency", "6", "--quiet"]);
    let children: Vec<_> = (0..3).map(|_| test.command().spawn().expect("the engine")).collect();
    let codes: Vec<i32> = children
        .into_iter()
        .map(|child| Ran::from(child.wait_with_output().expect("an end")).code)
        .collect();
    assert!(codes.contains(&4), "36 rows cost more than there is: {codes:?}");
    let report = test.also(["costs", "--json"]).code(0).json();
    let spent = report["total"]["cost_usd"].as_f64().expect("a sum");
    assert!(spent > 1.0 && spent <= 2.0, "${spent} of $2");
    // What a process that was killed had reserved is there again.
    let shown = test.path().join(".engine/journal.db.drivers");
    std::fs::write(shown.join("gone.usd"), "1000").expect("a file");
    std::fs::write(shown.join("gone"), "").expect("a file");
    let test = test.file("engine.yaml", &PRICED.replace("usd_per_day: 2", "usd_per_day: 50"));
    test.also(["run", "two", "-p", "topic=x"]).code(0);
    assert!(!shown.join("gone.usd").exists(), "nobody needs it any more");
}

#[test]
fn a_batch_that_was_interrupted_pays_for_no_answer_twice() {
    let arrived = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&arrived);
    let server = ModelServer::start(move |seen, _| {
        counter.fetch_add(1, Ordering::SeqCst);
        let slow = seen.message("system").contains("Then.");
        Reply::text("words").after(Duration::from_millis(if slow { 4_000 } else { 0 }))
    });
    let test = Test::new()
        .file("two.yaml", TWO)
        .file("rows.csv", "topic\none\ntwo\nthree\n")
        .openai(&server)
        .args(["run", "two.yaml", "--batch", "rows.csv", "--concurrency", "2", "--quiet"]);
    let child = test.command().spawn().expect("the engine");
    waits_until("two rows are at their second step", || arrived.load(Ordering::SeqCst) >= 4);
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill").success());
    let ran = Ran::from(child.wait_with_output().expect("an end")).code(130);
    let ran = ran.says("3 rows are left: the same command with --continue does what is left");
    let cut = &outcomes(&ran)[0];
    assert_eq!(cut["status"], "cancelled");
    assert!(
        cut["warnings"].to_string().contains("`b` was cut off while a model may have been asked"),
        "{cut:#}"
    );
    let before = arrived.load(Ordering::SeqCst);
    let done = test.also([
        "run",
        "two.yaml",
        "--batch",
        "rows.csv",
        "--concurrency",
        "3",
        "--quiet",
        "--continue",
    ]);
    let done = outcomes(&done.code(0));
    assert!(done.iter().all(|one| one["status"] == "succeeded"), "{done:#?}");
    assert_eq!(step(&done[0], "a")["status"], "cached", "it was answered before");
    assert_eq!(
        arrived.load(Ordering::SeqCst) - before,
        4,
        "b of two rows, and both steps of the third"
    );
}

#[test]
fn workflows_one_inside_the_other_and_optional_inputs_are_bounded_before_they_run() {
    let one = |n: usize| {
        format!(
            "name: w{n}\nsteps: [{{id: s, workflow: w{}}}]\noutputs: {{x: '{{{{ steps.s.output | tojson }}}}'}}\n",
            n + 1
        )
    };
    let deep = (0..400).fold(Test::new().file("engine.yaml", "models: {}\n"), |test, n| {
        test.file(&format!("workflows/w{n}.yaml"), &one(n))
    });
    let deep = deep.file("workflows/w400.yaml", "name: w400\nsteps: [{id: s, compute: {x: 1}}]\n");
    deep.also(["validate", "workflows/w0.yaml"]).code(2).says("more than 32 deep");
    let optional = "name: w
steps:
  - {id: a, agent: {instructions: x}, prompt: y}
  - {id: b, agent: {instructions: x}, prompt: 'Of {{ steps.a.output }}', needs: {optional: [a]}}
";
    let test = Test::new().file("w.yaml", optional);
    test.also(["validate", "w.yaml"]).code(0).says("step `b` fails whenever `a` gives nothing");
}

#[test]
fn a_batch_tells_what_all_of_it_cost_and_can_be_bounded_as_a_whole() {
    let server = ModelServer::start(|_, _| Reply::text("words"));
    let free = "  free: {provider: openai, model: x, api_key_env: OPENAI_API_KEY}\nlimits: {budget: {usd_per_day: 9}}";
    let models = PRICED.replace("limits: {budget: {usd_per_day: 2}}", free);
    let test = Test::new()
        .file("engine.yaml", &models)
        .file("workflows/two.yaml", &TWO.replace("id: b, agent: {", "id: b, model: free, agent: {"))
        .file("rows.csv", "topic\none\ntwo\nthree\nfour\n")
        .openai(&server);
    let batch = ["run", "two", "--batch", "rows.csv", "--concurrency", "1", "--json"];
    let summary = |ran: &Ran| -> Value {
        serde_json::from_str(ran.stderr.lines().last().expect("a line")).expect("JSON")
    };
    let bounded = test.also(batch.into_iter().chain(["--max-batch-cost-usd", "0.3"])).code(4);
    let rows = outcomes(&bounded);
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[0]["status"], "succeeded");
    assert_eq!(rows[3]["error"]["kind"], "over-budget");
    let spent: f64 = rows.iter().filter_map(|row| row["cost_usd"].as_f64()).sum();
    assert!(spent > 0.0 && spent <= 0.3, "${spent}");
    let told = summary(&bounded);
    assert_eq!(told["rows"], 4);
    assert!(told["left"].as_u64().expect("a count") >= 1, "{told:#}");
    assert!((told["cost_usd"].as_f64().expect("dollars") - spent).abs() < 1e-9, "{told:#}");
    assert!(told["unpriced_calls"].as_u64().expect("a count") >= 1, "{told:#}");
    let all = test.also(batch.into_iter().chain(["--continue"])).code(0);
    let told = summary(&all);
    let spent: f64 = outcomes(&all).iter().filter_map(|row| row["cost_usd"].as_f64()).sum();
    assert!((told["cost_usd"].as_f64().expect("dollars") - spent).abs() < 1e-9, "{told:#}");
    assert_eq!(told["left"], 0);
    assert_eq!(told["unpriced_calls"], 4);
    let again =
        test.also(batch.into_iter().filter(|one| *one != "--json").chain(["--continue"])).code(0);
    assert_eq!(outcomes(&again).len(), 4, "the output is whole");
    assert_eq!(
        again
            .stderr
            .lines()
            .last()
            .map(|line| line.contains("+ 4 unpriced calls; 4 of them before, for $")),
        Some(true),
        "{}",
        again.stderr
    );
    let new = test.also(batch.into_iter().chain(["--continue", "--only-new"])).code(0);
    assert_eq!(new.stdout, "", "nothing was left");

    let test = test.file("more.csv", "topic\nfive\nsix\n");
    let each = ["run", "two", "--batch", "more.csv", "--json"];
    let stopped = test.also(each.into_iter().chain(["--max-cost-usd", "0.01"])).code(4);
    assert_eq!(summary(&stopped)["left"], 2);
    let larger = ["--continue", "--only-new", "--max-cost-usd", "1"];
    let done = test.also(each.into_iter().chain(larger)).code(0);
    assert_eq!((outcomes(&done).len(), &summary(&done)["succeeded"]), (2, &json!(2)));
    assert!(!done.stderr.contains("anew"), "{}", done.stderr);
}

#[test]
fn a_batch_whose_reader_goes_away_begins_no_further_row_and_goes_on_later() {
    let rows: Vec<String> = (0..40).map(|n| format!("t{n}")).collect();
    let server = ModelServer::start(|_, _| Reply::text("words").after(Duration::from_millis(20)));
    let test = Test::new()
        .file("two.yaml", TWO)
        .file("rows.csv", &format!("topic\n{}\n", rows.join("\n")))
        .openai(&server)
        .args(["run", "two.yaml", "--batch", "rows.csv", "--concurrency", "2"]);
    let mut child = test.command().spawn().expect("the engine");
    let mut first = String::new();
    let mut stdout = std::io::BufReader::new(child.stdout.take().expect("standard output"));
    stdout.read_line(&mut first).expect("a line");
    drop(stdout);
    let ran = Ran::from(child.wait_with_output().expect("an end")).code(130);
    ran.says("standard output cannot be written").says("--continue prints all rows");
    let runs = test.also(["runs", "--json"]).code(0).json();
    let runs = runs.as_array().expect("runs");
    assert!(runs.len() < 40, "the rest was not begun");
    assert!(runs.iter().all(|run| run["status"] == "succeeded"), "{runs:#?}");
    let all =
        outcomes(&test.also(["run", "two.yaml", "--batch", "rows.csv", "--continue"]).code(0));
    assert_eq!(all.len(), 40);
    let first: Value = serde_json::from_str(&first).expect("JSON");
    assert!(all.iter().any(|row| row["run_id"] == first["run_id"]), "what was done stays");
    assert_eq!(server.seen().len(), 80, "nothing is asked twice");
}

#[test]
fn rows_that_no_batch_had_are_said_to_be_done_anew() {
    let server = ModelServer::start(|_, _| Reply::text("words"));
    let test = Test::new()
        .file("two.yaml", TWO)
        .file("rows.csv", "topic\none\n")
        .file("twice.csv", "topic,topic\none,two\n")
        .openai(&server);
    test.also(["run", "two.yaml", "--batch", "rows.csv", "--continue"])
        .code(0)
        .says("no earlier batch had this plan and these rows: all 1 rows are done anew");
    let twice = test.also(["run", "two.yaml", "--batch", "twice.csv"]).code(2);
    twice.says("column `topic` stands there twice").says("remove one of the columns");
    let test = test.file("rows.jsonl", "{\"topic\": \"one\"}\n");
    let both = ["run", "two.yaml", "-p", "topic=x", "--batch"];
    for (rows, what) in [("rows.csv", "column"), ("rows.jsonl", "key")] {
        let ran = test.also(both.into_iter().chain([rows])).code(2);
        let told = format!("{what} `topic` is a param that the command gives to all rows");
        assert!(format!("{}{}", ran.stdout, ran.stderr).contains(&told), "{}", ran.stdout);
    }
    assert_eq!(server.seen().len(), 2, "nothing else was asked");
}

const APPROVAL: &str = "name: w
steps:
  - {id: ok, approval: {message: 'Go on?', timeout: 2d}}
  - {id: b, when: steps.ok.output.choice == 'approve', compute: {x: 1}}
outputs: {b: \"{{ steps.b.output | default('not done') }}\"}
";

#[test]
fn a_mistaken_answer_leaves_the_run_waiting_and_nothing_decided() {
    let test = Test::new().file("w.yaml", APPROVAL).args(["run", "w.yaml", "--json"]);
    let waiting = test.run().code(3).json();
    assert_eq!(waiting["outputs"], json!({"b": null}), "what may still come has no default yet");
    assert!(waiting["warnings"].to_string().contains("waits for an answer until 20"));
    let id = waiting["run_id"].as_str().expect("an id");
    for mistake in
        [["approve", id, "ok", "--choice", "aprove"], ["approve", id, "okk", "--by", "me"]]
    {
        test.also(mistake).code(2).says("did you mean");
        let runs = test.also(["runs", "--status", "waiting", "--json"]).code(0).json();
        assert_eq!(runs[0]["run_id"], id, "after {mistake:?}");
    }
    let given = test.also(["approve", id, "--choice", "reject", "--json"]).code(0).json();
    assert_eq!(given["outputs"]["b"], "not done");
    test.also(["approve", id]).code(2).says("has ended");
    let runs = test.also(["runs", "--json"]).code(0).json();
    assert_eq!(runs[0]["status"], "succeeded");
}

#[test]
fn one_of_two_answers_at_the_same_time_counts_and_the_run_has_ended() {
    let test = Test::new().file("w.yaml", APPROVAL).args(["run", "w.yaml", "--json"]);
    for _ in 0..5 {
        let waiting = test.run().code(3).json();
        let id = waiting["run_id"].as_str().expect("an id");
        let answer = || test.also(["approve", id, "--choice", "reject"]).code;
        let codes: Vec<i32> = std::thread::scope(|scope| {
            let both = [scope.spawn(answer), scope.spawn(answer)];
            both.map(|one| one.join().expect("a code")).to_vec()
        });
        assert!(codes.contains(&0) && codes.iter().all(|code| [0, 2].contains(code)), "{codes:?}");
        let runs = test.also(["runs", "--json"]).code(0).json();
        assert_eq!(runs[0]["status"], "succeeded", "{codes:?}");
    }
}

#[test]
fn a_run_that_its_budget_stopped_is_done_again_with_a_larger_one() {
    let server = ModelServer::start(|_, _| Reply::text("words"));
    let test = Test::new()
        .file("engine.yaml", PRICED)
        .file("workflows/two.yaml", TWO)
        .openai(&server)
        .args(["run", "two", "-p", "topic=x", "--max-cost-usd", "0.15", "--json"]);
    let stopped = test.run().code(4).json();
    let id = stopped["run_id"].as_str().expect("an id");
    let help = stopped["error"]["help"].to_string();
    assert!(help.contains(&format!("engine rerun {id} --max-cost-usd")), "{help}");
    let again = ["rerun", id, "--max-cost-usd", "1", "--json"];
    let again = test.also(again).code(0).json();
    assert_eq!(step(&again, "a")["status"], "cached");
    assert_eq!(server.seen().len(), 2, "only what is left is asked");
    test.also(["show", again["run_id"].as_str().expect("an id")])
        .code(0)
        .prints(&format!("does again run {id}"));
    test.also(["show", "0"]).code(2).says("several runs begin with `0`");
}

#[test]
fn a_model_without_a_price_is_said_to_be_bounded_by_no_dollars() {
    let server = ModelServer::start(|_, _| Reply::text("words"));
    let test = Test::new().file("two.yaml", TWO).openai(&server);
    let run = ["run", "two.yaml", "-p", "topic=x", "--max-cost-usd", "0.00001", "--json"];
    let warnings = test.also(run).code(0).json()["warnings"].to_string();
    assert_eq!(warnings.matches("has no price").count(), 1, "{warnings}");
}
