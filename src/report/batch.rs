//! What became of a batch of runs, as a whole.

use schemars::JsonSchema;
use serde::Serialize;

use super::summary::{cost, duration, spent};
use crate::value::counted;

/// What `engine run --batch --json` says last, on standard error. Stable.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct BatchReport {
    /// The batch; the same for the same workflow, params and rows.
    pub batch: String,
    /// Rows of the file.
    pub rows: u64,
    /// Those that ended with exit code 0.
    pub succeeded: u64,
    /// Those that ended with any other.
    pub not_succeeded: u64,
    /// Those of both that an earlier command had ended.
    pub from_before: u64,
    /// Rows that `--continue` has still to do: not begun, cancelled or stopped by a budget.
    pub left: u64,
    /// US dollars of all priced calls of the runs whose outcomes were told; null where models were asked, and nobody knows what any call cost.
    pub cost_usd: Option<f64>,
    /// US dollars of it that were spent before this command.
    pub cost_before_usd: f64,
    /// Charged calls whose cost nobody knows; they are not in `cost_usd`.
    pub unpriced_calls: u64,
    /// Milliseconds that this command took.
    pub wall_ms: f64,
}

/// What became of a batch, for people.
pub fn batch(report: &BatchReport) -> String {
    let count = |count: u64| counted(usize::try_from(count).unwrap_or(usize::MAX), "row");
    let not = match report.not_succeeded {
        0 => String::new(),
        not => format!(", {not} did not"),
    };
    let left = match report.left {
        0 => String::new(),
        left => format!(", {left} left"),
    };
    let before = match (report.from_before, report.cost_before_usd > 0.0) {
        (0, _) => String::new(),
        (rows, false) => format!("; {rows} of them before"),
        (rows, true) => format!("; {rows} of them before, for {}", cost(report.cost_before_usd)),
    };
    let cost = match spent(report.cost_usd, report.unpriced_calls) {
        unpriced if report.unpriced_calls > 0 => format!("{unpriced} calls"),
        cost => cost,
    };
    format!(
        "{} in {}: {} succeeded{not}{left}, {cost}{before}\n",
        count(report.rows),
        duration(report.wall_ms),
        report.succeeded,
    )
}
