//! The demo's evals: they hold as they are, and what is broken turns red, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::support::Test;
use super::support::server::{ModelServer, Reply};

/// The cases that failed, by file.
fn red(report: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let mut red: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for case in report["cases"].as_array().expect("cases") {
        if case["status"] == "failed" {
            let text = |key: &str| case[key].as_str().expect("a text").to_owned();
            red.entry(text("file")).or_default().insert(text("name"));
        }
    }
    red
}

/// How many cases of a file have names that begin so.
fn beginning(report: &Value, file: &str, beginning: &str) -> BTreeSet<String> {
    let cases = report["cases"].as_array().expect("cases").iter();
    let own = cases.filter(|case| case["file"] == file);
    let names = own.map(|case| case["name"].as_str().expect("a name").to_owned());
    names.filter(|name| name.starts_with(beginning)).collect()
}

#[test]
fn a_fresh_clone_holds_without_a_key() {
    let test = Test::demo_with_evals();
    test.also(["validate"]).code(0);
    let ran = test.also(["eval", "--offline", "--json"]).code(0);
    let report = ran.json();
    assert_eq!(report["passed"], true, "{}", ran.stderr);
    let held = |file: &str| {
        let files = report["files"].as_array().expect("files").iter();
        let found = files.clone().find(|one| one["name"] == file);
        let found = found.unwrap_or_else(|| panic!("no {file}"));
        (found["passed"].as_u64().expect("a count"), found["failed"].as_u64().expect("a count"))
    };
    for (file, least) in [
        ("campaigns", 250),
        ("budgets", 50),
        ("channels", 45),
        ("conversations", 5),
        ("limits", 18),
    ] {
        let (passed, failed) = held(file);
        assert!(passed >= least && failed == 0, "{file}: {passed} passed, {failed} failed");
    }
    let (found, missed) = held("teams");
    assert!(found + missed >= 40, "questions for several specialists: {found} + {missed}");
    let routing = &report["routing"];
    assert!(routing["questions"].as_u64() > Some(250), "{routing}");
    assert!(routing["precision"].as_f64() > Some(0.95), "{routing}");
    assert!(routing["coverage"].as_f64() > Some(0.7), "{routing}");
    // The user's own history knows nothing of it.
    assert_eq!(test.also(["runs", "--json"]).code(0).json(), json!([]));
    assert!(!test.path().join(".engine").exists(), "nothing is left behind");
}

/// Cases as `file/name`.
fn named(red: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    red.iter()
        .flat_map(|(file, names)| names.iter().map(move |name| format!("{file}/{name}")))
        .collect()
}

/// The cases that a change turns red, and nothing else: those that fail as it is are no news.
#[track_caller]
fn turned(report: &Value) -> BTreeSet<String> {
    static STANDING: OnceLock<BTreeSet<String>> = OnceLock::new();
    let standing = STANDING.get_or_init(|| {
        let whole = Test::demo_with_evals().also(["eval", "--offline", "--json"]).code(0).json();
        named(&red(&whole))
    });
    let now = named(&red(report));
    let mended: Vec<&String> = standing.difference(&now).collect();
    assert!(mended.is_empty(), "what is broken mends nothing: {mended:?}");
    now.difference(standing).cloned().collect()
}

/// Campaigns that make money by the right margin and lose it by the wrong one, or the other way round.
const FLIPPED: [&str; 3] = ["linkedin_always_on", "linkedin_holiday_2024", "linkedin_spring_2025"];

#[test]
fn a_broken_formula_turns_what_it_makes_red() {
    let test = Test::demo_with_evals().change(
        "workflows/roi.yaml",
        "gross_profit: revenue * gross_margin if",
        "gross_profit: revenue * (1 - gross_margin) if",
    );
    let report = test.also(["eval", "--offline", "--json"]).code(1).json();
    let mut wanted = beginning(&report, "campaigns", "net_profit of");
    wanted.extend(beginning(&report, "campaigns", "true_roi of"));
    assert_eq!(wanted.len(), 56);
    // Whether these made money turns with the formula; the others lose or gain either way.
    wanted.extend(FLIPPED.map(|campaign| format!("profitable of {campaign}")));
    let wanted = wanted.into_iter().map(|name| format!("campaigns/{name}")).collect();
    assert_eq!(turned(&report), wanted);
}

#[test]
fn a_broken_query_turns_what_reads_it_red() {
    let test = Test::demo_with_evals().change(
        "tools/marketing.yaml",
        "coalesce(sum(performance.attributed_revenue_usd), 0) as revenue_usd",
        "coalesce(sum(performance.attributed_revenue_usd), 0) - 1 as revenue_usd",
    );
    let report = test.also(["eval", "--offline", "--json"]).code(1).json();
    let mut wanted = BTreeSet::new();
    for figure in ["revenue of", "roas of", "net_profit of", "true_roi of", "the answer about"] {
        let cases = beginning(&report, "campaigns", figure);
        assert_eq!(cases.len(), 28, "{figure}");
        wanted.extend(cases.into_iter().map(|name| format!("campaigns/{name}")));
    }
    // The one conversation that looks at a revenue.
    wanted.insert("conversations/from campaign to campaign".to_owned());
    assert_eq!(turned(&report), wanted);
}

