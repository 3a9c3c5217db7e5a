//! What a template or expression reads, told from its syntax tree before anything runs.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use minijinja::machinery::Span;
use minijinja::machinery::ast::{Call, CallArg, Expr, Stmt};

use super::environment::{has_filter, has_function, has_test};
use super::parse::{parse, parse_expr};
use super::{arguments, filters, syntax};
use crate::diagnostic::suggest;

/// What a text reads, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Analysis {
    /// Names read, in the order in which they stand.
    pub reads: Vec<Read>,
    /// Faults that can be told without knowing what `params` and `steps` hold.
    pub problems: Vec<Problem>,
    /// Names to which the text itself gives a value: what it reads by them is its own.
    pub assigned: BTreeSet<String>,
    /// For each `{{ ... }}` in order: the steps whose data it may write out.
    pub(super) emits: Vec<Emit>,
}

/// A name that a text reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// What the name begins with.
    pub root: Root,
    /// The segments after the root: `steps.roi.output.x` gives `roi`, `output`, `x`.
    pub path: Vec<String>,
    /// Line in the text, from 1.
    pub line: usize,
    /// Column in the line, from 1, in characters.
    pub column: usize,
    /// Length in characters.
    pub width: usize,
    /// Where it stands, in bytes of the text.
    pub(super) range: Range<usize>,
    /// Whether the text copes with the name being undefined (`default`, `is defined`).
    pub guarded: bool,
}

/// What a name begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// `params.…`
    Params,
    /// `steps.…`
    Steps,
    /// A name that only the place of the text can know, such as one computed before.
    Local(String),
}

impl Root {
    pub(super) fn of(name: &str) -> Self {
        match name {
            "params" => Self::Params,
            "steps" => Self::Steps,
            other => Self::Local(other.to_owned()),
        }
    }
}

/// A fault of a text, with its place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Stable name of the rule.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// Line in the text, from 1.
    pub line: usize,
    /// Column in the line, from 1, in characters.
    pub column: usize,
    /// Length in characters.
    pub width: usize,
}

/// One `{{ ... }}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Emit {
    /// Paths of the steps whose data it may write out (`steps.metrics`).
    pub(super) sources: BTreeSet<String>,
    /// Whether a block captures what it writes.
    pub(super) captured: bool,
    /// Where it stands.
    pub(super) line: usize,
    /// Column, from 1.
    pub(super) column: usize,
}

/// Tells what a template reads.
pub fn analyse_template(source: &str) -> Analysis {
    analyse_prompt(source, &BTreeMap::new())
}

/// Tells what a template reads in which some names hold data of steps: no reads are told of those.
pub(super) fn analyse_prompt(source: &str, data: &BTreeMap<String, BTreeSet<String>>) -> Analysis {
    match parse(source) {
        Ok(tree) => analyse(data, |walker| walker.statement(&tree)),
        Err(error) => syntax_fault(source, &error, false),
    }
}

/// Tells what a bare expression reads.
pub fn analyse_expression(source: &str) -> Analysis {
    match parse_expr(source) {
        Ok(tree) => analyse(&BTreeMap::new(), |walker| {
            walker.expression(&tree, false);
        }),
        Err(error) => syntax_fault(source, &error, true),
    }
}

/// Walks until the sources of assigned names no longer grow: a name may be read above its assignment in a loop.
fn analyse(data: &BTreeMap<String, BTreeSet<String>>, walk: impl Fn(&mut Walker)) -> Analysis {
    let mut assigned = data.clone();
    loop {
        let mut walker =
            Walker { assigned: assigned.clone(), analysis: Analysis::default(), captures: 0 };
        walk(&mut walker);
        if walker.assigned == assigned {
            let names = walker.assigned;
            let mut analysis = walker.analysis;
            analysis.reads.retain(
                |read| !matches!(&read.root, Root::Local(name) if names.contains_key(name)),
            );
            spread_guards(&mut analysis.reads);
            analysis.assigned = names.into_keys().collect();
            return analysis;
        }
        assigned = walker.assigned;
    }
}

fn syntax_fault(source: &str, error: &minijinja::Error, is_expression: bool) -> Analysis {
    Analysis { problems: vec![syntax::fault(source, error, is_expression)], ..Analysis::default() }
}

