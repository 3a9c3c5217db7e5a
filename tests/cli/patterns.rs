//! The workflows of docs/patterns.md: each is valid, runs without a model, and offers its agent what the page says.

use std::path::Path;

use serde_json::{Value, json};

use super::support::Test;
use super::support::server::{ModelServer, Reply, Seen};

/// The workflows of the page, as `(path, text)`.
fn workflows() -> Vec<(String, String)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/patterns.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let blocks = page.split("```yaml ").skip(1);
    let found = blocks.map(|block| {
        let (path, text) = block.split_once('\n').expect("a path");
        let (text, _) = text.split_once("```").expect("an end");
        (path.to_owned(), text.to_owned())
    });
    found.collect()
}

#[test]
fn every_pattern_is_valid_and_runs_without_a_model() {
    let workflows = workflows();
    assert_eq!(workflows.len(), 4);
    for (path, text) in workflows {
        let test = Test::demo().file(&path, &text);
        test.also(["validate", &path, "--deny-warnings"]).code(0);
        let param = match path.as_str() {
            "workflows/money.yaml" => "question=How are we?",
            "workflows/break_even.yaml" => "channel=email",
            "workflows/market.yaml" => "market=Brazil",
            _ => "plan=Hire ten engineers",
        };
        let ran = test.also(["run", &path, "-p", param, "--offline"]);
        ran.code(0).prints("No model is there");
    }
}

#[test]
fn every_pattern_offers_what_the_page_says() {
    for ((path, text), (param, offered)) in workflows().into_iter().zip([
        ("question=How?", vec!["profit_and_loss", "cash_position", "budget_overview"]),
        ("channel=email", vec!["channel_performance", "ask_cfo"]),
        ("plan=Grow", vec!["ask_cfo", "ask_cro", "ask_hr"]),
    ]) {
        let server = ModelServer::start(|_, _| Reply::text("Yes."));
        let test = Test::demo().file(&path, &text).openai(&server);
        test.args(["run", &path, "-p", param]).run().code(0).prints("Yes.");
        let seen = server.seen();
        let names = seen[0].offered();
        assert!(offered.iter().all(|name| names.contains(name)), "{path}: {names:?}");
    }
}

/// What the agents of the page do: the CRO and the manager ask others, who look something up and cite it.
fn acted(seen: &Seen) -> Reply {
    let is_anthropic = seen.path.ends_with("/messages");
    let call = |calls: &[(&str, &str, Value)]| {
        if is_anthropic { Reply::anthropic_calls(calls) } else { Reply::calls(calls) }
    };
    let text = |text: &str| if is_anthropic { Reply::anthropic(text) } else { Reply::text(text) };
    let body = seen.body.to_string();
    let results = body.matches("tool_result").count() + seen.results().len();
    let ask = |question: &str| json!({"question": question});
    match (
        body.contains("You are the Chief of staff"),
        body.contains("You are the Chief Revenue Officer"),
        results,
    ) {
        (true, _, 0) => call(&[
            ("a", "ask_cfo", ask("What cash is there?")),
            ("b", "ask_hr", ask("Who is open?")),
        ]),
        (true, ..) => text("Go on: we hold [[steps.decision.tools.0.tools.0.cash_usd | usd]]."),
        (_, true, 0) => call(&[
            ("a", "channel_performance", json!({})),
            ("b", "ask_cfo", ask("What is the margin?")),
        ]),
        (_, true, _) => {
            text("Yes, at a margin of [[steps.answer.tools.1.tools.0.gross_margin | percent]].")
        }
        (.., 0) if body.contains("What cash is there?") => {
            call(&[("c", "cash_position", json!({}))])
        }
        (.., 0) if body.contains("Who is open?") => call(&[("d", "headcount", json!({}))]),
        (.., 0) => call(&[("e", "profit_and_loss", json!({}))]),
        _ if body.contains("What cash is there?") => {
            text("[[steps.decision.tools.0.tools.0.cash_usd | usd]]")
        }
        _ if body.contains("Who is open?") => {
            text("[[steps.decision.tools.1.tools.0.0.open_positions]] there.")
        }
        _ => text("[[steps.answer.tools.1.tools.0.gross_margin | percent]]"),
    }
}

#[test]
fn peers_and_managers_work_end_to_end_in_both_protocols() {
    for (path, param, output, said, requests) in [
        ("workflows/break_even.yaml", "channel=email", "answer", "Yes, at a margin of 58.5%.", 4),
        ("workflows/expansion.yaml", "plan=Grow", "decision", "Go on: we hold $11,379,743.", 6),
    ] {
        let (_, workflow) =
            workflows().into_iter().find(|(file, _)| file == path).expect("on the page");
        for vendor in ["OPENAI", "ANTHROPIC"] {
            let server = ModelServer::start(|seen, _| acted(seen));
            let url = server.url() + if vendor == "OPENAI" { "/v1" } else { "" };
            let test = Test::demo().file(path, &workflow);
            let test = test.env(&format!("{vendor}_BASE_URL"), &url);
            let test = test.env(&format!("{vendor}_API_KEY"), "sk-secret-key");
            let outcome = test.args(["run", path, "-p", param, "--json"]).run().code(0).json();
            assert_eq!(outcome["outputs"][output], said, "{vendor}: {outcome:#}");
            assert_eq!(outcome["degraded"], false, "{vendor}");
            assert_eq!(outcome["figures"]["unverified"], json!([]), "{vendor}: {outcome:#}");
            assert_eq!(server.seen().len(), requests, "{vendor}: {path}");
        }
    }
}
