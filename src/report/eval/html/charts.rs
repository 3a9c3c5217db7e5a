//! Charts as inline SVG, drawn in the colours of the page. None tells anything by colour alone.

use std::fmt::Write as _;

use super::cases::anchor;
use super::class;
use crate::eval::{Report, Status, Totals};
use crate::report::eval::percent;
use crate::report::money::money;
use crate::report::svg::escape;

/// The width of a bar.
const WIDE: f64 = 220.0;

/// A share with its interval.
pub(super) fn share(share: Option<f64>, interval: Option<[f64; 2]>) -> String {
    let Some(share) = share else { return String::new() };
    let mut out = format!(
        "<svg width=\"{WIDE}\" height=\"18\" role=\"img\"><rect y=\"4\" width=\"{WIDE}\" height=\"10\" rx=\"5\" fill=\"var(--track)\"/>\
         <rect y=\"4\" width=\"{:.1}\" height=\"10\" rx=\"5\" fill=\"var(--good)\"/>",
        share * WIDE
    );
    if let Some([from, to]) = interval {
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
        // A name that began near the end would be cut off.
        let (at, anchor) = if at > WIDE - 36.0 { (WIDE, "end") } else { (at, "start") };
        let _ = write!(out, "<text x=\"{at:.1}\" y=\"43\" text-anchor=\"{anchor}\">{name}</text>");
    }
    out.push_str("</svg>");
    out
}

/// What accuracy costs: a point for each model, with the interval of its accuracy. One model alone is no choice.
pub(super) fn choice(out: &mut String, report: &Report) {
    const LEFT: f64 = 52.0;
    const RIGHT: f64 = 700.0;
    const TOP: f64 = 16.0;
    const BOTTOM: f64 = 214.0;
    let known: Vec<(&Totals, f64, [f64; 2])> = report
        .models
        .iter()
        // What has no price has no place on the scale.
        .filter(|model| model.unpriced_calls == 0)
        .filter_map(|model| Some((model, model.accuracy?, model.interval?)))
        .collect();
    if known.len() < 2 {
        return;
    }
    let dearest = known.iter().map(|(model, ..)| model.cost_usd).fold(0.0, f64::max);
    let across = |usd: f64| {
        // Where nothing costs anything, all stand at the left.
        LEFT + if dearest > 0.0 { usd / dearest * (RIGHT - LEFT) } else { 0.0 }
    };
    let down = |share: f64| BOTTOM - share * (BOTTOM - TOP);
    out.push_str("<h2>What accuracy costs</h2>\n<div class=\"card scroll\"><svg class=\"choice\" viewBox=\"0 0 900 250\" role=\"img\">");
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let (y, name) = (down(share), percent(Some(share)));
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "<path d=\"M{LEFT} {y:.1}H{RIGHT}\" stroke=\"var(--line)\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{name}</text>",
            LEFT - 8.0,
            y + 4.0
        );
    }
    let _ = write!(
        out,
        "<text x=\"{LEFT}\" y=\"236\">$0</text><text x=\"{RIGHT}\" y=\"236\" text-anchor=\"end\">{} for all attempts</text>",
        money(dearest)
    );
    for (model, accuracy, [from, to]) in known {
        let (x, y) = (across(model.cost_usd), down(accuracy));
        let _ = write!(
            out,
            "<path d=\"M{x:.1} {:.1}V{:.1}\" stroke=\"var(--accent)\" stroke-width=\"2\" opacity=\"0.45\"/>\
             <circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5.5\" fill=\"var(--accent)\"/><text class=\"name\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            down(from),
            down(to),
            x + 12.0,
            y + 4.0,
            escape(&model.model)
        );
    }
    out.push_str("</svg></div>\n");
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
