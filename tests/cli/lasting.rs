//! Runs that last: killed and resumed, run again, repeated for lists, waiting for people, run in batches.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::support::server::{ModelServer, Reply, Seen};
use super::support::{Test, step};

/// Every kind of step, nested and repeated.
const EVERYTHING: &str = r#"
name: everything
params: {words: {type: array, default: [one, two, three]}}
steps:
  - id: facts
    tool: cash_position
  - id: sizes
    for_each: "{{ params.words }}"
    as: word
    max_parallel: 2
    agent: {instructions: Say how long the word is.}
    prompt: "How long is {{ word }}?"
    figures: none
  - id: inner
    for_each: "{{ params.words }}"
    workflow: inside
    with: {word: "{{ item }}"}
    on_error: skip
  - id: sum
    compute:
      count: steps.sizes.output | length + steps.inner.output | length
  - id: planned
    plan: {goal: "What of {{ params.words | first }}?", agents: [cfo, hr], max_steps: 2}
    needs: [sum]
  - id: ok
    approval: {message: "Go on with {{ steps.sum.output.count }}?"}
  - id: odd
    agent: {instructions: You have two tries.}
    prompt: "Give an object for {{ steps.sum.output.count }}."
    output: {schema: {type: object, required: [n], properties: {n: {type: integer}}}}
    needs: [facts]
    figures: none
  - id: answer
    when: steps.ok.output.choice == 'approve'
    agent: {instructions: Put it together.}
    prompt: "{{ steps.sizes.output | join(' ') }} {{ steps.inner.output | tojson }} {{ steps.odd.output.n }}"
    figures: none
outputs:
  answer: "{{ steps.answer.output }}"
  planned: "{{ steps.planned.output }}"
  inner: "{{ steps.inner.output }}"
  count: "{{ steps.sum.output.count }}"
"#;

const INSIDE: &str = r#"
name: inside
params: {word: {type: string}}
steps:
  - id: length
    compute: {letters: params.word | length}
  - id: check
    when: steps.length.output.letters < 5
    compute: {short: "true"}
  - id: say
    agent: {instructions: Say it.}
    prompt: "Say {{ params.word }} of {{ steps.length.output.letters }}"
    figures: none
outputs:
  said: "{{ steps.say.output }}"
  short: "{{ steps.check.status == 'succeeded' }}"
"#;

