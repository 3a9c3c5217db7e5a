//! Texts checked and ready to be rendered.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use minijinja::machinery::{Token, ast::Stmt, tokenize};
use minijinja::value::ValueKind;
use serde::{Deserialize, Serialize};

use super::analysis::{Emit, analyse_prompt};
use super::environment::environment;
use super::parse::parse;
use super::plain::PlainText;
use super::{Problem, Scope, Written, address, fence, missing, quoted, written};
use crate::event::Fault;
use crate::value::{Value, each_text, pointer_segment};

/// A value of a YAML file whose texts may be templates, in the form in which it is rendered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    /// A value without any template in it.
    Literal(Value),
    /// One whole `{{ ... }}`: the value of an expression, which keeps its type.
    Expression(String),
    /// A text with templates in it.
    Text(String),
    /// A text whose templates only name values: no need to compile anything.
    Plain(PlainText),
    /// A list of such values.
    List(Vec<Self>),
    /// A map of such values.
    Map(IndexMap<String, Self>),
}

impl Template {
    /// Prepares a value of a YAML file. Its texts must be known to be free of faults.
    pub fn new(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::text(text),
            Value::Array(items) if items.iter().any(has_template) => {
                Self::List(items.iter().map(Self::new).collect())
            }
            Value::Object(object) if object.values().any(has_template) => Self::Map(
                object.iter().map(|(key, value)| (key.clone(), Self::new(value))).collect(),
            ),
            other => Self::Literal(other.clone()),
        }
    }

    /// Prepares a value whose texts may cite evidence: the citations are those that the file itself writes. What a `{{ ... }}`
    /// writes is none, whatever brackets it holds.
    pub fn citing(value: &Value) -> Self {
        Self::new(value).quoted()
    }

    fn quoted(self) -> Self {
        let quoted =
            |_: usize, expression: &str| Some(format!(" ({expression})|{} ", quoted::FILTER));
        match self {
            Self::Expression(source) => Self::Expression(format!("({source})|{}", quoted::FILTER)),
            Self::Text(source) => Self::Text(each_emit(&source, quoted)),
            Self::List(items) => Self::List(items.into_iter().map(Self::quoted).collect()),
            Self::Map(map) => {
                Self::Map(map.into_iter().map(|(key, item)| (key, item.quoted())).collect())
            }
            literal @ (Self::Literal(_) | Self::Plain(_)) => literal,
        }
    }

    /// Prepares an address of the web: whatever a `{{ ... }}` writes is percent-encoded.
    pub fn address(source: &str) -> Self {
        let encoded =
            |_: usize, expression: &str| Some(format!(" ({expression})|{} ", address::FILTER));
        Self::Text(each_emit(source, encoded))
    }

    /// A text with a word in place of everything that a `{{ ... }}` writes.
    pub fn with_word(source: &str, word: &str) -> Result<String, Fault> {
        let text = each_emit(source, |_, _| Some(format!(" \"{word}\" ")));
        render_text(&text, &Scope::default())
    }

    fn text(source: &str) -> Self {
        if !is_template(source) {
            return Self::Literal(Value::String(source.to_owned()));
        }
        match whole_expression(source) {
            Some(expression) => Self::Expression(expression.to_owned()),
            None => Self::Text(source.to_owned()),
        }
    }

    /// Prepares a prompt: every `{{ ... }}` that may write out data of a step puts it inside a fence. `data` are
    /// further names that hold data, each with what it comes from; a param is named `params.NAME`.
    pub fn prompt(
        source: &str,
        data: &BTreeMap<String, BTreeSet<String>>,
    ) -> Result<Self, Problem> {
        if !is_template(source) {
            return Ok(Self::Literal(Value::String(source.to_owned())));
        }
        let emits = analyse_prompt(source, data).emits;
        if let Some(emit) = emits.iter().find(|emit| emit.captured && !emit.sources.is_empty()) {
            return Err(Problem {
                code: "captured-data",
                message: "data of a step inside a `{% set %}` or `{% filter %}` block".to_owned(),
                help: Some(
                    "apply the filter to the value itself, as in `{{ value | upper }}`".to_owned(),
                ),
                line: emit.line,
                column: emit.column,
                width: 1,
            });
        }
        let fenced = with_fences(source, &emits);
        Ok(PlainText::of(source, &fenced, &emits).map_or(Self::Text(fenced), Self::Plain))
    }

    /// Bytes of a text outside its templates, at least.
    pub fn fixed_bytes(&self) -> usize {
        let source = match self {
            Self::Literal(Value::String(text)) => return text.len(),
            Self::Text(source) => source,
            Self::Plain(text) => text.source(),
            Self::Literal(_) | Self::Expression(_) | Self::List(_) | Self::Map(_) => return 0,
        };
        // What stands between a template's end and the next one's start; blocks may be skipped altogether.
        if source.contains("{%") {
            return 0;
        }
        source
            .split("{{")
            .map(|part| part.split_once("}}").map_or(part, |(_, text)| text).len())
            .sum()
    }

    /// Renders the value; texts of a list or map are rendered one by one.
    pub fn render(&self, scope: &Scope) -> Result<Value, Fault> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Expression(source) => evaluate(source, scope),
            Self::Text(source) => render_text(source, scope).map(Value::String),
            Self::Plain(_) => self.render_text(scope).map(Value::String),
            Self::List(items) => items.iter().map(|item| item.render(scope)).collect(),
            Self::Map(map) => {
                map.iter().map(|(key, item)| Ok((key.clone(), item.render(scope)?))).collect()
            }
        }
    }

    /// Renders the value, and tells what each of its `{{ ... }}` wrote. Where that cannot be told, nothing is.
    pub fn render_telling(&self, scope: &Scope) -> Result<(Value, Vec<Written>), Fault> {
        let value = self.render(scope)?;
        let mut found = Vec::new();
        self.tell(&value, "", scope, &mut found);
        Ok((value, found))
    }

    fn tell(&self, value: &Value, pointer: &str, scope: &Scope, found: &mut Vec<Written>) {
        match (self, value) {
            (Self::Expression(source), value) => each_text(value, pointer, &mut |text, pointer| {
                let expression = written::plain(source).to_owned();
                let (pointer, range) = (pointer.to_owned(), 0..text.len());
                found.push(Written { pointer, range, expression });
            }),
            (Self::Text(source), Value::String(text)) => {
                let marks = emit_marks(source);
                let marked = each_emit(source, |number, expression| {
                    Some(format!(" ({expression})|{}({number}) ", written::FILTER))
                });
                let Ok(marked) = render_text(&marked, scope) else { return };
                let (plain, spans) = written::read(&marked);
                found.extend(spans.into_iter().filter(|_| plain == *text).filter_map(
                    |(number, range)| {
                        let (begin, end) = *marks.get(number)?;
                        let expression = written::plain(source.get(begin..end)?).to_owned();
                        Some(Written { pointer: pointer.to_owned(), range, expression })
                    },
                ));
            }
            (Self::List(items), Value::Array(values)) => {
                for (at, (item, value)) in items.iter().zip(values).enumerate() {
                    item.tell(value, &format!("{pointer}/{at}"), scope, found);
                }
            }
            (Self::Map(map), Value::Object(values)) => {
                for (key, item) in map {
                    let value = values.get(key).unwrap_or(&Value::Null);
                    item.tell(value, &format!("{pointer}/{}", pointer_segment(key)), scope, found);
                }
            }
            _ => {}
        }
    }

    /// Renders a text.
    pub fn render_text(&self, scope: &Scope) -> Result<String, Fault> {
        match self {
            Self::Literal(Value::String(text)) => Ok(text.clone()),
            Self::Text(source) => render_text(source, scope),
            // Where a value is missing, the template itself says what is wrong.
            Self::Plain(text) => {
                text.render(scope).map_or_else(|| render_text(text.source(), scope), Ok)
            }
            other => Ok(match other.render(scope)? {
                Value::String(text) => text,
                value => value.to_string(),
            }),
        }
    }
}

