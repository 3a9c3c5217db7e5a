//! Several values for one metric: told with their sources, and only where they are of one thing.

use serde_json::{Value, json};

use super::support::Test;
use super::support::server::{ModelServer, Reply};

const TOOLS: &str = r#"
tools:
  - name: booked
    description: What the books say.
    params: {channel: {type: string}, from: {type: string, default: null}}
    sql: {source: company, query: "select :channel as channel, 1200000 as spend_usd, 7 as clicks, :from as since"}
    returns: row
    units: {spend_usd: usd, clicks: number}
  - name: reported
    description: What the channels say.
    params: {channel: {type: string}, from: {type: string, default: null}}
    sql: {source: company, query: "select :channel as channel, 1050000 as spend_usd, 7 as clicks, :from as since"}
    returns: rows
    units: {spend_usd: usd, clicks: number}
  - name: all_reported
    description: What all channels say together.
    sql: {source: company, query: select 1050000 as spend_usd}
    returns: row
    units: {spend_usd: usd}
"#;

/// The conflicts of two readings.
fn read(booked: &str, reported: &str) -> Value {
    let workflow = format!(
        "name: w\nsteps:\n  - {{id: books, tool: booked, with: {booked}}}\n  - {{id: ads, tool: reported, with: {reported}}}\n\
         outputs: {{answer: '{{{{ steps.books.output.clicks + steps.ads.output[0].clicks }}}}'}}\n"
    );
    let test = Test::demo().file("tools/more.yaml", TOOLS).file("workflows/w.yaml", &workflow);
    test.args(["run", "w", "--json"]).run().code(0).json()["figures"]["conflicts"].clone()
}

#[test]
fn tools_that_differ_about_one_thing_are_told_with_their_sources() {
    let found = read("{channel: email}", "{channel: email}");
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found:#}");
    let [of, metric] = ["of", "metric"].map(|name| &found[0][name]);
    assert_eq!((metric, of), (&json!("spend_usd"), &json!({"channel": "email"})));
    let values = found[0]["values"].as_array().expect("values");
    let told: Vec<Value> = values
        .iter()
        .map(|v| {
            json!([
                v["value"],
                v["step"],
                v["path"],
                v["sources"][0]["tool"],
                v["sources"][0]["source"]
            ])
        })
        .collect();
    assert_eq!(
        told,
        [
            json!([1_200_000, "books", "steps.books.output.spend_usd", "booked", "company"]),
            json!([1_050_000, "ads", "steps.ads.output.0.spend_usd", "reported", "company"]),
        ]
    );
}

#[test]
fn values_for_different_things_or_times_are_no_conflict() {
    for (one, other) in [
        ("{channel: email}", "{channel: tiktok}"),
        ("{channel: email, from: 2025-01}", "{channel: email, from: 2025-04}"),
        ("{channel: email, from: 2025-01}", "{channel: email}"),
    ] {
        assert_eq!(read(one, other), Value::Null, "{one} and {other}");
    }
}

/// What two agents say, each with what its tool gave.
fn said(cfo: &'static str, cro: &'static str) -> (Test, Value) {
    let server = ModelServer::start(move |seen, _| {
        let finance = seen.message("user").contains("As the CFO");
        match (finance, seen.results().len()) {
            (true, 0) => Reply::calls(&[("a", "budget_status", json!({"category": "marketing"}))]),
            (false, 0) => Reply::calls(&[("b", "all_reported", json!({}))]),
            (true, _) => Reply::text(cfo),
            (false, _) => Reply::text(cro),
        }
    });
    let workflow = "name: w\nsteps:\n\
        \x20 - {id: cfo, agent: {instructions: Look., tools: [budget_status]}, prompt: As the CFO?, figures: cite}\n\
        \x20 - {id: cro, agent: {instructions: Look., tools: [all_reported]}, prompt: As the CRO?, figures: cite}\n\
        outputs: {answer: '{{ steps.cfo.output }} {{ steps.cro.output }}'}\n";
    let test = Test::demo().file("tools/more.yaml", TOOLS).file("workflows/w.yaml", workflow);
    let test = test.openai(&server).args(["run", "w", "--json"]);
    let outcome = test.run().code(0).json();
    (test, outcome)
}

