//! `type-mismatch`: values in expressions that no number can be made of where one is needed.

use minijinja::machinery::Span;

use super::Typer;
use crate::expression::analysis::problem;
use crate::expression::types::Type;

impl Typer<'_> {
    /// Whether arithmetic cannot take a value.
    pub(super) fn no_operand(&mut self, found: &Type, verb: &str, span: Span) -> bool {
        let is_list = matches!(found, Type::List(_)) && verb != "added" && verb != "multiplied";
        let misfit = is_list || found.is_text() || matches!(found, Type::Fields(_) | Type::Boolean);
        if misfit {
            self.misfit(&format!("{} cannot be {verb}", found.describe()), Some(found), span);
        }
        misfit
    }

    /// A text and a number, of which one is to be the greater.
    pub(super) fn no_order(&mut self, left: &Type, right: &Type, span: Span) {
        let is_number = |found: &Type| matches!(found, Type::Number(_));
        if left.is_text() && is_number(right) || is_number(left) && right.is_text() {
            self.misfit("a text and a number have no order", None, span);
        }
    }

    /// A filter that writes numbers, and what is none.
    pub(super) fn no_figure(&mut self, filter: &str, found: &Type, span: Span) {
        if found.is_text() || matches!(found, Type::Boolean | Type::Fields(_)) {
            let message = format!("`{filter}` writes numbers, and this is {}", found.describe());
            self.misfit(&message, Some(found), span);
        }
    }

    pub(super) fn no_sign(&mut self, span: Span) {
        self.misfit("a text has no sign", None, span);
    }

    fn misfit(&mut self, message: &str, found: Option<&Type>, span: Span) {
        let help = match found {
            Some(Type::Fields(_)) => "use a number here: one of its fields",
            Some(Type::List(_)) => "use a number here, such as `values | sum`",
            Some(Type::Boolean) => "use a number here, such as `1 if value else 0`",
            _ => "use a number here, or turn the text into one with `| float`",
        };
        self.problems.push(problem("type-mismatch", message, Some(help.to_owned()), span));
    }
}
