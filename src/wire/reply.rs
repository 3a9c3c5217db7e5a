//! What servers say, read so that it can be told.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

use crate::value::Value;

/// As much of a server's own words as is shown.
const LONGEST_QUOTE: usize = 300;

/// The object that describes the error: `error` in most protocols, in a list in some.
pub(crate) fn error_of(body: &Value) -> &Value {
    let body = body.get(0).unwrap_or(body);
    body.get("error").unwrap_or(body)
}

/// What the server said, as far as it said something for people.
pub(crate) fn quoted(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    if text.trim_start().starts_with('<') {
        let title = text.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
        return title.map_or_else(
            || "a page instead of JSON".to_owned(),
            |(title, _)| format!("a page instead of JSON, titled `{}`", title.trim()),
        );
    }
    let json: Option<Value> = serde_json::from_str(&text).ok();
    let error = json.as_ref().map(error_of);
    let words = error.and_then(|error| {
        ["/message", "/detail", "/detail/0/msg", "/error"]
            .iter()
            .find_map(|at| error.pointer(at)?.as_str())
    });
    words.or_else(|| error?.as_str()).map_or_else(|| text.clone().into_owned(), str::to_owned)
}

/// A text of a server on one line, and not too long.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::new();
    for word in
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty())
    {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > LONGEST_QUOTE {
            line.truncate(line.floor_char_boundary(LONGEST_QUOTE));
            line.push('…');
            break;
        }
    }
    line
}

/// How long the server asks to wait: in milliseconds, in seconds, or until a date by its own clock.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text =
        |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let seconds = |text: &str, unit: f64| {
        text.parse::<f64>().ok().and_then(|number| Duration::try_from_secs_f64(number * unit).ok())
    };
    let millis = text(HeaderName::from_static("retry-after-ms"));
    if let Some(wait) = millis.and_then(|millis| seconds(millis, 0.001)) {
        return Some(wait);
    }
    let after = text(RETRY_AFTER)?;
    seconds(after, 1.0).or_else(|| {
        let date =
            |text: &str| DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok();
        let now = text(DATE).and_then(date).unwrap_or_else(Timestamp::now);
        Some(Duration::try_from(date(after)?.duration_since(now)).unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_read_in_all_its_forms() {
        let wait = |headers: &[(&'static str, &str)]| {
            let pairs = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
            retry_after(&pairs.collect()).map(|wait| wait.as_millis())
        };
        assert_eq!(wait(&[]), None);
        assert_eq!(wait(&[("retry-after", "2")]), Some(2000));
        assert_eq!(wait(&[("retry-after", "0.25")]), Some(250));
        assert_eq!(wait(&[("retry-after", "7"), ("retry-after-ms", "40")]), Some(40));
        for odd in ["soon", "-1", "NaN", "inf", "1e300"] {
            assert_eq!(wait(&[("retry-after", odd)]), None, "{odd}");
        }
        let date = "Wed, 21 Oct 2026 07:28:30 GMT";
        let server = |now| wait(&[("retry-after", date), ("date", now)]);
        assert_eq!(server("Wed, 21 Oct 2026 07:28:00 GMT"), Some(30_000));
        assert_eq!(server("Wed, 21 Oct 2026 07:29:00 GMT"), Some(0), "it is past");
        assert_eq!(
            wait(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]),
            Some(0),
            "our own clock"
        );
    }

    #[test]
    fn the_words_of_a_server_are_found() {
        for (body, said) in [
            (r#"{"error": {"message": "no", "type": "x"}}"#, "no"),
            (
                r#"{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}"#,
                "Overloaded",
            ),
            (r#"{"error": "model not found"}"#, "model not found"),
            (r#"[{"error": {"message": "in a list"}}]"#, "in a list"),
            (r#"{"object": "error", "message": "flat"}"#, "flat"),
            (r#"{"detail": "Not Found"}"#, "Not Found"),
            (r#"{"detail": [{"msg": "field required"}]}"#, "field required"),
            (
                "<html><head><title> 502 Bad Gateway </title>",
                "a page instead of JSON, titled `502 Bad Gateway`",
            ),
            ("plain", "plain"),
            ("", ""),
        ] {
            assert_eq!(quoted(body.as_bytes()), said, "{body}");
        }
    }
}