/// Answers by what is asked alone, so that any order of questions gives the same.
fn answer(seen: &Seen) -> Reply {
    let asked = seen.message("user");
    if seen.message("system").starts_with("You plan who") {
        let part = |id: &str, agent: &str| json!({"id": id, "agent": agent, "task": "Look", "tool": null, "with": [], "needs": []});
        Reply::text(&json!({"parts": [part("a", "cfo"), part("b", "hr")]}).to_string())
    } else if asked.contains("Give an object") {
        Reply::text("no object")
    } else if asked.contains("JSON Schema") {
        Reply::text(r#"{"n": 6}"#)
    } else {
        Reply::text(&format!("[{}]", asked.replace("<data:", "").len()))
    }
}

fn project(server: &ModelServer) -> Test {
    Test::demo()
        .file("workflows/everything.yaml", EVERYTHING)
        .file("workflows/inside.yaml", INSIDE)
        .openai(server)
}

fn journal(folder: &Path) -> std::path::PathBuf {
    folder.join(".engine/journal.db")
}

/// The events of the newest run, and its id.
pub(crate) fn events(folder: &Path) -> (String, Vec<Value>) {
    let connection = Connection::open(journal(folder)).expect("a journal");
    let (number, run): (i64, String) = connection
        .query_row("select number, run_id from runs order by number desc limit 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .expect("a run");
    let mut groups = connection
        .prepare("select records from events where run = ?1 order by number")
        .expect("a query");
    let groups = groups.query_map([number], |row| row.get::<_, String>(0)).expect("rows");
    let events = groups.flat_map(|group| {
        serde_json::from_str::<Vec<Value>>(&group.expect("a group")).expect("events")
    });
    (run, events.collect())
}

/// Leaves the first events of a run alone, as if its process had died there.
pub(crate) fn cut(folder: &Path, run: &str, events: &[Value]) {
    let connection = Connection::open(journal(folder)).expect("a journal");
    connection.execute("delete from events", []).expect("a delete");
    let json = serde_json::to_string(events).expect("JSON");
    let insert = "insert into events (run, number, records) select number, 0, ?2 from runs where run_id = ?1";
    connection.execute(insert, params![run, json]).expect("an insert");
    let open = "update runs set status = null, ended_us = null, cost_usd = 0, driver = 'gone'";
    connection.execute(open, []).expect("an update");
}

/// What must not depend on interruptions.
fn essence(outcome: &Value) -> Value {
    let told = ["status", "outputs", "usage"].map(|key| outcome[key].clone());
    json!([told, steps_of(outcome).iter().map(essence_of).collect::<Vec<_>>()])
}

fn essence_of(step: &Value) -> Value {
    let told = ["id", "kind", "status", "attempts", "usage"].map(|key| step[key].clone());
    json!([told, steps_of(step).iter().map(essence_of).collect::<Vec<_>>()])
}

/// The steps of an outcome, or those inside a step.
fn steps_of(outer: &Value) -> Vec<Value> {
    outer["steps"].as_array().cloned().unwrap_or_default()
}

#[test]
fn a_run_cut_after_any_event_goes_on_and_pays_nothing_twice() {
    let server = ModelServer::start(|seen, _| answer(seen));
    let test = project(&server).args(["run", "everything", "--json", "--quiet"]);
    let waiting = test.run().code(3).json();
    assert_eq!(waiting["status"], "waiting");
    let run = waiting["run_id"].as_str().expect("an id").to_owned();
    let approve = ["approve", &run, "ok", "--by", "ann", "--json", "--quiet"];
    let test = test.args(approve);
    let whole = test.run().code(0).json();
    assert_eq!(whole["status"], "succeeded", "{whole:#}");
    assert_eq!(whole["outputs"]["count"], 6);
    assert_eq!(whole["outputs"]["inner"][2]["short"], false);
    let asked = server.seen().len();
    let (_, all) = events(test.path());
    assert!(all.len() > 50, "{} events", all.len());
    let approved = |events: &[Value]| events.iter().any(|e| e["event"]["type"] == "approval_given");
    let test = test.args(["resume", &run, "--json", "--quiet"]);
    for length in 1..=all.len() {
        let kept = &all[..length];
        cut(test.path(), &run, kept);
        let before = server.seen().len();
        let mut ran = test.run();
        let test_approve = Test::args(project(&server), approve);
        if ran.code == 3 {
            assert!(!approved(kept), "an answer that was given is kept");
            // The same folder, another command.
            let mut command = test_approve.command();
            ran = command.current_dir(test.path()).output().expect("the engine").into();
        }
        let outcome = ran.code(0).json();
        assert_eq!(
            essence(&outcome),
            essence(&whole),
            "cut after {length}: {:#}",
            kept[length - 1]
        );
        let listed = test.also(["runs", "--json", "--limit", "1"]).code(0).json()[0].clone();
        let differs = listed["cost_usd"].as_f64().expect("a cost")
            - outcome["cost_usd"].as_f64().expect("a cost");
        // The end of a run stands in its last event and in the list at once.
        let ended = length == all.len();
        assert!(
            ended || differs.abs() < 1e-12,
            "cut after {length}: what was spent before it counts: {listed}"
        );
        let calls = kept.iter().filter(|e| e["event"]["type"] == "model_called").count();
        let repeated = server.seen().len() - before;
        assert_eq!(calls + repeated, asked, "cut after {length}: {:#}", kept[length - 1]);
    }
}

/// Agents that call tools and one another, and a step that cites what they looked up.
const CALLS: &str = r#"
name: calls
steps:
  - id: look
    agent: {instructions: You manage., tools: [cash_position, data_period], consult: [cfo]}
    prompt: How much money is there?
    figures: cite
  - id: answer
    agent: {instructions: Put it together.}
    prompt: "{{ steps.look.output }}"
    figures: cite
outputs:
  answer: "{{ steps.answer.output }}"
"#;

fn calls(seen: &Seen) -> Reply {
    let (none, results) = (json!({}), seen.results().len());
    match seen.message("system").split('.').next().unwrap_or_default() {
        "You manage" if results == 0 => Reply::calls(&[
            ("a", "cash_position", none.clone()),
            ("b", "ask_cfo", json!({"question": "Which months are there?"})),
            ("c", "data_period", none),
        ]),
        "You manage" if results == 3 => Reply::calls(&[("d", "no_such", none)]),
        "You manage" => Reply::text("Enough: [[steps.look.tools.0.cash_usd]]."),
        "Put it together" => Reply::text(
            "[[steps.look.tools.0.cash_usd]] since [[steps.look.tools.1.tools.0.first_month]].",
        ),
        _ if results == 0 => Reply::calls(&[("a", "data_period", none)]),
        _ => Reply::text("Since [[steps.look.tools.1.tools.0.first_month]]."),
    }
}

#[test]
fn a_conversation_cut_after_any_event_goes_on_with_what_it_knows() {
    let server = ModelServer::start(|seen, _| calls(seen));
    let test = Test::demo().file("workflows/calls.yaml", CALLS).openai(&server);
    let test = test.args(["run", "calls", "--json", "--quiet"]);
    let whole = test.run().code(0).json();
    assert_eq!(whole["figures"]["unverified"], json!([]), "{whole:#}");
    let asked = server.seen().len();
    let (run, all) = events(test.path());
    let made = |events: &[Value]| {
        let calls = events.iter().map(|record| &record["event"]["call"]);
        calls.filter(|call| call["tool"].is_string() && call["output"].is_object()).count()
    };
    assert_eq!((asked, made(&all)), (6, 3));
    let test = test.args(["resume", &run, "--json", "--quiet"]);
    for length in 1..=all.len() {
        let kept = &all[..length];
        cut(test.path(), &run, kept);
        let before = server.seen().len();
        let outcome = test.run().code(0).json();
        let last = &kept[length - 1];
        assert_eq!(essence(&outcome), essence(&whole), "cut after {length}: {last:#}");
        let calls = kept.iter().filter(|e| e["event"]["type"] == "model_called").count();
        let repeated = server.seen().len() - before;
        assert_eq!(calls + repeated, asked, "cut after {length}: {last:#}");
        assert_eq!(made(&events(test.path()).1), 3, "cut after {length}: no tool runs twice");
    }
}

#[test]
fn what_was_looked_up_stays_evidence_where_the_output_is_taken_over() {
    let server = ModelServer::start(|seen, _| calls(seen));
    let cached = CALLS.replace("    prompt: How", "    cache: true\n    prompt: How");
    let test = Test::demo().file("workflows/calls.yaml", &cached).openai(&server);
    let test = test.args(["run", "calls", "--json", "--quiet"]);
    let first = test.run().code(0).json();
    let run = first["run_id"].as_str().expect("an id").to_owned();
    let again = |arguments: &[&str], asked: usize| {
        let outcome = test.also(arguments.iter().copied()).code(0).json();
        assert_eq!(outcome["outputs"], first["outputs"], "{arguments:?}");
        assert_eq!(outcome["figures"]["unverified"], json!([]), "{arguments:?}");
        assert_eq!(step(&outcome, "look")["status"], "cached", "{arguments:?}");
        assert_eq!(server.seen().len(), asked, "{arguments:?}");
    };
    again(&["rerun", &run, "--json", "--quiet"], 6);
    again(&["rerun", &run, "--from", "answer", "--json", "--quiet"], 7);
    again(&["run", "calls", "--json", "--quiet"], 8);
    // Tools that would give something else are another question.
    let cash = test.path().join("data/cash_monthly.csv");
    let written = std::fs::read_to_string(&cash).expect("text");
    std::fs::write(&cash, written.trim_end()).expect("a change");
    assert_eq!(step(&test.run().code(0).json(), "look")["status"], "succeeded");
}

/// Layers of agents, each slow enough to be killed.
fn busy() -> String {
    let step = |layer: usize, place: usize| {
        let before = |place: usize| match layer.checked_sub(1) {
            None => String::new(),
            Some(layer) => format!("{{{{ steps.s{layer}_{}.output }}}}", place % 5),
        };
        let (one, other) = (before(place), before(place + 1));
        format!(
            "  - id: s{layer}_{place}\n    agent: {{instructions: Work.}}\n    prompt: \"{layer} {place} {one} {other}\"\n    figures: none\n"
        )
    };
    let steps = (0..6).flat_map(|layer| (0..5).map(move |place| (layer, place)));
    let steps: String = steps.map(|(layer, place)| step(layer, place)).collect();
    format!("name: busy\nsteps:\n{steps}")
}

#[test]
fn a_run_killed_at_fifty_moments_under_load_ends_as_if_nothing_had_happened() {
    let reply = |seen: &Seen, _| {
        let asked = seen.message("user");
        let name: String = asked.chars().filter(char::is_ascii_digit).take(2).collect();
        Reply::text(&format!("w{name}")).after(Duration::from_millis(25))
    };
    let server = ModelServer::start(reply);
    let test = Test::new().file("w.yaml", &busy()).openai(&server);
    let test = test.args(["run", "w.yaml", "--json", "--quiet"]);
    let whole = test.run().code(0).json();
    let undisturbed = server.seen().len();
    let mut kills = 0_u64;
    let mut seed = 12_345_u64;
    while kills < 50 {
        let mut test = Test::new().file("w.yaml", &busy()).openai(&server);
        test = test.args(["run", "w.yaml", "--json", "--quiet"]);
        let before = server.seen().len();
        let mut killed = 0;
        loop {
            let mut child = test.command().spawn().expect("the engine");
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            std::thread::sleep(Duration::from_millis(15 + (seed >> 33) % 120));
            let ended = child.try_wait().expect("a child").is_some();
            if !ended && kills < 50 {
                child.kill().expect("a kill");
                child.wait().expect("an end");
                (kills, killed) = (kills + 1, killed + 1);
            } else {
                let outcome = super::support::Ran::from(child.wait_with_output().expect("an end"))
                    .code(0)
                    .json();
                assert_eq!(outcome["outputs"], whole["outputs"], "after {killed} kills");
                assert_eq!(outcome["usage"]["model_calls"], undisturbed);
                break;
            }
            let begun = journal(test.path()).exists()
                && Connection::open(journal(test.path()))
                    .and_then(|c| {
                        c.query_row("select run_id from runs", [], |row| row.get::<_, String>(0))
                    })
                    .is_ok();
            if begun {
                let (run, _) = events(test.path());
                test = test.args(["resume", &run, "--json", "--quiet"]);
            }
        }
        // A kill loses, of the five steps at the same time here, the answer whose group is being written and the
        // question that left meanwhile; nothing that the journal holds is asked again.
        let asked = server.seen().len() - before;
        assert!(
            asked >= undisturbed && asked <= undisturbed + 2 * 5 * killed,
            "{asked} for {killed} kills"
        );
    }
}

#[test]
fn a_run_again_asks_only_what_the_change_touches_and_sets_both_side_by_side() {
    let server = ModelServer::start(|seen, _| answer(seen));
    let test = Test::demo().openai(&server).file(
        "workflows/two.yaml",
        r#"
name: two
params: {a: {type: integer, default: 1}, b: {type: integer, default: 1}}
steps:
  - {id: left, agent: {instructions: L}, prompt: "left {{ params.a }}", figures: none}
  - {id: right, agent: {instructions: R}, prompt: "right {{ params.b }}", figures: none}
  - {id: cash, tool: cash_position}
  - {id: sum, compute: {x: params.a + params.b}}
outputs: {left: "{{ steps.left.output }}", right: "{{ steps.right.output }}", sum: "{{ steps.sum.output.x }}", cash: "{{ steps.cash.output.cash_usd }}"}
"#,
    );
    let test = test.args(["run", "two", "--json"]);
    let first = test.run().code(0).json();
    let run = first["run_id"].as_str().expect("an id").to_owned();
    assert_eq!(server.seen().len(), 2);
    let test = test.args(["rerun", &run, "-p", "b=40000", "--json"]);
    let second = test.run().code(0).json();
    assert_eq!(second["parent"], run.as_str());
    assert_ne!(second["run_id"], run.as_str(), "a run is never changed");
    assert_eq!(step(&second, "left")["status"], "cached");
    assert_eq!(step(&second, "cash")["status"], "cached");
    assert_eq!(step(&second, "right")["status"], "succeeded");
    assert_eq!(second["outputs"]["sum"], 40001);
    assert_eq!(second["usage"]["model_calls"], 1);
    assert_eq!(server.seen().len(), 3, "what did not change is not asked");
    // Side by side, for people.
    let third = second["run_id"].as_str().expect("an id").to_owned();
    let test = test.args(["rerun", &third, "-p", "b=5"]);
    test.run().code(0).prints("before").prints("40001").prints("-39995").prints("taken from run");
    assert_eq!(server.seen().len(), 4, "what the second run took over is known to the third");
    let test = test.args(["rerun", &run, "--from", "left", "--json"]);
    let again = test.run().code(0).json();
    assert_eq!(step(&again, "left")["status"], "succeeded");
    assert_eq!(step(&again, "right")["status"], "cached");
    test.args(["rerun", &run, "--from", "lef"]).run().code(2).says("did you mean `left`");
}

#[test]
fn a_cached_step_is_taken_from_any_run_until_what_it_is_made_of_changes() {
    let server = ModelServer::start(|seen, _| answer(seen));
    let workflow = |ttl: &str, prompt: &str| {
        format!(
            "name: w\nsteps:\n  - id: a\n    agent: {{instructions: x}}\n    prompt: {prompt}\n    figures: none\n    cache: {ttl}\n  - id: cash\n    tool: cash_position\n    cache: true\n"
        )
    };
    let test = Test::demo().openai(&server).file("workflows/w.yaml", &workflow("true", "one"));
    let test = test.args(["run", "w", "--json"]);
    let status = |outcome: &Value| {
        [step(outcome, "a")["status"].clone(), step(outcome, "cash")["status"].clone()]
    };
    assert_eq!(status(&test.run().code(0).json()), ["succeeded", "succeeded"]);
    let second = test.run().code(0).json();
    assert_eq!(status(&second), ["cached", "cached"]);
    assert_eq!(second["cost_usd"], 0.0);
    // Another question is another step; other data are another source.
    let test = test.file("workflows/w.yaml", &workflow("true", "two"));
    let data = std::fs::read_dir(test.path().join("data")).expect("data");
    let any = data
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|e| e == "csv"));
    let any = any.expect("a CSV file");
    let written = std::fs::read_to_string(&any).expect("text");
    std::fs::write(&any, written.trim_end()).expect("a change");
    assert_eq!(status(&test.run().code(0).json()), ["succeeded", "succeeded"]);
    assert_eq!(status(&test.run().code(0).json()), ["cached", "cached"]);
    let test = test.file("workflows/w.yaml", &workflow("{ttl: 1ms}", "two"));
    std::thread::sleep(Duration::from_millis(5));
    assert_eq!(step(&test.run().code(0).json(), "a")["status"], "succeeded", "it is too old");
    assert_eq!(server.seen().len(), 3);
}

