//! Step kind `compute`: arithmetic over what is known. No model, no clock, nothing outside.

use indexmap::IndexMap;

use crate::event::Fault;
use crate::expression::{Scope, Template, view};
use crate::value::Object;

use super::Done;

/// Evaluates the expressions in order; each reads the names before it.
pub(in crate::run) fn evaluate(
    values: &IndexMap<String, Template>,
    scope: &Scope,
) -> Result<Done, Fault> {
    let mut scope = scope.clone();
    let mut output = Object::new();
    for (name, template) in values {
        let value = template
            .render(&scope)
            .map_err(|fault| Fault { message: format!("`{name}`: {}", fault.message), ..fault })?;
        scope.set(name, view(&value));
        output.insert(name.clone(), value);
    }
    Ok(Done::of(output.into()))
}
