//! What two values make is told with its formula; what only chance would make is not.

use std::sync::Arc;

use serde_json::json;

use super::super::{Evidence, Fate, Given, check};
use super::data;

/// A company's figures: one row by SQL, channels by SQL, a computed step.
fn company() -> Arc<Evidence> {
    let none = Arc::new(Evidence::default());
    let units = [
        ("revenue_usd", "usd"),
        ("marketing_usd", "usd"),
        ("gross_margin", "ratio"),
        ("net_margin", "ratio"),
        ("headcount", "number"),
    ];
    let results = data(
        "steps.results.output",
        json!({
            "revenue_usd": 28_412_377, "prior_revenue_usd": 24_905_118, "gross_profit_usd": 16_593_402,
            "marketing_usd": 3_114_902, "gross_margin": 0.584, "net_margin": 0.091, "headcount": 118,
            "monthly_outgoings_usd": 2_281_477.5,
        }),
        &units,
        &none,
    );
    let channels = data(
        "steps.channels.output",
        json!([
            {"channel": "google_search", "spend_usd": 912_331, "conversions": 31_877},
            {"channel": "facebook", "spend_usd": 640_118, "conversions": 12_402},
            {"channel": "linkedin", "spend_usd": 233_907, "conversions": 1_966},
        ]),
        &[("spend_usd", "usd"), ("conversions", "number")],
        &results,
    );
    data(
        "steps.budget.output",
        json!({"budget_usd": 3_020_000, "actual_usd": 3_114_902}),
        &[],
        &channels,
    )
}

/// What the last figure of a text is made of.
fn made_of(text: &str) -> Option<String> {
    let checked = check(text, &[], &company(), Given::default()).pop()?;
    match checked.fate {
        Fate::Derived { formula, .. } => Some(formula),
        Fate::Matched { .. } | Fate::Given | Fate::Unverified { .. } => None,
    }
}

#[test]
fn what_two_values_make_is_told_with_its_formula() {
    for (text, formula) in [
        (
            "Revenue less marketing left $25,297,475.",
            "= steps.results.output.revenue_usd - steps.results.output.marketing_usd",
        ),
        (
            "Google search and Facebook spend came to $1,552,449 together.",
            "= steps.channels.output.0.spend_usd + steps.channels.output.1.spend_usd",
        ),
        (
            "Google search spend was $272.2K more than the spend of Facebook.",
            "= steps.channels.output.0.spend_usd - steps.channels.output.1.spend_usd",
        ),
        ("Spend over all channels was $1,786,356.", "= sum(steps.channels.output.*.spend_usd)"),
        (
            "Facebook took 35.8% of the spend.",
            "= steps.channels.output.1.spend_usd / sum(steps.channels.output.*.spend_usd)",
        ),
        (
            "Revenue grew 14.1% over the year.",
            "= (steps.results.output.revenue_usd - steps.results.output.prior_revenue_usd) / steps.results.output.prior_revenue_usd",
        ),
        (
            "Marketing took 10.96% of revenue.",
            "= steps.results.output.marketing_usd / steps.results.output.revenue_usd",
        ),
        (
            "On LinkedIn a conversion cost $118.98 each in spend.",
            "= steps.channels.output.2.spend_usd / steps.channels.output.2.conversions",
        ),
        ("Outgoings are $27,377,730 a year.", "= steps.results.output.monthly_outgoings_usd * 12"),
        ("Marketing cost $259,575 a month.", "= steps.results.output.marketing_usd / 12"),
        (
            "Marketing cost $778.7K in an average quarter.",
            "= steps.results.output.marketing_usd / 4",
        ),
        (
            "The gross margin is 49.3 percentage points above the net margin.",
            "= steps.results.output.gross_margin - steps.results.output.net_margin",
        ),
        (
            "Google search spend is 3.9x that of LinkedIn.",
            "= steps.channels.output.0.spend_usd / steps.channels.output.2.spend_usd",
        ),
    ] {
        assert_eq!(made_of(text).as_deref(), Some(formula), "{text}");
    }
}

/// Budgets, months and channels of a company, as its tools give them.
fn tables() -> Arc<Evidence> {
    let budgets = json!([
        {"category": "marketing", "budget_usd": 3_713_600, "actual_usd": 3_825_305, "used": 1.03008, "budget_left_usd": -111_705},
        {"category": "general_admin", "budget_usd": 1_869_700, "actual_usd": 1_942_078, "used": 1.03871, "budget_left_usd": -72_378},
        {"category": "sales", "budget_usd": 2_413_300, "actual_usd": 2_395_658, "used": 0.99269, "budget_left_usd": 17_642},
    ]);
    let budgets = data("steps.budgets.output", budgets, &[("used", "ratio")], &Arc::default());
    let months = json!([
        {"month": "2025-01", "revenue_usd": 2_308_532}, {"month": "2025-02", "revenue_usd": 2_280_405},
        {"month": "2025-03", "revenue_usd": 2_791_863}, {"month": "2025-04", "revenue_usd": 2_878_557},
    ]);
    let months = data("steps.months.output", months, &[], &budgets);
    let channels = json!([
        {"channel": "email", "spend_usd": 106_941, "revenue_usd": 936_070, "roas": 936_070.0 / 106_941.0, "prior_revenue_usd": 659_892},
        {"channel": "tiktok", "spend_usd": 374_354, "revenue_usd": 258_841, "roas": 258_841.0 / 374_354.0, "prior_revenue_usd": 272_937},
    ]);
    data("steps.channels.output", channels, &[("roas", "ratio")], &months)
}

