//! Runs of the past: found, shown, deleted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;

use super::support::server::{ModelServer, Reply};
use super::support::{Ran, Test, waits_until};

const TWO: &str = "
name: two
params: {topic: {type: string, default: tea}}
steps:
  - {id: facts, agent: {instructions: Know.}, prompt: 'What of {{ params.topic }}?'}
  - {id: sum, compute: {x: 1}}
  - {id: answer, agent: {instructions: Say.}, prompt: 'Say {{ steps.facts.output }}.'}
outputs: {answer: '{{ steps.answer.output }}'}
";

fn ran(server: &ModelServer) -> (Test, String) {
    let test = Test::new().file("two.yaml", TWO).openai(server).args(["run", "two.yaml", "--json"]);
    let outcome = test.run().code(0).json();
    let id = outcome["run_id"].as_str().expect("an id").to_owned();
    (test, id)
}

#[test]
fn a_run_is_shown_with_its_steps_and_when_they_ran() {
    let server =
        ModelServer::start(|_, _| Reply::text("good tea").after(Duration::from_millis(60)));
    let (test, id) = ran(&server);
    let shown = test.also(["show", &id]).code(0);
    for part in [
        &format!("run {id} of `two`"),
        "facts",
        "succeeded",
        "unpriced",
        "good tea",
        "2 unpriced calls",
    ] {
        assert!(shown.stdout.contains(part), "`{part}` is missing in:\n{}", shown.stdout);
    }
    let bars: Vec<&str> = shown.stdout.lines().filter(|line| line.contains("  |")).collect();
    assert_eq!(bars.len(), 3, "a bar a step:\n{}", shown.stdout);
    assert!(bars.iter().all(|bar| bar.chars().count() <= 80 && bar.is_ascii()), "{bars:?}");
    assert!(bars[0].starts_with("facts ") && bars[0].contains("#####"), "{bars:?}");
    // A busy machine may take its time before the first step begins.
    let began = |bar: &str| bar.find('#').expect("a bar");
    let facts_ended = bars[0].rfind('#').expect("a bar");
    assert!(began(bars[0]) < began(bars[2]), "the answer began later: {bars:?}");
    assert!(facts_ended <= began(bars[2]) + 1, "when the facts were there: {bars:?}");
    assert!(!shown.stdout.contains('\u{1b}'), "no colours outside a terminal");
    assert!(!shown.stdout.contains("Know."), "prompts are not shown unless asked for");
}

#[test]
fn prompts_are_shown_as_they_were_sent() {
    let server = ModelServer::start(|_, _| Reply::text("good tea"));
    let (test, id) = ran(&server);
    let seen = server.seen();
    let shown = test.also(["show", &id, "--prompts"]).code(0);
    for asked in &seen {
        assert!(shown.stdout.contains(asked.message("user")), "{}", shown.stdout);
        assert!(shown.stdout.contains(asked.message("system")), "{}", shown.stdout);
    }
    assert!(
        shown.stdout.contains("source=\"steps.facts\">\ngood tea\n</data:"),
        "the fence stands"
    );
    assert!(shown.stdout.contains("--- answer\ngood tea"), "{}", shown.stdout);
    let one = test.also(["show", &id, "--prompts", "--step", "facts"]).code(0);
    assert!(one.stdout.contains("What of tea?") && !one.stdout.contains("Say."), "{}", one.stdout);
    assert!(one.stdout.contains("facts: asked"), "its events are shown:\n{}", one.stdout);
    test.also(["show", &id, "--step", "fact"]).code(2).says("did you mean `facts`");
    let object = test.also(["show", &id, "--json", "--step", "sum"]).code(0).json();
    assert_eq!(object["events"].as_array().map(Vec::len), Some(2), "{object:#}");
    assert_eq!(object["steps"].as_array().map(Vec::len), Some(3), "the outcome stays whole");
}

