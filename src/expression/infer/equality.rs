//! `never-equal`: comparisons whose result is known before anything runs, because one side can never be the other.

use minijinja::machinery::Span;

use super::Typer;
use crate::diagnostic::suggest;
use crate::expression::analysis::problem;
use crate::expression::types::Type;

impl Typer<'_> {
    pub(super) fn never_equal(&mut self, left: &Type, right: &Type, span: Span) {
        // A single word is mostly the one that was written out, whichever side it stands on.
        let written_first = matches!((left, right), (Type::Words(one), Type::Words(other)) if one.len() == 1 && other.len() > 1);
        let (known, written) = if written_first { (right, left) } else { (left, right) };
        self.apart(known, written, span);
    }

    /// `value in [...]`, where no item can be the value.
    pub(super) fn never_in(&mut self, left: &Type, right: &Type, span: Span) {
        if let Type::List(items) = right {
            self.apart(left, items, span);
        }
    }

    fn apart(&mut self, known: &Type, written: &Type, span: Span) {
        if let Some((message, help)) = apart(known, written) {
            self.problems.push(problem("never-equal", &message, Some(help), span));
        }
    }
}

/// Why two values are never equal, and what is meant instead.
fn apart(known: &Type, written: &Type) -> Option<(String, String)> {
    if let (Type::Words(known), Type::Words(written)) = (known, written) {
        if known.intersection(written).next().is_some() {
            return None;
        }
        let listed: Vec<String> = written.iter().map(|word| format!("`{word}`")).collect();
        let help = suggest(written.first()?, known.iter().map(String::as_str), "values");
        return Some((format!("this is never {}", listed.join(" or ")), help));
    }
    let (text, other) = if known.is_text() { (known, written) } else { (written, known) };
    if !text.is_text() {
        return None;
    }
    let help = match other {
        Type::Number(_) => "numbers go without quotes; `| float` makes one of a text",
        Type::Boolean => "write `value` or `not value` alone: true and false are no texts",
        Type::Fields(_) => "compare one of its fields",
        Type::List(_) => "write `'text' in list`",
        Type::Any | Type::Null | Type::Text | Type::Words(_) => return None,
    };
    Some((format!("a text is never equal to {}", other.describe()), help.to_owned()))
}
