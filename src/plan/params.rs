//! Checks of params alone: patterns, defaults against them, the placeholders of questions; and words for units.

use crate::diagnostic::{Diagnostic, line_and_column, suggest};
use crate::document::{Document, Param, Workflow};

/// The faults of a param, each with the pointer of its place; `pointer` is the param's own.
pub(super) fn check(name: &str, param: &Param, pointer: &str) -> Vec<(Diagnostic, String)> {
    let mut found = Vec::new();
    let Some(pattern) = &param.pattern else { return found };
    match jsonschema::validator_for(&serde_json::json!({"pattern": pattern})) {
        Err(_) => {
            let message = format!("`{pattern}` is no regular expression");
            let help = "close its brackets, and write `\\` before a sign that stands for itself";
            let diagnostic = Diagnostic::error("invalid-value", message).help(help);
            found.push((diagnostic, format!("{pointer}/pattern")));
        }
        Ok(validator) => {
            if let Some(default) = param.default.as_ref().filter(|value| value.is_string())
                && !validator.is_valid(default)
            {
                let message =
                    format!("`{name}` cannot be {default}: it does not match its pattern");
                let help = format!("give a default that matches {pattern}");
                let diagnostic = Diagnostic::error("invalid-value", message).help(help);
                found.push((diagnostic, format!("{pointer}/default")));
            }
        }
    }
    found
}

/// Placeholders of questions that are no param.
pub(super) fn check_questions(document: &Document<Workflow>) -> Vec<Diagnostic> {
    let workflow = &document.value;
    let mut found = Vec::new();
    for (index, question) in workflow.questions.iter().enumerate() {
        let mut from = 0;
        while let Some((open, name)) = placeholder(question, from) {
            from = open + name.len() + 2;
            if workflow.params.contains_key(name) {
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
                Diagnostic::error("unknown-param", format!("unknown param `{name}`"))
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
    let meant = match unit.to_lowercase().as_str() {
        "usd" if unit != "usd" => "usd",
        "$" | "dollar" | "dollars" | "us$" | "us dollar" | "us dollars" => "usd",
        "%" | "pct" | "percentage" | "percents" | "per cent" => "percent",
        "x" | "times" | "factor" | "multiple" => "ratio",
        "#" | "num" | "numeric" | "integer" | "int" | "float" | "decimal" => "number",
        "" => {
            return Some("write a word, such as `usd`, `percent`, `ratio` or `number`".to_owned());
        }
        _ => return None,
    };
    Some(format!("write `{meant}`"))
}