#[test]
fn agents_that_name_two_values_alike_are_set_side_by_side() {
    let (test, outcome) = said(
        "Marketing spend was [[steps.cfo.tools.0.actual_usd | usd]].",
        "- **Marketing costs:** [[steps.cro.tools.0.spend_usd | usd]]",
    );
    let found = &outcome["figures"]["conflicts"];
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{outcome:#}");
    assert_eq!(found[0]["metric"], "marketing spend");
    let values = found[0]["values"].as_array().expect("values");
    let texts: Vec<&str> = values.iter().filter_map(|value| value["text"].as_str()).collect();
    assert_eq!(texts[1], "$1,050,000");
    assert_eq!(values[0]["sources"][0]["tool"], "budget_status");
    assert_eq!(values[0]["sources"][0]["arguments"], json!({"category": "marketing"}));
    let shown = test.also(["show", outcome["run_id"].as_str().expect("an id"), "--json"]).json();
    assert_eq!(shown["figures"]["conflicts"], *found, "told from the journal alone");
    test.also(["run", "w"])
        .code(0)
        .prints("Conflict: `marketing spend` has 2 values.")
        .prints(&format!(
            "- {} by step `cfo`: steps.cfo.tools.0.actual_usd, from steps.cfo.tools.0",
            texts[0]
        ))
        .prints("- $1,050,000 by step `cro`: steps.cro.tools.0.spend_usd, from steps.cro.tools.0");
}

const QUESTION: &str = "Can we afford to double marketing spend?";

/// The question, of which the CFO and the CRO answer a part each; the CRO says so of what its tool gave.
fn asked(tool: &'static str, revenue_says: &'static str) -> (Test, Value) {
    let server = ModelServer::start(move |seen, _| {
        let part = |id: &str, agent: &str| json!({"id": id, "agent": agent, "task": "Say what is spent.", "tool": null, "with": [], "needs": []});
        let parts = json!([part("budget", "cfo"), part("returns", "cro")]);
        let decision = json!({"kind": "plan", "workflow": null, "params": [], "agent": null, "parts": parts, "reason": "Two."});
        let system = seen.message("system");
        let (finance, revenue) =
            (system.contains("Chief Financial"), system.contains("Chief Revenue"));
        match seen.results().len() {
            _ if system.starts_with("You send a question") => Reply::text(&decision.to_string()),
            0 if finance => {
                Reply::calls(&[("a", "budget_status", json!({"category": "marketing"}))])
            }
            0 if revenue => Reply::calls(&[("b", tool, json!({}))]),
            _ if finance => {
                Reply::text("Marketing spend was [[steps.budget.tools.0.actual_usd | usd]].")
            }
            _ if revenue => Reply::text(revenue_says),
            _ => Reply::text("Not before it is clear what is spent."),
        }
    });
    let test = Test::demo().file("tools/more.yaml", TOOLS).openai(&server);
    let test = test.change(
        "agents/cro.yaml",
        "  - channel_performance\n",
        "  - channel_performance\n  - all_reported\n",
    );
    let test = test.args(["ask", QUESTION, "--json"]);
    let found = test.run().code(0).json()["figures"]["conflicts"].clone();
    (test, found)
}

#[test]
fn the_answer_to_a_question_of_several_shows_where_they_differ() {
    let said = "Marketing spend was [[steps.returns.tools.0.spend_usd | usd]].";
    let (test, found) = asked("all_reported", said);
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found:#}");
    assert_eq!(found[0]["metric"], "marketing spend");
    let steps: Vec<&Value> =
        found[0]["values"].as_array().expect("values").iter().map(|one| &one["step"]).collect();
    assert_eq!(steps, ["budget", "returns"]);
    test.also(["ask", QUESTION]).code(0).prints("Conflict: `marketing spend` has 2 values.");
}

#[test]
fn a_row_that_nobody_speaks_of_is_taken_for_what_the_words_say() {
    // The spend of one channel, told as all of it.
    let row = "Marketing spend was [[steps.returns.tools.0.1.spend_usd | usd]].";
    let (_, found) = asked("channel_performance", row);
    assert_eq!(found[0]["metric"], "marketing spend", "{found:#}");
    for said in [
        "Marketing spend was [[steps.returns.tools.0.1.spend_usd | usd]], all of it on Facebook.",
        "Spend was [[steps.returns.tools.0.1.spend_usd | usd]].",
    ] {
        assert_eq!(asked("channel_performance", said).1, Value::Null, "{said}");
    }
}

#[test]
fn what_agents_name_differently_is_no_conflict() {
    for (cfo, cro) in [
        // Another name, another value, another time, a value of which only one is for marketing.
        (
            "Marketing spend was [[steps.cfo.tools.0.actual_usd | usd]].",
            "Channel spend was [[steps.cro.tools.0.spend_usd | usd]].",
        ),
        (
            "Marketing spend was $1.05M.",
            "Marketing spend was [[steps.cro.tools.0.spend_usd | usd]].",
        ),
        (
            "Marketing spend in 2025 was [[steps.cfo.tools.0.actual_usd | usd]].",
            "Marketing spend in 2024 was [[steps.cro.tools.0.spend_usd | usd]].",
        ),
        (
            "Spend was [[steps.cfo.tools.0.actual_usd | usd]].",
            "Spend was [[steps.cro.tools.0.spend_usd | usd]].",
        ),
        (
            "Marketing spend was [[steps.cfo.tools.0.actual_usd | usd]]. Marketing spend was [[steps.cfo.tools.0.budget_usd | usd]].",
            "Marketing spend was [[steps.cro.tools.0.spend_usd | usd]].",
        ),
    ] {
        let (_, outcome) = said(cfo, cro);
        assert_eq!(outcome["figures"]["conflicts"], Value::Null, "{cfo} {cro}\n{outcome:#}");
    }
}

#[test]
fn the_demo_agrees_with_itself() {
    for arguments in [
        &["run", "roi_analysis", "-p", "campaign_id=facebook_holiday_2025"][..],
        &["run", "budget_check", "-p", "spend=250000", "-p", "category=marketing"],
        &["run", "channel_optimization"],
        &["ask", "Can we afford to double marketing spend?"],
        &["ask", "Should we hire 10 engineers? Can we afford it?"],
        &["ask", "Which channel should we invest in, and does the budget allow it?"],
    ] {
        let test = Test::demo().args(arguments.iter().copied().chain(["--offline", "--json"]));
        let outcome = test.run().code(0).json();
        assert_eq!(outcome["figures"]["conflicts"], Value::Null, "{arguments:?}\n{outcome:#}");
    }
}
