//! Workflows that were kept for one question each: they answer it whatever it names, and none that only looks like it.

use engine::ask::router::{Kind, route};
use engine::document::Workflow;
use engine::id::WorkflowName;
use serde_json::{Value, json};

use crate::demo;

/// Workflows with a question each, in what `--save` writes of them.
fn kept() -> Vec<Workflow> {
    let tied = |tool: &str, field: &str| json!({"type": "string", "values": {"tool": tool, "field": field}});
    let month = |default: &str| json!({"type": "string", "default": default});
    let all = [
        (
            "hire",
            "Should we hire {count} engineers? Can we afford it?",
            json!({"count": {"type": "integer"}}),
        ),
        (
            "laptops",
            "Should we hire {count} engineers and spend {amount} on laptops for them?",
            json!({"count": {"type": "integer"}, "amount": {"type": "number"}}),
        ),
        (
            "double",
            "Can we afford to double {category} spend?",
            json!({"category": tied("list_categories", "category")}),
        ),
        (
            "more",
            "can we afford {amount} more on {channel}",
            json!({"amount": {"type": "number"}, "channel": tied("list_channels", "channel")}),
        ),
        (
            "spend",
            "{category} spend last quarter",
            json!({"category": tied("list_categories", "category"), "from": month("2025-10"), "to": month("2025-12")}),
        ),
        (
            "two",
            "can we hire {count} engineers and {count_2} recruiters",
            json!({"count": {"type": "integer"}, "count_2": {"type": "integer"}}),
        ),
        (
            "quarter",
            "what was our reveneu last qarter",
            json!({"from": month("2025-10"), "to": month("2025-12")}),
        ),
        ("ads", "What did we spend on ads?", json!({})),
        ("growth", "How many people would we need if revenue grew 20%?", json!({})),
        ("cash", "how much cash do we have", json!({})),
        (
            "compare",
            "compare {channel} holiday 2024 and 2025",
            json!({"channel": tied("list_channels", "channel")}),
        ),
    ];
    let read = |(name, question, params): (&str, &str, Value)| {
        let document = json!({
            "name": name, "description": format!("Answers questions such as: {question}"), "questions": [question],
            "params": params, "steps": [{"id": "answer", "agent": "cfo", "prompt": "?"}],
        });
        serde_json::from_value(document).expect("a workflow")
    };
    all.into_iter().map(read).collect()
}

#[test]
fn a_kept_question_finds_its_workflow_whatever_it_names() {
    let index = demo::index_with(kept());
    for (question, workflow, params) in [
        ("Should we hire 10 engineers? Can we afford it?", "hire", json!({"count": 10})),
        ("should we hire 25 enginers can we aford it", "hire", json!({"count": 25})),
        (
            "Should we hire a dozen engineers and spend $90K on laptops for them?",
            "laptops",
            json!({"count": 12, "amount": 90_000}),
        ),
        ("Can we afford to double sales spend?", "double", json!({"category": "sales"})),
        (
            "can we afford 200k more on google?",
            "more",
            json!({"amount": 200_000, "channel": "google_search"}),
        ),
        (
            "Sales spend in Q3 2025",
            "spend",
            json!({"category": "sales", "from": "2025-07", "to": "2025-09"}),
        ),
        (
            "can we hire 4 engineers and a dozen recruiters?",
            "two",
            json!({"count": 4, "count_2": 12}),
        ),
        (
            "What was our revenue in Q1 2025?",
            "quarter",
            json!({"from": "2025-01", "to": "2025-03"}),
        ),
        ("How much cash do we have?", "cash", json!({})),
        ("how many poeple would we need if revenue grew 20 percent", "growth", json!({})),
        ("Compare TikTok holiday 2024 and 2025", "compare", json!({"channel": "tiktok"})),
    ] {
        let route = route(&index, question);
        let found = route.workflow.as_ref().map(WorkflowName::as_str);
        assert_eq!((route.kind, found), (Kind::Workflow, Some(workflow)), "{question}: {route:?}");
        assert_eq!(json!(route.params), params, "{question}");
    }
}

#[test]
fn a_question_that_only_looks_like_a_kept_one_is_not_taken_for_it() {
    let index = demo::index_with(kept());
    for question in [
        "Should we fire 10 engineers?",
        "Should we fire 10 engineers? Can we afford it?",
        "Should we keep 10 engineers? Can we afford it?",
        "Should we let 10 engineers go? Can we afford it?",
        "Should we stop hiring 10 engineers? Can we afford it?",
        "Can we afford a hiring freeze for 10 engineers?",
        "Should we outsource the work of 10 engineers? Can we afford it?",
        "Do we have 10 engineers?",
        "Did we hire 10 engineers? Can we afford it?",
        "Who hired 10 engineers? Can we afford it?",
        "What should we spend on ads?",
        "How many people would we need if revenue grew 30%?",
        "Should we hire 5 engineers and save 200k on laptops for them?",
        "Can you fire 10 engineers? Can we afford it?",
        "double sales headcount",
        "Can we afford to double marketing headcount?",
        "Can we afford to halve marketing spend?",
        "can we afford to slash marketing spend?",
        "can we afford 200k less on google",
        "how much cash do we burn",
        "how much cash do we need",
        "Compare TikTok holiday 2023 and 2025",
    ] {
        let route = route(&index, question);
        let taken = matches!(route.kind, Kind::Workflow | Kind::Clarify);
        assert!(!taken, "{question}: {route:?}");
        assert!(!route.agents.is_empty(), "{question}: nobody is left to ask: {route:?}");
    }
}