/// A name tested with `is defined`, or whose step's status is read, is guarded wherever it stands in the text.
fn spread_guards(reads: &mut [Read]) {
    let guards: Vec<(Root, Vec<String>)> = reads
        .iter()
        .filter_map(|read| match (&read.root, read.path.as_slice()) {
            (Root::Steps, [step, field]) if field == "status" => {
                Some((Root::Steps, vec![step.clone()]))
            }
            _ => read.guarded.then(|| (read.root.clone(), read.path.clone())),
        })
        .collect();
    for read in reads.iter_mut().filter(|read| !read.guarded) {
        read.guarded =
            guards.iter().any(|(root, path)| *root == read.root && read.path.starts_with(path));
    }
}

/// Tests worth naming to an author.
const TESTS: &[&str] = &[
    "defined",
    "undefined",
    "none",
    "number",
    "integer",
    "string",
    "boolean",
    "sequence",
    "mapping",
    "true",
    "false",
    "odd",
    "even",
    "divisibleby",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "in",
    "startingwith",
    "endingwith",
    "containing",
];

struct Walker {
    /// Names assigned in the text, with the steps whose data they may hold.
    assigned: BTreeMap<String, BTreeSet<String>>,
    analysis: Analysis,
    /// Blocks around the current place that capture what is written in them.
    captures: usize,
}

impl Walker {
    fn statements(&mut self, statements: &[Stmt<'_>]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::Template(node) => self.statements(&node.children),
            Stmt::EmitExpr(node) => {
                let span = node.span();
                let sources = self.expression(&node.expr, false);
                let (line, column) = start(span);
                self.analysis.emits.push(Emit {
                    sources,
                    captured: self.captures > 0,
                    line,
                    column,
                });
            }
            Stmt::EmitRaw(_) => {}
            Stmt::ForLoop(node) => {
                let mut sources = self.expression(&node.iter, false);
                self.assign(&node.target, &sources);
                self.assigned.entry("loop".to_owned()).or_default();
                if let Some(filter) = &node.filter_expr {
                    sources.extend(self.expression(filter, false));
                }
                self.statements(&node.body);
                self.statements(&node.else_body);
            }
            Stmt::IfCond(node) => {
                self.expression(&node.expr, false);
                self.statements(&node.true_body);
                self.statements(&node.false_body);
            }
            Stmt::WithBlock(node) => {
                for (target, value) in &node.assignments {
                    let sources = self.expression(value, false);
                    self.assign(target, &sources);
                }
                self.statements(&node.body);
            }
            Stmt::Set(node) => {
                let sources = self.expression(&node.expr, false);
                self.assign(&node.target, &sources);
            }
            Stmt::SetBlock(node) => {
                let first = self.analysis.emits.len();
                if let Some(filter) = &node.filter {
                    self.expression(filter, false);
                }
                self.captured(&node.body);
                let sources = self
                    .analysis
                    .emits
                    .iter()
                    .skip(first)
                    .flat_map(|e| e.sources.clone())
                    .collect();
                self.assign(&node.target, &sources);
            }
            Stmt::FilterBlock(node) => {
                self.expression(&node.filter, false);
                self.captured(&node.body);
            }
            Stmt::AutoEscape(node) => {
                self.expression(&node.enabled, false);
                self.statements(&node.body);
            }
            Stmt::Do(node) => {
                self.expression(&node.call.expr, false);
                self.arguments(&node.call.args);
            }
        }
    }

