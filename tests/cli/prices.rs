//! What questions cost at gpt-4o-mini's prices: three that people ask, end to end, against a scripted model whose answers
//! are as long as a real one's. Tokens are counted as the model counts them (`o200k_base`), of the requests that were sent.
//! docs/costs.md has the figures.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::LazyLock;

use serde_json::{Value, json};
use tiktoken_rs::CoreBPE;

use super::support::server::{ModelServer, Reply, Seen};
use super::support::{Test, step};

static BPE: LazyLock<CoreBPE> =
    LazyLock::new(|| tiktoken_rs::o200k_base().expect("the vocabulary"));

fn tokens(text: &str) -> u64 {
    BPE.encode_ordinary(text).len() as u64
}

/// Tokens of a request: each message with what the protocol puts around it, tools and schema as they are written.
fn request_tokens(seen: &Seen) -> u64 {
    let of = |key: &str| match &seen.body[key] {
        Value::Null => 0,
        value => tokens(&value.to_string()),
    };
    let message = |message: &Value| {
        let content = tokens(message["content"].as_str().unwrap_or_default());
        let calls = if message["tool_calls"].is_null() {
            0
        } else {
            tokens(&message["tool_calls"].to_string())
        };
        content + calls + 4
    };
    seen.messages().iter().map(message).sum::<u64>() + of("tools") + of("response_format") + 3
}

/// A question with the parts of the plan that a model makes of it.
struct Question {
    text: &'static str,
    parts: Value,
}

fn part(id: &str, agent: &str, task: &str) -> Value {
    json!({"id": id, "agent": agent, "task": task, "tool": null, "with": [], "needs": []})
}

fn questions() -> [Question; 3] {
    [
        Question {
            text: "Can we afford to double marketing spend?",
            parts: json!([
                part(
                    "budget",
                    "cfo",
                    "How much marketing budget is left this fiscal year, how much cash is there and how long does it last, and can we afford to double marketing spend?"
                ),
                part(
                    "returns",
                    "cro",
                    "What do our marketing channels return at the margin, and would twice the spend still pay? Which channels could take it?"
                ),
            ]),
        },
        Question {
            text: "Should we hire 10 engineers? Can we afford it?",
            parts: json!([
                part(
                    "hiring",
                    "hr",
                    "What does it cost to hire ten software engineers, at once and in the first year, how long does it take, and how many engineering positions are open?"
                ),
                part(
                    "money",
                    "cfo",
                    "What is left of the budgets, how much cash is there and how long does it last, and can we afford ten more engineers?"
                ),
            ]),
        },
        Question {
            text: "Which channel should we invest in, and does the budget allow it?",
            parts: json!([
                part(
                    "channels",
                    "cro",
                    "What does each marketing channel return on average and at the margin, and which one should get the next dollar, which should be held or cut?"
                ),
                part(
                    "budget",
                    "cfo",
                    "How much of the marketing budget is left this fiscal year, and do budget, cash and result allow investing more in a channel?"
                ),
            ]),
        },
    ]
}

/// The tools that a specialist looks at first.
fn looked_up(offered: &[&str]) -> Vec<(&'static str, Value)> {
    let first = [
        ("profit_and_loss", json!({})),
        ("budget_overview", json!({})),
        ("cash_position", json!({})),
        ("channel_performance", json!({})),
        ("channel_budgets", json!({})),
        ("hiring_cost", json!({"role": "software_engineer", "count": 10})),
        ("positions", json!({"department": "engineering"})),
    ];
    first.into_iter().filter(|(name, _)| offered.contains(name)).collect()
}

/// What prose is made of.
const SENTENCE: &str = "The plan holds as long as the margin stays where it was over the last four complete quarters and the \
                            channels keep what they return at the margin, which is the risk to watch first.";

/// An answer of so many words that cites what there is.
fn prose(seen: &Seen, words: usize) -> String {
    let told: String = seen.messages().iter().filter_map(|one| one["content"].as_str()).collect();
    let listed = told.lines().filter_map(|line| line.split_once(" = "));
    let listed = listed.filter(|(path, _)| path.starts_with("steps.") && !path.contains(' '));
    let citable = listed.filter_map(|(path, value)| {
        if value.ends_with("(usd)") {
            return Some(path.to_owned());
        }
        // A row of a table: its first amount.
        let row: Value = serde_json::from_str(value).ok()?;
        let field =
            row.as_object()?.iter().find(|(name, one)| name.ends_with("_usd") && one.is_number());
        field.map(|(name, _)| format!("{path}.{name}"))
    });
    let paths: Vec<String> = citable.take(6).collect();
    let mut text = String::from("Yes, within limits.");
    for path in &paths {
        let _ = write!(text, " It rests on [[{path} | usd]].");
    }
    while text.split_whitespace().count() < words {
        text.push(' ');
        text.push_str(SENTENCE);
    }
    text
}

/// A value of a schema, its texts as long as a careful model's.
fn object(schema: &Value) -> Value {
    if let Some(choices) = schema["enum"].as_array() {
        return choices[0].clone();
    }
    match schema["type"].as_str() {
        Some("object") => {
            let properties = schema["properties"].as_object().expect("properties");
            properties.iter().map(|(name, schema)| (name.clone(), object(schema))).collect()
        }
        Some("array") => json!([object(&schema["items"]), object(&schema["items"])]),
        Some("boolean") => json!(true),
        Some("number" | "integer") => json!(1),
        _ => json!(
            "Attribution is what the channel claims for itself, so some of these customers would have come anyway, and the margin decides whether it paid."
        ),
    }
}

