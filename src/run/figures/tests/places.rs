//! Right values beside words that tell another column, another period or the other sign.

use std::sync::Arc;

use serde_json::json;

use super::super::{Evidence, Fate, Given, check};
use super::data;

/// A year of a company, by months as well, and its budgets.
fn company() -> Arc<Evidence> {
    let year = data(
        "steps.pnl.output",
        json!({
            "first_month": "2025-01", "last_month": "2025-12", "revenue_usd": 33_675_914, "cogs_usd": 13_966_604,
            "gross_profit_usd": 19_709_310, "opex_usd": 13_225_911, "gross_margin": 0.58526, "operating_margin": 0.17649,
            "net_income_usd": 4_434_904, "monthly_net_burn_usd": -345_907.4,
        }),
        &[("gross_margin", "ratio"), ("operating_margin", "ratio")],
        &Arc::default(),
    );
    let months = json!([
        {"month": "2025-11", "revenue_usd": 16_400_000, "gross_margin": 0.5921},
        {"month": "2025-12", "revenue_usd": 17_275_914, "gross_margin": 0.5814},
    ]);
    let months = data("steps.months.output", months, &[("gross_margin", "ratio")], &year);
    let budgets = json!([
        {"category": "marketing", "budget_usd": 3_713_600, "actual_usd": 3_825_305, "used": 1.03008, "budget_left_usd": -111_705},
        {"category": "research_development", "budget_usd": 3_924_900, "actual_usd": 3_908_276, "used": 0.99576, "budget_left_usd": 16_624},
    ]);
    data("steps.budgets.output", budgets, &[("used", "ratio")], &months)
}

/// Why each figure of a text is reported.
fn reasons(text: &str) -> Vec<String> {
    let checked = check(text, &[], &company(), Given::default()).into_iter();
    let reason = |fate| match fate {
        Fate::Unverified { reason } => Some(reason),
        Fate::Matched { .. } | Fate::Derived { .. } | Fate::Given => None,
    };
    checked.filter_map(|checked| reason(checked.fate)).collect()
}

#[test]
fn a_value_beside_words_for_another_is_told_as_what_it_is() {
    for (text, reason) in [
        ("Operating margin: 58.5%", "steps.pnl.output.operating_margin, which is 17.65%"),
        ("The operating margin improved to 58.5%.", "this is steps.pnl.output.gross_margin"),
        ("Cost of goods was $19.7M.", "speaks of steps.pnl.output.cogs_usd"),
        ("Operating costs were $13.97M.", "speaks of steps.pnl.output.opex_usd"),
        ("R&D used 103% of its budget.", "speaks of `research_development`"),
        ("December revenue was $33.7M.", "another period: $17,275,914"),
        ("The company lost $4,434,904.", "`lost` tells the other sign"),
        ("The net loss was $4.4M.", "`loss` tells the other sign"),
        ("We burn $346K a month.", "`burn` tells the other sign"),
        ("Marketing has $111,705 left in its budget.", "the evidence has -$111,705"),
        ("R&D went over its budget by $16,624.", "`over` tells the other sign"),
    ] {
        let found = reasons(text);
        assert!(found.len() == 1 && found[0].contains(reason), "{text}: {found:?}");
    }
}

#[test]
fn words_that_say_what_it_is_let_it_be() {
    for text in [
        "Operating margin: 17.6%, gross margin: 58.5%",
        "The margin is 58.5% before and 17.6% after operating costs.",
        "Cost of goods was $13.97M, which leaves $19.7M.",
        "R&D used 99.6% of its budget, marketing 103%.",
        "The year's revenue was $33.7M, of which December brought $17.3M.",
        "We lost no money: net income was $4.4M.",
        "After losing two clients, net income was $4.4M.",
        "Net income ($4,434,904) is a profit.",
        "We build $346K of cash a month.",
        "Marketing is $111,705 over its budget, while R&D has $16,624 left.",
        "Marketing overspent by over $111,000.",
        "R&D stayed under its budget by $16,624.",
    ] {
        assert_eq!(reasons(text), [""; 0], "{text}");
    }
}
