//! Templates and expressions that cannot be read: what was opened and not closed, and what other languages write.

use std::ops::Range;

use minijinja::machinery::{Span, Token, tokenize};

use super::Problem;
use crate::diagnostic::line_and_column;

/// What a fault of minijinja's parser means to the author.
pub(super) fn fault(source: &str, error: &minijinja::Error, is_expression: bool) -> Problem {
    let range = error.range().unwrap_or_default();
    let detail = error.detail().unwrap_or("cannot be read").to_owned();
    let tokens = Tokens::of(source, is_expression);
    let found = tokens.unclosed(&detail, range.start).or_else(|| tokens.one_brace_more());
    let (message, help, range) = found.unwrap_or_else(|| {
        let help = meant(source, &detail, &range);
        (detail, help, range)
    });
    let (line, column) = line_and_column(source, range.start);
    let width = source.get(range).map_or(1, |text| text.chars().count().max(1));
    Problem { code: "template-syntax", message, help, line, column, width }
}

type Found = (String, Option<String>, Range<usize>);

/// The words of a text, as far as they can be told.
struct Tokens<'s> {
    source: &'s str,
    tokens: Vec<(Token<'s>, Span)>,
}

impl<'s> Tokens<'s> {
    fn of(source: &'s str, is_expression: bool) -> Self {
        let syntax = minijinja::syntax::SyntaxConfig::default();
        let tokens = tokenize(source, is_expression, syntax).map_while(Result::ok).collect();
        Self { source, tokens }
    }

    /// What was opened before a byte and is closed nowhere.
    fn unclosed(&self, detail: &str, before: usize) -> Option<Found> {
        if detail == "unexpected end of string" {
            let from = self.tokens.last().map_or(0, |(_, span)| span.end_offset as usize);
            let at = from + self.source.get(from..)?.find(['"', '\''])?;
            let quote = self.source.get(at..=at)?;
            return Some(opened(quote, quote, at..at + 1));
        }
        let at_end = detail.contains("end of input");
        let (mut marks, mut brackets) = (None, Vec::new());
        let mut blocks: Vec<(&str, Range<usize>)> = Vec::new();
        for (index, (token, span)) in self.tokens.iter().enumerate() {
            let at = span.start_offset as usize..span.end_offset as usize;
            if at.start >= before && !at_end {
                break;
            }
            match token {
                Token::VariableStart => marks = Some(("{{", "}}", at)),
                Token::BlockStart => {
                    marks = Some(("{%", "%}", at.clone()));
                    if let Some((Token::Ident(word), _)) = self.tokens.get(index + 1) {
                        match word.strip_prefix("end") {
                            Some(word) if blocks.last().is_some_and(|(open, _)| *open == word) => {
                                blocks.pop();
                            }
                            _ if self.opens_a_block(index, word) => blocks.push((word, at)),
                            _ => {}
                        }
                    }
                }
                Token::VariableEnd | Token::BlockEnd => {
                    marks = None;
                    brackets.clear();
                }
                Token::ParenOpen => brackets.push(("(", ")", at)),
                Token::BracketOpen => brackets.push(("[", "]", at)),
                Token::BraceOpen => brackets.push(("{", "}", at)),
                Token::ParenClose | Token::BracketClose | Token::BraceClose => {
                    brackets.pop();
                }
                _ => {}
            }
        }
        let wanted = brackets.pop().filter(|(_, close, _)| {
            at_end || (detail.contains("end of ") && detail.contains(close))
        });
        if let Some((open, close, at)) = wanted.or(marks.filter(|_| at_end)) {
            return Some(opened(open, close, at));
        }
        let (word, at) = blocks.pop().filter(|_| at_end)?;
        Some(opened(&format!("{{% {word} %}}"), &format!("{{% end{word} %}}"), at))
    }

    fn opens_a_block(&self, index: usize, word: &str) -> bool {
        let inside = self.tokens.iter().skip(index).map(|(token, _)| token);
        match word {
            "if" | "for" | "with" | "filter" | "raw" | "autoescape" => true,
            // `{% set x %}` has an end, `{% set x = 1 %}` has none.
            "set" => !inside
                .take_while(|token| !matches!(token, Token::BlockEnd))
                .any(|token| matches!(token, Token::Assign)),
            _ => false,
        }
    }

