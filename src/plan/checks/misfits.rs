//! `type-mismatch` of values that are handed on: arguments, defaults of params, and lists that steps are done for.

use crate::diagnostic::Diagnostic;
use crate::document::{Param, ParamType};
use crate::expression::Type;
use crate::plan::types;

/// Why what an argument gives cannot be a param's value, if it cannot. `written` tells whether the value itself stands
/// there, and no template.
pub(in crate::plan) fn argument(
    name: &str,
    param: &Param,
    found: &Type,
    written: bool,
) -> Option<Diagnostic> {
    if types::fits(param.kind, found) {
        return None;
    }
    let message = format!("`{name}` needs {}, this is {}", param.kind.describe(), found.describe());
    let help = match (found, written) {
        (Type::Text | Type::Words(_), true) if param.kind == ParamType::Boolean => {
            "write `true` or `false`, without quotes"
        }
        (Type::Text | Type::Words(_), true) => "numbers and booleans go without quotes",
        (Type::Text | Type::Words(_), false) => {
            "a value that is one whole `{{ ... }}` keeps its type"
        }
        (Type::Number(_), true) => "put it into quotes",
        (Type::Number(_), false) => "write it with a filter: `{{ value | string }}`",
        _ => "give a value of that type",
    };
    Some(Diagnostic::new("type-mismatch", message).help(help))
}

/// The fault of what a step is done for, where that is no list.
pub(super) fn no_list(found: &Type) -> Option<Diagnostic> {
    let message = format!("`for_each` needs a list, this is {}", found.describe());
    let help = "give it the output of a tool that returns rows, or a list";
    let may_be = matches!(found, Type::List(_) | Type::Any);
    (!may_be).then(|| Diagnostic::new("type-mismatch", message).help(help))
}