#[test]
fn the_greatest_cost_stands_beside_the_true_one() {
    let server = ModelServer::start(|_, _| Reply::text("words"));
    let test = Test::new()
        .file("engine.yaml", "models: {m: {provider: openai, model: x, api_key_env: OPENAI_API_KEY, max_tokens: 10, price: {input: 1000, output: 2000}}}\n")
        .file("w.yaml", "name: w\nsteps: [{id: a, agent: {instructions: x}, prompt: y, retry: {max_attempts: 2}}]\n")
        .openai(&server)
        .args(["run", "w.yaml", "--json"]);
    let outcome = test.run().code(0).json();
    let id = outcome["run_id"].as_str().expect("an id");
    // A token for three bytes and 80 more, and 10 of answer: $0.1, twice.
    test.also(["show", id]).code(0).prints("cost: $0.12, of at most $0.20");
}

#[test]
fn runs_are_found_by_workflow_and_status() {
    let test = Test::new()
        .file("good.yaml", "name: good\nsteps: [{id: a, compute: {x: 1}}]\n")
        .file("bad.yaml", "name: bad\nsteps: [{id: a, compute: {x: 1 / 0}}]\n");
    let test = test.args(["runs"]);
    for workflow in ["good.yaml", "bad.yaml", "good.yaml"] {
        test.also(["run", workflow]);
    }
    let count = |arguments: &[&str]| {
        let all: Vec<&str> = ["runs", "--json"].iter().chain(arguments).copied().collect();
        test.also(all).code(0).json().as_array().map(Vec::len).unwrap_or_default()
    };
    assert_eq!(count(&[]), 3);
    assert_eq!(count(&["--workflow", "good"]), 2);
    assert_eq!(count(&["--workflow", "none"]), 0);
    assert_eq!(count(&["--status", "failed"]), 1);
    assert_eq!(count(&["--status", "failed", "--workflow", "good"]), 0);
    assert_eq!(count(&["--limit", "1"]), 1);
    test.also(["runs", "--status", "lost"]).code(2).says("interrupted");
    let newest = test.also(["runs", "--json", "--limit", "1"]).code(0).json();
    assert_eq!(newest[0]["workflow"], "good");
}

#[test]
fn old_runs_are_deleted_and_nothing_else() {
    let test = Test::new()
        .file("w.yaml", "name: w\nsteps: [{id: a, compute: {x: 1}}]\n")
        .file("v.yaml", "name: v\nsteps: [{id: a, compute: {x: 2}}]\n");
    let test = test.args(["runs"]);
    for workflow in ["v.yaml", "w.yaml", "w.yaml", "w.yaml"] {
        test.also(["run", workflow]).code(0);
    }
    let prune = |arguments: &[&str]| {
        let all: Vec<&str> =
            ["runs", "--prune", "--json"].iter().chain(arguments).copied().collect();
        test.also(all).code(0).json()
    };
    let left = || test.also(["runs", "--json"]).json().as_array().map_or(0, Vec::len);
    test.also(["show", ""]).code(2).says("the id of the run is empty");
    assert_eq!(prune(&[])["runs"], 0, "all of them are younger than a month");
    let counted = prune(&["--keep", "1", "--dry-run"]);
    assert_eq!((&counted["runs"], &counted["plans"]), (&json!(3), &json!(1)));
    assert_eq!(left(), 4, "a dry run deletes nothing");
    let deleted = prune(&["--keep", "1"]);
    assert_eq!(deleted["bytes"], counted["bytes"], "and counts the same");
    assert!(deleted["bytes"].as_u64() > Some(100));
    assert_eq!(left(), 1);
    let id = test.also(["runs", "--json"]).json()[0]["run_id"].clone();
    test.also(["show", id.as_str().expect("an id")]).code(0).prints("w");
    test.also(["run", "v.yaml"]).code(0);
    test.also(["runs", "--prune", "--older-than", "0s", "--workflow", "v"])
        .code(0)
        .prints("deleted 1 run and 1 plan that no other run needs");
    assert_eq!(left(), 1, "runs of other workflows stay");
    for faulty in [
        &["runs", "--keep", "1"][..],
        &["runs", "--dry-run"],
        &["runs", "--prune", "--older-than", "soon"],
        &["runs", "--prune", "--older-than", "1d", "--keep", "1"],
    ] {
        test.also(faulty.iter().copied()).code(2);
    }
}

