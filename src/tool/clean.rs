//! What comes back, without the secrets that were sent.

use secrecy::SecretString;

use crate::value::Value;
use crate::wire::{one_line, scrubbed};

/// A text without any of these secrets.
pub(super) fn without_secrets<'s>(
    text: String,
    secrets: impl IntoIterator<Item = &'s SecretString>,
) -> String {
    secrets.into_iter().fold(text, |text, secret| scrubbed(text, secret, "[secret]"))
}

/// A text of a server as messages show it. It is cleaned before it is cut: the half of a secret is one too.
pub(super) fn told<'s>(
    text: impl Into<String>,
    secrets: impl IntoIterator<Item = &'s SecretString>,
) -> String {
    one_line(&without_secrets(text.into(), secrets))
}

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