/// The value of a bare expression; undefined is an error.
pub fn evaluate(source: &str, scope: &Scope) -> Result<Value, Fault> {
    let value = evaluate_raw(source, scope)?;
    to_json(source, &value)
}

/// Whether a bare expression holds; undefined is an error.
pub fn evaluate_condition(source: &str, scope: &Scope) -> Result<bool, Fault> {
    evaluate_raw(source, scope).map(|value| value.is_true())
}

fn evaluate_raw(source: &str, scope: &Scope) -> Result<minijinja::Value, Fault> {
    let value = environment()
        .compile_expression(&missing::in_expression(source))
        .and_then(|expression| expression.eval(scope.root()))
        .map_err(|error| fault(source, &error))?;
    if value.is_undefined() {
        return Err(Fault::new("expression", format!("`{}` is undefined", shorten(source)))
            .help("read a name that exists, or give a default: `value | default(0)`"));
    }
    Ok(value)
}

fn render_text(source: &str, scope: &Scope) -> Result<String, Fault> {
    environment()
        .template_from_str(&missing::in_template(source))
        .and_then(|template| template.render(scope.root()))
        .map_err(|error| fault(source, &error))
}

/// A value as JSON. NaN and infinities exist in no output.
fn to_json(source: &str, value: &minijinja::Value) -> Result<Value, Fault> {
    let not_finite =
        || Fault::new("expression", format!("`{}` is not a finite number", shorten(source)));
    if value.kind() == ValueKind::Number
        && f64::try_from(value.clone()).is_ok_and(|n| !n.is_finite())
    {
        return Err(not_finite());
    }
    serde_json::to_value(value).map_err(|error| {
        Fault::new("expression", format!("`{}` gives no JSON value: {error}", shorten(source)))
    })
}

