//! `type-mismatch` of values that are handed on: arguments, defaults of params, and lists that steps are done for.

use crate::diagnostic::Diagnostic;
use crate::document::{Param, ParamType, switch};
use crate::expression::Type;
use crate::plan::{meant, types};
use crate::value::Value;

/// Why what an argument gives cannot be a param's value, if it cannot. `written` is the value where it stands there itself, and
/// no template.
pub(in crate::plan) fn argument(
    name: &str,
    param: &Param,
    found: &Type,
    written: Option<&Value>,
) -> Option<Diagnostic> {
    if types::fits(param.kind, found) {
        return None;
    }
    let message = format!("`{name}` needs {}, this is {}", param.kind.describe(), found.describe());
    let is_number = matches!(param.kind, ParamType::Number | ParamType::Integer);
    let amount = written.and_then(Value::as_str).filter(|_| is_number).and_then(meant::amount);
    let help = match (found, written.is_some()) {
        _ if let Some(amount) = amount => format!("write {amount}, without quotes and signs"),
        (_, true) if let Some(word) = written.and_then(Value::as_str) => of_text(param.kind, word),
        (found, true) => of_written(param.kind, found).to_owned(),
        (Type::Text | Type::Words(_), false) => {
            "a value that is one whole `{{ ... }}` keeps its type".to_owned()
        }
        (Type::Number(_), false) => "write it with a filter: `{{ value | string }}`".to_owned(),
        (_, false) => "give a value of that type".to_owned(),
    };
    Some(Diagnostic::new("type-mismatch", message).help(help))
}

/// What to write instead of a text where something else is needed.
fn of_text(wanted: ParamType, word: &str) -> String {
    match wanted {
        ParamType::Integer => "give a whole number, such as 12".to_owned(),
        ParamType::Number => "give a number, such as 250000".to_owned(),
        ParamType::Boolean => match switch(word) {
            Some(meant) => format!("write `{meant}`"),
            None => "write `true` or `false`, without quotes".to_owned(),
        },
        ParamType::Array | ParamType::Object | ParamType::String => {
            of_written(wanted, &Type::Text).to_owned()
        }
    }
}

/// What to write instead of a value of the wrong type.
fn of_written(wanted: ParamType, found: &Type) -> &'static str {
    match (wanted, found) {
        (ParamType::Array, _) => "write a list: [a, b]",
        (ParamType::Object, _) => "write a map: {a: b}",
        (ParamType::Boolean, _) => "write `true` or `false`",
        (_, Type::Number(_)) => "put it into quotes",
        _ => "give a value of that type",
    }
}

/// The fault of what a step is done for, where that is no list.
pub(super) fn no_list(found: &Type) -> Option<Diagnostic> {
    let message = format!("`for_each` needs a list, this is {}", found.describe());
    let help = "give it the output of a tool that returns rows, or a list";
    let may_be = matches!(found, Type::List(_) | Type::Any);
    (!may_be).then(|| Diagnostic::new("type-mismatch", message).help(help))
}
