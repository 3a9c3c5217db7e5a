//! Values inside texts that cite: double brackets that come from data are text, never a citation.

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value};

/// The filter that such a text is given around every value.
pub(super) const FILTER: &str = "__quoted";

/// A value whose texts hold no double brackets; what is no text stays as it is.
pub(super) fn filter(value: Value) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None | ValueKind::Bool | ValueKind::Number => Ok(value),
        _ => {
            let mut json = serde_json::to_value(&value).map_err(|e| {
                Error::new(ErrorKind::BadSerialization, "cannot be written as JSON").with_source(e)
            })?;
            quote(&mut json);
            Ok(super::scope::view(&json))
        }
    }
}

fn quote(value: &mut crate::value::Value) {
    use crate::value::Value as Json;
    match value {
        Json::String(text) => *text = parted(text),
        Json::Array(items) => items.iter_mut().for_each(quote),
        Json::Object(fields) => fields.values_mut().for_each(quote),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// Brackets that stand together, apart.
fn parted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = None;
    for c in text.chars() {
        if matches!(c, '[' | ']') && before == Some(c) {
            out.push(' ');
        }
        out.push(c);
        before = Some(c);
    }
    out
}
