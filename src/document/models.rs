//! What the schema of a model cannot say: an address that is one of its calls, and a length that leaves no room for a question.

use super::check::Checker;
use crate::value::{Value, pointer_segment};

/// What the engine itself adds to the address of a server.
const CALLS: [&str; 4] = ["/chat/completions", "/completions", "/responses", "/messages"];

impl Checker<'_> {
    /// Values of models that each may be, and that together or to their end mean nothing.
    pub(super) fn models(&mut self, project: &Value) {
        let models = project.get("models").and_then(Value::as_object).into_iter().flatten();
        for (name, model) in models {
            let pointer = format!("/models/{}", pointer_segment(name));
            let address = model.get("base_url").and_then(Value::as_str).unwrap_or_default();
            let address = address.trim_end_matches('/');
            if let Some(base) = CALLS.iter().find_map(|call| address.strip_suffix(call)) {
                let span = self.value_span(&format!("{pointer}/base_url"));
                let message = "the address is that of one call".to_owned();
                let help = format!("write `{base}`: the engine adds the rest");
                self.report("invalid-value", message, Some(help), span);
            }
            let tokens = |key: &str| model.get(key).and_then(Value::as_u64);
            if let (Some(answer), Some(all)) = (tokens("max_tokens"), tokens("context_window"))
                && answer >= all
            {
                let span = self.value_span(&format!("{pointer}/max_tokens"));
                let message = format!(
                    "an answer of {answer} tokens leaves no room for a question in a `context_window` of {all}"
                );
                let help = "give less than `context_window`, which question and answer share";
                self.report("invalid-value", message, Some(help.to_owned()), span);
            }
        }
    }
}
