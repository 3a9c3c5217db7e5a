//! The demo project: without a key, and with a model.

use serde_json::json;

use super::support::server::{ModelServer, Reply};
use super::support::{Test, step};

const ROI: [&str; 5] =
    ["run", "workflows/roi.yaml", "--param", "campaign_id=facebook_holiday_2025", "--json"];

#[test]
fn the_main_command_answers_without_a_key_and_says_so() {
    let ran = Test::demo().args(ROI[..4].iter().copied()).run().code(0);
    assert!(ran.stdout.contains("Facebook Holiday 2025"), "{}", ran.stdout);
    assert!(ran.stdout.contains("without a model"), "{}", ran.stdout);
    assert!(ran.stdout.contains("$71,318"), "the campaign's spend is in the data: {}", ran.stdout);
    assert!(!ran.stdout.contains("[["), "{}", ran.stdout);
    let ran = ran.says("figures").says("longest").says("degraded").says("set OPENAI_API_KEY");
    assert!(!ran.stderr.contains("warning"), "it is told once: {}", ran.stderr);
}

#[test]
fn every_workflow_runs_by_name_without_a_key() {
    for (workflow, params, output) in [
        ("roi_analysis", vec!["campaign_id=facebook_holiday_2025"], "true_roi"),
        ("budget_check", vec!["spend=250000", "category=marketing"], "decision"),
        ("channel_optimization", vec![], "best_channel"),
    ] {
        let mut arguments = vec!["run", workflow, "--offline", "--json"];
        for param in params {
            arguments.extend(["-p", param]);
        }
        let outcome = Test::demo().args(arguments).run().code(0).json();
        assert_eq!(outcome["status"], "succeeded", "{workflow}: {outcome:#}");
        assert_eq!(outcome["degraded"], true, "{workflow}");
        assert!(!outcome["outputs"][output].is_null(), "{workflow}: {outcome:#}");
        assert_eq!(outcome["figures"]["unverified"], json!([]), "{workflow}");
        assert_eq!(outcome["usage"]["model_calls"], 0, "{workflow}");
    }
}

#[test]
fn with_a_model_the_agents_word_it_on_the_same_figures() {
    let offline = Test::demo().args(ROI.iter().copied().chain(["--offline"])).run().code(0).json();
    let server = ModelServer::start(|seen, _| {
        if seen.body["response_format"].is_null() {
            Reply::text("It made [[steps.roi.output.net_profit | usd]].")
        } else {
            Reply::text(
                &smallest(&seen.body["response_format"]["json_schema"]["schema"]).to_string(),
            )
        }
    });
    let test = Test::demo().args(ROI).openai(&server);
    let ran = test.run().code(0);
    let outcome = ran.json();
    assert_eq!(outcome["degraded"], false, "{outcome:#}");
    assert_eq!(outcome["outputs"]["true_roi"], offline["outputs"]["true_roi"]);
    assert_eq!(outcome["outputs"]["net_profit"], offline["outputs"]["net_profit"]);
    assert_eq!(outcome["outputs"]["answer"], "It made $44,104.");
    assert!(outcome["figures"]["cited"].as_u64() >= Some(1), "{outcome:#}");
    assert!(
        outcome["cost_usd"].as_f64() > Some(0.0) && outcome["cost_usd"].as_f64() < Some(0.0015),
        "{outcome:#}"
    );
    for seen in server.seen() {
        assert_eq!(seen.path, "/v1/chat/completions");
        assert!(seen.has_header("authorization: Bearer sk-secret-key"));
        assert_eq!(seen.body["model"], "gpt-4o-mini");
    }
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("sk-secret-key"));
    assert!(
        outcome["steps"].as_array().expect("steps").iter().all(|s| s["status"] != "defaulted"),
        "{outcome:#}"
    );
    assert_eq!(step(&outcome, "answer")["kind"], "agent");
}

/// The smallest value that a schema of the demo allows.
fn smallest(schema: &serde_json::Value) -> serde_json::Value {
    if let Some(choices) = schema["enum"].as_array() {
        return choices[0].clone();
    }
    match schema["type"].as_str() {
        Some("object") => {
            let properties = schema["properties"].as_object().expect("properties");
            properties.iter().map(|(name, schema)| (name.clone(), smallest(schema))).collect()
        }
        Some("array") => json!([]),
        Some("boolean") => json!(true),
        Some("number" | "integer") => json!(1),
        _ => json!("words"),
    }
}

#[test]
fn a_value_that_does_not_exist_is_refused_with_the_nearest_that_does() {
    Test::demo()
        .args(["run", "workflows/roi.yaml", "--param", "campaign_id=facebok_holiday_2025"])
        .run()
        .code(2)
        .says("did you mean `facebook_holiday_2025`");
}

#[test]
fn a_missing_param_is_named() {
    Test::demo().args(["run", "roi_analysis"]).run().code(2).says("campaign_id");
    Test::demo()
        .args(["run", "budget_check", "-p", "spend=lots", "-p", "category=marketing"])
        .run()
        .code(2)
        .says("spend");
    Test::demo()
        .args(["run", "roi_analysis", "-p", "campain_id=x"])
        .run()
        .code(2)
        .says("campaign_id");
}

#[test]
fn the_projects_own_files_are_sound() {
    let ran = Test::demo().args(["validate", "--format", "json"]).run().code(0);
    assert_eq!(ran.json()["errors"], 0, "{:#}", ran.json());
    assert_eq!(
        ran.json()["files"],
        11,
        "engine.yaml, four agents, three files of tools, three workflows"
    );
}
