//! What a route holds, question by question.

use engine::ask::router::{How, Kind, Target, route};
use engine::id::AgentName;
use serde_json::json;

use crate::demo;

#[test]
fn params_are_typed_and_taken_from_the_question() {
    let index = demo::index();
    for (question, workflow, params) in [
        (
            "Was the facebok holiday 2025 campaign profitable?",
            "roi_analysis",
            json!({"campaign_id": "facebook_holiday_2025"}),
        ),
        (
            "Can we afford to spend $1.5M on R&D?",
            "budget_check",
            json!({"spend": 1_500_000, "category": "research_development"}),
        ),
        (
            "Which channel should we invest in, since June?",
            "channel_optimization",
            json!({"from": "2025-06", "to": "2025-12"}),
        ),
        ("Which channel should we invest in?", "channel_optimization", json!({})),
    ] {
        let route = route(&index, question);
        assert_eq!(route.kind, Kind::Workflow, "{question}: {route:?}");
        assert_eq!(route.workflow.unwrap().as_str(), workflow, "{question}");
        assert_eq!(json!(route.params), params, "{question}");
    }
}

#[test]
fn what_is_not_settled_is_asked_back() {
    let index = demo::index();
    for (question, param, values) in [
        ("Was the Facebook Holiday campaign profitable?", "campaign_id", 2),
        ("Was Facebook Holiday 2023 profitable?", "campaign_id", 28),
        ("Was the campaign profitable?", "campaign_id", 28),
        ("Is there room in the budget for $50K of catering?", "category", 5),
        ("Can we increase the sales budget by 20%?", "spend", 0),
        ("Can we afford $50K or $80K for marketing?", "spend", 0),
        ("Can we afford to spend \u{20ac}60k on marketing?", "spend", 0),
        ("Can we afford to spend -$60k on marketing?", "spend", 0),
    ] {
        let route = route(&index, question);
        assert_eq!(route.kind, Kind::Clarify, "{question}: {route:?}");
        let missing: Vec<_> =
            route.missing.iter().map(|it| (it.param.as_str(), it.values.len())).collect();
        assert_eq!(missing, [(param, values)], "{question}");
        assert!(!route.params.contains_key(param), "{question}: a value is never invented");
    }
}

#[test]
fn two_fields_need_two_agents() {
    let index = demo::index();
    for (question, agents) in [
        ("Should we hire 10 engineers? Can we afford it?", ["hr", "cfo"]),
        ("Which channel should we invest in, and does the budget allow it?", ["cro", "cfo"]),
    ] {
        let route = route(&index, question);
        let mut found: Vec<&str> = route.agents.iter().map(AgentName::as_str).collect();
        let mut wanted = agents.to_vec();
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!((route.kind, found), (Kind::Plan, wanted), "{question}");
    }
}

#[test]
fn where_words_do_not_tell_the_nearest_agents_are_named() {
    let index = demo::index();
    for question in [
        "What will revenue be in 2027?",               // beyond the data
        "What was Microsoft's revenue?",               // a name that nobody knows
        "K\u{f6}nnen wir uns mehr Marketing leisten?", // another language
    ] {
        let route = route(&index, question);
        assert_eq!(route.kind, Kind::Unsure, "{question}: {route:?}");
        assert!(!route.agents.is_empty(), "{question}");
    }
    for question in ["", "?!", "And then?", "burn rate", "\u{0}\u{1F600}"] {
        let route = route(&index, question);
        assert_ne!(route.kind, Kind::OutOfScope, "{question:?}: not surely foreign");
    }
}

#[test]
fn a_route_tells_what_it_rests_on() {
    let index = demo::index();
    let route = route(&index, "Was the fb spring 2025 campain profitable?");
    let matches: Vec<_> =
        route.matches.iter().map(|it| (it.words.as_str(), it.term.as_str(), it.how)).collect();
    assert_eq!(
        matches,
        [
            ("fb", "{campaign_id}", How::Value),
            ("spring", "{campaign_id}", How::Value),
            ("campain", "campaign", How::Typo),
            ("profitable", "profitable", How::Word),
        ]
    );
    assert_eq!(route.candidates[0].target, Target::Workflow("roi_analysis".into()));
    assert!(route.candidates.windows(2).all(|pair| pair[0].score >= pair[1].score));
    assert!(route.candidates.iter().all(|it| (0.0..=1.0).contains(&it.score)));
}

#[test]
fn any_text_is_answered() {
    let index = demo::index();
    for question in [
        "9".repeat(400),
        format!("Can we afford {} k k k k on marketing?", "9".repeat(300)),
        "1 k ".repeat(500),
        "revenue $ ".repeat(500),
        "q4 20 - '25 h1 % last 99999999999 months".to_owned(),
        "{campaign_id} {amount} ((( ]]".to_owned(),
    ] {
        let route = route(&index, &question);
        assert!(route.score.is_finite(), "{question}");
        assert!(!route.params.values().any(serde_json::Value::is_null), "{question}");
    }
}

#[test]
fn what_a_workflow_would_drop_or_turn_around_is_not_its_own() {
    let index = demo::index();
    for question in [
        "What was the ROI of Facebook Spring 2025 in April?",
        "Was Facebook Spring 2025 more profitable than it was in 2024?",
        "Is the TikTok Spring 2025 campaign more profitable than LinkedIn Spring 2025?",
        "How should we split $200K across channels?",
        "Should we raise the marketing budget to $4M?",
        "Should we approve $80K for sales every month?",
        "Should we approve $50K without sales?",
        "What did we earn in 2205?",
    ] {
        let route = route(&index, question);
        assert!(!matches!(route.kind, Kind::Workflow | Kind::Clarify), "{question}: {route:?}");
    }
    for question in [
        "What was the ROI of Facebook Spring 2025?",
        "Can we go up to $200K on marketing?",
        "Can we afford to spend more than $50K on marketing?",
    ] {
        assert_eq!(route(&index, question).kind, Kind::Workflow, "{question}");
    }
}
