use super::super::{Currency, Kind, Sign, figures};

const USD: Kind = Kind::Money(Currency::Dollar);
const EUR: Kind = Kind::Money(Currency::Euro);

/// The figures of a text: as written, value, quantum, kind.
fn found(text: &str) -> Vec<(&str, f64, f64, Kind)> {
    figures(text)
        .into_iter()
        .map(|f| (text.get(f.range).unwrap(), f.value, f.quantum, f.kind))
        .collect()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= b.abs() * 1e-9
}

#[test]
fn a_figure_is_read_as_people_write_it() {
    for (text, written, value, quantum, kind) in [
        ("It made $1,234.50 net.", "$1,234.50", 1234.5, 0.01, USD),
        ("It made $1,234.", "$1,234", 1234.0, 1.0, USD),
        ("a swing of -$1.2M", "-$1.2M", 1.2e6, 1e5, USD),
        ("a swing of −$1.2M", "−$1.2M", 1.2e6, 1e5, USD),
        ("a swing of $-1.2M", "$-1.2M", 1.2e6, 1e5, USD),
        ("a loss ($3,400) in all", "$3,400", 3400.0, 1.0, USD),
        ("over 1.2 million users", "1.2 million", 1.2e6, 1e5, Kind::Plain),
        ("over 1.2 Million users", "1.2 Million", 1.2e6, 1e5, Kind::Plain),
        ("a $5-million loss", "$5-million", 5e6, 1e6, USD),
        ("over 250K users", "250K", 250e3, 1e3, Kind::Plain),
        ("over 250k users", "250k", 250e3, 1e3, Kind::Plain),
        ("worth 3bn", "3bn", 3e9, 1e9, Kind::Plain),
        ("worth $3 bn", "$3 bn", 3e9, 1e9, USD),
        ("worth $2.5 M now", "$2.5 M", 2.5e6, 1e5, USD),
        ("worth $1.5m now", "$1.5m", 1.5e6, 1e5, USD),
        ("worth $2B", "$2B", 2e9, 1e9, USD),
        ("worth $1.2MM", "$1.2MM", 1.2e6, 1e5, USD),
        ("a margin of 58.4%", "58.4%", 58.4, 0.1, Kind::Percent),
        ("a margin of 58.4 %", "58.4 %", 58.4, 0.1, Kind::Percent),
        ("a margin of 58.4 percent", "58.4 percent", 58.4, 0.1, Kind::Percent),
        ("up 3 percentage points", "3 percentage points", 3.0, 1.0, Kind::Percent),
        ("up 150 basis points", "150 basis points", 1.5, 0.01, Kind::Percent),
        ("a fall of -12%", "-12%", 12.0, 1.0, Kind::Percent),
        ("a rise of +12%", "+12%", 12.0, 1.0, Kind::Percent),
        ("a ROAS of 2.31x", "2.31x", 2.31, 0.01, Kind::Ratio),
        ("a ROAS of 2.31×.", "2.31×", 2.31, 0.01, Kind::Ratio),
        ("a ROAS of 2.31 ×.", "2.31 ×", 2.31, 0.01, Kind::Ratio),
        ("a 3-fold rise", "3-fold", 3.0, 1.0, Kind::Ratio),
        ("costs €1,200", "€1,200", 1200.0, 1.0, EUR),
        ("costs 1,200 € more", "1,200 €", 1200.0, 1.0, EUR),
        ("costs 1.234,50 € more", "1.234,50 €", 1234.5, 0.01, EUR),
        ("costs 1\u{a0}234 € more", "1\u{a0}234 €", 1234.0, 1.0, EUR),
        ("costs USD 1,200 more", "USD 1,200", 1200.0, 1.0, USD),
        ("costs US$1,200 more", "US$1,200", 1200.0, 1.0, USD),
        ("costs 1,200 USD more", "1,200 USD", 1200.0, 1.0, USD),
        ("costs 1,200 dollars more", "1,200 dollars", 1200.0, 1.0, USD),
        ("brought 1234 customers", "1234", 1234.0, 1.0, Kind::Plain),
        ("brought 1,234,567 clicks", "1,234,567", 1_234_567.0, 1.0, Kind::Plain),
        ("a ratio of .5 is", ".5", 0.5, 0.1, Kind::Plain),
        ("a ratio of 0.25", "0.25", 0.25, 0.01, Kind::Plain),
        ("a score of 7.5", "7.5", 7.5, 0.1, Kind::Plain),
        ("only $5", "$5", 5.0, 1.0, USD),
        ("only 5%", "5%", 5.0, 1.0, Kind::Percent),
        ("**$1,234**", "$1,234", 1234.0, 1.0, USD),
        ("| spend | 12,000 |", "12,000", 12_000.0, 1.0, Kind::Plain),
        ("- $3,400 of spend", "$3,400", 3400.0, 1.0, USD),
        ("profit—$3,400—fell", "$3,400", 3400.0, 1.0, USD),
        ("a 14-month runway", "14", 14.0, 1.0, Kind::Plain),
        ("costs $12/user", "$12", 12.0, 1.0, USD),
        ("about ~$1,200", "$1,200", 1200.0, 1.0, USD),
        ("more than >50%", "50%", 50.0, 1.0, Kind::Percent),
        ("在2025年增长了58.4%", "58.4%", 58.4, 0.1, Kind::Percent),
        ("1.5e6 rows", "1.5e6", 1.5e6, 1e5, Kind::Plain),
        ("costs $2025 a month", "$2025", 2025.0, 1.0, USD),
        ("sold 2,025 of them", "2,025", 2025.0, 1.0, Kind::Plain),
        ("In 2025. 12,000 came", "12,000", 12_000.0, 1.0, Kind::Plain),
    ] {
        let all = found(text);
        assert_eq!(all.len(), 1, "{text}: {all:?}");
        let (w, v, q, k) = all[0];
        assert_eq!((w, k), (written, kind), "{text}");
        assert!(close(v, value) && close(q, quantum), "{text}: {v} {q}");
    }
}

