//! No way to state a quantity escapes: digits of other scripts, in code, beside nouns, in words for multiples and parts.

use std::sync::Arc;

use serde_json::json;

use super::super::{Currency, Evidence, Given, Kind, check, figures};
use super::data;

const USD: Kind = Kind::Money(Currency::Dollar);
const EUR: Kind = Kind::Money(Currency::Euro);

#[test]
fn a_quantity_is_read_in_whatever_signs_it_hides() {
    for (text, written, value, kind) in [
        ("spend of ７１，３１８ dollars", "７１，３１８ dollars", 71_318.0, USD),
        ("spend of ٧١٣١٨ dollars", "٧١٣١٨ dollars", 71_318.0, USD),
        ("spend of ७१३१८ dollars", "७१३१८ dollars", 71_318.0, USD),
        ("spend of 𝟕𝟏𝟑𝟏𝟖 dollars", "𝟕𝟏𝟑𝟏𝟖 dollars", 71_318.0, USD),
        ("spend of 71\u{200b}3\u{2060}18 dollars", "71\u{200b}3\u{2060}18 dollars", 71_318.0, USD),
        ("spend of 7\u{336}1318", "7\u{336}1318", 71_318.0, Kind::Plain),
        ("spend of 71&nbsp;318 dollars", "71&nbsp;318 dollars", 71_318.0, USD),
        ("spend of 7 1 3 1 8 dollars", "7 1 3 1 8 dollars", 71_318.0, USD),
        ("＄71,318", "＄71,318", 71_318.0, USD),
        ("a return of 2½", "2½", 2.5, Kind::Plain),
        ("a return of 2 ½ %", "2 ½ %", 2.5, Kind::Percent),
        ("a return of ¾", "¾", 0.75, Kind::Plain),
        ("Ⅻ campaigns", "Ⅻ", 12.0, Kind::Plain),
        ("1️⃣2️⃣ campaigns", "1️⃣2️⃣", 12.0, Kind::Plain),
        ("10⁶ clicks", "10⁶", 1e6, Kind::Plain),
        ("10^6 clicks", "10^6", 1e6, Kind::Plain),
        ("2.5 × 10^6 clicks", "2.5 × 10^6", 2.5e6, Kind::Plain),
        ("spend¹ of $71,318²", "$71,318²", 71_318.0, USD),
        ("`1234567`", "1234567", 1_234_567.0, Kind::Plain),
        ("```\n$71,318\n```", "$71,318", 71_318.0, USD),
        ("`LIMIT 250`", "250", 250.0, Kind::Plain),
        ("`twelve`", "twelve", 12.0, Kind::Plain),
        ("[[71318]]", "71318", 71_318.0, Kind::Plain),
        ("revenue=71318", "71318", 71_318.0, Kind::Plain),
        ("revenue:71318", "71318", 71_318.0, Kind::Plain),
        ("revenue/71318", "71318", 71_318.0, Kind::Plain),
        ("revenue-71318", "71318", 71_318.0, Kind::Plain),
        ("1_234_567 clicks", "1_234_567", 1_234_567.0, Kind::Plain),
        ("1,234pcs", "1,234", 1234.0, Kind::Plain),
        ("units @12.50", "12.50", 12.5, Kind::Plain),
        ("the figure 71318", "71318", 71_318.0, Kind::Plain),
        ("# 71,318 of spend", "71,318", 71_318.0, Kind::Plain),
        ("It cost\n50. That is much", "50", 50.0, Kind::Plain),
        ("1 234 customers", "1 234", 1234.0, Kind::Plain),
        ("1 000 somethings", "1 000", 1000.0, Kind::Plain),
        ("a ROAS of 2,3 it was", "2,3", 2.3, Kind::Plain),
        ("1.234.567,89 it was", "1.234.567,89", 1_234_567.89, Kind::Plain),
        ("USD 1.2mn", "USD 1.2mn", 1.2e6, USD),
        ("120 k€", "120 k€", 120e3, EUR),
        ("3 Mio. €", "3 Mio. €", 3e6, EUR),
        ("5 cents", "5 cents", 0.05, USD),
        ("12‰", "12‰", 1.2, Kind::Percent),
        ("3 pp", "3 pp", 3.0, Kind::Percent),
        ("The margin fell 3 points.", "3 points", 3.0, Kind::Percent),
        ("12 and a half percent", "12 and a half percent", 12.5, Kind::Percent),
        ("3:1", "3:1", 3.0, Kind::Ratio),
        ("a ratio of 10:10", "10:10", 1.0, Kind::Ratio),
        ("5 to 1", "5 to 1", 5.0, Kind::Ratio),
        ("up x5", "5", 5.0, Kind::Ratio),
        ("3/4 of it", "3/4", 75.0, Kind::Percent),
        ("one in five of them", "one in five", 20.0, Kind::Percent),
        ("3 out of 4 of them", "3 out of 4", 75.0, Kind::Percent),
        ("twice the spend", "twice", 2.0, Kind::Ratio),
        ("five times the spend", "five times", 5.0, Kind::Ratio),
        ("The spend doubled.", "doubled", 2.0, Kind::Ratio),
        ("Email earned double the revenue of TikTok", "double", 2.0, Kind::Ratio),
        ("a tenfold rise", "tenfold", 10.0, Kind::Ratio),
        ("cut by a third", "a third", 100.0 / 3.0, Kind::Percent),
        ("cut in half", "half", 50.0, Kind::Percent),
        ("a third less than email", "a third", 100.0 / 3.0, Kind::Percent),
        ("half as much", "half", 50.0, Kind::Percent),
    ] {
        let all = figures(text);
        assert_eq!(all.len(), 1, "{text}: {all:?}");
        let figure = &all[0];
        assert_eq!(text.get(figure.range.clone()), Some(written), "{text}");
        assert!((figure.value - value).abs() <= value * 1e-9, "{text}: {figure:?}");
        assert_eq!(figure.kind, kind, "{text}");
    }
}

