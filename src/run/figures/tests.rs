//! Which numbers of a text are figures, and which of them can be traced.

use std::sync::Arc;

use indexmap::IndexMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::numbers::figures;
use super::*;

fn evidence() -> Evidence {
    let units: IndexMap<String, String> =
        [("margin", "ratio"), ("growth", "percent"), ("first", "month")]
            .map(|(field, unit)| (field.to_owned(), unit.to_owned()))
            .into();
    let data = json!({
        "net_profit": 44103.64, "revenue_usd": 196_650, "margin": 0.5869, "growth": 12.5, "loss": -3400, "roas": 2.757,
        "big": 1_234_567, "first": "2025-10", "nothing": null, "yes": true, "rows": [{"spend_usd": 71318}, {"spend_usd": 12}],
    });
    let params = json!({"spend": 250_000}).as_object().unwrap().clone();
    let given = Arc::new(Evidence::of_params(&params));
    let roi = Evidence::of_output(
        "steps.roi.output".to_owned(),
        &Arc::new(data),
        &units,
        Origin::Data,
        &given,
    );
    let guess = Arc::new(json!({"score": 777.5}));
    let all = Evidence::of_output(
        "steps.guess.output".to_owned(),
        &guess,
        &IndexMap::new(),
        Origin::Model,
        &roi,
    );
    Arc::into_inner(all).expect("one owner")
}

fn found(text: &str) -> Vec<&str> {
    figures(text)
        .into_iter()
        .map(|figure| text.get(figure.range).expect("a range").trim())
        .collect()
}

#[test]
fn figures_are_found_as_people_write_them() {
    for (text, wanted) in [
        ("It made $1,234.50 in all", vec!["$1,234.50"]),
        ("a loss of -$1.2M, then ($3,400)", vec!["-$1.2M", "$3,400"]),
        ("1.2 million and 250K and 3bn", vec!["1.2 million", "250K", "3bn"]),
        ("up 58.4%, or 58.4 percent", vec!["58.4%", "58.4 percent"]),
        ("a ROAS of 2.31x (2.31×)", vec!["2.31x", "2.31×"]),
        ("USD 1,200 or 1200 dollars or €99", vec!["USD 1,200", "1200 dollars", "€99"]),
        ("10-12% and $1.2–1.4M", vec!["10", "12%", "$1.2", "1.4M"]),
        ("margin .58 of 0.5", vec![".58", "0.5"]),
        ("in 1,500 cases", vec!["1,500"]),
        ("14 months of runway", vec!["14"]),
        ("5% of 3 things", vec!["5%"]),
        ("$5 each", vec!["$5"]),
    ] {
        assert_eq!(found(text), wanted, "{text}");
    }
}

#[test]
fn dates_names_marks_and_counts_are_no_figures() {
    for text in [
        "in 2025, from 2025-10 to 2025-12-31, on 10/31/2025 at 10:30",
        "October 31, Oct 3 and 31 December",
        "Q3, H1 2025, FY25",
        "facebook_holiday_2025, GPT-4, v1.2, B2B, #12",
        "1. first\n2) second\n  12. twelfth",
        "three reasons, top 5, 2 options, 10 of them",
        "the 1st, 2nd and 33rd",
        "see `x = 4242` and https://example.com/4242?a=99",
        "version 1.2.3",
    ] {
        assert_eq!(found(text), Vec::<&str>::new(), "{text}");
    }
}

#[test]
fn scales_and_signs_are_understood() {
    let value = |text: &str| {
        figures(text).first().map(|figure| (figure.value, figure.quantum)).expect(text)
    };
    assert_eq!(value("$1.2M"), (1_200_000.0, 100_000.0));
    assert_eq!(value("250K"), (250_000.0, 1000.0));
    assert_eq!(value("3 billion"), (3e9, 1e9));
    assert_eq!(value("-$3,400"), (3400.0, 1.0));
    assert_eq!(figures("$1.2–1.4M")[0].value, 1_200_000.0);
}

#[test]
fn a_figure_matches_a_value_rounded_to_the_digits_shown() {
    for text in [
        "$44,104",
        "$44,103.64",
        "$44.1K",
        "$44K",
        "44 thousand",
        "196,650",
        "$0.2M",
        "58.7%",
        "58.69%",
        "59%",
        "0.59",
        "12.5%",
        "13%",
        "a loss of $3,400",
        "2.76x",
        "2.8x",
        "$1.23M",
        "1.2 million",
        "$71,318",
        "$250K",
        "12 spent on $12",
    ] {
        let (_, unverified) = verify(text, &[], &evidence(), Given::default());
        assert_eq!(unverified, [], "{text}");
    }
    for text in ["$44,105", "$45K", "58.8%", "2.77x", "$1.24M", "$251K", "61%", "$9.9M"] {
        let (matched, unverified) = verify(text, &[], &evidence(), Given::default());
        assert_eq!((matched, unverified.len()), (0, 1), "{text}");
    }
}

#[test]
fn reasons_tell_a_slip_from_an_invention() {
    let reason = |text: &str| verify(text, &[], &evidence(), Given::default()).1.remove(0).1;
    assert!(reason("$45,000").contains("steps.roi.output.net_profit"), "{}", reason("$45,000"));
    assert_eq!(reason("$9.9 trillion"), "not in the evidence");
    assert!(reason("777.5 points").contains("only a model wrote it (steps.guess.output.score)"));
}

