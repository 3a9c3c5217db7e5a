//! Texts whose templates only name values, which most prompts are: rendered without compiling anything.

use minijinja::machinery::ast::{Expr, Stmt};
use serde::{Deserialize, Serialize};

use super::Scope;
use super::analysis::Emit;
use super::environment::as_text;
use super::fence;
use super::parse::parse;

/// A text in parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlainText {
    /// The same as a template, for what the parts cannot do.
    source: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    Text(String),
    /// A dotted name, and the step whose data it is.
    Value(Vec<String>, Option<String>),
}

impl PlainText {
    /// The parts of a template, if it only names values. `fenced` is the same template with its fences.
    pub(super) fn of(source: &str, fenced: &str, emits: &[Emit]) -> Option<Self> {
        let Ok(Stmt::Template(tree)) = parse(source) else {
            return None;
        };
        let mut emits = emits.iter();
        let part = |statement: &Stmt<'_>| match statement {
            Stmt::EmitRaw(raw) => Some(Part::Text(raw.raw.to_owned())),
            Stmt::EmitExpr(emit) => {
                let data = emits.next()?.sources.first().cloned();
                let name = dotted(&emit.expr)?;
                let global = matches!(name.first().map(String::as_str), Some("params" | "steps"));
                global.then_some(Part::Value(name, data))
            }
            _ => None,
        };
        let parts = tree.children.iter().map(part).collect::<Option<Vec<Part>>>()?;
        Some(Self { source: fenced.to_owned(), parts })
    }

    /// The text; none where a value is missing.
    pub(super) fn render(&self, scope: &Scope) -> Option<String> {
        let mut text = String::with_capacity(self.source.len());
        for part in &self.parts {
            match part {
                Part::Text(raw) => text.push_str(raw),
                Part::Value(name, data) => {
                    let value = scope.get(name)?;
                    let value = match data {
                        Some(source) => fence::filter(value, source).ok()?,
                        None => value,
                    };
                    text.push_str(&as_text(&value).ok()?);
                }
            }
        }
        Some(text)
    }

    /// The same as a template.
    pub(super) fn source(&self) -> &str {
        &self.source
    }
}

fn dotted(expression: &Expr<'_>) -> Option<Vec<String>> {
    match expression {
        Expr::Var(node) => Some(vec![node.id.to_owned()]),
        Expr::GetAttr(node) => {
            let mut path = dotted(&node.expr)?;
            path.push(node.name.to_owned());
            Some(path)
        }
        _ => None,
    }
}
