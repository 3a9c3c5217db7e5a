//! Figures: filled in from the evidence, looked up in it, reported where they are not there.

use serde_json::json;

use super::support::Test;
use super::support::server::{ModelServer, Reply};

const WORKFLOW: &str = r#"
name: w
params: {spend: {type: number, default: 1000}}
steps:
  - id: roi
    compute:
      revenue: "2500"
      net_profit: revenue - params.spend
      margin: net_profit / revenue
  - id: answer
    agent: {instructions: Answer.}
    prompt: "Did it pay? It is {{ steps.roi.output.revenue }} in all."
    figures: cite
    on_error: default
    default: "It made [[steps.roi.output.net_profit | usd]]."
outputs: {answer: "{{ steps.answer.output }}"}
"#;

fn answer<const N: usize>(
    texts: [&'static str; N],
) -> (serde_json::Value, Vec<super::support::server::Seen>) {
    let server = ModelServer::start(move |_, n| Reply::text(texts[n.min(N - 1)]));
    let test =
        Test::new().file("w.yaml", WORKFLOW).openai(&server).args(["run", "w.yaml", "--json"]);
    let outcome = test.run().code(0).json();
    (outcome, server.seen())
}

#[test]
fn citations_are_filled_in_by_the_engine() {
    let (outcome, seen) = answer([
        "Yes: [[steps.roi.output.net_profit | usd]], a margin of [[steps.roi.output.margin|percent]].",
    ]);
    assert_eq!(outcome["outputs"]["answer"], "Yes: $1,500, a margin of 60.0%.");
    assert_eq!(outcome["figures"], json!({"cited": 2, "matched": 0, "unverified": []}));
    let system = seen[0].message("system");
    assert!(
        system.contains("steps.roi.output.net_profit = 1500"),
        "the evidence is listed: {system}"
    );
    assert!(system.contains("params.spend = 1000"), "{system}");
}

#[test]
fn an_unknown_citation_is_repaired_once_then_reported() {
    let bad = "It made [[steps.roi.output.profit | usd]].";
    let (outcome, seen) = answer([bad, "It made [[steps.roi.output.net_profit | usd]]."]);
    assert_eq!(outcome["outputs"]["answer"], "It made $1,500.");
    assert!(
        seen[1].message("user").contains("steps.roi.output.net_profit"),
        "{}",
        seen[1].message("user")
    );
    let (outcome, seen) = answer([bad]);
    assert_eq!(seen.len(), 2);
    assert_eq!(outcome["outputs"]["answer"], "It made [unknown: steps.roi.output.profit].");
    assert_eq!(outcome["figures"]["unverified"][0]["step"], "answer");
}

#[test]
fn other_figures_are_looked_up_in_the_evidence() {
    let (outcome, _) = answer(["It made $1.5K, which is 60% of $2,500, after $1,000 in 2025."]);
    assert_eq!(outcome["figures"]["unverified"], json!([]), "{outcome:#}");
    let (outcome, _) = answer(["It made $1,700 and grew 61%."]);
    let texts: Vec<&str> = outcome["figures"]["unverified"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|u| u["text"].as_str())
        .collect();
    assert_eq!(texts, ["$1,700", "61%"]);
    assert!(outcome["figures"]["unverified"][0]["reason"].is_string());
}

#[test]
fn strict_refuses_what_cannot_be_traced() {
    let server = ModelServer::start(|_, _| Reply::text("It made $1,700."));
    let test = Test::new().file("w.yaml", WORKFLOW).openai(&server);
    let test = test.args(["run", "w.yaml", "--strict"]);
    test.run().code(5).prints("$1,700").says("$1,700");
}

#[test]
fn citations_of_a_default_are_filled_in_as_well() {
    let outcome =
        Test::new().file("w.yaml", WORKFLOW).args(["run", "w.yaml", "--json"]).run().code(0).json();
    assert_eq!(outcome["outputs"]["answer"], "It made $1,500.");
    assert_eq!(outcome["figures"]["cited"], 1);
}

#[test]
fn what_only_a_model_wrote_is_no_evidence() {
    let server = ModelServer::start(|seen, _| {
        Reply::text(if seen.message("system").starts_with("Guess") {
            "About $9,999 I guess"
        } else {
            "It made $9,999."
        })
    });
    let yaml = r#"
name: w
steps:
  - {id: guess, agent: {instructions: Guess.}, prompt: Guess}
  - {id: answer, agent: {instructions: Answer.}, prompt: "So? {{ steps.guess.output }}"}
"#;
    let outcome = Test::new()
        .file("w.yaml", yaml)
        .openai(&server)
        .args(["run", "w.yaml", "--json"])
        .run()
        .code(0)
        .json();
    let steps: Vec<&str> = outcome["figures"]["unverified"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|u| u["step"].as_str())
        .collect();
    assert!(steps.contains(&"guess"), "{outcome:#}");
}
