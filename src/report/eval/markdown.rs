//! Markdown, for a pull request: the table of models, then what failed.

use std::fmt::Write as _;

use super::{compared, failed, interval, notes, percent, spent, telling};
use crate::eval::{Report, Status};
use crate::report::summary::duration;

/// Writes a report.
pub fn write(report: &Report) -> String {
    let verdict = if report.passed { "Everything holds" } else { "Not everything holds" };
    let mut out = format!(
        "## {verdict}\n\n| model | passed | failed | accuracy | 95 % interval | cost | median | 95th percentile |\n| --- | ---: | ---: | ---: | --- | ---: | ---: | ---: |\n"
    );
    for totals in &report.models {
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            cell(&totals.model),
            totals.passed,
            totals.failed,
            percent(totals.accuracy),
            interval(totals.interval),
            spent(totals.cost_usd, totals.unpriced_calls),
            totals.p50_ms.map_or_else(String::new, duration),
            totals.p95_ms.map_or_else(String::new, duration),
        );
    }
    out.push_str("\n| file | passed | failed | undecided | must pass | |\n| --- | ---: | ---: | ---: | ---: | --- |\n");
    for file in &report.files {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            cell(&file.name),
            file.passed,
            file.failed,
            file.undecided,
            percent(Some(file.wanted)),
            if file.holds { "ok" } else { "**failed**" }
        );
    }
    let notes = notes(report);
    if !notes.is_empty() {
        out.push('\n');
    }
    for note in notes {
        let _ = writeln!(out, "- {}", cell(&note));
    }
    if let Some(comparison) = &report.baseline {
        let _ = writeln!(out, "\n**Against the baseline:** {}.", cell(&compared(comparison)));
        for regression in &comparison.regressions {
            let _ = writeln!(out, "- **Worse:** {}", cell(regression));
        }
    }
    if failed(report).next().is_some() {
        out.push_str(
            "\n### Failed\n\n| case | model | assertion | found |\n| --- | --- | --- | --- |\n",
        );
    }
    for case in failed(report) {
        let asserts = telling(case).map(|attempt| attempt.asserts.as_slice()).unwrap_or_default();
        for judged in asserts.iter().filter(|one| one.status == Status::Failed) {
            let _ = writeln!(
                out,
                "| {}/{} | {} | {} | {} |",
                cell(&case.file),
                cell(&case.name),
                cell(&case.model),
                cell(&judged.assert),
                cell(&judged.found)
            );
        }
    }
    out
}

/// A text that neither ends its cell nor is read as marks.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' => {
                out.push('\\');
                out.push(c);
            }
            '\n' | '\r' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