#[test]
fn what_the_question_says_needs_no_source() {
    let given = ["Could we spend $75,000, or 15% more?"];
    let (matched, unverified) =
        verify("Yes, $75,000 (15%) fits.", &[], &evidence(), Given { texts: &given });
    assert_eq!((matched, unverified), (0, Vec::new()));
}

#[test]
fn citations_take_their_format_from_filter_or_unit() {
    for (text, wanted) in [
        ("[[steps.roi.output.net_profit | usd]]", "$44,104"),
        ("[[ steps.roi.output.net_profit|number(1) ]]", "44,103.6"),
        ("[[steps.roi.output.revenue_usd]]", "$196,650"),
        ("[[steps.roi.output.margin | percent]]", "58.7%"),
        ("[[steps.roi.output.growth]]", "12.5%"),
        ("[[steps.roi.output.first]]", "October 2025"),
        ("[[steps.roi.output.rows.0.spend_usd | usd]]", "$71,318"),
        ("[[params.spend | usd]]", "$250,000"),
        ("[[steps.roi.output.nothing | usd]]", "n/a"),
        ("[[steps.roi.output.yes]]", "true"),
    ] {
        let filled = fill(&format!("It is {text}."), &evidence());
        assert_eq!(filled.text, format!("It is {wanted}."), "{text}");
        assert_eq!((filled.cited, filled.faults.len()), (1, 0), "{text}");
        assert_eq!(filled.text.get(filled.ranges[0].clone()), Some(wanted), "{text}");
    }
}

#[test]
fn citations_of_what_is_not_there_are_faults_with_a_suggestion() {
    for (text, wanted) in [
        ("[[steps.roi.output.net_profitt | usd]]", "[unknown: steps.roi.output.net_profitt]"),
        ("[[1]](https://example.com)", "[unknown: 1](https://example.com)"),
        ("[[steps.roi.output.margin | dollars]]", "[unknown: steps.roi.output.margin]"),
        ("[[steps.roi.output.rows]]", "[unknown: steps.roi.output.rows]"),
        ("[[]]", "[unknown: ]"),
        ("[[ a [[steps.roi.output.loss | usd]]", "[[ a -$3,400"),
    ] {
        let filled = fill(text, &evidence());
        assert_eq!(filled.text, wanted, "{text}");
    }
    assert_eq!(
        fill("[[steps.roi.output.net_profitt]]", &evidence()).faults[0].suggestion.as_deref(),
        Some("steps.roi.output.net_profit")
    );
    assert_eq!(fill("an [[open end", &evidence()).text, "an [[open end");
}

#[test]
fn a_cited_number_of_a_model_is_filled_in_and_reported() {
    let filled = fill("[[steps.guess.output.score]]", &evidence());
    assert_eq!((filled.text.as_str(), filled.cited, filled.faults.len()), ("777.5", 1, 1));
}

#[test]
fn the_listing_names_nearest_values_first_and_ends() {
    let listing = evidence().listing();
    assert!(
        listing.starts_with(
            "steps.guess.output.score = 777.5\nsteps.roi.output.net_profit = 44103.64\n"
        ),
        "{listing}"
    );
    assert!(listing.contains("steps.roi.output.margin = 0.5869 (ratio)\n"), "{listing}");
    assert!(listing.contains("steps.roi.output.rows.0.spend_usd = 71318 (usd)\n"), "{listing}");
    assert!(listing.ends_with("params.spend = 250000"), "{listing}");
    let many = Arc::new(Value::from((0..500).collect::<Vec<_>>()));
    let none = Arc::default();
    let long = Evidence::of_output(
        "steps.x.output".to_owned(),
        &many,
        &IndexMap::new(),
        Origin::Data,
        &none,
    )
    .listing();
    assert_eq!(long.lines().count(), 201);
    assert!(long.ends_with("... and 300 more"), "{long}");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}", other in "[\\[\\]$0-9.,%xKM|a-z \\n`-]{0,120}") {
        for text in [text, other] {
            let filled = fill(&text, &evidence());
            verify(&filled.text, &filled.ranges, &evidence(), Given::default());
        }
    }

    #[test]
    fn a_number_of_the_evidence_is_found_in_every_usual_format(value in 11.0f64..9e8, decimals in 0usize..3) {
        use crate::expression::filters::{number, percent, ratio, usd};
        let data = Arc::new(json!({"x": value, "r": value / 1e9}));
        let none = Arc::default();
        let evidence = Evidence::of_output("steps.a.output".to_owned(), &data, &IndexMap::new(), Origin::Data, &none);
        let thousands = format!("${:.1}K", value / 1e3);
        let millions = format!("{:.2} million", value / 1e6);
        for text in [usd(value, None), number(value, Some(decimals)), ratio(value, Some(decimals)), percent(value / 1e9, Some(decimals)), thousands, millions] {
            let (_, unverified) = verify(&text, &[], &evidence, Given::default());
            prop_assert!(unverified.is_empty(), "{} is {}: {:?}", text, value, unverified);
        }
    }

    #[test]
    fn a_planted_wrong_number_is_reported(value in 1000u32..99_999, change in 2u32..9) {
        let data = Arc::new(json!({"x": value}));
        let none = Arc::default();
        let evidence = Evidence::of_output("steps.a.output".to_owned(), &data, &IndexMap::new(), Origin::Data, &none);
        let (_, unverified) = verify(&format!("It made ${}.", value + change), &[], &evidence, Given::default());
        prop_assert_eq!(unverified.len(), 1);
    }
}
