//! JSON and JSONB. Their numbers may have more digits than the engine's: such a number becomes a text with all of them, as a
//! NUMERIC does.

use super::numeric;
use super::wire::BROKEN;
use crate::value::Value;

/// More digits than these a double may not give back.
const DIGITS: usize = 15;

/// A JSON text.
pub(super) fn value(raw: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(raw).map_err(|_| BROKEN)?;
    serde_json::from_str(&exact(text)).map_err(|_| BROKEN.to_owned())
}

/// The same JSON, with numbers that would lose digits in quotes.
fn exact(text: &str) -> String {
    let mut exact = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_number = first == '-' || first.is_ascii_digit();
        let length = match first {
            '"' => quoted(rest),
            _ if is_number => {
                let part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
                rest.find(|c| !part(c)).unwrap_or(rest.len())
            }
            other => other.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        let mark = if is_number && !keeps(token) { "\"" } else { "" };
        exact.extend([mark, token, mark]);
        rest = after;
    }
    exact
}

/// The length of a text with its quotes.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, char)| {
        let ends = *char == '"' && !escaped;
        escaped = *char == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

/// Whether a number keeps its digits.
fn keeps(number: &str) -> bool {
    let Some((digits, _)) = number.split_once(['e', 'E']) else {
        return numeric::number(number).is_some();
    };
    let finite = number.parse::<f64>().is_ok_and(|double| double.is_finite() && double != 0.0);
    finite && digits.bytes().filter(u8::is_ascii_digit).count() <= DIGITS
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn long_numbers_keep_their_digits() {
        let cases = [
            (
                r#"{"a": [1, -2.50, 0.1, 9223372036854775807], "b": "12345678901234567890123, \" 1.5"}"#,
                json!({"a": [1, -2.5, 0.1, i64::MAX], "b": "12345678901234567890123, \" 1.5"}),
            ),
            ("12345678901234567890123", json!("12345678901234567890123")),
            (
                "[-0.12345678901234567891,18446744073709551615]",
                json!(["-0.12345678901234567891", u64::MAX]),
            ),
            (
                r#"{"1234567890123456789012": 1e3, "b\\": 1e400, "c": 1.2345678901234567e3}"#,
                json!({"1234567890123456789012": 1000.0, "b\\": "1e400", "c": "1.2345678901234567e3"}),
            ),
            (r#"[true, null, "\\", 7]"#, json!([true, null, "\\", 7])),
        ];
        for (text, wanted) in cases {
            assert_eq!(value(text.as_bytes()), Ok(wanted), "{text}");
        }
        for broken in ["", "{", "\"", "\"\\", "[1 2]"] {
            assert!(value(broken.as_bytes()).is_err(), "{broken}");
        }
    }
}
