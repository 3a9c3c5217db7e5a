//! What comes back, without the secrets that were sent.

use crate::value::Value;

/// A value whose texts were cleaned, the names in it among them.
pub(super) fn without(value: Value, clean: &impl Fn(String) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(clean(text)),
        Value::Array(items) => items.into_iter().map(|item| without(item, clean)).collect(),
        Value::Object(object) => {
            object.into_iter().map(|(name, value)| (clean(name), without(value, clean))).collect()
        }
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
    }
}
