//! Every way of writing a value finds it, and no other value.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use super::super::{Currency, Evidence, Fate, Given, Kind, check, figures};
use super::data;

const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] =
    ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// A whole number in words.
fn spell(n: u32) -> String {
    let at = |n: u32| usize::try_from(n).unwrap();
    let join = |head: String, glue: &str, rest: u32| {
        if rest == 0 { head } else { format!("{head}{glue}{}", spell(rest)) }
    };
    match n {
        0..20 => ONES[at(n)].to_owned(),
        20..100 => join(TENS[at(n / 10)].to_owned(), "-", n % 10),
        100..1000 => join(format!("{} hundred", spell(n / 100)), " and ", n % 100),
        1000..1_000_000 => join(format!("{} thousand", spell(n / 1000)), " ", n % 1000),
        _ => join(format!("{} million", spell(n / 1_000_000)), " ", n % 1_000_000),
    }
}

/// Digits in groups.
fn grouped(n: u32, mark: &str, indian: bool) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        let left = digits.len() - at;
        let ends =
            if indian { left == 3 || (left > 3 && left % 2 == 1) } else { left.is_multiple_of(3) };
        if at > 0 && ends {
            out.push_str(mark);
        }
        out.push(digit);
    }
    out
}

fn holds(value: f64, unit: &str) -> Arc<Evidence> {
    data("steps.a.output", json!({"x": value}), &[("x", unit)], &Arc::new(Evidence::default()))
}

/// Whether every figure of the sentence is the value.
fn found(text: &str, value: f64, unit: &str) -> bool {
    let fates = check(text, &[], &holds(value, unit), Given::default());
    !fates.is_empty() && fates.iter().all(|checked| matches!(checked.fate, Fate::Matched { .. }))
}

