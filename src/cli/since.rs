//! Times as people name them on the command line: `2026-11-01`, `7d`, `24h`, `today`, `month`.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::run::Period;
use crate::value::HumanDuration;

use super::exit::Failure;

/// Reads a beginning, in microseconds since the Unix epoch. Days begin at midnight, UTC.
pub(super) fn since(text: &str, now_us: i64) -> Result<i64, Failure> {
    let midnight =
        |date: Date| Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_microsecond());
    let at = match text {
        "today" => Some(Period::Day.begin_us(now_us)),
        "month" => Some(Period::Month.begin_us(now_us)),
        text => match text.parse::<Date>() {
            // The parser takes times as well, and drops them.
            Ok(date) if text.len() == "2026-11-01".len() => midnight(date),
            _ => ago(text, now_us),
        },
    };
    at.ok_or_else(|| {
        Failure::usage(
            format!("`{text}` is no beginning of a time"),
            "write a day (2026-11-01), how long ago (7d, 24h), `today` or `month`",
        )
    })
}

/// The moment a duration ago.
pub(super) fn ago(text: &str, now_us: i64) -> Option<i64> {
    let duration = HumanDuration::parse(text).ok()?.0;
    now_us.checked_sub(i64::try_from(duration.as_micros()).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_a_day_or_a_duration() {
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
        let now = at("2026-11-20T10:30:00Z");
        for (text, begin) in [
            ("2026-11-01", "2026-11-01T00:00:00Z"),
            ("today", "2026-11-20T00:00:00Z"),
            ("month", "2026-11-01T00:00:00Z"),
            ("24h", "2026-11-19T10:30:00Z"),
            ("7d", "2026-11-13T10:30:00Z"),
        ] {
            assert_eq!(since(text, now).unwrap(), at(begin), "{text}");
        }
        for text in [
            "",
            "yesterday",
            "2026-13-01",
            "2026-02-30",
            "-7d",
            "7",
            "2026-11-01T10:00:00",
            "20261101",
        ] {
            assert!(since(text, now).is_err(), "{text}");
        }
    }
}