#[test]
fn items_keep_their_order_and_fail_one_by_one() {
    let run = |rest: &str| {
        let written = format!(
            "name: w\nparams: {{rows: {{type: array, default: [{{n: 4}}, {{n: 0}}, {{n: 2}}]}}}}\nsteps:\n  - id: each\n    for_each: \"{{{{ params.rows }}}}\"\n    as: row\n    compute: {{x: 8 / row.n}}\n{rest}outputs: {{each: \"{{{{ steps.each.output }}}}\"}}\n"
        );
        Test::new().file("w.yaml", &written).args(["run", "w.yaml", "--json"]).run()
    };
    let failed = run("").code(1).json();
    let error = step(&failed, "each")["error"]["message"].as_str().expect("an error").to_owned();
    assert!(error.contains("1 of 3 items") && error.contains("each[1]"), "{error}");
    let skipped = run("    on_error: skip\n").code(0).json();
    assert_eq!(skipped["outputs"]["each"], json!([{"x": 2.0}, null, {"x": 4.0}]));
    assert!(skipped["warnings"].to_string().contains("each[1]"), "{skipped:#}");
    let defaulted =
        run("    on_error: default\n    default: {x: \"{{ row.n - 1 }}\"}\n").code(0).json();
    assert_eq!(defaulted["outputs"]["each"], json!([{"x": 2.0}, {"x": -1}, {"x": 4.0}]));
    let chosen = run("    when: row.n > 0\n").code(0).json();
    assert_eq!(
        chosen["outputs"]["each"],
        json!([{"x": 2.0}, null, {"x": 4.0}]),
        "asked for each item"
    );
    assert_eq!(step(&chosen, "each")["steps"][1]["status"], "skipped");
}

