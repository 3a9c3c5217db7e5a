//! The demo's recorded evals: what a scripted model answers stands in recordings/, and a fresh clone does them from there.
//!
//! `RECORD=1 cargo test --test cli coordination` writes recordings/ anew, after a prompt, a tool or the data changed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::support::Test;
use super::support::server::{ModelServer, Reply, Seen};

fn recordings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings")
}

/// A part of a plan: who is asked what, after which others.
fn part(agent: &str, task: &str, needs: &[&str]) -> Value {
    json!({"id": agent, "agent": agent, "task": task, "tool": null, "with": [], "needs": needs})
}

/// What the scripted model decides about a question that words leave open, or that takes several agents.
fn decision(asked: &str) -> Value {
    let hr = |needs: &[&str]| {
        part("hr", "What do our people cost, and where are positions open?", needs)
    };
    let cfo = |needs: &[&str]| part("cfo", "How much cash is there, and for how long?", needs);
    let cro = |needs: &[&str]| part("cro", "What does each channel return?", needs);
    let plan = |parts: Vec<Value>| json!({"kind": "plan", "parts": parts});
    let mut decided = match asked {
        _ if asked.contains("cook") => json!({"kind": "out_of_scope"}),
        _ if asked.contains("growing faster") => json!({"kind": "agent", "agent": "cro"}),
        _ if asked.contains("10 engineers") => plan(vec![hr(&[]), cfo(&[])]),
        _ if asked.contains("invest in") => plan(vec![cro(&[]), cfo(&[])]),
        _ if asked.contains("Compare payroll") => plan(vec![hr(&[]), cro(&[])]),
        _ if asked.contains("double marketing") => plan(vec![cfo(&[]), cro(&[])]),
        // Each needs what the one before found.
        _ if asked.contains("TikTok") => plan(vec![cro(&[]), hr(&["cro"]), cfo(&["cro", "hr"])]),
        _ => plan(vec![hr(&[]), cfo(&[]), cro(&[])]),
    };
    let nothing = json!({"workflow": null, "params": [], "agent": null, "parts": [], "reason": "It covers the question."});
    let (Some(map), Value::Object(nothing)) = (decided.as_object_mut(), nothing) else {
        panic!("maps")
    };
    for (key, value) in nothing {
        map.entry(key).or_insert(value);
    }
    decided
}

/// The first path of the evidence that a request lists and that ends so.
fn path(seen: &Seen, ending: &str) -> Option<String> {
    let lines = seen.messages().iter().filter_map(|message| message["content"].as_str());
    let paths = lines.flat_map(str::lines).filter_map(|line| line.split_once(" = "));
    // A row stands behind its path as a whole.
    let fields = |(path, value): (&str, &str)| match serde_json::from_str(value) {
        Ok(Value::Object(row)) => row.keys().map(|field| format!("{path}.{field}")).collect(),
        _ => vec![path.to_owned()],
    };
    paths.flat_map(fields).find(|path| path.ends_with(ending))
}

/// What a specialist reads first, and what it says of that where the evidence holds it.
const SPECIALISTS: [(&str, &str, &str, &[&str]); 3] = [
    (
        "Head of People",
        "headcount",
        "Research and development costs {yearly_payroll_usd | usd} a year in salaries.",
        &[".3.yearly_payroll_usd"],
    ),
    (
        "Chief Financial Officer",
        "cash_position",
        "We hold {cash_usd | usd}, enough for {cover_months | number} months of outgoings.",
        &[".cash_usd", ".cover_months"],
    ),
    (
        "Chief Revenue Officer",
        "channel_performance",
        "Google Search, where most is spent, returns {roas | ratio} for each dollar.",
        &[".0.roas"],
    ),
];

