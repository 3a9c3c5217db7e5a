use std::sync::Arc;

use serde_json::json;

use super::super::verify::verify;
use super::super::{Evidence, Fate, Given, check, check_output, trace_output};
use super::{data, demo};
use crate::expression::filters::format;

/// What became of a text's figures: `path`, `given`, or the reason in brackets.
fn fates(text: &str) -> Vec<String> {
    let given = ["Answer in 150 words. Is a ROI of 25 % enough? Ask for $64K. <b>300</b>"];
    check(text, &[], &demo(), Given { texts: &given })
        .into_iter()
        .map(|checked| match checked.fate {
            Fate::Matched { path, .. } => path,
            Fate::Derived { formula, .. } => formula,
            Fate::Given => "given".to_owned(),
            Fate::Unverified { reason } => format!("({reason})"),
        })
        .collect()
}

#[test]
fn a_value_rounded_to_the_digits_shown_is_the_figure() {
    for (text, path) in [
        ("spent $123,456.78", "steps.metrics.output.spend_usd"),
        ("spent $123,457", "steps.metrics.output.spend_usd"),
        ("spent $123.5K", "steps.metrics.output.spend_usd"),
        ("spent $123K", "steps.metrics.output.spend_usd"),
        ("spent $0.12M", "steps.metrics.output.spend_usd"),
        ("spent 123,457 dollars", "steps.metrics.output.spend_usd"),
        ("revenue of $285K", "steps.metrics.output.revenue_usd"),
        ("revenue of $1.2M", "steps.roi.output.revenue"),
        ("revenue of $1.23 million", "steps.roi.output.revenue"),
        ("revenue of 1,234,567", "steps.roi.output.revenue"),
        ("assets of $3bn", "steps.roi.output.assets"),
        ("assets of $3.04B", "steps.roi.output.assets"),
        ("ROAS of 2.31x", "steps.metrics.output.roas"),
        ("ROAS of 2.3×", "steps.metrics.output.roas"),
        ("ROAS of 2.31", "steps.metrics.output.roas"),
        ("a return of 231%", "steps.metrics.output.roas"),
        ("a margin of 58.4%", "steps.roi.output.gross_margin"),
        ("a margin of 58%", "steps.roi.output.gross_margin"),
        ("a margin of 0.58", "steps.roi.output.gross_margin"),
        ("a margin of 58.40 percent", "steps.roi.output.gross_margin"),
        ("a loss of $3,400", "steps.roi.output.net_profit"),
        ("a result of -$3,400", "steps.roi.output.net_profit"),
        ("a result of ($3,400)", "steps.roi.output.net_profit"),
        ("a loss of $3.4K", "steps.roi.output.net_profit"),
        ("a ROI of -2.8%", "steps.roi.output.true_roi"),
        ("a ROI of −2.7%", "steps.roi.output.true_roi"),
        ("grew 12.5%", "steps.roi.output.growth"),
        ("grew 12%", "steps.roi.output.growth"),
        ("grew 13%", "steps.roi.output.growth"),
        ("grew +12.5%", "steps.roi.output.growth"),
        ("14.2 months of runway", "steps.roi.output.runway_months"),
        ("a 14-month runway", "steps.roi.output.runway_months"),
        ("wins 33.3%", "steps.roi.output.rates.Win Rate"),
        ("1,204 conversions", "steps.metrics.output.conversions"),
        ("48K clicks", "steps.metrics.output.clicks"),
        ("$103 each", "steps.metrics.output.cost_per_conversion_usd"),
        ("search took $12,000", "steps.rows.output.0.spend_usd"),
        ("social took 29%", "steps.rows.output.1.share"),
        ("cash of $912K", "steps.cfo.tools.0.cash"),
        ("asked for $500K", "params.spend"),
        ("asked for $0.5 million", "params.spend"),
        ("the offer of 20% off", "steps.metrics.output.campaign_name"),
    ] {
        assert_eq!(fates(text), [path], "{text}");
    }
}