fn is_decision(seen: &Seen) -> bool {
    seen.message("system").starts_with("You send a question")
}

/// Answers as a model would, and counts what it would bill.
fn server(parts: Value) -> ModelServer {
    ModelServer::start(move |seen, _| {
        let input = request_tokens(seen);
        let calls = looked_up(&seen.offered());
        if !calls.is_empty() && seen.results().is_empty() {
            let calls: Vec<(&str, &str, Value)> =
                calls.iter().map(|(name, with)| (*name, *name, with.clone())).collect();
            let output = calls
                .iter()
                .map(|(_, name, with)| tokens(name) + tokens(&with.to_string()) + 8)
                .sum();
            return Reply::calls(&calls).usage(input, output);
        }
        let answer = if is_decision(seen) {
            let reason = "It takes the head of finance and a specialist, and neither alone covers the whole question.";
            json!({"kind": "plan", "workflow": null, "params": [], "agent": null, "parts": parts, "reason": reason}).to_string()
        } else if seen.body["response_format"].is_null() {
            let last = seen.message("user").contains("Put this together");
            prose(seen, if last { 170 } else { 100 })
        } else {
            object(&seen.body["response_format"]["json_schema"]["schema"]).to_string()
        };
        let output = tokens(&answer);
        Reply::text(&answer).usage(input, output).after(std::time::Duration::from_millis(150))
    })
}

/// A row of the table in docs/costs.md.
fn row(what: &str, answer: &Value) -> String {
    let usage = &answer["usage"];
    let cost = answer["cost_usd"].as_f64().expect("a cost");
    format!(
        "| {what} | {} | {} | {} | ${cost:.5} |",
        usage["model_calls"], usage["input_tokens"], usage["output_tokens"]
    )
}

#[test]
fn what_people_ask_is_answered_in_parallel_for_a_fifth_of_a_cent_at_most() {
    let mut rows = Vec::new();
    for Question { text, parts } in questions() {
        let server = server(parts.clone());
        let answer =
            Test::demo().openai(&server).args(["ask", text, "--json"]).run().code(0).json();
        assert_eq!(answer["status"], "succeeded", "{text}: {answer:#}");
        assert_eq!(answer["degraded"], false, "{text}");
        assert_eq!(answer["figures"]["unverified"], json!([]), "{text}: {answer:#}");
        assert!(answer["figures"]["cited"].as_u64() > Some(0), "{text}: {answer:#}");
        let seen = server.seen();
        assert_eq!(answer["route"]["kind"], "plan", "{text}: {answer:#}");
        let decisions = seen.iter().filter(|one| is_decision(one)).count();
        assert_eq!(decisions, 1, "{text}");
        let ids = parts.as_array().expect("parts").iter();
        let agents: Vec<&Value> =
            ids.map(|part| step(&answer, part["id"].as_str().expect("an id"))).collect();
        let began = |one: &Value| one["started_ms"].as_f64().expect("a time");
        let ended = |one: &Value| began(one) + one["duration_ms"].as_f64().expect("a time");
        assert!(agents.len() >= 2, "{text}: {answer:#}");
        let last_began = agents.iter().map(|one| began(one)).fold(0.0, f64::max);
        let first_ended = agents.iter().map(|one| ended(one)).fold(f64::MAX, f64::min);
        assert!(last_began < first_ended, "{text}: all specialists at once: {answer:#}");
        let synthesis = began(step(&answer, "answer"));
        assert!(agents.iter().all(|one| ended(one) <= synthesis), "{text}: {answer:#}");
        rows.push((row(text, &answer), 0.002));

        let bare = Test::demo().args(["ask", text, "--json"]).run().code(0).json();
        assert_eq!(bare["degraded"], true, "{text}");
        assert_eq!(bare["usage"]["model_calls"], 0, "{text}");
        assert_eq!(bare["figures"]["unverified"], json!([]), "{text}");
        assert!(
            bare["outputs"]["answer"].as_str().is_some_and(|text| text.len() > 200),
            "{bare:#}"
        );
    }
    for (workflow, params) in [
        ("roi_analysis", vec!["campaign_id=facebook_holiday_2025"]),
        ("budget_check", vec!["spend=250000", "category=marketing"]),
        ("channel_optimization", vec![]),
    ] {
        let server = server(Value::Null);
        let mut arguments = vec!["run", workflow, "--json"];
        for param in params {
            arguments.extend(["-p", param]);
        }
        let outcome = Test::demo().openai(&server).args(arguments).run().code(0).json();
        rows.push((row(&format!("workflow `{workflow}`"), &outcome), 0.0015));
    }
    let all: Vec<&str> = rows.iter().map(|(row, _)| row.as_str()).collect();
    let all = all.join("\n");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/costs.md");
    let page = std::fs::read_to_string(page).expect("the page");
    for (row, bound) in &rows {
        let now = cost(row).expect("a cost");
        assert!(now < *bound, "more than ${bound}: {row}\n{all}");
        let what = row.split(" | ").next().expect("a name");
        let told = page.lines().find(|line| line.starts_with(what)).and_then(cost);
        // A prompt may be worded anew; a page that is a tenth off says something else than is so.
        let is_told = told.is_some_and(|told| (now - told).abs() < now / 10.0);
        assert!(is_told, "docs/costs.md is out of date; it is:\n{all}");
    }
}

/// The cost that a row of the table tells.
fn cost(row: &str) -> Option<f64> {
    row.rsplit_once('$')?.1.trim_end_matches(" |").parse().ok()
}
