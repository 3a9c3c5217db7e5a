//! Recorded exchanges: a run can be done again from them, with no key and nobody asked.

use serde_json::Value;

use super::support::Test;
use super::support::server::{ModelServer, Reply};

const RUN: [&str; 5] = ["run", "roi_analysis", "-p", "campaign_id=facebook_holiday_2025", "--json"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    RUN.iter().chain(more).copied().collect()
}

fn kept(demo: &Test) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(demo.path().join("tape")).expect("recordings").flatten();
    let mut found: Vec<(String, String)> = entries
        .map(|entry| {
            let text = std::fs::read_to_string(entry.path()).expect("a recording");
            (entry.file_name().to_string_lossy().into_owned(), text)
        })
        .collect();
    found.sort();
    found
}

/// A demo whose run was recorded, with the outcome, and no server any more.
fn recorded() -> (Test, Value) {
    let server = ModelServer::start(|seen, _| {
        let answers = r#"{"assessment": "Good.", "risks": ["None that matter."]}"#;
        let key = seen.has_header("authorization: Bearer key-of-the-test");
        if seen.message("system").contains("JSON") || seen.body.get("response_format").is_some() {
            Reply::text(answers)
        } else {
            Reply::text(&format!(
                "It made [[steps.roi.output.net_profit | usd]]. {key} key-of-the-test"
            ))
        }
    });
    let test = Test::demo().openai(&server).env("OPENAI_API_KEY", "key-of-the-test");
    let outcome = test.also(with(&["--record", "tape"])).code(0).json();
    assert!(!server.seen().is_empty());
    // The address is gone with the server, and so is the key.
    let fresh = Test::demo();
    let copy = kept(&test);
    let fresh =
        copy.iter().fold(fresh, |test, (name, text)| test.file(&format!("tape/{name}"), text));
    (fresh, outcome)
}

#[test]
fn a_recorded_run_is_done_again_without_a_key() {
    let (test, first) = recorded();
    for (name, text) in kept(&test) {
        assert!(!text.contains("key-of-the-test"), "a key stands in {name}");
        assert!(text.contains("question:") && text.lines().count() > 5, "for people: {text}");
    }
    let again = test.also(with(&["--replay", "tape"])).code(0).json();
    assert_eq!(again["outputs"], first["outputs"]);
    assert_eq!(again["usage"], first["usage"]);
    assert_eq!(again["degraded"], false);
}

#[test]
fn a_question_that_changed_is_told_with_what_changed() {
    let (test, _) = recorded();
    let workflow = std::fs::read_to_string(test.path().join("workflows/roi.yaml")).expect("a file");
    let changed =
        workflow.replacen("    prompt: |\n", "    prompt: |\n      Be brief about it.\n", 1);
    assert_ne!(workflow, changed);
    let test = test.file("workflows/roi.yaml", &changed);
    let ran = test.also(with(&["--replay", "tape"])).code(1);
    let ran = ran.says("questions are not recorded").says("+ user: Be brief about it.");
    assert_eq!(ran.json()["status"], "succeeded", "the default stood in, and the exit code tells");
}

#[test]
fn recordings_are_asked_for_rightly() {
    let test = Test::demo();
    test.also(with(&["--replay", "tape"])).code(2).says("cannot read tape");
    test.also(with(&["--replay", "data"])).code(2).says("holds no recorded exchanges");
    test.also(with(&["--replay", "tape", "--record", "tape"])).code(2).says("cannot be used with");
}