#[test]
fn a_run_under_way_loses_nothing() {
    let (arrived, gone) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (came, held) = (Arc::clone(&arrived), Arc::clone(&gone));
    let server = ModelServer::start(move |_, number| {
        if number == 2 {
            came.store(true, Ordering::SeqCst);
            waits_until("the runs are deleted", || held.load(Ordering::SeqCst));
        }
        Reply::text("good tea")
    });
    let (test, old) = ran(&server);
    let child = test.command().spawn().expect("the engine starts");
    waits_until("the run is under way", || arrived.load(Ordering::SeqCst));
    let deleted = test.also(["runs", "--prune", "--keep", "0", "--json"]).code(0).json();
    gone.store(true, Ordering::SeqCst);
    assert_eq!(
        (&deleted["runs"], &deleted["plans"]),
        (&json!(1), &json!(0)),
        "they share the plan"
    );
    let ran: Ran = child.wait_with_output().expect("an end").into();
    let outcome = ran.code(0).json();
    assert_eq!(outcome["outputs"]["answer"], "good tea");
    let id = outcome["run_id"].as_str().expect("an id");
    assert_eq!(test.also(["show", id, "--json"]).code(0).json()["status"], "succeeded");
    test.also(["show", &old]).code(2);
}

#[test]
fn a_run_that_waits_stays_and_goes_on_within_the_budget_of_the_day() {
    let server = ModelServer::start(|_, _| Reply::text("words"));
    let test = Test::new()
        .file("engine.yaml", "models: {m: {provider: openai, model: x, api_key_env: OPENAI_API_KEY, max_tokens: 10, price: {input: 1000, output: 2000}}}\nlimits: {budget: {usd_per_day: 0.3}}\n")
        .file("w.yaml", "name: w\nsteps:\n  - {id: a, agent: {instructions: x}, prompt: y}\n  - {id: ok, approval: {message: 'Well?'}, needs: [a]}\n  - {id: b, agent: {instructions: x}, prompt: y, needs: [ok]}\n")
        .file("v.yaml", "name: v\nsteps: [{id: a, agent: {instructions: x}, prompt: y}]\n")
        .openai(&server)
        .args(["run", "w.yaml", "--json"]);
    // Each call costs $0.12 and is reckoned with at $0.10.
    let waiting = test.run().code(3).json();
    let id = waiting["run_id"].as_str().expect("an id");
    test.also(["run", "v.yaml"]).code(0);
    let deleted = test.also(["runs", "--prune", "--keep", "0", "--json"]).code(0).json();
    assert_eq!((&deleted["runs"], &deleted["plans"]), (&json!(1), &json!(1)), "only what ended");
    test.also(["runs", "--status", "waiting", "--json"]).code(0).prints(id);
    // What a deleted run has spent counts all the same.
    let outcome = test.also(["approve", id, "--json"]).code(4).json();
    let message = outcome["error"]["message"].as_str().expect("a message");
    assert!(message.contains("of the budget of today"), "{message}");
    assert_eq!(server.seen().len(), 2, "no call beyond the budget");
}

#[test]
fn rows_of_a_batch_stay_until_all_of_it_is_done() {
    let begun = Arc::new(AtomicBool::new(false));
    let second = Arc::clone(&begun);
    let server = ModelServer::start(move |seen, _| {
        // The second row takes its time, unless it is gone on with.
        let slow = seen.message("user") == "two" && !second.swap(true, Ordering::SeqCst);
        Reply::text("good tea").after(Duration::from_mins(if slow { 10 } else { 0 }))
    });
    let batch = ["run", "w.yaml", "--batch", "rows.csv", "--concurrency", "1", "--quiet"];
    let test = Test::new()
        .file("w.yaml", "name: w\nparams: {of: {type: string}}\nsteps: [{id: a, agent: {instructions: x}, prompt: '{{ params.of }}'}]\n")
        .file("rows.csv", "of\none\ntwo\nthree\n")
        .openai(&server)
        .args(batch);
    let prune = |more: &[&str]| {
        let all: Vec<&str> =
            ["runs", "--prune", "--keep", "0"].iter().chain(more).copied().collect();
        test.also(all).code(0)
    };
    let mut child = test.command().spawn().expect("the engine starts");
    waits_until("the second row begins", || begun.load(Ordering::SeqCst));
    let runs = test.also(["runs", "--json", "--status", "running"]).code(0).json();
    let running = runs[0]["run_id"].as_str().expect("an id");
    test.also(["show", running]).code(0).prints("; it is running\n");
    prune(&[]).prints("deleted 0 runs").prints("1 run of batches that are not all done stay");
    child.kill().expect("a kill");
    child.wait().expect("an end");
    assert_eq!(prune(&["--json"]).json()["runs"], 0, "the second row can be gone on with");
    let runs = test.also(["runs", "--json"]).code(0).json();
    assert_eq!(runs[0]["status"], "interrupted");
    let run = runs[0]["run_id"].as_str().expect("an id");
    let told = format!("it was interrupted: `engine resume {run}` goes on with it");
    test.also(["show", run]).code(0).prints(&told);
    test.also(["show", run, "--figures"]).code(2).says(&told);
    test.also(["resume", run]).code(0);
    let pruned = prune(&["--json"]).json();
    assert_eq!((&pruned["runs"], &pruned["kept_for_batches"]), (&json!(0), &json!(2)));
    assert_eq!(prune(&["--unfinished", "--dry-run", "--json"]).json()["runs"], 2);
    test.also(batch.iter().copied().chain(["--continue"])).code(0);
    assert_eq!(server.seen().len(), 3, "the third row is all that was left");
    assert_eq!(prune(&["--json"]).json()["runs"], 3, "now all of it is done");
}

