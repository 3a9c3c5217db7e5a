//! For a terminal: what failed and why, then what it all comes to.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};

use super::{compared, failed, interval, notes, percent, spent, telling};
use crate::eval::{Report, Status};
use crate::report::summary::duration;

/// Failed cases that are written out; the other formats have all of them.
const SHOWN: usize = 50;

/// Writes a report for people.
pub fn write(report: &Report) -> String {
    let mut out = String::new();
    for case in failed(report).take(SHOWN) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "failed  {}/{} ({})", case.file, case.name, case.model);
        if case.attempts.len() > 1 {
            let _ = writeln!(
                out,
                "        pass rate {} ({})",
                percent(case.pass_rate),
                interval(case.interval)
            );
        }
        let asserts = telling(case).map(|attempt| attempt.asserts.as_slice()).unwrap_or_default();
        for judged in asserts.iter().filter(|one| one.status == Status::Failed) {
            let turn = judged.turn.map_or_else(String::new, |turn| format!("question {turn}: "));
            let found = judged.found.replace('\n', "\n          ");
            let _ = writeln!(out, "        {turn}{}\n          {found}", judged.assert);
        }
    }
    let more = failed(report).count().saturating_sub(SHOWN);
    if more > 0 {
        let _ = writeln!(out, "        and {more} more");
    }
    if !out.is_empty() {
        out.push('\n');
    }
    let _ = writeln!(out, "{}\n\n{}", files(report), models(report));
    for note in notes(report) {
        let _ = write!(out, "\n{note}");
    }
    out.push('\n');
    if let Some(comparison) = &report.baseline {
        let _ = writeln!(out, "\nagainst the baseline: {}", compared(comparison));
        for regression in &comparison.regressions {
            let _ = writeln!(out, "worse: {regression}");
        }
    }
    let verdict = if report.passed { "everything holds" } else { "not everything holds" };
    let _ = writeln!(out, "\n{verdict}, after {}", duration(report.duration_ms));
    out
}

fn files(report: &Report) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["file", "passed", "failed", "undecided", "must pass", ""]);
    for file in &report.files {
        let undecided = if file.undecided > 0 { file.undecided.to_string() } else { String::new() };
        table.add_row([
            file.name.clone(),
            file.passed.to_string(),
            file.failed.to_string(),
            undecided,
            percent(Some(file.wanted)),
            if file.holds { "ok".to_owned() } else { "FAILED".to_owned() },
        ]);
    }
    aligned(table, 4)
}

fn models(report: &Report) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["model", "accuracy", "95 % interval", "USD", "median", "95 %"]);
    for totals in &report.models {
        table.add_row([
            totals.model.clone(),
            percent(totals.accuracy),
            interval(totals.interval),
            spent(totals.cost_usd, totals.unpriced_calls),
            totals.p50_ms.map_or_else(String::new, duration),
            totals.p95_ms.map_or_else(String::new, duration),
        ]);
    }
    aligned(table, 5)
}

/// The table with its numbers, the first columns but one, to the right.
fn aligned(mut table: Table, numbers: usize) -> String {
    let columns = table.column_iter_mut().skip(1).take(numbers);
    columns.for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table.trim_fmt()
}
