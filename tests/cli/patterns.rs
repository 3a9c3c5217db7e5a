//! The workflows of docs/patterns.md: each is valid, runs without a model, and offers its agent what the page says.

use std::path::Path;

use super::support::Test;
use super::support::server::{ModelServer, Reply};

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