#[test]
fn words_that_tell_a_formula_leave_little_to_chance() {
    let question = "Can we afford to double marketing?";
    for (text, formula) in [
        ("Marketing is 3.0% over its budget.", Some("= steps.budgets.output.0.used - 1")),
        ("General admin overspent by $72K (3.9%).", Some("= steps.budgets.output.1.used - 1")),
        (
            "Sales has used 99.3% of its budget, so 0.7% is left.",
            Some("= steps.budgets.output.2.used - 1"),
        ),
        ("Marketing is 4.0% over its budget.", None),
        ("Marketing is 3.0% under its budget.", None),
        (
            "Marketing's budget is $3.71M, 54% more than that of sales at $2.41M.",
            Some(
                "= (steps.budgets.output.0.budget_usd - steps.budgets.output.2.budget_usd) / steps.budgets.output.2.budget_usd",
            ),
        ),
        (
            "Together, marketing and general admin are $184,083 over.",
            Some(
                "= steps.budgets.output.0.budget_left_usd + steps.budgets.output.1.budget_left_usd",
            ),
        ),
        (
            "The first quarter brought $7.38M of revenue.",
            Some(
                "= steps.months.output.0.revenue_usd + steps.months.output.1.revenue_usd + steps.months.output.2.revenue_usd",
            ),
        ),
        (
            "Email's revenue was up 42% on the year before.",
            Some(
                "= (steps.channels.output.0.revenue_usd - steps.channels.output.0.prior_revenue_usd) / steps.channels.output.0.prior_revenue_usd",
            ),
        ),
        ("Email's revenue was down 42% on the year before.", None),
        (
            "Across all channels ROAS was 2.5x.",
            Some(
                "= sum(steps.channels.output.*.revenue_usd) / sum(steps.channels.output.*.spend_usd)",
            ),
        ),
        (
            "For each dollar of spend email earned $8.75 of revenue.",
            None, // its own `roas`
        ),
        (
            "On its spend TikTok lost $115,513 of revenue.",
            Some("= steps.channels.output.1.spend_usd - steps.channels.output.1.revenue_usd"),
        ),
        ("On its spend TikTok made a profit of $115,513 of revenue.", None),
    ] {
        let checked = check(text, &[], &tables(), Given { texts: &[question] });
        let told = checked.iter().rev().find_map(|checked| match &checked.fate {
            Fate::Derived { formula, .. } => Some(formula.as_str()),
            Fate::Matched { .. } | Fate::Given | Fate::Unverified { .. } => None,
        });
        assert_eq!(told, formula, "{text}");
    }
}

#[test]
fn of_equal_values_the_one_that_is_named_is_the_source() {
    let rows = json!([
        {"channel": "affiliate", "spend_usd": 309_452, "revenue_usd": 1_134_887},
        {"channel": "google_search", "spend_usd": 1_134_887, "revenue_usd": 5_029_682},
    ]);
    let rows = data("steps.rows.output", rows, &[], &Arc::default());
    let source = |text: &str| match check(text, &[], &rows, Given::default()).pop()?.fate {
        Fate::Matched { path, alike } => Some((path, alike)),
        Fate::Derived { .. } | Fate::Given | Fate::Unverified { .. } => None,
    };
    let [affiliate, google] =
        ["0.revenue_usd", "1.spend_usd"].map(|path| format!("steps.rows.output.{path}"));
    for (text, path) in [
        ("Google Search spent $1,134,887.", &google),
        ("The affiliate channel brought $1,134,887.", &affiliate),
        ("Affiliates aside, spend on Google Search was $1.13M.", &google),
        ("Revenue came to $1,134,887 there.", &affiliate),
    ] {
        assert_eq!(source(text), Some((path.clone(), Vec::new())), "{text}");
    }
    assert_eq!(source("It was $1,134,887."), Some((affiliate, vec![google])));
}

#[test]
fn what_the_sentence_does_not_speak_of_is_no_derivation() {
    for text in [
        "We shall have $25,297,475 left.",          // no value is named
        "Revenue less marketing left $25,297,575.", // nor is it off by a hundred
        "Revenue fell 14.1% over the year.",        // it grew
        "Revenue grew 12.3% over the year.",        // that is the growth by the wrong base
        "Marketing took 11.96% of revenue.",
        "Revenue per head was 35.8%.",
        "Outgoings are $26,377,730 a year.",
        "Marketing took 5 of 7 dollars, or 4% of the conversions.",
    ] {
        assert_eq!(made_of(text), None, "{text}");
    }
}

#[test]
fn a_thousand_values_take_no_time() {
    let rows: Vec<_> = (0..5000)
        .map(|n| json!({"channel": format!("channel {n}"), "spend_usd": 1000 + n * 37, "revenue_usd": 900 + n * 91}))
        .collect();
    let evidence = data("steps.rows.output", json!(rows), &[], &Arc::new(Evidence::default()));
    let line =
        "The spend of channel 12 and the revenue of all channels make $123,456,789 or 12.3%.\n";
    let started = std::time::Instant::now();
    check(&line.repeat(20), &[], &evidence, Given::default());
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}
