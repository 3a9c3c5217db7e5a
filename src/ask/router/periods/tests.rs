use super::super::terms::Stems;
use super::super::words::tokens;
use super::*;

/// What is read from a text, as `from..to`; `beyond` where it lies beyond the data.
fn read(text: &str, last: Month) -> Vec<String> {
    let meant = mended(&tokens(text), &Stems::new(), |word| word == "quartet");
    let found = periods(&meant, last).into_iter();
    found
        .map(|found| {
            found.period.map_or("beyond".to_owned(), |period| {
                let from = period.from.map_or(String::new(), |from| from.to_string());
                format!("{from}..{}", period.to)
            })
        })
        .collect()
}

#[test]
fn periods_are_read_against_the_last_complete_month() {
    for (text, expected) in [
        ("Q3", "2025-07..2025-09"),
        ("in Q4?", "2025-10..2025-12"),
        ("Q3 2024", "2024-07..2024-09"),
        ("Q3 '24", "2024-07..2024-09"),
        ("Q3FY24", "2024-07..2024-09"),
        ("3Q24", "2024-07..2024-09"),
        ("the third quarter of 2024", "2024-07..2024-09"),
        ("H1 2025", "2025-01..2025-06"),
        ("first half of 2024", "2024-01..2024-06"),
        ("March 2025", "2025-03..2025-03"),
        ("Mar '25", "2025-03..2025-03"),
        ("in march", "2025-03..2025-03"),
        ("may 2024", "2024-05..2024-05"),
        ("2025-03", "2025-03..2025-03"),
        ("FY25", "2025-01..2025-12"),
        ("fiscal year 2024", "2024-01..2024-12"),
        ("in 2024", "2024-01..2024-12"),
        ("last month", "2025-12..2025-12"),
        ("last quarter", "2025-10..2025-12"),
        ("last year", "2025-01..2025-12"),
        ("this year", "2025-01..2025-12"),
        ("this fiscal year", "2025-01..2025-12"),
        ("last six months", "2025-07..2025-12"),
        ("the past 18 months", "2024-07..2025-12"),
        ("last 2 quarters", "2025-07..2025-12"),
        ("last half year", "2025-07..2025-12"),
        ("last two years", "2024-01..2025-12"),
        ("year to date", "2025-01..2025-12"),
        ("YTD", "2025-01..2025-12"),
        ("TTM", "2025-01..2025-12"),
        ("since June", "2025-06..2025-12"),
        ("since last June", "2025-06..2025-12"),
        ("since 2024", "2024-01..2025-12"),
        ("from Q2 on", "2025-04..2025-12"),
        ("from March to June 2025", "2025-03..2025-06"),
        ("between March and June", "2025-03..2025-06"),
        ("Jan-Mar 2024", "2024-01..2024-03"),
        ("from October to February 2025", "2024-10..2025-02"),
        ("from November 2024 to February 2025", "2024-11..2025-02"),
        ("Q1 through Q3 2025", "2025-01..2025-09"),
        ("until March 2025", "..2025-03"),
        ("last qarter", "2025-10..2025-12"),
        ("the previuos two quaters", "2025-07..2025-12"),
        ("in Febuary", "2025-02..2025-02"),
        ("Novmber 2024", "2024-11..2024-11"),
        ("sicne Septembre", "2025-09..2025-12"),
        ("forth quarter", "2025-10..2025-12"),
        ("since spring", "2025-03..2025-12"),
        ("over the summer", "2025-06..2025-08"),
        ("in the autumn of 2024", "2024-09..2024-11"),
        ("last winter", "2024-12..2025-02"),
        ("from spring to fall 2024", "2024-03..2024-11"),
        ("a year ago", "2024-01..2024-12"),
        ("two quarters ago", "2025-04..2025-06"),
        ("3 months ago", "2025-09..2025-09"),
        ("last week", "beyond"),
        ("the past 30 days", "beyond"),
        ("next quarter", "beyond"),
        ("in 2026", "beyond"),
        ("in 2205?", "beyond"),
        ("yesterday", "beyond"),
        ("between June 2025 and March 2025", "beyond"),
        ("Q3 2026", "beyond"),
    ] {
        assert_eq!(read(text, Month::new(2025, 12)), [expected], "{text}");
    }
}

#[test]
fn in_the_middle_of_a_quarter_the_last_one_is_the_one_before() {
    for (text, expected) in [
        ("last quarter", "2025-07..2025-09"),
        ("this quarter", "2025-10..2025-11"),
        ("Q4", "2024-10..2024-12"),
        ("last year", "2024-01..2024-12"),
        ("this year", "2025-01..2025-11"),
        ("last three months", "2025-09..2025-11"),
        ("past year", "2024-12..2025-11"),
        ("December", "2024-12..2024-12"),
        ("FY25", "2025-01..2025-11"),
        ("since December", "2024-12..2025-11"),
    ] {
        assert_eq!(read(text, Month::new(2025, 11)), [expected], "{text}");
    }
}

#[test]
fn what_is_compared_with_what_was_names_two_times() {
    assert_eq!(
        read("are we better than a year ago", Month::new(2025, 12)),
        ["2025-01..2025-12", "2024-01..2024-12"]
    );
}

#[test]
fn what_is_no_period_is_left_alone() {
    for text in [
        "we may hire, you march on",
        "spend $2025",
        "2024 people",
        "in 1500 shops",
        "500k",
        "a quarter of a million",
        "10 engineers",
        "last campaign",
        "this campaign",
        "how long does it last",
        "since yesteryear",
        "the last quartet",
        "last quarterly report",
        "the spring campaign",
        "a match for marsh",
        "",
    ] {
        assert_eq!(read(text, Month::new(2025, 12)), Vec::<String>::new(), "{text}");
    }
}
