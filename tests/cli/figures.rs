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
    let worded = ledger.iter().filter(|entry| entry["step"] != "outputs");
    let told: Vec<_> = worded.map(|e| (e["text"].clone(), e["how"].clone())).collect();
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

#[test]
fn what_templates_write_is_in_the_ledger_with_what_made_it() {
    let yaml = r#"
name: w
params: {spend: {type: number, default: 1000}}
steps:
  - id: roi
    compute:
      revenue_usd: "2500"
      net_profit: revenue_usd - params.spend
      note: "'It kept ' ~ (net_profit | usd) ~ '.'"
  - {id: judge, agent: {instructions: Judge.}, prompt: Judge., output: {schema: {type: object, properties: {score: {type: number}}}}, on_error: default, default: {score: 87}}
  - id: answer
    agent: {instructions: Answer.}
    prompt: "Did it pay? {{ steps.roi.output.net_profit }}"
    on_error: default
    default: "{% set roi = steps.roi.output %}It made {{ roi.net_profit | usd }} of [[steps.roi.output.revenue_usd | usd]], half of it {{ (steps.roi.output.net_profit / 2) | usd }}, and 25 % is enough. {{ roi.note }}"
outputs:
  answer: "{{ steps.answer.output }}"
  short: "Profit {{ steps.roi.output.net_profit | usd }} on 3,000 planned; {{ steps.answer.output }}"
  note: "{{ steps.roi.output.note }}"
  profit: "{{ steps.roi.output.net_profit }}"
  twice: "{{ steps.roi.output.net_profit * 2 }}"
"#;
    let test = Test::new().file("w.yaml", yaml);
    let outcome = test.also(["run", "w.yaml", "--json", "--figures"]).code(0).json();
    let ledger = outcome["figures"]["ledger"].as_array().expect("a ledger");
    let told: Vec<String> = ledger
        .iter()
        .map(|entry| {
            let of = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            let [step, pointer, written, how, path, formula] =
                ["step", "pointer", "text", "how", "path", "formula"].map(of);
            format!("{step}{pointer} {written} {how} {path} {formula}")
        })
        .collect();
    let profit = "steps.roi.output.net_profit revenue_usd - params.spend";
    assert_eq!(
        told,
        [
            format!("answer $1,500 cited {profit}"),
            "answer $2,500 cited steps.roi.output.revenue_usd 2500".to_owned(),
            "answer half given  ".to_owned(),
            "answer $750 cited  = (steps.roi.output.net_profit / 2) | usd".to_owned(),
            "answer 25 % given  ".to_owned(),
            format!("answer $1,500 cited {profit}"),
            format!("outputs/short $1,500 cited {profit}"),
            "outputs/short 3,000 given  ".to_owned(),
            format!("outputs/note $1,500 cited {profit}"),
            format!("outputs/profit 1500 cited {profit}"),
            "outputs/twice 3000 cited  = steps.roi.output.net_profit * 2".to_owned(),
        ],
        "{outcome:#}"
    );
    let id = outcome["run_id"].as_str().expect("an id");
    let again = test.also(["show", id, "--figures", "--json"]).code(0).json();
    assert_eq!(again["figures"], outcome["figures"], "told from the journal alone");
    test.also(["show", id, "--figures"]).code(0).prints("figures of the outputs");
    // A model's number is one wherever a template puts it.
    let passed = yaml.replace(
        "{{ steps.roi.output.note }}\"\n  profit",
        "Score {{ steps.judge.output.score }}\"\n  profit",
    );
    let test = Test::new().file("w.yaml", &passed);
    let outcome = test.also(["run", "w.yaml", "--json", "--strict"]).code(5).json();
    let unverified = &outcome["figures"]["unverified"];
    assert_eq!(unverified[0]["text"], "87", "{unverified}");
    assert_eq!(
        (&unverified[0]["step"], unverified.as_array().map(Vec::len)),
        (&json!("outputs"), Some(1))
    );
}

#[test]
fn the_tables_of_an_answer_without_a_model_are_in_the_ledger() {
    let ask =
        ["ask", "Can we afford to double marketing spend?", "--offline", "--json", "--figures"];
    let outcome = Test::demo().args(ask).run().code(0).json();
    let answer = outcome["outputs"]["answer"].as_str().expect("an answer");
    let ledger = outcome["figures"]["ledger"].as_array().expect("a ledger");
    let amounts = answer.split(|c: char| c.is_whitespace()).filter(|word| word.contains('$'));
    let amounts: Vec<&str> = amounts.collect();
    let traced: Vec<&str> = ledger
        .iter()
        .filter(|entry| entry["sources"][0]["query"].is_string() && entry["how"] == "cited")
        .filter_map(|entry| entry["text"].as_str().filter(|text| text.contains('$')))
        .collect();
    assert!(amounts.len() > 50);
    assert_eq!(traced, amounts);
}

#[test]
fn a_wrong_figure_that_stands_in_several_places_is_one() {
    let server = ModelServer::start(|_, _| {
        Reply::text("It made $1,700, yes $1,700, and 61% of it. So $1,700.")
    });
    let test = Test::new().file("w.yaml", WORKFLOW).openai(&server);
    let outcome = test.also(["run", "w.yaml", "--json"]).code(0).json();
    let unverified = outcome["figures"]["unverified"].as_array().expect("a list");
    assert_eq!(unverified.len(), 2, "{unverified:?}");
    assert_eq!(unverified[0]["places"], json!([{"at": 8}, {"at": 20}, {"at": 46}]));
    test.also(["run", "w.yaml"])
        .code(0)
        .prints("It made $1,700 [unverified], yes $1,700 [unverified], and 61% [unverified] of it. So $1,700 [unverified].")
        .says("0 traced to their source, 2 not")
        .says("`$1,700` 3 times in step `answer`: not in the evidence");
}