    fn captured(&mut self, body: &[Stmt<'_>]) {
        self.captures += 1;
        self.statements(body);
        self.captures -= 1;
    }

    fn assign(&mut self, target: &Expr<'_>, sources: &BTreeSet<String>) {
        match target {
            Expr::Var(node) => {
                self.assigned
                    .entry(node.id.to_owned())
                    .or_default()
                    .extend(sources.iter().cloned());
            }
            Expr::List(node) => node.items.iter().for_each(|item| self.assign(item, sources)),
            Expr::Tuple(node) => node.items.iter().for_each(|item| self.assign(item, sources)),
            Expr::GetAttr(node) => self.assign(&node.expr, sources),
            _ => {}
        }
    }

    /// Records what an expression reads; gives the steps whose data its value may hold.
    fn expression(&mut self, expression: &Expr<'_>, guarded: bool) -> BTreeSet<String> {
        if let Some((root, path, first)) = name(expression) {
            return self.name(root, path, first, expression.span(), guarded);
        }
        match expression {
            Expr::Var(_) | Expr::Const(_) => BTreeSet::new(),
            Expr::GetAttr(node) => self.expression(&node.expr, guarded),
            Expr::GetItem(node) => {
                if matches!(&node.expr, Expr::Var(var) if var.id == "steps") {
                    self.problem(
                        "subscript-on-steps",
                        "`steps[...]` hides which step is read",
                        Some("write `steps.ID.output`".to_owned()),
                        expression.span(),
                    );
                    return BTreeSet::new();
                }
                let mut sources = self.expression(&node.expr, guarded);
                sources.extend(self.expression(&node.subscript_expr, false));
                sources
            }
            Expr::Slice(node) => {
                let mut sources = self.expression(&node.expr, guarded);
                for bound in [&node.start, &node.stop, &node.step].into_iter().flatten() {
                    sources.extend(self.expression(bound, false));
                }
                sources
            }
            Expr::UnaryOp(node) => self.expression(&node.expr, guarded),
            Expr::BinOp(node) => {
                let mut sources = self.expression(&node.left, guarded);
                sources.extend(self.expression(&node.right, guarded));
                sources
            }
            Expr::Compare(node) => {
                let mut sources = self.expression(&node.expr, guarded);
                for operand in &node.ops {
                    sources.extend(self.expression(&operand.expr, guarded));
                }
                sources
            }
            Expr::IfExpr(node) => {
                self.expression(&node.test_expr, guarded);
                let mut sources = self.expression(&node.true_expr, guarded);
                if let Some(other) = &node.false_expr {
                    sources.extend(self.expression(other, guarded));
                }
                sources
            }
            Expr::Filter(node) => {
                if !has_filter(node.name) {
                    let help = suggest(node.name, filters::NAMES.iter().copied(), "filters");
                    let message = format!("unknown filter `{}`", node.name);
                    self.problem("unknown-filter", &message, Some(help), expression.span());
                } else if let Some(fault) = arguments::fault(node) {
                    let message = format!("filter `{}` cannot be called so: {fault}", node.name);
                    let help = Some(arguments::usage(node.name));
                    self.problem("filter-argument", &message, help, expression.span());
                }
                let guards = guarded || matches!(node.name, "default" | "d");
                let mut sources =
                    node.expr.as_ref().map(|e| self.expression(e, guards)).unwrap_or_default();
                sources.extend(self.arguments(&node.args));
                sources
            }
            Expr::Test(node) => {
                if !has_test(node.name) {
                    let message = format!("unknown test `{}`", node.name);
                    let help = match node.name {
                        "null" | "nil" | "None" | "NULL" => "write `none`".to_owned(),
                        name => suggest(name, TESTS.iter().copied(), "tests"),
                    };
                    self.problem("unknown-test", &message, Some(help), expression.span());
                }
                let guards = guarded || matches!(node.name, "defined" | "undefined");
                let mut sources = self.expression(&node.expr, guards);
                sources.extend(self.arguments(&node.args));
                sources
            }
            Expr::Call(node) => self.call(node, expression.span(), guarded),
            Expr::List(node) => {
                node.items.iter().flat_map(|item| self.expression(item, guarded)).collect()
            }
            Expr::Tuple(node) => {
                node.items.iter().flat_map(|item| self.expression(item, guarded)).collect()
            }
            Expr::Map(node) => node
                .keys
                .iter()
                .chain(&node.values)
                .flat_map(|item| self.expression(item, guarded))
                .collect(),
        }
    }

    fn call(&mut self, node: &Call<'_>, span: Span, guarded: bool) -> BTreeSet<String> {
        let mut sources = match &node.expr {
            Expr::Var(function) => {
                if !has_function(function.id) {
                    let message = format!("unknown function `{}`", function.id);
                    let help = filters::instead_of_call(function.id, true);
                    self.problem("unknown-function", &message, Some(help), span);
                }
                BTreeSet::new()
            }
            Expr::GetAttr(method) => {
                // Only `loop` has methods.
                if !matches!(&method.expr, Expr::Var(var) if var.id == "loop") {
                    let message = format!("values have no methods such as `.{}()`", method.name);
                    let help = filters::instead_of_call(method.name, false);
                    let place = whole(&method.expr);
                    self.problem("unknown-function", &message, Some(help), place);
                }
                self.expression(&method.expr, guarded)
            }
            other => self.expression(other, guarded),
        };
        sources.extend(self.arguments(&node.args));
        sources
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) -> BTreeSet<String> {
        let value = |argument: &CallArg<'_>| match argument {
            CallArg::Pos(e)
            | CallArg::Kwarg(_, e)
            | CallArg::PosSplat(e)
            | CallArg::KwargSplat(e) => self.expression(e, false),
        };
        arguments.iter().flat_map(value).collect()
    }

