//! The one minijinja environment: strict, fuelled, with the filters of this project.

use std::sync::LazyLock;

use minijinja::value::ValueKind;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value,
};

use super::{address, fence, filters, missing, quoted, written};

/// Instructions that one rendering may take: a table of 10,000 rows fits, an endless loop does not.
const FUEL: u64 = 5_000_000;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_formatter(write_value);
    filters::register(&mut environment);
    environment.add_filter(fence::FILTER, fence::filter);
    environment.add_filter(address::FILTER, address::filter);
    environment.add_filter(quoted::FILTER, quoted::filter);
    environment.add_filter(missing::FILTER, missing::at);
    environment.add_filter(written::FILTER, written::filter);
    environment
});

/// The environment that all texts are compiled in.
pub(super) fn environment() -> &'static Environment<'static> {
    &ENVIRONMENT
}

/// Writes a value into a text: strings as they are, lists and maps as JSON.
fn write_value(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    match value.kind() {
        ValueKind::Undefined => minijinja::escape_formatter(out, state, value),
        ValueKind::String => write(out, value.as_str().unwrap_or_default()),
        _ => write(out, &as_text(value)?),
    }
}

fn write(out: &mut Output<'_>, text: &str) -> Result<(), Error> {
    out.write_str(text)
        .map_err(|e| Error::new(ErrorKind::WriteFailure, "cannot write").with_source(e))
}

/// A value as text: strings as they are, `none`, JSON for everything else.
pub(super) fn as_text(value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::String => Ok(value.as_str().unwrap_or_default().to_owned()),
        ValueKind::None => Ok("none".to_owned()),
        ValueKind::Number => Ok(value.to_string()),
        _ => serde_json::to_string(value).map_err(|e| {
            Error::new(ErrorKind::BadSerialization, "cannot be written as JSON").with_source(e)
        }),
    }
}

/// Whether a filter of this name exists.
pub(super) fn has_filter(name: &str) -> bool {
    probe(&format!("none|{name}"), ErrorKind::UnknownFilter)
}

/// Whether a test of this name exists.
pub(super) fn has_test(name: &str) -> bool {
    probe(&format!("none is {name}"), ErrorKind::UnknownTest)
}

/// Minijinja keeps its tables of names to itself, so a name is tried out.
fn probe(expression: &str, unknown: ErrorKind) -> bool {
    let environment = environment();
    match environment.compile_expression(expression).and_then(|e| e.eval(())) {
        Ok(_) => true,
        Err(error) => error.kind() != unknown,
    }
}

/// Whether a function of this name exists.
pub(super) fn has_function(name: &str) -> bool {
    environment().globals().any(|(global, _)| global == name)
}
