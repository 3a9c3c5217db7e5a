//! The type of what an expression gives, told from its syntax tree, and what is wrong with types: each file below is a
//! rule.

mod equality;
mod fields;
mod misfits;
mod units;

use std::collections::BTreeMap;

use minijinja::machinery::Span;
use minijinja::machinery::ast::{
    BinOp, BinOpKind, CallArg, Compare, CompareOpKind, Expr, Filter, Stmt, UnaryOpKind,
};

use super::analysis::{Problem, Root, name, whole};
use super::parse::{parse, parse_expr};
use super::types::{Type, Unit};

/// The type of a bare expression, and its faults. `lookup` gives the types of names.
pub fn infer_expression(
    source: &str,
    lookup: &dyn Fn(&Root, &[String]) -> Type,
) -> (Type, Vec<Problem>) {
    let mut typer = Typer { lookup, locals: BTreeMap::new(), problems: Vec::new() };
    let found = parse_expr(source).map(|tree| typer.expression(&tree)).unwrap_or_default();
    (found, typer.problems)
}

/// The faults of the expressions in a template. Its own type is that of its only `{{ ... }}`, where it is nothing else.
pub fn infer_template(
    source: &str,
    lookup: &dyn Fn(&Root, &[String]) -> Type,
) -> (Type, Vec<Problem>) {
    let mut typer = Typer { lookup, locals: BTreeMap::new(), problems: Vec::new() };
    let mut whole = Type::Text;
    if let Ok(tree) = parse(source) {
        if let Stmt::Template(template) = &tree
            && let [Stmt::EmitExpr(only)] = template.children.as_slice()
            && source.trim().starts_with("{{")
            && source.trim().ends_with("}}")
        {
            whole = typer.expression(&only.expr);
        } else {
            typer.statement(&tree);
        }
    }
    (whole, typer.problems)
}

struct Typer<'l> {
    lookup: &'l dyn Fn(&Root, &[String]) -> Type,
    /// Names that the text gives itself.
    locals: BTreeMap<String, Type>,
    problems: Vec<Problem>,
}