#[test]
fn items_run_at_the_same_time_as_far_as_they_may() {
    let server = ModelServer::start(|seen, _| answer(seen).after(Duration::from_millis(40)));
    let written = "name: w\nsteps:\n  - id: each\n    for_each: [a, b, c, d, e, f]\n    max_parallel: 3\n    agent: {instructions: x}\n    prompt: \"{{ item }}\"\n    figures: none\n";
    let test =
        Test::new().file("w.yaml", written).openai(&server).args(["run", "w.yaml", "--json"]);
    let outcome = test.run().code(0).json();
    assert_eq!(steps_of(step(&outcome, "each")).len(), 6);
    assert_eq!(server.seen().iter().map(|seen| seen.in_flight).max(), Some(3));
}

#[test]
fn a_lost_input_that_is_optional_is_named_to_the_agent() {
    let server = ModelServer::start(|seen, _| {
        if seen.message("user") == "market" {
            Reply::error(400, "no market today")
        } else {
            answer(seen)
        }
    });
    let written = "name: w\nsteps:\n  - {id: market, agent: {instructions: x}, prompt: market, figures: none}\n  - {id: own, agent: {instructions: x}, prompt: own, figures: none}\n  - id: answer\n    needs: {optional: [market]}\n    agent: {instructions: Sum up.}\n    prompt: \"{{ steps.own.output }} {{ steps.market.output | default('') }}\"\n    figures: none\noutputs: {answer: \"{{ steps.answer.output }}\"}\n";
    let test =
        Test::new().file("w.yaml", written).openai(&server).args(["run", "w.yaml", "--json"]);
    let outcome = test.run().code(3).json();
    assert_eq!(step(&outcome, "market")["status"], "failed");
    assert_eq!(step(&outcome, "answer")["status"], "succeeded");
    let seen = server.seen();
    let asked =
        seen.iter().find(|seen| seen.message("system").contains("Sum up.")).expect("the answer's");
    assert!(asked.message("system").contains("no market today"), "{}", asked.message("system"));
    assert!(outcome["warnings"].to_string().contains("market"), "{outcome:#}");
}

