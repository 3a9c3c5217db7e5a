//! Conversations: what a question leaves open is taken from those before, shown, and no more is done than it takes.

use serde_json::{Value, json};

use super::support::Test;
use super::support::server::{ModelServer, Reply};

/// Asks in one session without a model, and gives the answers' routes.
fn routes<const N: usize>(questions: [&str; N]) -> [Value; N] {
    let test = Test::demo();
    questions.map(|question| {
        let ran = test.also(["ask", question, "--session", "s", "--offline", "--json"]).code(0);
        ran.json()["route"].clone()
    })
}

#[test]
fn a_changed_amount_asks_only_what_it_touches_again() {
    let server = ModelServer::start(|seen, _| match &seen.body["response_format"] {
        Value::Null => Reply::text("Yes."),
        _ => Reply::text("{\"standing\": \"Well.\", \"concerns\": []}"),
    });
    let test = Test::demo().openai(&server);
    let ask = |question: &str| test.also(["ask", question, "--session", "s"]).code(0);
    ask("Can we afford to spend $500K on marketing?");
    assert_eq!(server.seen().len(), 2, "where the company stands, and the answer");
    let ran = ask("What about 250 grand?");
    let (shown, run) = (ran.stderr.find("spend = 250000"), ran.stderr.find("steps"));
    assert!(shown.is_some() && shown < run, "shown before it runs: {}", ran.stderr);
    let seen = server.seen();
    assert_eq!(seen.len(), 3, "where the company stands is known");
    assert!(seen[2].message("user").contains("spend $250,000 on"), "{}", seen[2].message("user"));
}

#[test]
fn periods_carry_over_and_move() {
    let [_, before, year, after] = routes([
        "Which channel should we invest in, judging by Q3 2025?",
        "And the quarter before?",
        "what about the same a year earlier?",
        "and the next quarter",
    ]);
    let months = |from: &str, to: &str| json!({"from": from, "to": to});
    assert_eq!(
        (&before["params"], &before["by"]),
        (&months("2025-04", "2025-06"), &json!("session"))
    );
    assert_eq!(year["params"], months("2024-04", "2024-06"));
    assert_eq!(after["params"], months("2024-07", "2024-09"));
}

#[test]
fn a_period_that_nobody_named_is_asked_for() {
    let [_, before] =
        routes(["What was our revenue and profit last quarter?", "And the quarter before?"]);
    assert_eq!(before["kind"], "agent", "{before}");
    let test = Test::demo();
    test.also(["ask", "What is our operating margin?", "--session", "s", "--offline"]).code(0);
    let ran =
        test.also(["ask", "And the quarter before?", "--session", "s", "--offline", "--json"]);
    let ran =
        ran.code(2).says("the question before, `What is our operating margin?`, names no period");
    let ran = ran.says("name the period, such as `last quarter`");
    assert_eq!(ran.json()["route"]["kind"], "clarify");
    assert_eq!(ran.json()["route"]["missing"], json!(["period"]));
    let ran = test.also(["ask", "And in Q3 2025?", "--session", "s", "--offline", "--json"]);
    assert_ne!(
        ran.json()["route"]["kind"],
        "clarify",
        "only what leans on a period that is not there"
    );
}

#[test]
fn a_pronoun_stands_for_what_was_spoken_of() {
    let [first, second, third] = routes([
        "How many conversions did the TikTok Spring 2025 campaign have?",
        "Was it profitable?",
        "Was the campaign profitable after margin?",
    ]);
    assert_eq!(first["kind"], "agent", "{first}");
    assert_eq!(second["params"], json!({"campaign_id": "tiktok_spring_2025"}), "{second}");
    assert_eq!(second["by"], "session");
    assert!(
        second["read_as"].as_str().is_some_and(|full| full.ends_with(" profitable?")),
        "{second}"
    );
    assert_eq!(third["params"], json!({"campaign_id": "tiktok_spring_2025"}), "{third}");
}

#[test]
fn what_only_the_conversation_explains_is_left_to_the_model_that_is_told_it() {
    let server = ModelServer::start(|seen, _| {
        let told = seen.message("user");
        if !seen.message("system").starts_with("You send a question") {
            return Reply::text("Revenue was fine.");
        }
        let kind = if told.contains("now: thanks") { "out_of_scope" } else { "agent" };
        let decision = json!({"kind": kind, "workflow": null, "params": [], "agent": "cfo", "parts": [], "reason": "It fits."});
        Reply::text(&decision.to_string())
    });
    let test = Test::demo().openai(&server);
    let ask = |question: &str| test.also(["ask", question, "--session", "s", "--json"]);
    ask("What was our revenue in Q3 2025?").code(0);
    for question in ["Can you explain that?", "how does this compare to Q3?", "in euros?"] {
        let route = ask(question).code(0).json()["route"].clone();
        assert_eq!(
            (&route["by"], &route["agents"]),
            (&json!("model"), &json!(["cfo"])),
            "{question}: {route}"
        );
    }
    let seen = server.seen();
    let told = seen.last().expect("a question").message("user");
    assert!(
        told.contains("Answer: Revenue was fine.") && told.contains("now: in euros?"),
        "{told}"
    );
    assert_eq!(ask("thanks").code(6).json()["route"]["by"], "model");

    // Nobody leans on what was never said.
    let alone = test.also(["ask", "Can you explain that?", "--json"]).code(6).json();
    assert_eq!(alone["route"]["by"], "lexical");
}

