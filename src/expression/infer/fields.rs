//! `unknown-field`: fields that a value does not have whose own fields are known: an item, a row of a loop, what was
//! computed. Names below `steps` are held against what steps give before any type is reckoned.

use minijinja::machinery::Span;

use super::Typer;
use crate::diagnostic::suggest;
use crate::expression::analysis::{Root, problem};
use crate::expression::types::Type;

impl Typer<'_> {
    /// The type of a dotted name.
    pub(super) fn named(&mut self, root: &str, path: &[String], span: Span) -> Type {
        let from = Root::of(root);
        // A step gives more than its output, and what a param holds is known by its name.
        let known = match from {
            Root::Local(_) => 0,
            Root::Params => 1,
            Root::Steps => 2,
        };
        let (known, below) = path.split_at(known.min(path.len()));
        let whole = match self.locals.get(root) {
            Some(local) => local.clone(),
            None => (self.lookup)(&from, known),
        };
        if let Some((at, inside)) = whole.missing(below) {
            let before = known.iter().chain(below.iter().take(at)).map(String::as_str);
            let place: Vec<&str> = std::iter::once(root).chain(before).collect();
            let field = below.get(at).map_or("", String::as_str);
            self.no_field(&format!("`{}`", place.join(".")), field, &inside.clone(), span);
        }
        whole.at(below)
    }

    /// The type of a field of a value.
    pub(super) fn field(&mut self, inside: &Type, field: &str, span: Span) -> Type {
        let path = [field.to_owned()];
        if inside.missing(&path).is_some() {
            self.no_field(&format!("this, {},", inside.describe()), field, inside, span);
        }
        inside.at(&path)
    }

    fn no_field(&mut self, place: &str, field: &str, inside: &Type, span: Span) {
        let help = match inside {
            Type::Fields(fields) => suggest(field, fields.keys().map(String::as_str), "fields"),
            Type::List(_) => {
                "it is a list: enter it by index (`.0`), a filter or a loop".to_owned()
            }
            other => format!("it is {}", other.describe()),
        };
        let message = format!("{place} has no `{field}`");
        self.problems.push(problem("unknown-field", &message, Some(help), span));
    }
}
