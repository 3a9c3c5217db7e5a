//! What every drawing holds to, and one drawing to the letter.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use roxmltree::{Document, Node};
use serde_json::{Value, json};

use super::*;

/// A plan of steps given by id, kind, `when` and needs.
fn plan(steps: &[(&str, &str, Option<&str>, &[&str])]) -> Plan {
    let steps: Vec<Value> = steps
        .iter()
        .map(|(id, kind, when, needs)| {
            let needs: Vec<Value> =
                needs.iter().map(|step| json!({"step": step, "tolerant": false})).collect();
            let kind = match *kind {
                "compute" => json!({"compute": {}}),
                "agent" => json!({"agent": {
                    "agent": "cro", "system": "", "prompt": {"literal": "?"}, "models": [],
                    "max_tokens": null, "schema": null, "figures": "check",
                }}),
                tool => json!({"tool": {"tool": tool, "with": {}}}),
            };
            json!({
                "id": id, "description": null, "needs": needs, "when": when, "retry": {},
                "timeout": null, "on_error": "fail", "kind": kind,
            })
        })
        .collect();
    serde_json::from_value(json!({
        "workflow": "a&b <c>", "description": "What \"it\" answers.", "params": {}, "steps": steps,
        "outputs": {}, "tools": {}, "limits": {},
    }))
    .unwrap()
}

/// A plan of computations where each step waits for the earlier ones given.
fn computations(needs: &[Vec<usize>]) -> Plan {
    let ids: Vec<String> = (0..needs.len()).map(|step| format!("step_{step}")).collect();
    let needs: Vec<Vec<&str>> =
        needs.iter().map(|needs| needs.iter().map(|need| ids[*need].as_str()).collect()).collect();
    let steps: Vec<_> = ids
        .iter()
        .zip(&needs)
        .map(|(id, needs)| (id.as_str(), "compute", None, needs.as_slice()))
        .collect();
    plan(&steps)
}

fn demo() -> Plan {
    plan(&[
        ("metrics", "campaign_metrics", None, &[]),
        ("margin", "campaign_margin", None, &[]),
        ("campaign", "agent", None, &["metrics"]),
        ("roi", "compute", None, &["metrics", "margin"]),
        ("warn", "agent", Some("steps.roi.output.loss > 0"), &["roi"]),
        ("end", "agent", None, &["campaign", "roi", "metrics"]),
    ])
}

fn ended() -> Outcome {
    let step = |id: &str, kind: &str, status: &str, time: Option<(f64, f64)>, cost: Option<f64>| {
        json!({
            "id": id, "kind": kind, "status": status, "attempts": 1,
            "started_ms": time.map(|t| t.0), "duration_ms": time.map(|t| t.1),
            "model": cost.map(|_| "small"), "usage": null, "cost_usd": cost, "error": null,
        })
    };
    serde_json::from_value(json!({
        "run_id": "0192", "workflow": "demo", "status": "partial", "degraded": false, "outputs": {},
        "steps": [
            step("metrics", "tool", "succeeded", Some((0.0, 40.0)), None),
            step("margin", "tool", "cached", Some((0.0, 1.0)), None),
            step("campaign", "agent", "defaulted", Some((40.0, 1900.0)), Some(0.0012)),
            step("roi", "compute", "succeeded", Some((41.0, 0.4)), None),
            step("warn", "agent", "skipped", None, None),
            step("end", "agent", "failed", Some((1940.0, 2060.0)), Some(0.0031)),
        ],
        "usage": {"model_calls": 3, "input_tokens": 1, "cached_input_tokens": 0, "output_tokens": 1},
        "cost_usd": 0.0043, "unpriced_calls": 0,
        "timing": {
            "wall_ms": 4000.0, "critical_path_ms": 4000.0, "sequential_ms": 5500.0,
            "critical_path": ["metrics", "campaign", "end"],
        },
        "figures": {"cited": 0, "matched": 0, "unverified": []}, "warnings": [], "error": null,
    }))
    .unwrap()
}

/// Elements of a class.
fn of_class<'d>(drawing: &'d Document<'_>, class: &str) -> Vec<Node<'d, 'd>> {
    drawing
        .descendants()
        .filter(|node| {
            node.attribute("class").is_some_and(|all| all.split(' ').any(|c| c == class))
        })
        .collect()
}

fn texts(drawing: &Document<'_>) -> Vec<String> {
    let texts = drawing.descendants().filter(|node| node.has_tag_name("text"));
    texts.filter_map(|node| node.text().map(str::to_owned)).collect()
}

#[test]
fn a_run_is_drawn_to_the_letter() {
    let drawn = svg(&demo(), Some(&ended()));
    let golden = include_str!("../../../tests/golden/run.svg");
    assert!(drawn == golden, "where this is meant, it is the new tests/golden/run.svg:\n{drawn}");
}

#[test]
fn a_run_shows_totals_ends_times_and_the_longest_chain() {
    let drawn = svg(&demo(), Some(&ended()));
    let drawing = Document::parse(&drawn).unwrap();
    let texts = texts(&drawing);
    for text in [
        "a&b <c>",
        "partial in 4.0s  ·  3 model calls, $0.004300  ·  1.5s saved by running in parallel",
        "default, 1.9s, $0.001200",
        "cached, 1.0ms",
        "skipped",
        "failed, 2.1s, $0.003100",
        "only under its condition",
        "when it ran, from 0 to 4.0s",
    ] {
        assert!(texts.iter().any(|found| found == text), "{text} is not in {texts:#?}");
    }
    assert_eq!(of_class(&drawing, "critical").len(), 2);
    // A step that never ran has no bar; the legend has one.
    assert_eq!(of_class(&drawing, "bar").len(), 6);
}

