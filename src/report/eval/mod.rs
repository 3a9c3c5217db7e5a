//! Reports of evals: for terminals, CI servers, pull requests and browsers.

mod html;
mod junit;
mod markdown;
mod text;

use crate::eval::{Attempt, CaseReport, Report, Status};

pub use html::write as html;
pub use junit::write as junit;
pub use markdown::write as markdown;
pub use text::write as text;

/// The cases that failed, in order.
fn failed(report: &Report) -> impl Iterator<Item = &CaseReport> {
    report.cases.iter().filter(|case| case.status == Status::Failed)
}

/// Of a case, the first attempt that shows its status.
fn telling(case: &CaseReport) -> Option<&Attempt> {
    case.attempts.iter().find(|attempt| attempt.status == case.status)
}

/// A share in percent: `93.3 %`.
fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "n/a".to_owned(), |share| format!("{:.1} %", share * 100.0))
}

/// An interval of shares in percent: `90.1-95.4 %`.
fn interval(interval: Option<[f64; 2]>) -> String {
    interval
        .map_or_else(String::new, |[from, to]| format!("{:.1}-{:.1} %", from * 100.0, to * 100.0))
}
