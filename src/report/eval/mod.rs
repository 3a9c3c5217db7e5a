//! Reports of evals: for terminals, CI servers, pull requests and browsers.

mod agreement;
mod html;
mod junit;
mod markdown;
mod text;

use crate::eval::{Attempt, CaseReport, Comparison, Replayed, Report, Status, probability};
use crate::id::ModelName;
use crate::report::money::money;
use crate::value::counted;

pub use agreement::write as agreement;
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

/// Where agents were chosen, and what judges said, a line each.
fn notes(report: &Report) -> Vec<String> {
    let mut notes: Vec<String> = report.replayed.iter().map(Replayed::line).collect();
    if let Some(routing) = &report.routing {
        notes.push(format!(
            "routes by words: {} of {} decided (coverage {}), {} rightly (precision {})",
            routing.decided,
            routing.questions,
            percent(routing.coverage),
            routing.right,
            percent(routing.precision)
        ));
    }
    notes.extend(report.selection.iter().map(|one| {
        format!("{} ({}, {})", one.line(), percent(Some(one.share)), interval(Some(one.interval)))
    }));
    if let Some(judging) = &report.judging {
        let models: Vec<&str> = judging.models.iter().map(ModelName::as_str).collect();
        let by = if models.is_empty() { "nobody".to_owned() } else { models.join(", ") };
        let open = match judging.not_judged {
            0 => String::new(),
            count => format!(", {count} NOT JUDGED"),
        };
        notes.push(format!(
            "rubrics: {} judged by {by}{open}, for {} besides the cases' own cost",
            judging.judged,
            spent(judging.cost_usd, judging.unpriced_calls)
        ));
    }
    notes
}

/// A comparison with the test that it rests on, in a line.
fn compared(comparison: &Comparison) -> String {
    let (broke, mended) = (comparison.broke.len(), comparison.mended.len());
    format!(
        "{} in both, accuracy {} (before {}); {broke} broke and {mended} mended: probability {} by the exact one-sided test of McNemar \
         on these {}",
        counted(comparison.common, "case"),
        percent(comparison.accuracy_now),
        percent(comparison.accuracy_before),
        probability(comparison.p_value),
        broke + mended,
    )
}

/// What calls cost; those without a price are told, and not as free.
fn spent(usd: f64, unpriced_calls: u64) -> String {
    match unpriced_calls {
        0 => money(usd),
        calls => format!("{} + {calls} unpriced", money(usd)),
    }
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