#[test]
fn a_question_that_words_leave_open_is_judged_by_what_the_model_decides() {
    let server = ModelServer::start(|seen, _| {
        if !seen.message("system").starts_with("You send a question") {
            return Reply::text("It is fine.");
        }
        let part = |id: &str| json!({"id": id, "agent": id, "task": "What do you say?", "tool": null, "with": [], "needs": []});
        let decision = json!({"kind": "plan", "workflow": null, "params": [], "agent": null, "parts": [part("hr"), part("cfo")], "reason": "It fits."});
        Reply::text(&decision.to_string())
    });
    let question = "Weigh our people against our purse for the year to come, would you?";
    let eval = format!(
        "cases:\n  - {{question: {question:?}, route_only: true, assert: [{{route: plan}}, {{agents: [cfo, hr]}}]}}\n\
         \x20 - {{question: {question:?}, name: whole, assert: [{{route: plan}}, {{agents: [cro]}}, {{status: succeeded}}, {{contains: fine}}]}}\n"
    );
    let test = Test::demo().file("evals/open.yaml", &eval);
    // Without a model the first is undecided, and that is no failure of it.
    let alone = test.also(["eval", "--filter", "weigh", "--json"]).code(0).json();
    assert_eq!(alone["cases"][0]["status"], "undecided", "{alone:#}");
    assert_eq!(alone["routing"]["coverage"], 0.0);
    let report = test.openai(&server).also(["eval", "--json"]).code(1).json();
    let status = |case: usize| report["cases"][case]["status"].clone();
    assert_eq!((status(0), status(1)), (json!("passed"), json!("failed")), "{report:#}");
    let judged = report["cases"][1]["attempts"][0]["asserts"].as_array().expect("asserts");
    let failed: Vec<&Value> = judged.iter().filter(|one| one["status"] == "failed").collect();
    assert_eq!(failed.len(), 1, "{judged:?}");
    assert_eq!(failed[0]["found"], "hr, cfo answers");
    assert_eq!(report["cases"][0]["attempts"][0]["route"]["by"], "model");
    // Each question is decided once; the second is answered as well.
    let decisions =
        server.seen().iter().filter(|seen| seen.message("system").starts_with("You send")).count();
    assert_eq!(decisions, 2);
}

#[test]
fn a_broken_prompt_turns_its_answers_red() {
    // A model that does as it is told: without the word of where figures come from, it makes one up.
    let server = ModelServer::start(|seen, _| {
        let shape = &seen.body["response_format"]["json_schema"]["schema"];
        if shape["properties"]["risks"].is_object() {
            return Reply::text(
                r#"{"assessment": "It drew well.", "risks": ["Some would have bought."]}"#,
            );
        }
        if shape["properties"]["assessment"].is_object() {
            return Reply::text(r#"{"assessment": "The margin is what it is."}"#);
        }
        // Asked to mend its figures, it makes up the same again.
        let asked = seen.messages().iter().find(|message| message["role"] == "user");
        let asked = asked.and_then(|message| message["content"].as_str()).unwrap_or_default();
        if !asked.contains("was the campaign") {
            return Reply::text("Words alone.");
        }
        let figures = "It cost [[steps.roi.output.spend | usd]] and brought [[steps.roi.output.revenue | usd]].";
        if asked.contains("give spend, attributed revenue") {
            return Reply::text(figures);
        }
        Reply::text(&format!("{figures} Next year it makes $9,876,543."))
    });
    let arguments = [
        "eval",
        "evals/campaigns.yaml",
        "evals/budgets.yaml",
        "--tag",
        "answers",
        "--tag",
        "sales",
        "--json",
    ];
    let whole = Test::demo_with_evals().openai(&server);
    let report = whole.also(arguments).code(0).json();
    assert_eq!(report["models"][0]["model"], "openai");
    assert_eq!(report["models"][0]["passed"], 28 + 11);
    assert!(report["models"][0]["cost_usd"].as_f64() > Some(0.0));
    let broken = Test::demo_with_evals().openai(&server).change(
        "workflows/roi.yaml",
        "Then give spend, attributed revenue, ROAS against the",
        "Then say what you think of the",
    );
    let report = broken.also(arguments).code(1).json();
    let red = red(&report);
    assert_eq!(red["campaigns"], beginning(&report, "campaigns", "the answer about"));
    assert_eq!(red.len(), 1, "{:?}", red.keys());
    let judged = report["cases"].as_array().expect("cases").iter();
    let judged = judged.filter(|case| case["status"] == "failed");
    for judged in
        judged.flat_map(|case| case["attempts"][0]["asserts"].as_array().expect("asserts"))
    {
        let about_figures = judged["assert"] == "no-unverified-figures";
        assert_eq!(judged["status"] == "failed", about_figures, "{judged}");
    }
}

#[test]
fn finding_the_way_of_a_question_costs_even_where_nothing_runs() {
    let decision = json!({"kind": "out_of_scope", "workflow": null, "params": [], "agent": null, "parts": [], "reason": "No."});
    let server = ModelServer::start(move |_, _| Reply::text(&decision.to_string()));
    let question = "Weigh our people against our purse for the year to come, would you?";
    let eval = format!(
        "cases:\n  - {{question: {question:?}, assert: [{{exit: 6}}, {{not-cost: 0}}]}}\n\
         \x20 - {{question: {question:?}, name: way, route_only: true, assert: [{{route: out_of_scope}}, {{not-cost: 0}}]}}\n"
    );
    let test = Test::demo().file("evals/open.yaml", &eval).openai(&server);
    let report = test.also(["eval", "--json"]).code(0).json();
    assert_eq!(server.seen().len(), 2, "each question is decided once");
    let cost = |value: &Value| value.as_f64().expect("a cost");
    let of = |case: usize| cost(&report["cases"][case]["attempts"][0]["cost_usd"]);
    assert!(of(0) > 0.0 && (of(0) - of(1)).abs() < 1e-12, "{} and {}", of(0), of(1));
    assert!((cost(&report["models"][0]["cost_usd"]) - of(0) - of(1)).abs() < 1e-12);
}
