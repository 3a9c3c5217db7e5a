//! Values inside addresses of the web: percent-encoded, so that they change nothing but their own place.

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value};

use super::environment::as_text;

/// The filter that an address's template is given around every value.
pub(super) const FILTER: &str = "__address";

/// Writes a value so that it is one piece of an address: whatever is no letter, digit, `-`, `.`, `_` or `~` is encoded.
pub(super) fn filter(value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::String | ValueKind::Number | ValueKind::Bool => Ok(encoded(&as_text(value)?)),
        kind => Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("a value of type {kind} cannot stand in an address"),
        )),
    }
}

fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