    /// Records a dotted name; `first` is the place of its root, `whole` ends where the name does.
    fn name(
        &mut self,
        root: &str,
        path: Vec<String>,
        first: Span,
        whole: Span,
        guarded: bool,
    ) -> BTreeSet<String> {
        if let Some(sources) = self.assigned.get(root) {
            return sources.clone();
        }
        let root = Root::of(root);
        let sources = match (&root, path.first()) {
            (Root::Steps, Some(step)) => BTreeSet::from([format!("steps.{step}")]),
            (Root::Params, param) => self.untrusted(param),
            _ => BTreeSet::new(),
        };
        let (line, column) = start(first);
        let end = if whole.end_line == first.start_line { whole.end_col } else { first.end_col };
        let width = usize::from(end.saturating_sub(first.start_col)).max(1);
        let range = first.start_offset as usize..whole.end_offset as usize;
        self.analysis.reads.push(Read { root, path, line, column, width, range, guarded });
        sources
    }

    /// The params among those read whose values are data.
    fn untrusted(&self, param: Option<&String>) -> BTreeSet<String> {
        let data = self.assigned.keys().filter_map(|name| name.strip_prefix("params."));
        let read = data.filter(|name| param.is_none_or(|param| param == name));
        read.map(|name| format!("params.{name}")).collect()
    }

    fn problem(&mut self, code: &'static str, message: &str, help: Option<String>, span: Span) {
        self.analysis.problems.push(problem(code, message, help, span));
    }
}

/// A fault at a place of a text.
pub(super) fn problem(
    code: &'static str,
    message: &str,
    help: Option<String>,
    span: Span,
) -> Problem {
    let (line, column) = start(span);
    let width = if span.end_line == span.start_line {
        usize::from(span.end_col.saturating_sub(span.start_col)).max(1)
    } else {
        1
    };
    Problem { code, message: message.to_owned(), help, line, column, width }
}

fn start(span: Span) -> (usize, usize) {
    (usize::from(span.start_line), usize::from(span.start_col) + 1)
}

/// The dotted name that an expression is, if it is one (attributes and constant subscripts below a variable), and
/// the place of its root: minijinja's span of an attribute does not reach back to it.
pub(super) fn name<'a>(expression: &'a Expr<'a>) -> Option<(&'a str, Vec<String>, Span)> {
    match expression {
        Expr::Var(node) => Some((node.id, Vec::new(), node.span())),
        Expr::GetAttr(node) => {
            let (root, mut path, first) = name(&node.expr)?;
            path.push(node.name.to_owned());
            Some((root, path, first))
        }
        Expr::GetItem(node) => {
            let Expr::Const(subscript) = &node.subscript_expr else { return None };
            let (root, mut path, first) = name(&node.expr)?;
            if root == "steps" && path.is_empty() {
                return None;
            }
            path.push(subscript.value.to_string());
            Some((root, path, first))
        }
        _ => None,
    }
}

/// The place of an expression; minijinja's span of an attribute does not reach back to its root.
pub(super) fn whole(expression: &Expr<'_>) -> Span {
    let span = expression.span();
    match name(expression) {
        Some((_, _, first)) => {
            Span { start_line: first.start_line, start_col: first.start_col, ..span }
        }
        None => span,
    }
}
