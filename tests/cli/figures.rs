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
    assert_eq!(
        outcome["figures"],
        json!({"cited": 2, "matched": 0, "derived": 0, "unverified": []})
    );
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
    test.run().code(5).prints("$1,700 [unverified]").says("$1,700");
    assert_eq!(server.seen().len(), 2, "it is asked to mend that once");
    assert!(server.seen()[1].message("user").contains("- $1,700: not in the evidence"));
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

#[test]
fn the_ledger_tells_where_every_figure_comes_from() {
    let server = ModelServer::start(|seen, _| match &seen.body["response_format"] {
        serde_json::Value::Null => Reply::text(
            "It cost $71,318 and earned [[steps.roi.output.net_profit | usd]].\n\
             Attributed revenue exceeded spend by $125,332.\nIt is about 77.7% luck.",
        ),
        _ => Reply::text("{\"assessment\": \"good\", \"risks\": []}"),
    });
    let run = ["run", "roi_analysis", "-p", "campaign_id=facebook_holiday_2025", "--json"];
    let test = Test::demo().openai(&server).args(run.iter().copied().chain(["--figures"]));
    let outcome = test.run().code(0).json();
    let ledger = outcome["figures"]["ledger"].as_array().expect("a ledger");
    let told: Vec<_> = ledger.iter().map(|e| (e["text"].clone(), e["how"].clone())).collect();
    let expected = [
        ("$71,318", "matched"),
        ("$44,104", "cited"),
        ("$125,332", "derived"),
        ("77.7%", "unverified"),
    ];
    assert_eq!(told, expected.map(|(text, how)| (json!(text), json!(how))), "{outcome:#}");
    assert_eq!(outcome["figures"]["derived"], 1);
    assert_eq!(ledger[1]["formula"], "gross_profit - spend if gross_profit is not none else none");
    assert_eq!(ledger[2]["formula"], "= steps.roi.output.revenue - steps.roi.output.spend");
    let source = &ledger[2]["sources"][0];
    assert_eq!(
        (&source["tool"], &source["source"]),
        (&json!("campaign_metrics"), &json!("company"))
    );
    assert_eq!(source["arguments"], json!({"campaign_id": "facebook_holiday_2025"}));
    assert!(source["query"].as_str().expect("a query").contains("from campaigns"), "{source}");
    let of = |index: usize| -> Vec<&str> {
        let sources = ledger[index]["sources"].as_array().expect("sources").iter();
        sources.filter_map(|source| source["tool"].as_str()).collect()
    };
    assert_eq!(of(1), ["campaign_metrics", "campaign_margin"], "a formula is followed to both");
    let data = json!({"from": "2025-10", "to": "2025-12", "rows": 2, "sources": ["company"]});
    assert_eq!(outcome["data"], data);

    let id = outcome["run_id"].as_str().expect("an id");
    let shown = test.also(["show", id, "--figures"]).code(0);
    shown
        .prints("Data: 2025-10 to 2025-12, 2 rows read from company.")
        .prints("= steps.roi.output.revenue - steps.roi.output.spend")
        .prints("query of steps.metrics.output with {\"campaign_id\":\"facebook_holiday_2025\"}");
    let again = test.also(["show", id, "--figures", "--json"]).code(0).json();
    assert_eq!(again["figures"], outcome["figures"], "told from the journal alone");
    let without = test.also(["show", id, "--json"]).code(0).json();
    assert!(without["figures"]["ledger"].is_null());
}