#[test]
fn an_approval_waits_without_a_process_and_takes_one_answer() {
    let written = |rest: &str| {
        format!(
            "name: w\nsteps:\n  - id: ok\n    approval: {{message: 'Go?', choices: [go, stop]{rest}}}\n  - {{id: after, compute: {{went: steps.ok.output.choice}}}}\noutputs: {{went: '{{{{ steps.after.output.went }}}}'}}\n"
        )
    };
    let test = Test::new().file("w.yaml", &written("")).args(["run", "w.yaml"]);
    test.run().code(3).says("engine approve");
    let run = events(test.path()).0;
    let test = test.args(["runs", "--json"]);
    assert_eq!(test.run().code(0).json()[0]["status"], "waiting");
    let test = test.args(["approve", &run, "ok", "--choice", "went"]);
    test.run().code(2).says("`go`");
    let test = test.args([
        "approve",
        &run,
        "--choice",
        "stop",
        "--by",
        "ann",
        "--comment",
        "too much",
        "--json",
    ]);
    let outcome = test.run().code(0).json();
    assert_eq!(outcome["outputs"]["went"], "stop");
    let given = events(test.path()).1.into_iter().find(|e| e["event"]["type"] == "approval_given");
    let given = given.expect("an answer in the journal");
    assert_eq!(
        (&given["event"]["by"], &given["event"]["comment"]),
        (&json!("ann"), &json!("too much"))
    );
    test.run().code(2).says("has ended");
    // Nobody answers.
    for (rest, status, went) in
        [(", timeout: 1ms, on_timeout: stop", 0, json!("stop")), (", timeout: 1ms", 1, json!(null))]
    {
        let test = Test::new().file("w.yaml", &written(rest)).args(["run", "w.yaml", "--json"]);
        test.run().code(3);
        std::thread::sleep(Duration::from_millis(5));
        let run = events(test.path()).0;
        let test = test.args(["approve", &run]);
        test.run().code(2).says("the time for an answer was over");
        let outcome = test.args(["resume", &run, "--json"]).run().code(status).json();
        assert_eq!(outcome["outputs"]["went"], went);
    }
}

