//! Checks of params alone: patterns, defaults against them, the placeholders of questions; and words for units.

use crate::diagnostic::{Diagnostic, line_and_column, suggest};
use crate::document::{Document, Param, ParamType, Workflow};
use crate::expression::Type;
use crate::value::{Value, unquoted};

use super::checks::type_mismatch;

/// The faults of a param, each with the pointer of its place; `pointer` is the param's own.
pub(super) fn check(name: &str, param: &Param, pointer: &str) -> Vec<(Diagnostic, String)> {
    let mut found = bounds(param);
    for (number, choice) in param.choices.iter().enumerate() {
        let fault = type_mismatch::argument(name, param, &Type::of(choice), Some(choice))
            .or_else(|| refused(name, param, choice));
        found.extend(fault.map(|fault| (fault, format!("enum/{number}"))));
    }
    if let Some(default) = param.default.as_ref().filter(|default| !default.is_null()) {
        let fault = type_mismatch::argument(name, param, &Type::of(default), Some(default))
            .or_else(|| refused(name, param, default));
        found.extend(fault.map(|fault| (fault, "default".to_owned())));
    }
    found.into_iter().map(|(fault, at)| (fault, format!("{pointer}/{at}"))).collect()
}

/// Bounds that are none, or that mean nothing for the param's type, each with its key.
fn bounds(param: &Param) -> Vec<(Diagnostic, String)> {
    let mut found = Vec::new();
    let is_number = matches!(param.kind, ParamType::Number | ParamType::Integer);
    let written = [
        ("pattern", param.pattern.is_some(), param.kind == ParamType::String),
        ("minimum", param.minimum.is_some(), is_number),
        ("maximum", param.maximum.is_some(), is_number),
    ];
    for (key, _, _) in written.into_iter().filter(|(_, written, fits)| *written && !fits) {
        let message =
            format!("`{key}` means nothing for a param that is {}", param.kind.describe());
        let help = match key {
            "pattern" => {
                "remove it, or write `type: string`; `minimum` and `maximum` bound numbers"
            }
            _ => "remove it, or write `type: number`; `pattern` bounds texts",
        };
        found.push((Diagnostic::new("misplaced-key", message).help(help), key.to_owned()));
    }
    if let Some(pattern) = &param.pattern
        && matcher(pattern).is_none()
    {
        let message = format!("`{pattern}` is no regular expression");
        let help = "close its brackets, and write `\\` before a sign that stands for itself";
        let diagnostic = Diagnostic::new("invalid-value", message).help(help);
        found.push((diagnostic, "pattern".to_owned()));
    }
    if let (Some(least), Some(most)) = (param.minimum, param.maximum)
        && least > most
    {
        let message = format!("no number is at least {least} and at most {most}");
        let diagnostic =
            Diagnostic::new("invalid-value", message).help("write the smaller one here");
        found.push((diagnostic, "minimum".to_owned()));
    }
    found
}

fn matcher(pattern: &str) -> Option<jsonschema::Validator> {
    jsonschema::validator_for(&serde_json::json!({"pattern": pattern})).ok()
}

/// Why a value of the right type cannot be a param's, if it cannot.
pub(super) fn refused(name: &str, param: &Param, value: &Value) -> Option<Diagnostic> {
    if param.kind == ParamType::Integer
        && value.as_f64().is_some_and(|number| number.fract() != 0.0)
    {
        let message = format!("`{name}` needs a whole number, this is {value}");
        return Some(
            Diagnostic::new("type-mismatch", message).help("write `type: number`, or round it"),
        );
    }
    if let Some(bound) = param.bound_broken(value) {
        let message = format!("`{name}` is {value}, {bound}");
        let help = format!("give {}", bound.limit());
        return Some(Diagnostic::new("invalid-value", message).help(help));
    }
    let pattern = param.pattern.as_deref().filter(|_| value.is_string());
    if let Some(pattern) = pattern
        && matcher(pattern).is_some_and(|matcher| !matcher.is_valid(value))
    {
        let message = format!("`{name}` cannot be {value}: it does not match its pattern");
        let help = format!("give a value that matches {pattern}");
        return Some(Diagnostic::new("invalid-value", message).help(help));
    }
    let refused = !param.choices.is_empty() && !param.choices.contains(value);
    refused.then(|| {
        let choices: Vec<String> = param.choices.iter().map(unquoted).collect();
        let help = suggest(&unquoted(value), choices.iter().map(String::as_str), "values");
        Diagnostic::new("invalid-value", format!("`{name}` cannot be {value}")).help(help)
    })
}

/// Placeholders of questions that are no param.
pub(super) fn check_questions(document: &Document<Workflow>) -> Vec<Diagnostic> {
    let workflow = &document.value;
    let mut found = Vec::new();
    for (index, question) in workflow.questions.iter().enumerate() {
        let mut from = 0;
        while let Some((open, name)) = placeholder(question, from) {
            from = open + name.len() + 2;
            if workflow.params.contains_key(name) || document.lost(&format!("/params/{name}")) {
                continue;
            }
            let (line, column) = line_and_column(question, open);
            let place = document.place(
                &format!("/questions/{index}"),
                line,
                column,
                name.chars().count() + 2,
            );
            let names = workflow.params.keys().map(String::as_str);
            found.push(
                Diagnostic::new("unknown-param", format!("unknown param `{name}`"))
                    .help(suggest(name, names, "params"))
                    .at(&document.file, place),
            );
        }
    }
    found
}

/// A question of a workflow without its `{name}`s.
pub fn without_slots(question: &str) -> String {
    let mut out = String::with_capacity(question.len());
    let mut from = 0;
    while let Some((open, name)) = placeholder(question, from) {
        out.push_str(question.get(from..open).unwrap_or_default());
        from = open + name.len() + 2;
    }
    out.push_str(question.get(from..).unwrap_or_default());
    out
}

/// The next `{name}` of a question, and where it begins.
fn placeholder(question: &str, from: usize) -> Option<(usize, &str)> {
    let mut starts = question.get(from..)?.match_indices('{').map(|(at, _)| from + at);
    starts.find_map(|open| {
        let (name, _) = question.get(open + 1..)?.split_once('}')?;
        let is_name = !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        is_name.then_some((open, name))
    })
}

/// What to write instead of a word that is no unit. Any word may be one, so long as none says the same here.
pub(super) fn unit_meant(unit: &str) -> Option<String> {
    let lower = unit.trim().to_lowercase();
    let meant = match lower.as_str() {
        "" => {
            return Some("write a word, such as `usd`, `percent`, `ratio` or `number`".to_owned());
        }
        "$" | "dollar" | "dollars" | "dolar" | "dolars" | "us$" | "us dollar" | "us dollars" => {
            "usd"
        }
        "€" | "euro" | "euros" => "eur",
        "%" | "pct" | "percentage" | "percents" | "per cent" => "percent",
        "x" | "times" | "factor" | "multiple" => "ratio",
        "#" | "num" | "numeric" | "integer" | "int" | "float" | "decimal" => "number",
        // A currency by its code.
        code if code.len() == 3 && unit.chars().all(|c| c.is_ascii_uppercase()) => code,
        other => {
            let slip = |known: &str| strsim::osa_distance(other, known) < 2;
            let plural = |known: &str| other.strip_suffix('s') == Some(known);
            let known = KNOWN_UNITS.into_iter().find(|known| slip(known) && !plural(known));
            known.unwrap_or(unit)
        }
    };
    (meant != unit).then(|| format!("write `{meant}`"))
}

/// Units that texts, filters and figures know.
const KNOWN_UNITS: [&str; 5] = ["usd", "percent", "ratio", "number", "month"];
