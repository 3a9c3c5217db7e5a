//! Fields of what is not there: `steps.x.output.field | default(0)` takes its default also when step x was skipped.
//!
//! minijinja is strict for good reason: no field of nothing can be read. A text that says what is to stand there instead
//! has thought of it, so the names that it guards are looked up as a whole, and are undefined wherever they end.

use std::borrow::Cow;
use std::fmt::Write as _;

use minijinja::Value;

use super::{Analysis, Root, analyse_expression, analyse_template};

/// The filter that looks up a whole name below `steps`.
pub(super) const FILTER: &str = "__at";

/// An expression with the names that it guards looked up as a whole.
pub(super) fn in_expression(source: &str) -> Cow<'_, str> {
    guarded(source, analyse_expression)
}

/// The same of a template.
pub(super) fn in_template(source: &str) -> Cow<'_, str> {
    guarded(source, analyse_template)
}

fn guarded(source: &str, analyse: fn(&str) -> Analysis) -> Cow<'_, str> {
    let may_guard = ["default", "defined", "status", "|d", "| d"];
    if !may_guard.iter().any(|word| source.contains(word)) {
        return Cow::Borrowed(source);
    }
    let mut reads = analyse(source).reads;
    // Of `steps.x.output` itself minijinja knows that it may be missing.
    reads.retain(|read| read.guarded && read.root == Root::Steps && read.path.len() > 2);
    if reads.is_empty() {
        return Cow::Borrowed(source);
    }
    reads.sort_by_key(|read| read.range.start);
    let (mut text, mut copied) = (String::with_capacity(source.len() + 64), 0);
    for read in reads.iter().filter(|read| read.path.iter().all(|s| !s.contains(['"', '\\']))) {
        text.push_str(source.get(copied..read.range.start).unwrap_or_default());
        // Writing to a string cannot fail.
        let _ = write!(text, "(steps|{FILTER}(\"{}\"))", read.path.join("\", \""));
        copied = read.range.end;
    }
    text.push_str(source.get(copied..).unwrap_or_default());
    Cow::Owned(text)
}

/// The value at a path; undefined where the path leads nowhere.
pub(super) fn at(steps: &Value, path: minijinja::value::Rest<String>) -> Value {
    let mut found = steps.clone();
    for segment in path.0 {
        let below = match segment.parse::<i64>() {
            Ok(index) if found.kind() == minijinja::value::ValueKind::Seq => {
                found.get_item(&Value::from(index))
            }
            _ => found.get_attr(&segment),
        };
        found = below.unwrap_or(Value::UNDEFINED);
        if found.is_undefined() {
            break;
        }
    }
    found
}