#[test]
fn without_a_run_nothing_is_said_of_one() {
    let drawn = svg(&demo(), None);
    let drawing = Document::parse(&drawn).unwrap();
    assert_eq!(texts(&drawing)[1], "6 steps: 3 agent, 2 tool, 1 compute");
    assert!(of_class(&drawing, "bar").is_empty() && of_class(&drawing, "critical").is_empty());
    assert_eq!(drawn.matches("stroke-dasharray").count(), 2, "one box and the legend");
}

#[test]
fn names_are_escaped_cut_and_told_in_full() {
    let long = "a_step_whose_name_goes_on_and_on_and_on_and_on";
    let ids = ["end", "a&b<c>", "\"q\"]]>", "預算-é-🎯", "a\u{0}b", "--", long];
    let steps: Vec<_> = ids.iter().map(|id| (*id, "compute", None, &[] as &[&str])).collect();
    let drawn = svg(&plan(&steps), None);
    let drawing = Document::parse(&drawn).unwrap();
    let texts = texts(&drawing);
    for id in ["end", "a&b<c>", "\"q\"]]>", "預算-é-🎯", "a\u{fffd}b", "--"] {
        assert!(texts.iter().any(|text| text == id), "{id} is not in {texts:?}");
    }
    assert!(texts.iter().any(|text| text.starts_with("a_step") && text.contains('…')));
    assert!(drawing.descendants().any(|n| n.text() == Some(&format!("{long}: compute"))));
}

#[test]
fn a_plan_without_steps_is_a_drawing_still() {
    Document::parse(&svg(&plan(&[]), None)).unwrap();
}

#[test]
fn a_thousand_steps_take_no_time() {
    // A chain whose first step everything waits for, and whose last waits for everything.
    let chain: Vec<Vec<usize>> = (0..1000)
        .map(|step: usize| match step {
            0 => Vec::new(),
            999 => (0..999).collect(),
            _ => vec![0, step - 1],
        })
        .collect();
    let wide: Vec<Vec<usize>> = (0..1000_usize)
        .map(|step| (1..=4).filter_map(|back| step.checked_sub(back * (step % 37 + 9))).collect())
        .collect();
    for needs in [chain, wide] {
        let plan = computations(&needs);
        let start = Instant::now();
        let drawn = svg(&plan, None);
        // A hundred times what it takes, since machines are busy.
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
        assert!(drawn.len() < 20_000_000, "{}", drawn.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn drawings_are_clear(
        seeds in proptest::collection::vec(proptest::collection::vec(any::<prop::sample::Index>(), 0..4), 1..40),
    ) {
        let needs: Vec<Vec<usize>> = seeds
            .iter()
            .enumerate()
            .map(|(step, needs)| {
                let mut needs: Vec<usize> = needs.iter().filter(|_| step > 0).map(|need| need.index(step)).collect();
                needs.sort_unstable();
                needs.dedup();
                needs
            })
            .collect();
        let plan = computations(&needs);

        // Every step is drawn once, as well-formed XML.
        let drawn = svg(&plan, None);
        let drawing = Document::parse(&drawn).unwrap();
        let steps = of_class(&drawing, "step");
        prop_assert_eq!(steps.len(), needs.len());
        for step in 0..needs.len() {
            let title = format!("step_{step}: compute");
            let found = steps.iter().filter(|s| s.first_element_child().and_then(|t| t.text()) == Some(&title));
            prop_assert_eq!(found.count(), 1);
        }

        let graph = Graph::of(&plan);
        let successors: Vec<Vec<usize>> = (0..needs.len()).map(|step| graph.successors(step)).collect();
        let size = draw::size(&cards(&plan, None));
        let layout = Layout::of(&graph, &successors, size);
        // No two boxes overlap, and all are on the page.
        for (number, a) in layout.boxes.iter().enumerate() {
            prop_assert!(a.x >= 0.0 && a.y >= 0.0);
            prop_assert!(a.x + size.width <= layout.width && a.y + size.height <= layout.height);
            for b in layout.boxes.iter().skip(number + 1) {
                let apart = (a.x - b.x).abs() >= size.width || (a.y - b.y).abs() >= size.height + 8.0;
                prop_assert!(apart, "{a:?} and {b:?}");
            }
        }
        // Every edge is drawn, goes from left to right and runs through no box.
        for (from, route) in layout.routes.iter().enumerate() {
            let targets: Vec<usize> = route.branches.iter().map(|(to, _, _)| *to).collect();
            prop_assert_eq!(&targets, &successors[from]);
            let mut x = route.start.x;
            for bend in &route.trunk {
                prop_assert!(bend.x > x && bend.y >= 0.0 && bend.y <= layout.height);
                x = bend.x + size.width;
                for corner in layout.boxes.iter().filter(|corner| (corner.x - bend.x).abs() < 0.5) {
                    prop_assert!(bend.y < corner.y || bend.y > corner.y + size.height);
                }
            }
            for (to, bends, end) in &route.branches {
                let column = bends.checked_sub(1).map_or(route.start.x, |last| route.trunk[last].x + size.width);
                prop_assert!(end.x > column);
                prop_assert!((end.x - layout.boxes[*to].x).abs() < 0.5);
                // One leg leads from a column to the next, so there is no box on its way.
                let between = layout.boxes.iter().any(|b| b.x >= column && b.x + size.width <= end.x);
                prop_assert!(!between);
            }
        }
    }
}