#[test]
fn a_run_is_driven_by_one_process_and_ended_from_another() {
    let server = ModelServer::start(|_, _| Reply::text("late").after(Duration::from_secs(30)));
    let written = "name: w\nsteps: [{id: a, agent: {instructions: x}, prompt: y, figures: none}]\n";
    let test =
        Test::new().file("w.yaml", written).openai(&server).args(["run", "w.yaml", "--json"]);
    let child = test.command().spawn().expect("the engine");
    let until = Instant::now() + Duration::from_secs(20);
    // Nothing is asked before the journal knows the run.
    while server.seen().is_empty() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
    let run = events(test.path()).0;
    let test = test.args(["resume", &run]);
    test.run().code(2).says("another process drives");
    let test = test.args(["cancel", &run]);
    test.run().code(0).says("is cancelled");
    let outcome =
        super::support::Ran::from(child.wait_with_output().expect("an end")).code(130).json();
    assert_eq!(outcome["status"], "cancelled");
    test.run().code(2).says("has ended already");
}

#[test]
fn a_batch_prints_a_line_a_row_and_goes_on_with_what_is_left() {
    let server = ModelServer::start(|seen, _| {
        if seen.message("user").contains("bad") { Reply::error(400, "no") } else { answer(seen) }
    });
    let written = "name: w\nparams: {word: {type: string}, n: {type: integer, default: 1}}\nsteps:\n  - {id: a, agent: {instructions: x}, prompt: 'about {{ params.word }}', figures: none}\noutputs: {a: '{{ steps.a.output }} {{ params.n }}'}\n";
    let rows = "word,n\none,1\nbad,2\ntwo,\nthree,x\n";
    let test = Test::new().file("w.yaml", written).file("rows.csv", rows).openai(&server);
    let test = test.args(["run", "w.yaml", "--batch", "rows.csv", "--concurrency", "2", "--quiet"]);
    let lines = |stdout: &str| -> BTreeMap<u64, Value> {
        let lines = stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        lines.map(|line| (line["row"].as_u64().expect("a row"), line)).collect()
    };
    let first = lines(&test.run().code(2).stdout);
    let statuses: Vec<&str> =
        first.values().map(|row| row["status"].as_str().expect("a status")).collect();
    assert_eq!(statuses, ["succeeded", "failed", "succeeded", "failed"]);
    assert_eq!(first[&3]["outputs"]["a"], "[9] 1", "an empty cell is no value");
    assert!(first[&4]["error"]["message"].to_string().contains("`x` is no whole number"));
    assert_eq!(server.seen().len(), 3);
    let test = test.args(["run", "w.yaml", "--batch", "rows.csv", "--continue", "--quiet"]);
    let second = lines(&test.run().code(2).stdout);
    assert_eq!(second[&1]["run_id"], first[&1]["run_id"], "what was done is not done again");
    assert_eq!(server.seen().len(), 4, "the row that failed is tried again");
    let test = test.file("more.jsonl", "{\"word\": \"four\"}\n\n{\"wrd\": \"five\"}\n");
    let test = test.args(["run", "w.yaml", "--batch", "more.jsonl", "--quiet"]);
    let third = lines(&test.run().code(2).stdout);
    assert_eq!(third[&1]["status"], "succeeded");
    assert_eq!(third.keys().collect::<Vec<_>>(), [&1, &3], "blank lines are counted");
    assert!(third[&3]["error"]["message"].to_string().contains("unknown param `wrd`"));
    let test = test
        .file("open.csv", "word\nsix\n\"seven\neight\n")
        .args(["run", "w.yaml", "--batch", "open.csv"]);
    test.run().code(2).says("open.csv, line 3: a quote opens here and nothing closes it");
    test.file("bad.csv", "wrd\nx\n")
        .args(["run", "w.yaml", "--batch", "bad.csv"])
        .run()
        .code(2)
        .says("did you mean `word`");
}
