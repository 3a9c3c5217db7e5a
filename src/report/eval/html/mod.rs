//! One page for browsers, whole in itself: no font, script or picture comes from anywhere else. The verdict comes first, then what failed.

mod cases;
mod charts;

use std::fmt::Write as _;

use super::{interval, percent};
use crate::eval::{FileReport, Report, Status, Totals};
use crate::report::money::money;
use crate::report::summary::duration;
use crate::report::svg::escape;
use crate::value::counted;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Writes a report.
pub fn write(report: &Report) -> String {
    let verdict = if report.passed { "Everything holds" } else { "Not everything holds" };
    let title = format!("{verdict} · engine eval");
    let mut out = String::with_capacity(1 << 16);
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
        escape(&title)
    );
    head(&mut out, report, verdict);
    comparison(&mut out, report);
    models(&mut out, report);
    cases::failed(&mut out, report);
    charts::waffles(&mut out, report);
    files(&mut out, report);
    cases::all(&mut out, report);
    let _ = write!(
        out,
        "<footer>Begun {}, done in {}.</footer>\n</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        escape(&report.started_at),
        duration(report.duration_ms)
    );
    out
}

fn head(out: &mut String, report: &Report, verdict: &str) {
    let mark = if report.passed { "verdict" } else { "verdict failed" };
    let of = |pick: fn(&Totals) -> usize| report.models.iter().map(pick).sum::<usize>();
    let (passed, failed, undecided) =
        (of(|model| model.passed), of(|model| model.failed), of(|model| model.undecided));
    let lead = match (failed, undecided) {
        (0, 0) => format!("All {} did what they should.", counted(passed, "attempt")),
        (0, _) => format!(
            "{} did what they should; words alone could not decide the others.",
            counted(passed, "attempt")
        ),
        (failed, _) if report.files.iter().all(|file| file.holds) => {
            format!("{} failed, no more than their files let.", counted(failed, "attempt"))
        }
        (failed, _) => {
            let short = report.files.iter().filter(|file| !file.holds).count();
            format!(
                "{} failed, and {} fell short of what must pass.",
                counted(failed, "attempt"),
                counted(short, "file")
            )
        }
    };
    let _ = write!(
        out,
        "<header>\n<h1><span class=\"{mark}\"></span>{verdict}</h1>\n<p class=\"lead\">{lead}</p>\n</header>\n<div class=\"numbers\">\n"
    );
    let mut number = |value: String, name: &str| {
        let _ = writeln!(out, "<div><b>{value}</b><span>{name}</span></div>");
    };
    number(passed.to_string(), "passed");
    number(failed.to_string(), "failed");
    if undecided > 0 {
        number(undecided.to_string(), "undecided");
    }
    if let [one] = report.models.as_slice() {
        number(percent(one.accuracy), "accuracy");
        number(money(one.cost_usd), "cost");
        number(one.p95_ms.map_or_else(String::new, duration), "95th percentile of time");
    }
    if let Some(routing) = &report.routing {
        number(percent(routing.precision), "precision of routes by words");
        number(percent(routing.coverage), "coverage of routes by words");
    }
    out.push_str("</div>\n");
}

fn comparison(out: &mut String, report: &Report) {
    let Some(comparison) = &report.baseline else { return };
    let _ = write!(
        out,
        "<h2>Against the baseline</h2>\n<div class=\"card\"><table>\n<tr><th></th><th class=\"n\">before</th><th class=\"n\">now</th></tr>\n"
    );
    let [cost_before, cost_now] = comparison.cost_usd;
    let [p95_before, p95_now] = comparison.p95_ms;
    for (name, before, now) in [
        (
            format!("Accuracy <small>{} in both</small>", counted(comparison.common, "case")),
            percent(comparison.accuracy_before),
            percent(comparison.accuracy_now),
        ),
        ("Cost a case".to_owned(), money(cost_before), money(cost_now)),
        ("95th percentile of time".to_owned(), duration(p95_before), duration(p95_now)),
    ] {
        let _ = writeln!(
            out,
            "<tr><td>{name}</td><td class=\"n\">{before}</td><td class=\"n\">{now}</td></tr>"
        );
    }
    let _ = write!(
        out,
        "<tr><td colspan=\"3\">{} broke and {} were mended; p = {:.4} by the exact one-sided sign test.",
        comparison.broke.len(),
        comparison.mended.len(),
        comparison.p_value
    );
    for regression in &comparison.regressions {
        let _ = write!(out, "<small class=\"worse\">{}</small>", escape(regression));
    }
    out.push_str("</td></tr>\n</table></div>\n");
}

fn models(out: &mut String, report: &Report) {
    out.push_str(
        "<h2>Models</h2>\n<div class=\"card scroll\"><table>\n<tr><th>model</th><th>accuracy, with its 95 % interval</th><th class=\"n\">cost</th>\
         <th>time of an attempt</th><th class=\"n\">median</th><th class=\"n\">95 %</th></tr>\n",
    );
    let slowest = report.cases.iter().flat_map(|case| &case.attempts).map(|one| one.duration_ms);
    let slowest = slowest.fold(1.0, f64::max);
    for totals in &report.models {
        let took = report.cases.iter().filter(|case| case.model == totals.model);
        let took: Vec<f64> =
            took.flat_map(|case| &case.attempts).map(|attempt| attempt.duration_ms).collect();
        let unpriced = match totals.unpriced_calls {
            0 => String::new(),
            calls => format!(
                "<small>{} without a price</small>",
                counted(usize::try_from(calls).unwrap_or(usize::MAX), "call")
            ),
        };
        let _ = writeln!(
            out,
            "<tr><td><b>{}</b></td><td>{}<small>{} ({})</small></td><td class=\"n\">{}{unpriced}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            escape(&totals.model),
            charts::share(totals),
            percent(totals.accuracy),
            interval(totals.interval),
            money(totals.cost_usd),
            charts::times(&took, slowest),
            totals.p50_ms.map_or_else(String::new, duration),
            totals.p95_ms.map_or_else(String::new, duration),
        );
    }
    out.push_str("</table></div>\n");
}

fn files(out: &mut String, report: &Report) {
    out.push_str(
        "<h2>Files</h2>\n<div class=\"card scroll\"><table>\n<tr><th>file</th><th></th><th class=\"n\">passed</th><th class=\"n\">failed</th>\
         <th class=\"n\">undecided</th><th class=\"n\">must pass</th></tr>\n",
    );
    for file in &report.files {
        let FileReport { name, description, passed, failed, undecided, wanted, holds } = file;
        let about = description.as_deref().unwrap_or_default();
        let worse = if *holds { "" } else { " worse" };
        let _ = writeln!(
            out,
            "<tr><td><b class=\"{}\">{}</b><small>{}</small></td><td>{}</td><td class=\"n\">{passed}</td><td class=\"n{worse}\">{failed}</td>\
             <td class=\"n\">{undecided}</td><td class=\"n{worse}\">{}</td></tr>",
            worse.trim(),
            escape(name),
            escape(about),
            charts::parts(*passed, *undecided, *failed),
            percent(Some(*wanted))
        );
    }
    out.push_str("</table></div>\n");
}

/// The class of a status.
fn class(status: Status) -> &'static str {
    status.name()
}