    /// `{{{ value }}}`
    fn one_brace_more(&self) -> Option<Found> {
        let mut pairs = self.tokens.iter().zip(self.tokens.iter().skip(1));
        let (_, (_, brace)) = pairs.find(|((first, start), (second, brace))| {
            matches!((first, second), (Token::VariableStart, Token::BraceOpen))
                && start.end_offset == brace.start_offset
        })?;
        let range = brace.start_offset as usize..brace.end_offset as usize;
        let help = "write two braces: `{{ value }}`".to_owned();
        Some(("one brace too many".to_owned(), Some(help), range))
    }
}

fn opened(open: &str, close: &str, at: Range<usize>) -> Found {
    (
        format!("`{open}` is opened here and never closed"),
        Some(format!("close it with `{close}`")),
        at,
    )
}

/// What other languages write, and what stands for it here.
const MEANT: &[(&str, &str)] = &[
    ("&&", "write `and`"),
    ("&", "write `and`"),
    ("|>", "write `|` before a filter"),
    ("->", "write a dot between two names"),
    ("::", "write a dot between two names"),
    ("=<", "write `<=`"),
    ("++", "write `+ 1`"),
    ("`", "write a text in quotes: `'text'`"),
    ("||", "write `or`"),
    ("??", "write `value | default(0)`"),
    ("===", "write `==`"),
    (
        "=>",
        "there are no functions of one's own: take a filter, as in `rows | map(attribute='name')`",
    ),
    ("?", "write `a if condition else b`"),
    ("!", "write `not`"),
    ("<>", "write `!=`"),
    ("^", "write `**` for a power"),
    ("AND", "write `and`"),
    ("OR", "write `or`"),
    ("NOT", "write `not`"),
    ("$", "write the bare number; `{{ value | usd }}` writes the sign"),
    ("%", "write a share as a number: 0.1 for 10%"),
    ("=", "write `==` to compare"),
    ("..", "one dot stands between two names"),
    (";", "an expression has no end mark: remove `;`"),
];

/// The operator that a text ends with, of those that take a value behind them.
fn open_operator(text: &str) -> Option<&'static str> {
    const OPERATORS: [&str; 21] = [
        "**", "//", "==", "!=", "<=", ">=", "not in", "and", "or", "not", "in", "is", "if", "else",
        "+", "-", "*", "/", "~", "<", ">",
    ];
    let word = |before: &str| !before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    OPERATORS.into_iter().find(|operator| {
        let letters = operator.ends_with(|c: char| c.is_alphabetic());
        text.strip_suffix(operator).is_some_and(|before| !letters || word(before))
    })
}

/// The help for a text that ends before its expression does.
fn at_end(before: &str) -> Option<String> {
    let behind = match open_operator(before)? {
        "if" | "else" => "write `a if condition else b`".to_owned(),
        "is" => "name a test behind `is`, such as `is none`, or remove it".to_owned(),
        operator => format!("write a value behind `{operator}`, or remove it"),
    };
    Some(behind)
}

/// The help for what stands behind a whole expression.
fn after(before: &str, at: &str) -> String {
    let digit = |c: char| c.is_ascii_digit();
    let next = at.chars().next().unwrap_or_default();
    let number: &str = before.rsplit(|c: char| !digit(c)).next().unwrap_or_default();
    let more: String =
        at.trim_start_matches([',', ' ', '\'']).chars().take_while(|c| digit(*c)).collect();
    if before.starts_with("if ") || before == "if" {
        return "write `a if condition else b`".to_owned();
    }
    if !number.is_empty() && more.len() == 3 {
        return format!("write the number without a sign inside: {number}{more}");
    }
    if let Some(operator) = open_operator(before) {
        return format!("write a value before `{operator}`, or remove it");
    }
    if let ')' | ']' | '}' = next {
        return format!("nothing is open here that `{next}` could close: remove it");
    }
    if next == ',' {
        return "a list stands in brackets: `[a, b]`".to_owned();
    }
    if !number.is_empty() && next.is_alphabetic() && !at.contains(' ') {
        return "write the bare number, or an operator between it and the name, such as `*`"
            .to_owned();
    }
    "write an operator between the two values, such as `+`, `and` or `~`, or remove one of them"
        .to_owned()
}