impl Typer<'_> {
    fn statements(&mut self, statements: &[Stmt<'_>]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::Template(node) => self.statements(&node.children),
            Stmt::EmitExpr(node) => drop(self.expression(&node.expr)),
            Stmt::EmitRaw(_) | Stmt::Do(_) => {}
            Stmt::ForLoop(node) => {
                let element = match self.expression(&node.iter).widened() {
                    Type::List(items) => *items,
                    _ => Type::Any,
                };
                self.assign(&node.target, element);
                self.locals.insert("loop".to_owned(), Type::Any);
                if let Some(filter) = &node.filter_expr {
                    self.expression(filter);
                }
                self.statements(&node.body);
                self.statements(&node.else_body);
            }
            Stmt::IfCond(node) => {
                self.expression(&node.expr);
                self.statements(&node.true_body);
                self.statements(&node.false_body);
            }
            Stmt::WithBlock(node) => {
                for (target, value) in &node.assignments {
                    let found = self.expression(value);
                    self.assign(target, found);
                }
                self.statements(&node.body);
            }
            Stmt::Set(node) => {
                let found = self.expression(&node.expr);
                self.assign(&node.target, found);
            }
            Stmt::SetBlock(node) => {
                self.statements(&node.body);
                self.assign(&node.target, Type::Text);
            }
            Stmt::FilterBlock(node) => self.statements(&node.body),
            Stmt::AutoEscape(node) => self.statements(&node.body),
        }
    }

    /// A name assigned twice may hold either value, in a loop even before its second assignment.
    fn assign(&mut self, target: &Expr<'_>, found: Type) {
        let found = found.widened();
        match target {
            Expr::Var(node) => {
                let known = self.locals.remove(node.id);
                let both = match known {
                    Some(known) if known != found => Type::Any,
                    Some(_) | None => found,
                };
                self.locals.insert(node.id.to_owned(), both);
            }
            Expr::List(node) => node.items.iter().for_each(|item| self.assign(item, Type::Any)),
            Expr::Tuple(node) => node.items.iter().for_each(|item| self.assign(item, Type::Any)),
            _ => {}
        }
    }

    fn expression(&mut self, expression: &Expr<'_>) -> Type {
        if let Some((root, path, _)) = name(expression) {
            return self.named(root, &path, whole(expression));
        }
        match expression {
            Expr::Const(node) => constant(&node.value),
            Expr::Var(_) => Type::Any,
            Expr::GetAttr(node) => {
                let inside = self.expression(&node.expr);
                self.field(&inside, node.name, expression.span())
            }
            Expr::GetItem(node) => {
                self.expression(&node.subscript_expr);
                match self.expression(&node.expr) {
                    Type::List(items) => *items,
                    _ => Type::Any,
                }
            }
            Expr::Slice(node) => self.expression(&node.expr),
            Expr::UnaryOp(node) => match (&node.op, self.expression(&node.expr)) {
                (_, found @ Type::Number(_)) => found,
                (UnaryOpKind::Not, _) => Type::Boolean,
                (UnaryOpKind::Neg, Type::Text | Type::Words(_)) => {
                    self.no_sign(expression.span());
                    Type::NUMBER
                }
                (UnaryOpKind::Neg, _) => Type::Any,
            },
            Expr::BinOp(node) => self.arithmetic(node, expression.span()),
            Expr::Compare(node) => {
                self.comparison(node, expression.span());
                Type::Boolean
            }
            Expr::IfExpr(node) => {
                self.expression(&node.test_expr);
                let branches = std::iter::once(&node.true_expr).chain(&node.false_expr);
                let found = self.one_of(branches);
                if node.false_expr.is_some() { found } else { found.or(Type::Null) }
            }
            Expr::Filter(node) => self.filter(node, expression.span()),
            Expr::Test(node) => {
                self.expression(&node.expr);
                Type::Boolean
            }
            Expr::Call(node) => {
                for argument in &node.args {
                    self.argument(argument);
                }
                Type::Any
            }
            // An empty list may be a list of anything that another branch gives.
            Expr::List(node) if node.items.is_empty() => Type::List(Box::new(Type::Null)),
            Expr::List(node) => Type::List(Box::new(self.one_of(&node.items))),
            Expr::Tuple(node) => Type::List(Box::new(self.one_of(&node.items))),
            Expr::Map(node) => {
                let mut fields = BTreeMap::new();
                for (key, value) in node.keys.iter().zip(&node.values) {
                    let found = self.expression(value);
                    match key {
                        Expr::Const(key) => drop(fields.insert(key.value.to_string(), found)),
                        _ => return Type::Any,
                    }
                }
                Type::Fields(fields)
            }
        }
    }

    /// What is one of several. A number written out counts what the others count: `[spend - left, 0] | max`.
    fn one_of<'e>(&mut self, choices: impl IntoIterator<Item = &'e Expr<'e>>) -> Type {
        let (mut read, mut written) = (None, None);
        for choice in choices {
            let found = self.expression(choice);
            let of = if is_written_number(choice) { &mut written } else { &mut read };
            *of = Some(match of.take() {
                Some(known) => Type::or(known, found),
                None => found,
            });
        }
        match (read, written) {
            (Some(read @ Type::Number(_)), _) => read,
            (Some(read), Some(written)) => read.or(written),
            (one, other) => one.or(other).unwrap_or_default(),
        }
    }

    fn argument(&mut self, argument: &CallArg<'_>) -> Type {
        match argument {
            CallArg::Pos(e)
            | CallArg::Kwarg(_, e)
            | CallArg::PosSplat(e)
            | CallArg::KwargSplat(e) => self.expression(e),
        }
    }

    fn arithmetic(&mut self, node: &BinOp<'_>, span: Span) -> Type {
        let span = from(&node.left, span);
        let (left, right) = (self.expression(&node.left), self.expression(&node.right));
        let verb = match node.op {
            BinOpKind::ScAnd | BinOpKind::ScOr => return left.or(right),
            BinOpKind::In => {
                self.never_in(&left, &right, span);
                return Type::Boolean;
            }
            BinOpKind::Eq | BinOpKind::Ne => {
                self.compared(&left, &right, false, span);
                self.never_equal(&left, &right, span);
                return Type::Boolean;
            }
            BinOpKind::Lt | BinOpKind::Lte | BinOpKind::Gt | BinOpKind::Gte => {
                self.compared(&left, &right, true, span);
                return Type::Boolean;
            }
            BinOpKind::Concat => return Type::Text,
            BinOpKind::Add if left.is_text() && right.is_text() => return Type::Text,
            BinOpKind::Add => "added",
            BinOpKind::Sub => "subtracted",
            BinOpKind::Mul => "multiplied",
            BinOpKind::Div | BinOpKind::FloorDiv | BinOpKind::Rem => "divided",
            BinOpKind::Pow => "raised to a power",
        };
        for (operand, found) in [(&node.left, &left), (&node.right, &right)] {
            if self.no_operand(found, verb, whole(operand)) {
                return Type::NUMBER;
            }
        }
        let (Type::Number(a), Type::Number(b)) = (left, right) else { return Type::Any };
        Type::Number(match node.op {
            BinOpKind::Add | BinOpKind::Sub => self.same_unit(a, b, verb, span),
            BinOpKind::Mul => units::product(a, b),
            // A number written out has no unit of its own: one over a ratio is a ratio.
            BinOpKind::Div if is_written_number(&node.left) => b.filter(Unit::is_ratio),
            BinOpKind::Div => units::quotient(a, b),
            _ => None,
        })
    }

    fn comparison(&mut self, node: &Compare<'_>, span: Span) {
        let span = from(&node.expr, span);
        let mut left = self.expression(&node.expr);
        for operand in &node.ops {
            let right = self.expression(&operand.expr);
            let ordered = matches!(
                operand.op,
                CompareOpKind::Lt | CompareOpKind::Lte | CompareOpKind::Gt | CompareOpKind::Gte
            );
            match operand.op {
                CompareOpKind::In | CompareOpKind::NotIn => self.never_in(&left, &right, span),
                CompareOpKind::Eq | CompareOpKind::Ne => {
                    self.compared(&left, &right, ordered, span);
                    self.never_equal(&left, &right, span);
                }
                _ => self.compared(&left, &right, ordered, span),
            }
            left = right;
        }
    }

    fn compared(&mut self, left: &Type, right: &Type, ordered: bool, span: Span) {
        match (left, right) {
            (Type::Number(a), Type::Number(b)) => {
                self.same_unit(a.clone(), b.clone(), "compared", span);
            }
            _ if ordered => self.no_order(left, right, span),
            _ => {}
        }
    }

    fn filter(&mut self, node: &Filter<'_>, span: Span) -> Type {
        let found = node.expr.as_ref().map(|value| self.expression(value)).unwrap_or_default();
        let arguments: Vec<Type> =
            node.args.iter().map(|argument| self.argument(argument)).collect();
        match node.name {
            "usd" | "number" | "percent" | "ratio" => {
                let place = node.expr.as_ref().map_or(span, whole);
                self.no_figure(node.name, &found, place);
                self.other_unit(node.name, &found, place);
                Type::Text
            }
            "default" | "d" => match arguments.into_iter().next() {
                Some(other) => found.or(other),
                None => found,
            },
            "month" | "table" | "tojson" | "upper" | "lower" | "title" | "capitalize"
            | "replace" | "trim" | "indent" | "join" | "string" | "format" | "pprint" => Type::Text,
            "round" | "abs" | "int" | "float" => match found {
                Type::Number(unit) => Type::Number(unit),
                _ => Type::NUMBER,
            },
            "length" | "count" => Type::NUMBER,
            "bool" => Type::Boolean,
            "first" | "last" | "min" | "max" if arguments.is_empty() => match found {
                Type::List(items) => *items,
                _ => Type::Any,
            },
            "sum" | "min" | "max" if arguments.is_empty() && self.unlike_items(node, span) => {
                Type::NUMBER
            }
            "sum" if arguments.is_empty() => match found {
                Type::List(items) if matches!(*items, Type::Number(_)) => *items,
                _ => Type::NUMBER,
            },
            "sort" | "unique" | "reverse" | "select" | "reject" | "selectattr" | "rejectattr"
            | "list" => match found {
                found @ Type::List(_) => found,
                _ => Type::Any,
            },
            "map" => match (found, node.args.as_slice()) {
                (Type::List(items), [CallArg::Kwarg("attribute", Expr::Const(attribute))]) => {
                    let field = attribute.value.to_string();
                    Type::List(Box::new(self.field(&items, &field, attribute.span())))
                }
                _ => Type::Any,
            },
            _ => Type::Any,
        }
    }
}

/// The place of an operation, from its first operand on: minijinja's may begin with the statement it stands in.
fn from(first: &Expr<'_>, span: Span) -> Span {
    let first = whole(first);
    let before = (span.start_line, span.start_col) < (first.start_line, first.start_col);
    if before && first.start_line == span.end_line {
        Span { start_line: first.start_line, start_col: first.start_col, ..span }
    } else {
        span
    }
}

fn is_written_number(expression: &Expr<'_>) -> bool {
    match expression {
        Expr::Const(node) => constant(&node.value) == Type::NUMBER,
        Expr::UnaryOp(node) => is_written_number(&node.expr),
        _ => false,
    }
}

fn constant(value: &minijinja::Value) -> Type {
    use minijinja::value::ValueKind;
    match value.kind() {
        ValueKind::None | ValueKind::Undefined => Type::Null,
        ValueKind::Bool => Type::Boolean,
        ValueKind::Number => Type::NUMBER,
        ValueKind::String => Type::Words([value.to_string()].into()),
        _ => Type::Any,
    }
}
