use std::sync::Arc;
use std::time::Instant;

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::super::verify::verify;
use super::super::{Evidence, Given, Origin, fill};
use super::{data, demo};

#[test]
fn the_list_names_what_can_be_cited_nearest_first() {
    let listing = demo().listing();
    let lines: Vec<&str> = listing.lines().collect();
    assert_eq!(lines[0], "steps.cfo.tools.0.cash = 912345 (usd)");
    assert_eq!(lines[1], "steps.rows.output.0.channel = search");
    for line in [
        "steps.metrics.output.roas = 2.3085 (ratio)",
        "steps.metrics.output.first_month = 2025-10 (month)",
        "steps.metrics.output.spend_usd = 123456.78 (usd)",
        "steps.roi.output.net_profit = -3400",
        "steps.roi.output.profitable = false",
        "steps.judge.output.verdict = thin",
        "params.campaign_id = facebook_holiday_2025",
    ] {
        assert!(lines.contains(&line), "{line} is missing:\n{listing}");
    }
    // A model's number would be reported, and what has no value has nothing to cite.
    assert!(!listing.contains("score") && !listing.contains("break_even"), "{listing}");
}

#[test]
fn a_long_table_leaves_room_in_the_list() {
    let table: Value = (0..300).map(|n| json!({"n": n, "spend_usd": n * 7})).collect();
    let none = Arc::new(Evidence::default());
    let roi = data("steps.roi.output", json!({"net_profit": 5}), &[], &none);
    let listing = data("steps.table.output", table, &[], &roi).listing();
    assert_eq!(listing.lines().count(), 201);
    assert!(listing.contains("steps.roi.output.net_profit = 5"));
    assert!(listing.ends_with("\n... and 401 more"), "{listing}");
    assert_eq!(Evidence::default().listing(), "");
}

#[test]
fn what_adds_nothing_costs_nothing() {
    let params =
        Arc::new(Evidence::of_params(json!({"a": 1}).as_object().unwrap(), &IndexMap::new()));
    let talk = |text: &str, origin, given: &_| {
        Evidence::of_output(
            "steps.a.output".to_owned(),
            &Arc::new(json!(text)),
            &IndexMap::new(),
            origin,
            given,
        )
    };
    assert!(Arc::ptr_eq(&talk("All is well in 2025.", Origin::Model, &params), &params));
    assert!(!Arc::ptr_eq(&talk("It made $5.", Origin::Model, &params), &params));
    assert!(!Arc::ptr_eq(&talk("All is well.", Origin::Data, &params), &params));
    let one = data("steps.a.output", json!({"x": 1}), &[], &params);
    let gathered =
        Evidence::gather([Arc::clone(&one), Arc::clone(&params), Arc::clone(&one), Arc::default()]);
    assert!(Arc::ptr_eq(&gathered, &one));
    assert_eq!(Evidence::gather([]).listing(), "");
}

#[test]
fn the_nearest_of_equal_paths_and_dotted_keys_are_found() {
    let none = Arc::new(Evidence::default());
    let far = data("steps.a.output", json!({"x": 1, "a.b": {"c.d": 7}}), &[], &none);
    let near = data("steps.a.output", json!({"x": 2}), &[], &far);
    assert_eq!(fill("[[steps.a.output.x]] [[steps.a.output.a.b.c.d]]", &near).text, "2 7");
    let single = data("steps.b.output", json!(0.5), &[("margin", "ratio")], &none);
    assert_eq!(fill("[[steps.b.output]]", &single).text, "0.50x");
}

#[test]
fn ten_thousand_steps_neither_take_long_nor_a_deep_stack() {
    let work = || {
        let mut evidence = Arc::new(Evidence::of_params(
            json!({"spend": 12_000}).as_object().unwrap(),
            &IndexMap::new(),
        ));
        let mut layer = vec![Arc::clone(&evidence)];
        for step in 0..10_000 {
            let value = json!({"value": f64::from(step) + 0.5});
            evidence = data(&format!("steps.s{step}.output"), value, &[], &evidence);
        }
        for step in 0..100 {
            let given = Evidence::gather(layer.iter().cloned().chain([Arc::clone(&evidence)]));
            layer = (0..100)
                .map(|n| data(&format!("steps.l{step}x{n}.output"), json!({"v": n}), &[], &given))
                .collect();
        }
        Evidence::gather(layer)
    };
    let started = Instant::now();
    let small_stack = std::thread::Builder::new().stack_size(256 * 1024);
    let ran = small_stack.spawn(move || {
        let evidence = work();
        assert_eq!(verify("spent $12,000", &[], &evidence, Given::default()).0, 1);
        assert_eq!(verify("spent $12,001.7 and 9,999.5", &[], &evidence, Given::default()).0, 1);
        assert_eq!(fill("[[params.spend]]", &evidence).text, "12,000");
        assert_eq!(evidence.listing().lines().count(), 201);
        let shown = format!("{evidence:?}");
        assert!(shown.len() < 200, "{shown}");
        drop(evidence);
    });
    ran.unwrap().join().unwrap();
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}