/// The help for what stands at a fault.
fn meant(source: &str, detail: &str, range: &Range<usize>) -> Option<String> {
    let help = |text: &str| Some(text.to_owned());
    if source.trim().is_empty() {
        return help("write an expression, such as `params.amount > 0`, or remove the key");
    }
    // Where a text ends too early, the parser names its last word.
    let stop = if detail.contains("end of input") { source.len() } else { range.start };
    let at = source.get(stop..).unwrap_or_default();
    if let Some(statement) = detail.strip_prefix("unknown statement ") {
        return match statement {
            "macro" | "call" | "import" | "from" | "include" | "extends" | "block" => {
                help("one text is one template: macros, includes and inheritance are not available")
            }
            "end" => help("say what ends: `{% endif %}` or `{% endfor %}`"),
            "elseif" | "elsif" => help("write `{% elif condition %}`"),
            ending if ending.starts_with("end") => {
                Some(format!("nothing is open here that `{ending}` could end: remove it"))
            }
            _ => help("statements: `if`, `elif`, `else`, `for`, `set`, `with`, `filter`"),
        };
    }
    let before = source.get(..stop).unwrap_or_default().trim_end();
    if detail.starts_with("unexpected end of") && before.ends_with('.') {
        return help("write the name behind the dot, as in `steps.ID.output`");
    }
    if detail.contains("expected end of variable block") && at.starts_with('}') {
        return help("close it with `}}`");
    }
    if detail.contains("expected end of block") && at.starts_with('}') {
        return help("close it with `%}`");
    }
    if at.starts_with('=') && before.is_empty() {
        return help("remove `=`: an expression begins with its first value");
    }
    if at.starts_with(';') && before.contains('(') {
        return help("put `,` between arguments");
    }
    if detail.contains("expected end of block") && before.ends_with("else") && at.starts_with("if")
    {
        return help("write `{% elif condition %}`");
    }
    if before.ends_with('|') && detail.starts_with("unexpected end of") {
        return help("name a filter behind `|`, or remove it");
    }
    if at.starts_with(['‘', '’', '“', '”', '„']) {
        return help("write straight quotes: `'` or `\"`");
    }
    if at.starts_with(['"', '\'']) && before.ends_with(|c: char| c.is_ascii_alphabetic()) {
        return help("join texts with `~`: `left ~ ' dollars'`");
    }
    if at.starts_with("$(") || at.starts_with("$json") || at.starts_with("$node") {
        return help(
            "write `steps.ID.output.field` for what a step gave, `params.NAME` for an input",
        );
    }
    if at.starts_with("for ") {
        return help("take a filter, as in `rows | map(attribute='name') | list`");
    }
    if let Some(help) = at_end(before).filter(|_| detail.starts_with("unexpected end of")) {
        return Some(help);
    }
    let fraction = at.strip_prefix('.').unwrap_or_default();
    let fraction: String = fraction.chars().take_while(char::is_ascii_digit).collect();
    if !fraction.is_empty() {
        return Some(format!("write `0.{fraction}`"));
    }
    // The parser may stop at the second sign of an operator.
    let signs = before.len()
        - before.trim_end_matches(['&', '|', '=', '?', '!', '.', '<', '-', ':', '+']).len();
    let operator = source.get(before.len() - signs..).unwrap_or_default();
    let found = MEANT.iter().find(|(sign, _)| operator.starts_with(sign) || at.starts_with(sign));
    Some(match found {
        Some((_, help)) => (*help).to_owned(),
        None if detail.contains("after expression") => after(before, at),
        None => match at.chars().next() {
            Some(c) if detail == "unexpected character" => {
                format!("remove `{c}`: it means nothing here")
            }
            Some(c @ (')' | ']' | '}')) => format!("write a value before `{c}`, or what it closes"),
            Some(c) => format!("write a value before `{c}`, or remove it"),
            None => "write the rest of the expression".to_owned(),
        },
    })
}
