//! Plans that are still on their way: the agents of their first parts are asked before their last byte was sent, and nothing of
//! that counts unless the whole plan passes. For `engine ask` and for steps of kind `plan`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::plans::{self, By, QUESTION, is_inquiry};
use super::support::server::{ModelServer, Reply, Seen};
use super::support::{Ran, Test, step};

/// A project that a question is asked in.
fn test(by: By, server: &ModelServer) -> Test {
    by.asks(Test::demo().openai(server), QUESTION)
}

/// The path of a step of the plan.
fn path(by: By, id: &str) -> String {
    match by {
        By::Ask => id.to_owned(),
        By::Step => format!("study/{id}"),
    }
}

/// A step of the plan.
fn planned(by: By, outcome: &Value, id: &str) -> Value {
    match by {
        By::Ask => step(outcome, id).clone(),
        By::Step => step(step(outcome, "study"), &path(by, id)).clone(),
    }
}

fn part(id: &str, agent: &str, needs: &[&str]) -> Value {
    plans::part(id, agent, &format!("What of {id}?"), needs)
}

fn asks(seen: &Seen, id: &str) -> bool {
    seen.message("user").contains(&format!("What of {id}?"))
}

/// A sign that one side waits for and the other gives.
#[derive(Clone, Default)]
struct Sign(Arc<(Mutex<bool>, Condvar)>);

impl Sign {
    fn give(&self) {
        *self.0.0.lock().expect("a flag") = true;
        self.0.1.notify_all();
    }

    /// Whether it is given before long.
    fn comes(&self) -> bool {
        let given = self.0.0.lock().expect("a flag");
        let waited = self.0.1.wait_timeout_while(given, Duration::from_mins(1), |given| !*given);
        !waited.expect("a flag").1.timed_out()
    }
}

/// Sends each plan up to its second part, and the rest of the first one only when an agent was asked. Tells whether one was.
fn server(by: By, plans: Vec<Value>) -> (ModelServer, Arc<AtomicBool>) {
    let (sign, early) = (Sign::default(), Arc::new(AtomicBool::new(false)));
    let was_early = Arc::clone(&early);
    let server = ModelServer::start(move |seen, _| {
        if !is_inquiry(seen) {
            sign.give();
            return Reply::text(if asks(seen, "hiring") { "EARLY." } else { "It is fine." });
        }
        let again = (seen.messages().len() - 2) / 2;
        let text = by.plan(plans.get(again).or(plans.last()).expect("a plan"));
        let second = text.match_indices("{\"id\"").nth(1).expect("a second part").0;
        let (sign, early) = (sign.clone(), Arc::clone(&was_early));
        if again > 0 {
            return Reply::text(&text).in_pieces();
        }
        Reply::text(&text).held_after(second, move || early.store(sign.comes(), Ordering::SeqCst))
    });
    (server, early)
}

fn good() -> Value {
    json!([part("hiring", "hr", &[]), part("money", "cfo", &["hiring"])])
}