#[test]
fn a_period_alone_is_that_of_the_question_before() {
    let [_, year] = routes(["What is our operating margin?", "and in 2024?"]);
    assert_eq!(year["read_as"], "What is our operating margin in 2024?");
    assert_eq!(year["agents"], json!(["cfo"]));
}

#[test]
fn a_question_to_agents_is_asked_again_for_something_else() {
    let [first, second, third] = routes([
        "What was our operating margin in Q3 2025?",
        "And in Q2?",
        "and the quarter before?",
    ]);
    assert_eq!(first["agents"], json!(["cfo"]), "{first}");
    assert_eq!(second["read_as"], "What was our operating margin from 2025-04 to 2025-06?");
    assert_eq!(third["read_as"], "What was our operating margin from 2025-01 to 2025-03?");
    assert_eq!(third["agents"], json!(["cfo"]));
}

#[test]
fn earlier_answers_are_recalled_without_a_model() {
    let server = ModelServer::start(|_, _| Reply::text("It is fine."));
    let test = Test::demo().openai(&server);
    let asked = |question: &str, rest: &[&'static str]| {
        test.also(["ask", question].into_iter().chain(rest.iter().copied())).code(0)
    };
    asked("What is the one-time cost to hire a recruiter?", &["--offline"]);
    asked("Was Facebook Holiday 2025 profitable?", &["--session", "review", "--offline"]);
    let found = test.also(["sessions", "search", "hiring", "--json"]).code(0).json();
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found:#}");
    assert_eq!(found[0]["question"], "What is the one-time cost to hire a recruiter?");
    assert_eq!(found[0]["session"], Value::Null);
    let run = found[0]["run_id"].as_str().expect("a run");
    test.also(["show", run, "--json"]).code(0);

    let ran = test.also_given(["chat", "-s", "more"], "What did we say about Facebook?\n").code(0);
    let ran = ran.prints("session review, run ").prints("> Was Facebook Holiday 2025 profitable?");
    let year = ran.stdout.get(..3).expect("a date");
    assert_eq!(year, "202", "it tells when: {}", ran.stdout);
    asked("What did we say about lawsuits?", &[]).prints("nothing that was asked before");
    assert!(server.seen().is_empty(), "no model was asked");
    test.also(["sessions", "delete", "review"]).code(0);
    test.also(["sessions", "search", "facebook"]).code(0).prints("nothing that was asked before");
}

#[test]
fn an_invented_figure_is_not_said_later() {
    let server = ModelServer::start(|seen, _| {
        if !seen.message("system").starts_with("You send a question") {
            return Reply::text("The office payroll is $1,234,567.");
        }
        let call = |id: &str, with: Value, tool: Value| json!({"id": id, "agent": null, "task": "", "tool": tool, "with": with, "needs": []});
        let parts = json!([
            call("a", json!([]), json!("cash_position")),
            call(
                "b",
                json!([{"name": "left", "value": "steps.a.output.cash_usd - 1234567"}]),
                Value::Null
            ),
        ]);
        let decision = json!({"kind": "plan", "workflow": null, "params": [], "agent": null, "parts": parts, "reason": "It fits."});
        Reply::text(&decision.to_string())
    });
    let test = Test::demo().openai(&server);
    let ask = |question: &str| test.also(["ask", question, "--session", "s", "--json"]);
    ask("How many engineers do we have?").code(0);
    let later = ask("Can you explain that?").code(6).says("holds 1234567").json();
    assert_eq!(later["route"]["by"], "lexical", "{later:#}");
    test.also(["sessions", "search", "office payroll"]).code(0).prints("$1,234,567 [unverified]");
    test.also(["ask", "Did we ask about engineers before?"]).code(0).prints("[unverified]");
}

#[test]
fn what_only_looks_like_a_change_is_none() {
    let spend = "Can we afford to spend $250K on marketing?";
    for (before, question) in [
        (spend, "Can we take it away from sales?"),
        (spend, "without sales"),
        (spend, "What about $100K less?"),
        ("What was our revenue in Q3 2025?", "not in Q3"),
        ("Was the Facebook Holiday 2025 campaign profitable?", "No, all of them"),
    ] {
        let test = Test::demo();
        let ask = |question| test.also(["ask", question, "--session", "s", "--offline", "--json"]);
        ask(before).code(0);
        let route = ask(question).json()["route"].clone();
        let carried = (&route["workflow"], route.get("read_as"));
        assert_eq!(carried, (&Value::Null, None), "{question}: {route}");
    }
}
