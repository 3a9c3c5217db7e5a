//! The items of a step with `for_each`.

use std::sync::Arc;

use crate::event::Fault;
use crate::expression::{Scope, View, view};
use crate::plan::ForEach;
use crate::value::{Value, type_name};

/// Items of one step, at most: each is a step of its own, with events and a state.
const MOST: usize = 100_000;

/// The items as texts see them.
pub(in crate::run) fn of(for_each: &ForEach, scope: &Scope) -> Result<Arc<[View]>, Fault> {
    let value = for_each
        .items
        .render(scope)
        .map_err(|fault| Fault { message: format!("for_each: {}", fault.message), ..fault })?;
    match value {
        Value::Array(items) if items.len() > MOST => {
            let message = format!("for_each: {} items are too many", items.len());
            Err(Fault::new("too-many-items", message).help(format!("give it {MOST} at most")))
        }
        Value::Array(items) => Ok(items.iter().map(view).collect()),
        other @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Object(_)) => {
            let message = format!("for_each needs a list, this is {}", type_name(&other));
            Err(Fault::new("not-a-list", message).help("give it rows, or a list"))
        }
    }
}