#[test]
fn four_digits_are_a_year_only_where_the_words_or_the_data_say_so() {
    let dated = data(
        "steps.months.output",
        json!([{"month": "2025-10", "cash_usd": 5.0}]),
        &[],
        &Arc::default(),
    );
    let known =
        |text: &str, evidence: &Evidence| check(text, &[], evidence, Given::default()).len();
    for text in [
        "We won 2000 customers.",
        "hire 2024 engineers",
        "sold 2025 widgets",
        "sold 2025 somethings",
        "Conversions: 2025",
        "Conversions were 2025.",
        "costs $ 2050 a month",
        "It brought in 2000 orders.",
        "It grew by 2000.",
        "2000-2100 customers",
    ] {
        assert!(known(text, &dated) > 0, "{text}");
    }
    for text in [
        "In 2025 it grew.",
        "In 1999, it grew.",
        "In 2025 engineers cost more.",
        "the 2025 campaigns",
        "2025 campaigns did well",
        "October 2025 results and Holiday 2025 orders",
        "| 2025 | 2026 |",
        "2024-2025, from 2024 to 2025",
        "the plan for 2026",
    ] {
        assert_eq!(known(text, &dated), 0, "{text}");
    }
    // Numbers of scripts that are not read are reported.
    assert_eq!(known("It brought ፴ of them, and ㊲.", &dated), 2);
    let given = Given { texts: &["How was 2031?"] };
    assert_eq!(check("2031 was good", &[], &Evidence::default(), given), []);
    assert_eq!(check("2031 was good", &[], &Evidence::default(), Given::default()).len(), 1);
}

#[test]
fn a_few_things_are_looked_up_where_the_data_counts_them() {
    let evidence = data(
        "steps.a.output",
        json!({"cash_cover_months": 4, "conversions": 7, "spend_usd": 1200}),
        &[("conversions", "number")],
        &Arc::default(),
    );
    let wrong = |text: &str| {
        let all = check(text, &[], &evidence, Given::default());
        all.into_iter().filter(|c| matches!(c.fate, super::super::Fate::Unverified { .. })).count()
    };
    for text in
        ["The cash covers 3 months.", "It brought zero conversions.", "zero spend", "8 conversions"]
    {
        assert_eq!(wrong(text), 1, "{text}");
    }
    for text in [
        "The cash covers 4 months.",
        "It brought 7 conversions.",
        "Look again in 3 months, after the next 2 quarters.",
        "There are three reasons, two channels and ten campaigns.",
    ] {
        assert_eq!(wrong(text), 0, "{text}");
    }
}