/// What a template error means, in one line that shows the expression.
fn fault(source: &str, error: &minijinja::Error) -> Fault {
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    let excerpt =
        error.line().and_then(|line| source.lines().nth(line.saturating_sub(1))).unwrap_or(source);
    let excerpt = excerpt
        .replace(&format!("|{}", fence::FILTER), "")
        .replace(&format!("|{}", address::FILTER), "")
        .replace(&format!("|{}", quoted::FILTER), "");
    let fault = Fault::new("expression", format!("{detail} in `{}`", shorten(excerpt.trim())));
    match error.kind() {
        minijinja::ErrorKind::OutOfFuel => {
            fault.help("the text takes too many steps to render; make its loops smaller")
        }
        minijinja::ErrorKind::InvalidOperation
            if detail.contains(" / ") || detail.contains(" // ") =>
        {
            fault.help("guard the division: `a / b if b else none`")
        }
        minijinja::ErrorKind::UndefinedError => {
            fault.help("a value that may be missing needs a default: `value | default(0)`")
        }
        _ => fault,
    }
}

fn shorten(source: &str) -> String {
    let mut short: String = source.chars().take(120).collect();
    if short.len() < source.len() {
        short.push('…');
    }
    short
}

/// Whether a text holds anything to be rendered.
pub fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}

fn has_template(value: &Value) -> bool {
    match value {
        Value::String(text) => is_template(text),
        Value::Array(items) => items.iter().any(has_template),
        Value::Object(object) => object.values().any(has_template),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The expression inside, where a text is one whole `{{ ... }}`.
fn whole_expression(source: &str) -> Option<&str> {
    let trimmed = source.trim();
    let Ok(Stmt::Template(tree)) = parse(trimmed) else {
        return None;
    };
    let [Stmt::EmitExpr(_)] = tree.children.as_slice() else { return None };
    let marks = emit_marks(trimmed);
    let [(begin, end)] = marks.as_slice() else { return None };
    trimmed.get(*begin..*end).map(str::trim)
}

/// Byte ranges between the marks of every `{{ ... }}`.
fn emit_marks(source: &str) -> Vec<(usize, usize)> {
    let mut marks = Vec::new();
    let mut begin = 0;
    for (token, span) in
        tokenize(source, false, minijinja::syntax::SyntaxConfig::default()).map_while(Result::ok)
    {
        match token {
            Token::VariableStart => begin = span.end_offset as usize,
            Token::VariableEnd => marks.push((begin, span.start_offset as usize)),
            _ => {}
        }
    }
    marks
}

/// Puts the fence's filter around the expressions that may write out data; lines stay lines.
fn with_fences(source: &str, emits: &[Emit]) -> String {
    each_emit(source, |number, expression| {
        let emit = emits.get(number).filter(|emit| !emit.sources.is_empty())?;
        let sources: Vec<&str> = emit.sources.iter().map(String::as_str).collect();
        Some(format!(" ({expression})|{}(\"{}\") ", fence::FILTER, sources.join(", ")))
    })
}

/// A template with other expressions in its `{{ ... }}`, which are told by number; those without a new one stay.
fn each_emit(source: &str, other: impl Fn(usize, &str) -> Option<String>) -> String {
    let mut text = String::with_capacity(source.len() * 2);
    let mut copied = 0;
    for (number, (begin, end)) in emit_marks(source).into_iter().enumerate() {
        if let Some(expression) = other(number, source.get(begin..end).unwrap_or_default()) {
            text.push_str(source.get(copied..begin).unwrap_or_default());
            text.push_str(&expression);
            copied = end;
        }
    }
    text.push_str(source.get(copied..).unwrap_or_default());
    text
}
