//! Values that flow between steps: plain JSON, paths into it, and durations as people write them.

use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What params, outputs and evidence are made of.
pub type Value = serde_json::Value;

/// A JSON object in the order it was written.
pub type Object = serde_json::Map<String, Value>;

/// The JSON name of a value's type, as messages say it.
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Whether a value is what is there without anybody saying so, so that documents need not hold it.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The value at a dotted path (`a.0.b`); an array is entered by index.
pub fn at_path<'v>(root: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(root, |value, segment| match value {
        Value::Object(object) => object.get(*segment),
        Value::Array(items) => items.get(segment.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

/// A key as a segment of a JSON pointer (RFC 6901).
pub fn pointer_segment(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Every text inside a value, in order, with its JSON pointer below `pointer`.
pub fn each_text<'v>(value: &'v Value, pointer: &str, each: &mut impl FnMut(&'v str, &str)) {
    match value {
        Value::String(text) => each(text, pointer),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                each_text(item, &format!("{pointer}/{index}"), each);
            }
        }
        Value::Object(object) => {
            for (key, item) in object {
                each_text(item, &format!("{pointer}/{}", pointer_segment(key)), each);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Microseconds as milliseconds, with the rest behind the point.
#[expect(clippy::cast_precision_loss, reason = "f64 loses microseconds only after 285 years")]
pub fn millis(us: i64) -> f64 {
    us as f64 / 1000.0
}

/// Milliseconds that something took, without the rest.
pub fn whole_millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

/// Bytes as lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.filter_map(|half| char::from_digit(half.into(), 16)).collect()
}

/// The sum of numbers. That of none is 0, not the -0 that the standard library gives.
pub fn sum(numbers: impl IntoIterator<Item = f64>) -> f64 {
    numbers.into_iter().fold(0.0, std::ops::Add::add)
}

/// A value as people write it: a text without quotes, anything else as JSON.
pub fn unquoted(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A value as models are told it: decimals to six significant digits, and to hundredths at least. What a model needs of
/// 0.6184216037 is told by 0.618422, in half the tokens; evidence keeps the value as it is.
pub fn told(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            number.as_f64().map_or(Value::Null, |number| Value::from(six_digits(number)))
        }
        Value::Array(items) => items.iter().map(told).collect(),
        Value::Object(object) => {
            object.iter().map(|(key, item)| (key.clone(), told(item))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// A number to six significant digits, or to hundredths where that is more.
fn six_digits(number: f64) -> f64 {
    if number == 0.0 || !number.is_finite() {
        return number;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the exponent of a double is a small integer"
    )]
    let before = number.abs().log10().floor() as i32 + 1;
    let decimals = usize::try_from(6 - before).unwrap_or_default().max(2);
    // By way of text: a power of ten times the number would bring in an error of its own.
    format!("{number:.decimals$}").parse().unwrap_or(number)
}

/// A text on one line, each run of blanks as one.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A number of things in words: `1 step`, `2 steps`.
pub fn counted<N: Copy + fmt::Display + PartialEq + From<u8>>(count: N, thing: &str) -> String {
    let plural = if count == N::from(1) { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// A duration as written in YAML: `500ms`, `30s`, `5m`, `2h`, `1d`, or several of them (`1m30s`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HumanDuration(pub Duration);

impl HumanDuration {
    /// Reads a duration; the error says what is accepted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fault = || {
            format!(
                "`{text}` is no duration: write a number and a unit, such as 500ms, 30s, 5m, 2h or 1d"
            )
        };
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(fault());
        }
        let mut total = Duration::ZERO;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(fault)?;
            let (number, tail) = rest.split_at(digits);
            let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(letters);
            let seconds_per_unit = match unit {
                "ms" => 0.001,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                "d" => 86400.0,
                _ => return Err(fault()),
            };
            let number: f64 = number.parse().map_err(|_| fault())?;
            let part =
                Duration::try_from_secs_f64(number * seconds_per_unit).map_err(|_| fault())?;
            total = total.checked_add(part).ok_or_else(fault)?;
            rest = tail;
        }
        Ok(Self(total))
    }
}

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        match () {
            () if millis != 0 && millis.is_multiple_of(3_600_000) => {
                write!(f, "{}h", millis / 3_600_000)
            }
            () if millis != 0 && millis.is_multiple_of(60_000) => write!(f, "{}m", millis / 60_000),
            () if millis.is_multiple_of(1000) => write!(f, "{}s", millis / 1000),
            () => write!(f, "{millis}ms"),
        }
    }
}

impl<'de> Deserialize<'de> for HumanDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

impl Serialize for HumanDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// In documents a duration is longer than nothing: a bound of `0s` would let nothing through.
impl JsonSchema for HumanDuration {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A duration: a number above 0 and a unit (ms, s, m, h, d).",
            "pattern": r"^(?=.*[1-9])([0-9]{1,9}(\.[0-9]+)?(ms|s|m|h|d))+$",
            "examples": ["500ms", "30s", "5m"],
        })
    }
}

/// The shape of a duration that may be none at all: waits, where `0s` means at once.
pub struct Wait;

impl JsonSchema for Wait {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Wait".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A duration: a number and a unit (ms, s, m, h, d); `0s` for none.",
            "pattern": r"^([0-9]{1,9}(\.[0-9]+)?(ms|s|m|h|d))+$",
            "examples": ["500ms", "2s", "0s"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_told_what_of_a_number_they_can_use() {
        let value = serde_json::json!({
            "share": 0.618_421_603_7, "mean": 1_234_567.891, "small": 0.000_012_345_678, "whole": 123_456_789,
            "list": [-27.345_678, 0.5, 0.0, "as it is", null]
        });
        let told = told(&value).to_string();
        let expected = r#"{"share":0.618422,"mean":1234567.89,"small":0.0000123457,"whole":123456789,"list":[-27.3457,0.5,0.0,"as it is",null]}"#;
        assert_eq!(told, expected);
    }
    use serde_json::json;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, millis) in
            [("500ms", 500), ("30s", 30_000), ("1m30s", 90_000), ("1.5h", 5_400_000)]
        {
            assert_eq!(HumanDuration::parse(text).unwrap().0.as_millis(), millis, "{text}");
        }
        for text in ["", "5", "s", "5 m", "-1s", "1e9d", "5min", "99999999999999999999d"] {
            assert!(HumanDuration::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_path_enters_objects_and_arrays() {
        let value = json!({"rows": [{"roas": 2.5}]});
        assert_eq!(at_path(&value, &["rows", "0", "roas"]), Some(&json!(2.5)));
        assert_eq!(at_path(&value, &["rows", "1", "roas"]), None);
        assert_eq!(at_path(&value, &["rows", "x"]), None);
    }
}
