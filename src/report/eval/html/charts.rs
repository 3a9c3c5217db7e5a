//! Charts as inline SVG, drawn in the colours of the page. None tells anything by colour alone.

use std::fmt::Write as _;

use super::cases::anchor;
use super::class;
use crate::eval::{Report, Status, Totals};
use crate::report::svg::escape;

/// The width of a bar.
const WIDE: f64 = 220.0;

/// A share with its interval.
pub(super) fn share(totals: &Totals) -> String {
    let Some(accuracy) = totals.accuracy else { return String::new() };
    let mut out = format!(
        "<svg width=\"{WIDE}\" height=\"18\" role=\"img\"><rect y=\"4\" width=\"{WIDE}\" height=\"10\" rx=\"5\" fill=\"var(--track)\"/>\
         <rect y=\"4\" width=\"{:.1}\" height=\"10\" rx=\"5\" fill=\"var(--good)\"/>",
        accuracy * WIDE
    );
    if let Some([from, to]) = totals.interval {
        let (from, to) = (from * WIDE, (to * WIDE).min(WIDE - 1.0));
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "<path d=\"M{from:.1} 9H{to:.1}M{from:.1} 3V15M{to:.1} 3V15\" stroke=\"var(--ink)\" stroke-width=\"1.4\" fill=\"none\"/>"
        );
    }
    out.push_str("</svg>");
    out
}

/// Passed, undecided and failed as parts of a bar.
#[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 cases")]
pub(super) fn parts(passed: usize, undecided: usize, failed: usize) -> String {
    let all = (passed + undecided + failed).max(1) as f64;
    let mut out = format!("<svg width=\"{WIDE}\" height=\"12\" role=\"img\">");
    let mut at = 0.0;
    for (count, look) in [
        (passed, "fill=\"var(--good)\""),
        (undecided, "fill=\"var(--open-soft)\" stroke=\"var(--open)\""),
        (failed, "fill=\"var(--bad)\""),
    ] {
        let width = count as f64 / all * WIDE;
        if count > 0 {
            let _ = write!(
                out,
                "<rect x=\"{at:.1}\" y=\"1\" width=\"{:.1}\" height=\"10\" rx=\"2\" {look}/>",
                (width - 1.5).max(1.5)
            );
        }
        at += width;
    }
    out.push_str("</svg>");
    out
}

/// How often attempts took how long: columns over a scale of powers, the same for all models.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a column is one of few, and a count is small"
)]
pub(super) fn times(took: &[f64], slowest: f64) -> String {
    const COLUMNS: usize = 36;
    const HIGH: f64 = 30.0;
    let end = slowest.max(2.0).ln();
    let mut counts = [0usize; COLUMNS];
    for ms in took {
        let place = (ms.max(1.0).ln() / end * (COLUMNS - 1) as f64) as usize;
        if let Some(count) = counts.get_mut(place.min(COLUMNS - 1)) {
            *count += 1;
        }
    }
    let most = counts.iter().copied().max().unwrap_or_default().max(1) as f64;
    let step = WIDE / COLUMNS as f64;
    let mut out = format!("<svg width=\"{WIDE}\" height=\"46\" role=\"img\">");
    for (number, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
        let height = (count as f64 / most * HIGH).max(2.0);
        let _ = write!(
            out,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\" rx=\"1\" fill=\"var(--accent)\"/>",
            number as f64 * step,
            HIGH - height,
            step - 1.5
        );
    }
    let _ = write!(out, "<path d=\"M0 {HIGH}.5H{WIDE}\" stroke=\"var(--line)\"/>");
    for ms in [1.0, 10.0, 100.0, 1000.0, 10_000.0, 100_000.0] {
        if ms > slowest {
            break;
        }
        let at = f64::ln(ms) / end * (WIDE - step);
        let name = if ms < 1000.0 { format!("{ms} ms") } else { format!("{} s", ms / 1000.0) };
        let _ = write!(out, "<text x=\"{at:.1}\" y=\"43\">{name}</text>");
    }
    out.push_str("</svg>");
    out
}

/// A square for each case, a field for each model.
pub(super) fn waffles(out: &mut String, report: &Report) {
    out.push_str("<h2>Cases at a glance</h2>\n");
    for totals in &report.models {
        let _ =
            write!(out, "<div class=\"card\"><div class=\"key\"><b>{}</b>", escape(&totals.model));
        for status in [Status::Passed, Status::Undecided, Status::Failed] {
            let name = class(status);
            let _ = write!(out, "<span><i class=\"mark {name}\"></i>{name}</span>");
        }
        out.push_str("</div>\n<div class=\"waffle\">");
        for (number, case) in report.cases.iter().enumerate() {
            if case.model == totals.model {
                let _ = write!(
                    out,
                    "<a class=\"{}\" href=\"#{}\" title=\"{}/{}\"></a>",
                    class(case.status),
                    anchor(report, number),
                    escape(&case.file),
                    escape(&case.name)
                );
            }
        }
        out.push_str("</div></div>\n");
    }
}