#[test]
fn a_figure_that_is_not_there_is_reported_with_what_is_nearest() {
    for (text, reason) in [
        (
            "spent $123,466",
            "(not in the evidence; the nearest value is $123,456.78 (steps.metrics.output.spend_usd))",
        ),
        (
            "spent $132,457",
            "(not in the evidence; the nearest value is $123,456.78 (steps.metrics.output.spend_usd))",
        ),
        (
            "a margin of 58.9%",
            "(not in the evidence; the nearest value is 58.4% (steps.roi.output.gross_margin))",
        ),
        (
            "a margin of 58.41%",
            "(not in the evidence; the nearest value is 58.4% (steps.roi.output.gross_margin))",
        ),
        (
            "a ROAS of 2.41x",
            "(not in the evidence; the nearest value is 2.31x (steps.metrics.output.roas))",
        ),
        (
            "revenue of $1,200,000",
            "(not in the evidence; the nearest value is $1,234,567 (steps.roi.output.revenue))",
        ),
        ("sold 77 trillion", "(not in the evidence)"),
        (
            "a profit of +$3,400",
            "(the evidence has it with the other sign: -$3,400 (steps.roi.output.net_profit))",
        ),
        (
            "fell by -12.5%",
            "(the evidence has it with the other sign: 12.5% (steps.roi.output.growth))",
        ),
        ("a score of 87", "(only the model of step `judge` wrote it (steps.judge.output.score))"),
        ("about $77,000", "(only the model of step `judge` wrote it (steps.judge.output.note))"),
    ] {
        assert_eq!(fates(text), [reason], "{text}");
    }
}

#[test]
fn a_unit_tells_figures_of_equal_digits_apart() {
    for text in [
        "$1,204 of conversions", // a number of things is no money
        "€123,457",              // nor are dollars euros
        "a ROAS of $2.31",       // nor is a ratio
        "1,204% more",           // a number of things is no percentage
        "a cost of 102.5%",      // money is none either
        "120,400% more",
        "14.2% of runway in a field without a unit is fine, 1,420% is too, and so is 0.142%: only the last is not",
    ] {
        let fates = fates(text);
        assert!(fates.last().unwrap().starts_with('('), "{text}: {fates:?}");
    }
}

#[test]
fn what_the_author_wrote_needs_no_source() {
    for text in ["150 words", "25%", "below 25 percent", "$64,000", "64K", "300 of them"] {
        assert_eq!(fates(text), ["given"], "{text}");
    }
    assert_eq!(fates("151 words, 26%").iter().filter(|fate| fate.starts_with('(')).count(), 2);
}

#[test]
fn a_percentage_is_right_for_a_ratio_and_for_a_value_in_percent() {
    let none = Arc::new(Evidence::default());
    for (value, unit, text, right) in [
        (json!(0.584), "ratio", "58.4%", true),
        (json!(0.584), "ratio", "0.584%", false),
        (json!(58.4), "percent", "58.4%", true),
        (json!(58.4), "percent", "5,840%", false),
        (json!(0.5), "percent", "0.5%", true),
        (json!(0.584), "", "58.4%", true),
        (json!(58.4), "", "58.4%", true),
        (json!(58), "", "58%", true),
        (json!(1.5), "", "150%", true),
        (json!(1), "", "100%", true),
        (json!(0), "", "0%", true),
        (json!(1000), "", "100,000%", false),
        (json!(0.584), "", "0.6%", false),
    ] {
        let evidence = data("steps.a.output", json!({"x": value}), &[("x", unit)], &none);
        let (matched, unverified) = verify(text, &[], &evidence, Given::default());
        assert_eq!(
            (matched == 1, unverified.is_empty()),
            (right, right),
            "{value} ({unit}) as {text}"
        );
    }
}

#[test]
fn what_was_filled_in_is_not_looked_up_again() {
    let text = "It made $1, $2 and $3.";
    assert_eq!(verify(text, &[8..10, 12..14], &demo(), Given::default()).1.len(), 1);
    assert_eq!(verify(text, &[8..10, 12..14, 19..21], &demo(), Given::default()), (0, Vec::new()));
}

#[test]
fn all_texts_of_a_structured_output_are_traced() {
    let output = json!({
        "summary": "Margin [[steps.roi.output.gross_margin | percent]], spend $123K, risk 44%.",
        "points": ["[[steps.roi.output.none]]", {"note": "in 2025"}],
        "confidence": 0.9,
    });
    let step = "answer".into();
    let traced = trace_output(&step, output.clone(), &demo(), Given::default(), &format);
    assert_eq!(traced.output["summary"], "Margin 58.4%, spend $123K, risk 44%.");
    assert_eq!(
        traced.output["points"],
        json!(["[unknown: steps.roi.output.none]", {"note": "in 2025"}])
    );
    assert_eq!(traced.output["confidence"], 0.9);
    assert_eq!((traced.figures.cited, traced.figures.matched), (1, 1));
    let unverified: Vec<&str> = traced.figures.unverified.iter().map(|u| u.text.as_str()).collect();
    assert_eq!(unverified, ["44%", "[unknown: steps.roi.output.none]"]);
    assert_eq!(traced.faults.len(), 1);
    let checked = check_output(&step, &output, &demo(), Given::default());
    assert_eq!((checked.matched, checked.unverified.len()), (1, 1));
}