#[test]
fn a_sign_belongs_to_the_figure_only_where_it_is_one() {
    for (text, sign) in [
        ("-$5", Sign::Minus),
        ("is −12%", Sign::Minus),
        ("(-12%)", Sign::Minus),
        ("+12%", Sign::Plus),
        ("- 12%", Sign::None),
        ("revenue-$1,200", Sign::None),
        ("profit — 12%", Sign::None),
        ("($3,400)", Sign::None),
    ] {
        assert_eq!(figures(text)[0].sign, sign, "{text}");
    }
    let all = figures("10-12% and 2024-$500");
    assert!(all.iter().all(|f| f.sign == Sign::None), "{all:?}");
}

#[test]
fn what_is_no_figure_is_left_alone() {
    for text in [
        "in 2025",
        "In 1999, and 2100.",
        "2025's plan",
        "the 2024-2025 plan",
        "2024–25",
        "2024/25",
        "the 1990s",
        "month 2025-10",
        "on 2025-10-31",
        "at 2025-10-31T10:30:00.000Z",
        "on 2025/10/31",
        "on 10/31/2025",
        "on 31.10.2025",
        "on 10/31",
        "in 10/2025",
        "open 24/7",
        "Oct 31",
        "October 31, 2025",
        "31 October 2025",
        "31 Oct",
        "Oct. 31",
        "May 12",
        "October 25-28, 2025",
        "October 25 to 28",
        "the 12th of May",
        "at 10:30",
        "at 14:05:33",
        "10am",
        "in Q3",
        "H1 2025",
        "FY25",
        "FY2025",
        "Q3-2025",
        "'25",
        "the class of ’25",
        "1. First\n2) Second\n 3. Third\n- 4. Fourth\n**5.** Fifth",
        "the 1st, 2nd, 3rd and 21st",
        "facebook_holiday_2025",
        "GPT-4",
        "gpt-4o-mini",
        "GPT-35",
        "v1.2",
        "version 2.5",
        "B2B",
        "CO2",
        "release 1.2.3",
        "at 127.0.0.1",
        "COVID-19",
        "5G",
        "3D",
        "401(k)",
        "a 401k plan",
        "#12",
        "No. 12",
        "page 12",
        "`q3_2025`, `steps.roi.output.12.spend_usd`, `data/2024/123`",
        "```sql\nfrom facebook_holiday_2025\n```",
        "see https://example.com/a/123?b=456 there",
        "[here](/files/123)",
        "www.example.com/55",
        "file data/2024/123 is",
        "report.12.csv",
        "12.csv",
        "a%20b%3412",
        "&#39;",
        "[12]",
        "user@12",
        "two options, 3 reasons, the top 10",
        "0 of 7",
        "[[steps.a.tools.12.x]]",
        "[unknown: steps.a.12]",
        "the twenty-first of them, ranked 12th",
        "on 3/4",
        "a third party, a third channel, half a year",
        "to double the spend; Double the spend. If it doubled",
        "three times a week",
        "three points to note",
        "between 3 and 5 weeks",
        "5-7 days",
        "550e8400-e29b-41d4-a716-446655440000",
        "3f2a",
        "x86_64",
        "",
        "none",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn the_ends_of_a_range_share_unit_and_scale() {
    for (text, first, second) in [
        ("10-12%", (10.0, Kind::Percent), (12.0, Kind::Percent)),
        ("5–7%", (5.0, Kind::Percent), (7.0, Kind::Percent)),
        ("40 to 60%", (40.0, Kind::Percent), (60.0, Kind::Percent)),
        ("between 40 and 60 percent", (40.0, Kind::Percent), (60.0, Kind::Percent)),
        ("$1.2–1.4M", (1.2e6, USD), (1.4e6, USD)),
        ("$1.2M-$1.4M", (1.2e6, USD), (1.4e6, USD)),
        ("$1.2M – $1.4M", (1.2e6, USD), (1.4e6, USD)),
        ("1.2 to 1.4 million", (1.2e6, Kind::Plain), (1.4e6, Kind::Plain)),
        ("$900 to $1.2M", (900.0, USD), (1.2e6, USD)),
        ("$10-12", (10.0, USD), (12.0, USD)),
        ("2-3x", (2.0, Kind::Ratio), (3.0, Kind::Ratio)),
        ("40% and $600", (40.0, Kind::Percent), (600.0, USD)),
        ("40% to 600 units", (40.0, Kind::Percent), (600.0, Kind::Plain)),
    ] {
        let all = found(text);
        assert_eq!(all.len(), 2, "{text}: {all:?}");
        assert!(close(all[0].1, first.0) && close(all[1].1, second.0), "{text}: {all:?}");
        assert_eq!((all[0].3, all[1].3), (first.1, second.1), "{text}");
    }
}

#[test]
fn every_figure_of_a_text_is_found() {
    let text = "In Q3 2025 spend was $12,000 (up 8.5% from $11,060), ROAS 2.3x; 1,204 of 48,210 clicks converted:\n\
                1. Cut by 15%.\n2. Keep $1.5K–$2K in `reserve_12`.";
    let written: Vec<&str> = found(text).into_iter().map(|f| f.0).collect();
    assert_eq!(
        written,
        ["$12,000", "8.5%", "$11,060", "2.3x", "1,204", "48,210", "15%", "$1.5K", "$2K"]
    );
}
