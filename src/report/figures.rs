//! The figures of an answer, for people: each with its value and where that comes from, then the queries behind them.

use std::fmt::Write as _;

use indexmap::IndexMap;

use crate::event::Tracing;
use crate::run::{
    Conflict, ConflictingValue, DataReport, FigureSource, LedgerEntry, OUTPUTS, Outcome,
};
use crate::value::{Object, Value, unquoted};

/// The ledger of a run: nothing where its texts hold no figures.
pub fn figures(outcome: &Outcome) -> String {
    let Some(ledger) = outcome.figures.ledger.as_ref().filter(|ledger| !ledger.is_empty()) else {
        return "\nno figures to trace\n".to_owned();
    };
    let width = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or_default();
    let written = width(&mut ledger.iter().map(|entry| entry.figure.text.chars().count()));
    let mut out = String::new();
    let mut step = None;
    for entry in ledger {
        // Writing to a string cannot fail.
        if step != Some(&entry.step) {
            let _ = match entry.step.as_str() {
                OUTPUTS => writeln!(out, "\nfigures of the outputs"),
                step => writeln!(out, "\nfigures of step `{step}`"),
            };
            step = Some(&entry.step);
        }
        let text = &entry.figure.text;
        let _ = writeln!(out, "  {text:<written$}  {:<10}  {}", how(entry.figure.how), told(entry));
        let from: Vec<String> = entry.sources.iter().map(source).collect();
        if !from.is_empty() {
            let _ = writeln!(out, "  {:<written$}  {:<10}  from {}", "", "", from.join(", "));
        }
    }
    out.push_str(&queries(ledger));
    out
}

/// The period and the rows that an answer rests on, in a line.
pub(super) fn data(data: &DataReport) -> String {
    let rows = if data.rows == 1 { "row" } else { "rows" };
    let period = match (&data.from, &data.to) {
        (Some(from), Some(to)) if from == to => format!("{from}, "),
        (Some(from), Some(to)) => format!("{from} to {to}, "),
        _ => String::new(),
    };
    format!("Data: {period}{} {rows} read from {}.", data.rows, data.sources.join(", "))
}

/// The metrics that have several values, each value with where it comes from.
pub(super) fn conflicts(conflicts: &[Conflict]) -> String {
    let mut out = String::new();
    for Conflict { metric, unit, of, values } in conflicts {
        let of: Vec<String> =
            of.iter().map(|(name, value)| format!("{name} {}", unquoted(value))).collect();
        let of = if of.is_empty() { String::new() } else { format!(" of {}", of.join(", ")) };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "\nConflict: `{metric}`{of} has {} values.", values.len());
        for ConflictingValue { value, text, step, path, sources } in values {
            let unit = unit.as_ref().map_or_else(String::new, |unit| format!(" {unit}"));
            let value = text.clone().unwrap_or_else(|| format!("{}{unit}", unquoted(value)));
            let from: Vec<String> = sources.iter().map(source).collect();
            let from =
                if from.is_empty() { String::new() } else { format!(", from {}", from.join(", ")) };
            let _ = writeln!(out, "- {value} by step `{step}`: {path}{from}");
        }
    }
    out
}

fn how(how: Tracing) -> &'static str {
    match how {
        Tracing::Cited => "cited",
        Tracing::Matched => "matched",
        Tracing::Derived => "derived",
        Tracing::Given => "given",
        Tracing::Unverified => "unverified",
    }
}

/// The value with its path and formula, or why there is none.
fn told(entry: &LedgerEntry) -> String {
    let figure = &entry.figure;
    let unit = figure.unit.as_ref().map_or_else(String::new, |unit| format!(" {unit}"));
    let value = figure.value.as_ref().map(|value| match value.as_array() {
        Some(rows) => format!("{} rows", rows.len()),
        None => format!("{}{unit}", unquoted(value)),
    });
    let formula = figure.formula.as_ref().map(|formula| match formula.strip_prefix("= ") {
        Some(formula) => format!("= {formula}"),
        None => format!("= {}", formula.split_whitespace().collect::<Vec<_>>().join(" ")),
    });
    let said =
        (figure.how == Tracing::Given).then(|| "the prompt or the workflow says it".to_owned());
    let alike = match figure.alike.as_slice() {
        [] => None,
        others => Some(format!("(or {})", others.join(", "))),
    };
    let parts = [value, figure.path.clone(), alike, formula, figure.reason.clone(), said];
    parts.into_iter().flatten().collect::<Vec<_>>().join("  ")
}

fn source(source: &FigureSource) -> String {
    match (&source.tool, &source.source) {
        (Some(tool), Some(from)) => format!("{} (tool `{tool}`, source `{from}`)", source.path),
        (Some(tool), None) => format!("{} (tool `{tool}`)", source.path),
        (None, _) => source.path.clone(),
    }
}

/// What the tools asked, each once.
fn queries(ledger: &[LedgerEntry]) -> String {
    let sources = ledger.iter().flat_map(|entry| &entry.sources);
    let mut asked: IndexMap<&str, (&str, Option<&Object>)> = IndexMap::new();
    for source in sources {
        if let Some(query) = &source.query {
            asked.entry(&source.path).or_insert((query, source.arguments.as_ref()));
        }
    }
    let mut out = String::new();
    for (path, (query, arguments)) in asked {
        let with = arguments
            .filter(|arguments| !arguments.is_empty())
            .map_or_else(String::new, |arguments| {
                format!(" with {}", Value::Object(arguments.clone()))
            });
        // Writing to a string cannot fail.
        let _ = writeln!(out, "\nquery of {path}{with}");
        for line in query.lines() {
            let _ = writeln!(out, "  {line}");
        }
    }
    out
}
