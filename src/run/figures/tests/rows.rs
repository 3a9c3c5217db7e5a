//! Figures of another row than the one that is spoken of, and figures of another unit.

use std::sync::Arc;

use serde_json::json;

use super::super::verify::verify;
use super::super::{Evidence, Given};
use super::data;

fn evidence() -> Arc<Evidence> {
    let channels = data(
        "steps.channels.output",
        json!([
            {"channel": "email", "spend_usd": 106_941, "roas": 8.7531},
            {"channel": "tiktok", "spend_usd": 374_354, "roas": 0.6914},
            {"channel": "google_search", "spend_usd": 1_134_887, "roas": 4.4319},
        ]),
        &[("roas", "ratio")],
        &Arc::default(),
    );
    data(
        "steps.months.output",
        json!([
            {"month": "2025-10", "income_usd": 486_018},
            {"month": "2025-11", "income_usd": 620_331},
        ]),
        &[],
        &channels,
    )
}

fn reasons(text: &str, evidence: &Evidence) -> Vec<String> {
    let (_, unverified) = verify(text, &[], evidence, Given::default());
    unverified.into_iter().map(|(figure, reason)| format!("{figure}: {reason}")).collect()
}

#[test]
fn a_figure_of_a_row_that_nobody_speaks_of_is_told_as_that_rows() {
    for (text, expected) in [
        (
            "TikTok returned 8.75x.",
            "8.75x: the sentence speaks of `tiktok`; this is of `email` (steps.channels.output.0.roas)",
        ),
        ("- **tiktok:** $106,941", "$106,941: the sentence speaks of `tiktok`"),
        ("| tiktok | $374,354 | 4.43x |", "4.43x: the row of the table is `tiktok`"),
        (
            "Email is the best. It returned 4.43x.",
            "4.43x: the sentence speaks of `email`; this is of `google_search`",
        ),
        ("In October we earned $620,331.", "`2025-10`; this is of `2025-11`"),
    ] {
        let found = reasons(text, &evidence());
        assert!(found.len() == 1 && found[0].contains(expected), "{text}: {found:?}");
    }
}

#[test]
fn what_may_stand_for_a_row_lets_its_figure_off() {
    for text in [
        "TikTok returned 0.69x, email 8.75x.",
        "Google did better than TikTok, at 4.43x.",
        "TikTok is far below the 8.75x of the best channel.",
        "TikTok takes more than the others, which cost $106,941 and more.",
        "Email leads. Compared with TikTok it is cheap: $106,941.",
        "GS made 4.43x and email 8.75x.",
        "TikTok is behind our newsletters, which returned 8.75x.",
        "In November we earned $620,331, up from $486,018.",
        "The three channels returned 8.75x at most.",
    ] {
        assert_eq!(reasons(text, &evidence()), [""; 0], "{text}");
    }
    let given = Given { texts: &["Is 8.75x enough?"] };
    assert_eq!(verify("TikTok returned 8.75x.", &[], &evidence(), given).1, []);
}

#[test]
fn a_cell_of_a_table_is_of_its_row_and_its_column() {
    let head = "| Channel | Spend | ROAS |\n|---|---:|---:|\n";
    for (table, expected) in [
        (
            format!("{head}| Email | $374,354 | 8.75x |"),
            "$374,354: the table speaks of steps.channels.output.0.spend_usd",
        ),
        (
            format!("{head}| **TikTok** | $374,354 | 8.75x |"),
            "8.75x: the table speaks of steps.channels.output.1.roas",
        ),
        (
            "| Metric | Email | TikTok |\n|---|---|---|\n| Spend | $106,941 | $1,134,887 |"
                .to_owned(),
            "$1,134,887: the table speaks of steps.channels.output.1.spend_usd",
        ),
        (
            "| Month | Net income |\n|---|---|\n| October 2025 | $620,331 |".to_owned(),
            "$620,331: the row of the table is `october 2025`",
        ),
        ("| Email | what | $374,354 |".to_owned(), "$374,354: the row of the table is `email`"),
    ] {
        let found = reasons(&table, &evidence());
        assert!(found.len() == 1 && found[0].starts_with(expected), "{table}: {found:?}");
    }
    for table in [
        format!("{head}| Email | $106,941 | 8.75x |\n| TikTok | $374,354 | 0.69x |"),
        "| Metric | Email | TikTok |\n|---|---|---|\n| Spend | $106,941 | $374,354 |".to_owned(),
        "| Month | Result |\n|---|---|\n| October 2025 | $486,018 |".to_owned(),
        "| Best | Worst |\n|---|---|\n| 8.75x | 0.69x |".to_owned(),
    ] {
        assert_eq!(reasons(&table, &evidence()), [""; 0], "{table}");
    }
}