/// What is said of what the evidence of a request holds.
fn findings(seen: &Seen) -> Vec<String> {
    let mut all = Vec::new();
    for (_, _, says, endings) in SPECIALISTS {
        let paths: Vec<String> = endings.iter().filter_map(|ending| path(seen, ending)).collect();
        if paths.len() < endings.len() {
            continue;
        }
        let said = paths.iter().fold(says.to_owned(), |said, path| {
            let (before, rest) = said.split_once('{').expect("a place");
            let (place, after) = rest.split_once('}').expect("its end");
            let filter = place.split_once(" | ").expect("a filter").1;
            format!("{before}[[{path} | {filter}]]{after}")
        });
        all.push(said);
    }
    all
}

/// An answer with as many tokens as its letters make, about.
fn answer(seen: &Seen, text: &str, calls: &[(&str, &str, Value)]) -> Reply {
    let tokens = |letters: usize| letters.div_ceil(4);
    let calls: Vec<Value> = calls
        .iter()
        .map(|(id, name, with)| json!({"id": id, "type": "function", "function": {"name": name, "arguments": with.to_string()}}))
        .collect();
    let (reason, message) = if calls.is_empty() {
        ("stop", json!({"role": "assistant", "content": text}))
    } else {
        ("tool_calls", json!({"role": "assistant", "content": null, "tool_calls": calls}))
    };
    let body = json!({
        "id": "x", "object": "chat.completion", "model": "scripted",
        "choices": [{"index": 0, "finish_reason": reason, "message": message}],
        "usage": {"prompt_tokens": tokens(seen.body["messages"].to_string().len()), "completion_tokens": tokens(message.to_string().len())},
    });
    Reply::raw(200, &body.to_string())
}

/// The scripted model: it decides by the words above, reads one tool as a specialist, and cites what it found.
fn script(seen: &Seen) -> Reply {
    let (system, asked) = (seen.message("system"), seen.message("user"));
    let shape = &seen.body["response_format"]["json_schema"]["schema"]["properties"];
    if system.starts_with("You send a question") {
        return answer(seen, &decision(asked).to_string(), &[]);
    }
    if system.starts_with("You judge an answer") {
        let said =
            asked.split("The answer:").nth(1).and_then(|rest| rest.split("The rubric:").next());
        let pass = said.unwrap_or_default().chars().filter(char::is_ascii_digit).count() > 8;
        let verdict = json!({"reason": "It names the figures it rests on.", "score": u8::from(pass), "pass": pass});
        return answer(seen, &verdict.to_string(), &[]);
    }
    if shape["risks"].is_object() {
        let found = json!({"assessment": "It drew well for its season.", "risks": ["Some would have bought without it."]});
        return answer(seen, &found.to_string(), &[]);
    }
    if shape["assessment"].is_object() {
        let found = json!({"assessment": "The margin leaves room, and not much of it."});
        return answer(seen, &found.to_string(), &[]);
    }
    if let (Some(spend), Some(profit)) =
        (path(seen, "roi.output.spend"), path(seen, "roi.output.net_profit"))
    {
        let name = if asked.contains("instagram_holiday_2025") { "Instagram" } else { "Facebook" };
        let said = format!(
            "{name} Holiday 2025 cost [[{spend} | usd]] and came to [[{profit} | usd]] after margin."
        );
        return answer(seen, &said, &[]);
    }
    let own =
        SPECIALISTS.iter().find(|(role, ..)| system.starts_with(&format!("You are the {role}.")));
    if let Some((_, tool, ..)) = own.filter(|_| seen.results().is_empty()) {
        return answer(seen, "", &[("call_1", tool, json!({}))]);
    }
    let mut found = findings(seen);
    if own.is_none() {
        found.insert(0, "Yes, step by step: each finding bears on the next.".to_owned());
        found.push(
            "Decide on the first step now and look at the figures again next quarter.".to_owned(),
        );
    }
    answer(seen, &found.join(" "), &[])
}

/// The demo with its evals and the recordings of the project.
fn demo() -> Test {
    kept().iter().fold(Test::demo_with_evals(), |test, (name, text)| {
        test.file(&format!("recordings/{name}"), text)
    })
}

