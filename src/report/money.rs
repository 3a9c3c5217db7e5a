//! Tables and lines of costs, for people.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};

use super::costs::{By, Cost, CostReport, Shape, Spread};
use super::summary::{cost, duration};
use crate::run::Allowance;
use crate::value::counted;

/// Writes a report of costs for people.
pub fn costs(report: &CostReport) -> String {
    let mut out = String::new();
    let since = report.since.as_ref().map_or_else(String::new, |since| format!(" since {since}"));
    if report.rows.is_empty() {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "no runs{since}");
    } else {
        if !since.is_empty() {
            let _ = writeln!(out, "spent{since}\n");
        }
        let _ = writeln!(out, "{}", rows(report));
    }
    if report.deleted_runs > 0 {
        let runs = counted(usize::try_from(report.deleted_runs).unwrap_or(usize::MAX), "run");
        let _ = writeln!(
            out,
            "\n{runs} of it deleted since: counted by whole days, and not among the answers below."
        );
    }
    if report.total.unpriced_calls > 0 {
        let _ = writeln!(
            out,
            "\nunpriced calls: {}. Their models have no `price` in engine.yaml, so the dollars above are without them.",
            report.total.unpriced_calls
        );
    }
    if report.total.called_off_calls > 0 {
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "\nestimated: {} of it, for calls that were called off because another answer came first: {}.",
            money(report.total.estimated_usd),
            report.total.called_off_calls
        );
    }
    if !report.budgets.is_empty() {
        out.push('\n');
    }
    for allowance in &report.budgets {
        let over = if allowance.left_usd() > 0.0 { "" } else { "; nothing is left" };
        let _ = writeln!(out, "budget: {}{over}", of_budget(allowance));
    }
    if !report.shapes.is_empty() {
        let _ = writeln!(out, "\n{}", shapes(report));
    }
    out
}

fn rows(report: &CostReport) -> String {
    let first = match report.by {
        By::Day => "day",
        By::Workflow => "workflow",
        By::Agent => "agent",
        By::Model => "model",
        By::Session => "session",
    };
    let estimated = report.total.called_off_calls > 0;
    let mut table = Table::new();
    let header = [first, "runs", "calls", "tokens in", "cached", "out", "USD", "unpriced calls"];
    table
        .load_preset(presets::NOTHING)
        .set_header(header.into_iter().chain(estimated.then_some("of it estimated")));
    let cells = |name: &str, spent: &Cost| {
        let estimate = estimated.then(|| match spent.called_off_calls {
            0 => String::new(),
            _ => cost(spent.estimated_usd),
        });
        cells(name, spent).into_iter().chain(estimate).collect::<Vec<_>>()
    };
    for row in &report.rows {
        table.add_row(cells(row.name.as_deref().unwrap_or("(none)"), &row.cost));
    }
    table.add_row(cells("total", &report.total));
    table
        .column_iter_mut()
        .skip(1)
        .for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table.trim_fmt()
}

fn cells(name: &str, spent: &Cost) -> [String; 8] {
    [
        name.to_owned(),
        spent.runs.to_string(),
        spent.calls.to_string(),
        spent.input_tokens.to_string(),
        spent.cached_input_tokens.to_string(),
        spent.output_tokens.to_string(),
        spent.cost_usd.map_or_else(|| "unpriced".to_owned(), cost),
        spent.unpriced_calls.to_string(),
    ]
}

fn shapes(report: &CostReport) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header([
        "answers of",
        "runs",
        "USD median",
        "USD 95%",
        "time median",
        "time 95%",
    ]);
    for of in &report.shapes {
        let name = match of.shape {
            Shape::SingleAgent => "one agent",
            Shape::Workflow => "a workflow",
            Shape::Orchestrated => "a plan made for the question",
        };
        let both = |spread: Option<Spread>, write: fn(f64) -> String, none: &str| {
            let write = |value: fn(Spread) -> f64| {
                spread.map_or_else(|| none.to_owned(), |spread| write(value(spread)))
            };
            [write(|spread| spread.median), write(|spread| spread.p95)]
        };
        let [cost_median, cost_p95] = both(of.cost_usd, cost, "unpriced");
        let [time_median, time_p95] = both(of.duration_ms, duration, "");
        table.add_row([
            name.to_owned(),
            of.runs.to_string(),
            cost_median,
            cost_p95,
            time_median,
            time_p95,
        ]);
    }
    table
        .column_iter_mut()
        .skip(1)
        .for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table.trim_fmt()
}

/// What was spent of a budget: `$1.20 of $5.00 today`.
pub fn of_budget(allowance: &Allowance) -> String {
    let (spent, limit) = (money(allowance.spent_usd), money(allowance.limit_usd));
    let unpriced = match allowance.unpriced_calls {
        0 => String::new(),
        calls => format!(", without {}", counted(calls, "unpriced call")),
    };
    format!("{spent} of {limit} {}{unpriced}", allowance.period.name())
}

/// Dollars and cents, and what is finer than a cent only where it counts.
pub(super) fn money(usd: f64) -> String {
    if usd >= 1.0 || usd == 0.0 {
        return format!("${usd:.2}");
    }
    let fine = format!("${usd:.6}");
    let short = fine.trim_end_matches('0');
    // At least two digits stand behind the point.
    fine.chars().take(short.len().max("$0.00".len())).collect()
}

#[cfg(test)]
mod tests {
    use super::money;

    #[test]
    fn small_sums_keep_their_digits() {
        for (usd, text) in [
            (1.2, "$1.20"),
            (0.0, "$0.00"),
            (0.05, "$0.05"),
            (0.1, "$0.10"),
            (0.000_25, "$0.00025"),
        ] {
            assert_eq!(money(usd), text);
        }
    }
}
