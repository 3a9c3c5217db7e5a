//! Who judges the answers of a step by more than their schema.

use crate::value::Value;

/// Answers of a model that is asked for a plan or a decision, the first included.
pub(super) const TRIES: u32 = 3;

/// Judges answers that fit their schema. What it finds wrong goes back to the model, at most twice.
pub trait Judge: Send + Sync {
    /// What is wrong with an answer, a line for each fault, in words for the model.
    fn judge(&self, answer: &Value) -> Result<(), String>;
}