/// The recordings of the project; with `RECORD`, once they are written anew.
fn kept() -> &'static BTreeMap<String, String> {
    static KEPT: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    KEPT.get_or_init(|| {
        if std::env::var_os("RECORD").is_some() {
            drop(std::fs::remove_dir_all(recordings()));
            std::fs::create_dir_all(recordings()).expect("a folder");
            for (name, text) in recorded() {
                std::fs::write(recordings().join(name), text).expect("a recording");
            }
        }
        files(&recordings())
    })
}

/// The texts of a folder's files, by name.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| {
            let text = std::fs::read_to_string(entry.path()).expect("a recording");
            (entry.file_name().to_string_lossy().into_owned(), text)
        })
        .collect()
}

/// What `--record` writes with the scripted model, marked as made by it.
fn recorded() -> BTreeMap<String, String> {
    let server = ModelServer::start(|seen, _| script(seen));
    let test = Test::demo_with_evals().openai(&server);
    test.also(["eval", "--record", "--json", "--concurrency", "1"]).code(0);
    let marked = |text: String| format!("made_by: scripted\n{text}");
    files(&test.path().join("recordings"))
        .into_iter()
        .map(|(name, text)| (name, marked(text)))
        .collect()
}

#[test]
fn the_recordings_are_what_the_scripted_model_answers_now() {
    let (kept, now) = (kept(), recorded());
    assert!(
        *kept == now,
        "recordings/ is not what is asked now: `RECORD=1 cargo test --test cli coordination` writes it anew"
    );
    for (name, text) in kept {
        assert!(!text.contains("sk-secret-key"), "{name} holds a key");
        assert!(text.contains("  system: |"), "{name} is for people: {text}");
    }
}

#[test]
fn a_fresh_clone_does_the_recorded_evals_without_key_or_network() {
    let test = demo();
    let ran = test.also(["eval", "--replay", "--json"]).code(0);
    assert_eq!(ran.stderr, "", "no recording is missing, and none is left over");
    let report = ran.json();
    let cases = report["cases"].as_array().expect("cases");
    assert!(cases.iter().all(|case| case["status"] == "passed"), "{report:#}");
    let tagged =
        |tag: &str| cases.iter().filter(|case| case["tags"].to_string().contains(tag)).count();
    assert_eq!(["simple", "medium", "complex"].map(tagged), [4, 4, 5]);
    assert_eq!((cases.len(), &report["judging"]["judged"]), (14, &json!(12)));
    let all: usize = report["selection"]
        .as_array()
        .expect("ways of choosing")
        .iter()
        .map(|one| {
            assert_eq!(one["complete"], one["questions"], "{one}");
            usize::try_from(one["questions"].as_u64().expect("a count")).expect("a small one")
        })
        .sum();
    assert!(all >= 12, "{report:#}");
    assert!(report["models"][0]["cost_usd"].as_f64() > Some(0.0), "priced by the recorded tokens");
    // Without recordings and without a model nothing is known of them, and nothing passes.
    let alone = test.also(["eval", "evals/coordination.yaml", "--json"]).code(0).json();
    assert_eq!(alone["models"][0]["passed"], 0);
    assert_eq!(alone["models"][0]["undecided"], 14);
}

#[test]
fn a_prompt_that_changed_is_missed_by_exactly_the_cases_that_ask_it() {
    let test = demo().change(
        "agents/hr.yaml",
        "You advise on people and hiring.",
        "You advise on people, hiring and pay.",
    );
    let ran = test.also(["eval", "--replay"]).code(1);
    ran.prints("every question is recorded")
        .prints("- system: You advise on people and hiring.")
        .prints("+ system: You advise on people, hiring and pay.")
        .says("not recorded");
    let report = test.also(["eval", "--replay", "--json"]).code(1).json();
    for case in report["cases"].as_array().expect("cases") {
        let attempt = &case["attempts"][0];
        let asks = attempt["route"]["agents"].to_string().contains("hr");
        assert_eq!(case["status"] == "failed", asks, "{case:#}");
    }
}