/// Plans whose first part is sound and whose rest is not.
fn bad() -> [(&'static str, Value); 4] {
    let hiring = || part("hiring", "hr", &[]);
    [
        ("cyclic", json!([hiring(), part("a", "cfo", &["b"]), part("b", "cfo", &["a"])])),
        ("an agent that nobody is", json!([hiring(), part("a", "pirate", &["hiring"])])),
        ("the same name again", json!([hiring(), part("hiring", "cfo", &[])])),
        (
            "a tool that is not there",
            json!([hiring(), {"id": "x", "agent": null, "task": "", "tool": "wipe", "with": [], "needs": []}]),
        ),
    ]
}

/// Requests of a step, as the journal tells.
fn calls(shown: &Ran, path: &str) -> usize {
    let shown = shown.json();
    let events = shown["events"].as_array().expect("events").iter();
    let of =
        |event: &&Value| event["event"]["type"] == "model_called" && event["event"]["step"] == path;
    events.filter(of).count()
}

#[test]
fn the_first_agent_is_asked_before_the_plan_is_whole_and_once() {
    for by in [By::Ask, By::Step] {
        let (server, early) = server(by, vec![good()]);
        let test = test(by, &server);
        let outcome = test.run().code(0).json();
        assert!(
            early.load(Ordering::SeqCst),
            "{by:?}: nobody was asked before the end of the plan"
        );
        assert_eq!(outcome["status"], "succeeded", "{outcome:#}");
        assert_eq!(outcome["warnings"], json!([]), "{outcome:#}");
        let seen = server.seen();
        assert_eq!(seen.len(), 4, "{by:?}: the plan, two specialists, their answer");
        assert_eq!(outcome["usage"]["model_calls"], 4);
        // What was asked early is a step like any other: its answer is read, its request journaled as its own.
        let hiring = planned(by, &outcome, "hiring");
        assert_eq!(hiring["status"], "succeeded");
        assert_eq!(hiring["usage"]["model_calls"], 1);
        assert!(hiring["cost_usd"].as_f64() > Some(0.0));
        let money = seen.iter().find(|one| asks(one, "money")).expect("the other specialist");
        assert!(money.message("user").contains("EARLY."));
        let shown = test.also(["show", outcome["run_id"].as_str().expect("an id"), "--json"]);
        assert_eq!(calls(&shown, &path(by, "hiring")), 1);
    }
}

#[test]
fn a_plan_that_turns_bad_leaves_nothing_of_what_was_begun_but_its_cost() {
    for (name, bad) in bad() {
        for by in [By::Ask, By::Step] {
            let (server, early) = server(by, vec![bad.clone()]);
            let outcome = test(by, &server).run().code(0).json();
            assert!(early.load(Ordering::SeqCst), "{by:?}, {name}");
            let warnings = outcome["warnings"].to_string();
            assert!(warnings.contains("chosen by words"), "{by:?}, {name}: {warnings}");
            assert!(
                warnings.contains("1 answer of parts that were begun early"),
                "{by:?}, {name}: {warnings}"
            );
            let mut shown = outcome.clone();
            shown["warnings"] = Value::Null;
            assert!(!shown.to_string().contains("hiring"), "{by:?}, {name}: {shown:#}");
            let seen = server.seen();
            assert_eq!(seen.iter().filter(|one| asks(one, "hiring")).count(), 1, "{by:?}, {name}");
            assert!(
                seen.iter().all(|one| !one.body.to_string().contains("EARLY")),
                "{by:?}, {name}"
            );
            // Three plans, what was begun, two agents that the words name, and their answer: all of it is counted.
            assert_eq!(seen.len(), 7, "{by:?}, {name}");
            assert_eq!(outcome["usage"]["model_calls"], 7, "{by:?}, {name}");
            let cost = outcome["cost_usd"].as_f64().expect("a cost");
            let each = (80.0 * 0.15 + 20.0 * 0.075 + 10.0 * 0.6) / 1e6;
            assert!((cost - 7.0 * each).abs() < 1e-9, "{by:?}, {name}: {cost}");
        }
    }
}

#[test]
fn a_plan_that_is_mended_goes_on_with_what_was_begun_for_it() {
    for (name, bad) in bad() {
        for by in [By::Ask, By::Step] {
            let (server, early) = server(by, vec![bad.clone(), good()]);
            let outcome = test(by, &server).run().code(0).json();
            assert!(early.load(Ordering::SeqCst), "{by:?}, {name}");
            assert_eq!(outcome["warnings"], json!([]), "{by:?}, {name}");
            assert_eq!(
                planned(by, &outcome, "hiring")["usage"]["model_calls"],
                1,
                "{by:?}, {name}"
            );
            let seen = server.seen();
            assert_eq!(seen.iter().filter(|one| asks(one, "hiring")).count(), 1, "{by:?}, {name}");
            assert_eq!(seen.len(), 5, "{by:?}, {name}");
        }
    }
}

#[test]
fn nothing_begins_early_of_a_plan_that_is_only_shown_or_that_is_none() {
    let whole = By::Ask.plan(&good());
    let server = ModelServer::start(move |_, _| Reply::text(&whole).in_pieces());
    let test = Test::demo().openai(&server);
    test.args(["ask", QUESTION, "--plan-only", "--json"]).run().code(0);
    assert_eq!(server.seen().len(), 1);

    let refused = json!({"kind": "out_of_scope", "workflow": null, "params": [], "agent": null, "parts": [part("a", "hr", &[])], "reason": ""});
    let server = ModelServer::start(move |_, _| Reply::text(&refused.to_string()).in_pieces());
    Test::demo().openai(&server).args(["ask", QUESTION, "--json"]).run().code(6);
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn wherever_a_run_dies_it_goes_on_and_pays_for_no_answer_twice_that_it_kept() {
    let (server, _) = server(By::Step, vec![good()]);
    let test = test(By::Step, &server);
    let first = test.run().code(0).json();
    let run = first["run_id"].as_str().expect("an id").to_owned();
    let all = server.seen().len();
    let (_, events) = super::lasting::events(test.path());
    for end in 1..events.len() {
        super::lasting::cut(test.path(), &run, &events[..end]);
        let kept =
            events[..end].iter().filter(|one| one["event"]["type"] == "model_called").count();
        let before = server.seen().len();
        let outcome = test.also(["resume", &run, "--json"]).code(0).json();
        assert_eq!(outcome["outputs"], first["outputs"], "cut after {end}");
        assert_eq!(server.seen().len() - before, all - kept, "cut after {end}");
        assert_eq!(outcome["usage"]["model_calls"], all, "cut after {end}");
    }
}

#[test]
fn what_does_not_fit_the_budget_beside_the_plan_waits_for_its_turn() {
    let plan = By::Ask.plan(&good());
    let server = ModelServer::start(move |seen, _| {
        if is_inquiry(seen) { Reply::text(&plan).in_pieces() } else { Reply::text("It is fine.") }
    });
    let test = Test::demo().openai(&server);
    let ran = test.args(["ask", QUESTION, "--json", "--max-cost-usd", "0.0026"]).run().code(0);
    let outcome = ran.json();
    assert_eq!(outcome["status"], "succeeded", "{outcome:#}");
    assert_eq!(outcome["usage"]["model_calls"], 4);
}
