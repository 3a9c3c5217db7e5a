//! Conditions that are the same whatever they read.

use minijinja::machinery::ast::{BinOpKind, Expr, UnaryOpKind};

use super::parse::parse_expr;

use super::{Scope, analyse_expression, evaluate_condition};

/// Whether a condition always holds, or never does; none where it depends on what it reads.
pub fn constant_condition(source: &str) -> Option<bool> {
    if analyse_expression(source).reads.is_empty() {
        return evaluate_condition(source, &Scope::default()).ok();
    }
    decided(&parse_expr(source).ok()?)
}

/// `x == 'a' or 'b'` holds whatever `x` is: a text that is not empty counts as true.
fn decided(expression: &Expr<'_>) -> Option<bool> {
    match expression {
        Expr::Const(node) => Some(node.value.is_true()),
        Expr::UnaryOp(node) if matches!(node.op, UnaryOpKind::Not) => {
            decided(&node.expr).map(|holds| !holds)
        }
        Expr::BinOp(node) => {
            let (left, right) = (decided(&node.left), decided(&node.right));
            let deciding = match node.op {
                BinOpKind::ScOr => true,
                BinOpKind::ScAnd => false,
                _ => return None,
            };
            match (left, right) {
                (Some(one), _) | (_, Some(one)) if one == deciding => Some(deciding),
                (Some(_), Some(_)) => Some(!deciding),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_alone_is_found() {
        for (condition, found) in [
            ("params.a == 'x' or 'y'", Some(true)),
            ("'y' or params.a", Some(true)),
            ("params.a and false", Some(false)),
            ("not (params.a or 1)", Some(false)),
            ("1 > 2", Some(false)),
            ("params.a or ''", None),
            ("params.a in ['x', 'y']", None),
        ] {
            assert_eq!(constant_condition(condition), found, "{condition}");
        }
    }
}