#[test]
fn a_figure_of_another_period_is_told_as_that_periods() {
    let quarter = |step: &str, from: &str, to: &str, spend: u32, given: &Arc<Evidence>| {
        let arguments = json!({"from": from, "to": to});
        Evidence::of_call(
            format!("steps.{step}.output"),
            &Arc::new(
                json!([{"channel": "email", "spend_usd": spend}, {"channel": "tiktok", "spend_usd": spend * 2}]),
            ),
            &indexmap::IndexMap::new(),
            arguments.as_object(),
            given,
        )
    };
    let third = quarter("q3", "2025-07", "2025-09", 24_000, &Arc::default());
    let both = quarter("q4", "2025-10", "2025-12", 31_000, &third);
    for text in [
        "Email spent $31,000 in Q3.",
        "In the third quarter of 2025 email spent $31,000.",
        "Email spent $31,000 in Q3 and $24,000 in the fourth quarter.",
    ] {
        let found = reasons(text, &both);
        assert!(
            !found.is_empty() && found.iter().all(|f| f.contains("another period")),
            "{text}: {found:?}"
        );
    }
    for text in [
        "Email spent $24,000 in Q3 and $31,000 in Q4.",
        "Email spent $31,000 in Q4, after $24,000.",
        "Email spent $31,000 in Q4 2025, up from $24,000 the quarter before.",
        "In Q4 email spent $31,000, and TikTok $62,000.",
        "Email spent $31,000, and may spend more in May.",
    ] {
        assert_eq!(reasons(text, &both), [""; 0], "{text}");
    }
}

#[test]
fn money_that_came_is_not_what_was_spent() {
    let row = json!([{"channel": "email", "spend_usd": 106_941, "revenue_usd": 936_070}]);
    let known = data("steps.a.output", row, &[], &Arc::default());
    for text in
        ["Email spent $936,070.", "Email brought in only $106,941.", "It cost us about $936,070."]
    {
        let found = reasons(text, &known);
        assert!(
            found.len() == 1 && found[0].contains("the sentence speaks of"),
            "{text}: {found:?}"
        );
    }
    for text in [
        "Email spent $106,941 and brought in $936,070.",
        "It cost us $936,070 of revenue.",
        "For $106,941 it earned $936,070.",
    ] {
        assert_eq!(reasons(text, &known), [""; 0], "{text}");
    }
}

#[test]
fn a_unit_that_the_evidence_contradicts_is_no_match() {
    let known = data(
        "steps.a.output",
        json!({"spend_usd": 374_354, "cover_months": 4.6506, "conversions": 1931, "price": 12}),
        &[("conversions", "number")],
        &Arc::default(),
    );
    // Nobody says what these count, but the values are those above.
    let all = data("steps.b.output", json!({"freed": 374_354, "fee": 12.0}), &[], &known);
    for text in [
        "It frees 374,354%.",
        "It frees €374,354.",
        "It covers 4.65%.",
        "It brought 374,354 conversions.",
    ] {
        let found = reasons(text, &all);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
    }
    for text in [
        "It frees $374,354.",
        "It frees 374,354.",
        "It covers 4.65 months.",
        "It brought 1,931 conversions.",
        "The fee is $12.",
    ] {
        assert_eq!(reasons(text, &all), [""; 0], "{text}");
    }
}