#[test]
fn what_is_left_of_a_damaged_journal_is_told_and_gone_on_with() {
    let server = ModelServer::start(|_, _| Reply::text("good tea"));
    let (test, id) = ran(&server);
    let journal =
        || rusqlite::Connection::open(test.path().join(".engine/journal.db")).expect("a journal");
    let tear = "update events set records = substr(records, 1, 20) where key = (select max(key) from events)";
    journal().execute(tear, []).expect("an update");
    let shown = test.also(["show", &id]).code(0);
    let shown = shown.says(&format!("warning: the journal of run {id} is damaged"));
    shown
        .says("1 group of later events cannot")
        .says("`engine resume` goes on after the last event");
    let shown = test.also(["show", &id, "--json"]).code(0).json();
    assert_eq!(shown["status"], json!(null));
    assert!(shown["warnings"][0].to_string().contains("is damaged"), "{shown}");
    let asked = server.seen().len();
    test.also(["resume", &id, "--json"]).code(0).says("is damaged");
    assert_eq!(server.seen().len(), asked + 1, "only the answer that is lost is asked for again");
    assert_eq!(test.also(["show", &id, "--json"]).code(0).json()["status"], "succeeded");
    let lose = "delete from events where number = 1";
    journal().execute(lose, []).expect("a delete");
    test.also(["show", &id]).code(0).says("is damaged: 4 events can be read");
    journal().execute("delete from events", []).expect("a delete");
    test.also(["show", &id]).code(2).says("no event of run").says("start the run anew");
}

#[test]
fn calls_without_a_price_are_counted_and_never_free() {
    let server = ModelServer::start(|_, _| Reply::text("good tea"));
    let (test, _) = ran(&server);
    let both = || (test.also(["runs", "--json"]).code(0).json(), test.also(["runs"]).code(0));
    let (runs, told) = both();
    assert_eq!((&runs[0]["cost_usd"], &runs[0]["unpriced_calls"]), (&json!(null), &json!(2)));
    told.prints("2 unpriced");
    // Its process died before it could add up.
    let journal = rusqlite::Connection::open(test.path().join(".engine/journal.db"));
    let open = "update runs set status = null, ended_us = null, cost_usd = 0, unpriced_calls = 0, driver = 'gone'";
    journal.expect("a journal").execute(open, []).expect("an update");
    let (runs, told) = both();
    assert_eq!(runs[0]["status"], "interrupted");
    assert_eq!((&runs[0]["cost_usd"], &runs[0]["unpriced_calls"]), (&json!(null), &json!(2)));
    told.prints("2 unpriced");
}

#[test]
fn a_journal_that_cannot_be_opened_is_named_with_a_way_out() {
    let test = Test::new().file("journal.db", &"this is no journal ".repeat(9));
    for command in [&["runs"][..], &["costs"], &["resume", "x"]] {
        let ran = test.also(command.iter().copied().chain(["--journal", "journal.db"])).code(1);
        ran.says("cannot open the journal journal.db: file is not a database")
            .says("--journal PATH");
    }
}