/// The value is found, and one that is off by a little more than the tolerance is not.
fn holds_only(text: &str, value: f64, tolerance: f64, unit: &str) -> Result<(), TestCaseError> {
    prop_assert!(found(text, value, unit), "{value} ({unit}) as `{text}`: {:?}", figures(text));
    for part in [-0.99, 0.99] {
        let near = value + tolerance * part;
        prop_assert!(found(text, near, unit), "{near} ({unit}) as `{text}`");
    }
    for part in [-1.02, 1.02] {
        let off = value + tolerance * part;
        prop_assert!(!found(text, off, unit), "{off} ({unit}) as `{text}`");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_whole_amount_is_found_however_it_is_written(n in 1_000u32..9_999_999) {
        let value = f64::from(n);
        for text in [
            format!("It came to {} in all.", spell(n)),
            format!("It came to {} dollars in all.", spell(n)),
            format!("It came to {n} in all."),
            format!("It came to {} in all.", grouped(n, ",", false)),
            format!("It came to {} US dollars in all.", grouped(n, "'", false)),
            format!("It came to ${} in all.", grouped(n, "\u{202f}", false)),
            format!("It came to {} dollars in all.", grouped(n, " ", false)),
            format!("It came to {} in all.", grouped(n, ",", true)),
            format!("It came to USD {} in all.", grouped(n, ",", false)),
            format!("From {} to {0} dollars.", grouped(n, ",", false)),
        ] {
            let unit = if text.contains('$') || text.contains("ollars") || text.contains("USD") { "usd" } else { "number" };
            // `twelve thousand` is rounded as `12 thousand` is; a thousandth more is another number.
            let tolerance = if n % 1_000_000 == 0 && text.contains("million") { 5e5 } else if n % 1000 == 0 && text.contains("thousand") { 500.0 } else { 0.5 };
            holds_only(&text, value, tolerance, unit)?;
        }
    }

    #[test]
    fn tenths_are_found_in_words_and_in_other_countries_writing(n in 11u32..9_999) {
        let (whole, tenth) = (n / 10, usize::try_from(n % 10).unwrap());
        let value = f64::from(n) / 10.0;
        for (text, unit, factor) in [
            (format!("a share of {} point {} percent", spell(whole), ONES[tenth]), "percent", 1.0),
            (format!("a share of {whole},{tenth} %"), "percent", 1.0),
            (format!("a share of {whole}.{tenth} per cent"), "ratio", 0.01),
            (format!("about {} point {} million dollars", spell(whole), ONES[tenth]), "usd", 1e6),
            (format!("kostet {whole},{tenth} Mio €"), "eur", 1e6),
            (format!("kostet €{whole},{tenth}"), "eur", 1.0),
            (format!("between {whole}.{tenth} and {whole}.{tenth} million"), "number", 1e6),
        ] {
            let tolerance = 0.05 * factor;
            prop_assert!(found(&text, value * factor, unit), "{text}: {:?}", figures(&text));
            if !text.starts_with("about") {
                holds_only(&text, value * factor, tolerance, unit)?;
            }
        }
    }

    #[test]
    fn a_sign_in_words_is_one(n in 11u32..99_999) {
        let value = f64::from(n);
        for text in [format!("a result of minus ${n}"), format!("a result of negative {} dollars", spell(n))] {
            prop_assert!(found(&text, -value, "usd"), "{text}");
            prop_assert!(!found(&text, value, "usd"), "{text}");
        }
    }

    #[test]
    fn what_is_said_to_be_rough_is_found_a_little_farther(hundreds in 11u32..99) {
        let text = |word: &str| format!("It took {word} ${}.", grouped(hundreds * 1000, ",", false));
        let (value, step) = (f64::from(hundreds) * 1000.0, if hundreds % 10 == 0 { 0.1 * f64::from(hundreds) * 1000.0 } else { 1000.0 });
        prop_assert!(found(&text("about"), value + step * 0.49, "usd") && found(&text("about"), value - step * 0.49, "usd"));
        prop_assert!(!found(&text("about"), value + step * 0.51, "usd") && !found(&text("about"), value - step * 0.51, "usd"));
        prop_assert!(found(&text("over"), value + step * 0.9, "usd") && !found(&text("over"), value - 10.0, "usd"));
        prop_assert!(found(&text("nearly"), value - step * 0.9, "usd") && !found(&text("nearly"), value + 10.0, "usd"));
        prop_assert!(!found(&text("exactly"), value + step * 0.4, "usd"));
    }
}

#[test]
fn words_are_read_as_people_mean_them() {
    for (text, value, quantum, kind) in [
        ("over twelve campaigns", 12.0, 1.0, Kind::Plain),
        ("three point five million", 3.5e6, 1e5, Kind::Plain),
        ("two hundred and five people", 205.0, 1.0, Kind::Plain),
        ("one and a half million", 1.5e6, 1e5, Kind::Plain),
        ("half a million dollars", 5e5, 1e5, Kind::Money(Currency::Dollar)),
        ("a dozen campaigns", 12.0, 1.0, Kind::Plain),
        ("twelve hundred clicks", 1200.0, 1.0, Kind::Plain),
        ("a hundred thousand clicks", 1e5, 1e3, Kind::Plain),
        ("a quarter of the spend", 25.0, 2.5, Kind::Percent),
        ("half of the spend", 50.0, 5.0, Kind::Percent),
        ("half the spend", 50.0, 5.0, Kind::Percent),
        ("three quarters of the spend", 75.0, 7.5, Kind::Percent),
        ("fifty-eight percent", 58.0, 1.0, Kind::Percent),
        ("a threefold rise", 3.0, 1.0, Kind::Ratio),
        ("a three-fold rise", 3.0, 1.0, Kind::Ratio),
        ("a twelve-month runway", 12.0, 1.0, Kind::Plain),
        ("Twenty-five of them", 25.0, 1.0, Kind::Plain),
    ] {
        let all = figures(text);
        assert_eq!(all.len(), 1, "{text}: {all:?}");
        let close = |a: f64, b: f64| (a - b).abs() <= b * 1e-9;
        assert!(close(all[0].value, value) && close(all[0].quantum, quantum), "{text}: {all:?}");
        assert_eq!(all[0].kind, kind, "{text}");
    }
    let range = figures("between ten and twelve percent");
    assert_eq!(
        range.iter().map(|f| (f.value, f.kind)).collect::<Vec<_>>(),
        [(10.0, Kind::Percent), (12.0, Kind::Percent)]
    );
    let range = figures("three to five million");
    assert_eq!(range.iter().map(|f| f.value).collect::<Vec<_>>(), [3e6, 5e6]);
    for text in [
        "one of the channels, two reasons, ten options",
        "the twenty-first of them",
        "thirty-something people",
        "the first half of the year",
        "check after a quarter",
        "the last quarter of the year",
        "three quarters of growth",
        "a third party",
        "phase twelve",
        "tenth",
        "a million-dollar question is none, but hundreds of millions are not either",
    ] {
        let found: Vec<_> = figures(text).into_iter().filter(|f| f.value < 1e6).collect();
        assert_eq!(found, [], "{text}");
    }
}

#[test]
fn a_count_of_listed_items_is_the_number_of_rows() {
    let rows: Vec<_> =
        (0..14).map(|n| json!({"name": format!("c{n}"), "spend_usd": 1000 + n})).collect();
    let evidence =
        data("steps.rows.output", json!({"all": rows}), &[], &Arc::new(Evidence::default()));
    let fate = |text: &str| check(text, &[], &evidence, Given::default()).remove(0).fate;
    let matched = |path: &str| Fate::matched(path.to_owned());
    assert_eq!(
        fate("All fourteen campaigns lost money."),
        matched("steps.rows.output.all | length")
    );
    assert_eq!(fate("All 14 campaigns lost money."), matched("steps.rows.output.all | length"));
    for text in ["All 15 campaigns lost money.", "It took $14.", "It took 14%."] {
        assert!(matches!(fate(text), Fate::Unverified { .. }), "{text}");
    }
}
