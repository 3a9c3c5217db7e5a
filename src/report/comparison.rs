//! Two runs of a workflow side by side.

use std::collections::BTreeSet;

use comfy_table::{ContentArrangement, Table, presets};

use super::Screen;
use super::summary::price;
use crate::run::{Outcome, StepOutcome, StepStatus};
use crate::value::Value;

/// The outputs of two runs, a row each; what differs is marked, and long texts are wrapped to the screen.
pub fn comparison(before: &Outcome, after: &Outcome, screen: Screen) -> String {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(screen.width).unwrap_or(u16::MAX))
        .set_header(["", "output", "before", "after", "difference"]);
    let mut shown = BTreeSet::new();
    for name in after.outputs.keys().chain(before.outputs.keys()) {
        if shown.insert(name) {
            let [old, new] = [before, after].map(|outcome| outcome.outputs.get(name));
            let mark = if old == new { "" } else { "*" };
            table.add_row([mark, name, &text(old), &text(new), &difference(old, new)]);
        }
    }
    let (reused, steps) = taken_over(&after.steps);
    format!(
        "{}\n\n{reused} of {steps} steps taken from run {}; cost {} before, {} now\n",
        table.trim_fmt(),
        before.run_id,
        price(before),
        price(after)
    )
}

/// How many steps were taken from an earlier run, and how many there are: those inside of others in their place.
fn taken_over(steps: &[StepOutcome]) -> (usize, usize) {
    steps.iter().fold((0, 0), |(reused, all), step| {
        let is_reused = step.status == StepStatus::Cached;
        let inside: &[StepOutcome] = if is_reused { &[] } else { &step.steps };
        let own = if inside.is_empty() { (usize::from(is_reused), 1) } else { taken_over(inside) };
        (reused + own.0, all + own.1)
    })
}

fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// What was added to a number, and what part of it that is.
fn difference(old: Option<&Value>, new: Option<&Value>) -> String {
    let (Some(old), Some(new)) = (old.and_then(Value::as_f64), new.and_then(Value::as_f64)) else {
        return String::new();
    };
    let more = new - old;
    if more == 0.0 {
        String::new()
    } else if old == 0.0 {
        format!("{more:+}")
    } else {
        // Digits beyond the sixth say nothing about a difference.
        let rounded = (more * 1e6).round() / 1e6;
        format!("{rounded:+} ({:+.1}%)", more / old.abs() * 100.0)
    }
}
