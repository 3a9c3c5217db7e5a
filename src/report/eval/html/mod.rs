//! One page for browsers, whole in itself: no font, script or picture comes from anywhere else. The verdict comes first, then what failed.

mod cases;
mod charts;
mod prose;

use std::fmt::Write as _;

use super::{interval, percent, spent};
use crate::eval::{FileReport, Report, Selecting, Status, Totals, probability};
use crate::id::ModelName;
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
    charts::choice(&mut out, report);
    // Failures that a file lets are no news; others are the first thing to read.
    if !report.passed {
        cases::failed(&mut out, report);
    }
    charts::waffles(&mut out, report);
    selecting(&mut out, report);
    files(&mut out, report);
    judging(&mut out, report);
    if report.passed {
        cases::failed(&mut out, report);
    }
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
    let replayed = report.replayed.as_ref().map_or_else(String::new, |replayed| {
        format!("<p class=\"lead\">The {}.</p>\n", escape(&replayed.line()))
    });
    let _ = write!(
        out,
        "<header>\n<h1><span class=\"{mark}\"></span>{verdict}</h1>\n<p class=\"lead\">{lead}</p>\n{replayed}</header>\n"
    );
    let mut numbers = vec![(passed.to_string(), "passed"), (failed.to_string(), "failed")];
    if undecided > 0 {
        numbers.push((undecided.to_string(), "undecided"));
    }
    if let [one] = report.models.as_slice() {
        numbers.push((percent(one.accuracy), "accuracy"));
        numbers.push((spent(one.cost_usd, one.unpriced_calls), "cost"));
        numbers.push((one.p95_ms.map_or_else(String::new, duration), "95th percentile of time"));
    }
    if let Some(routing) = &report.routing {
        numbers.push((percent(routing.precision), "precision of routes by words"));
        numbers.push((percent(routing.coverage), "coverage of routes by words"));
    }
    // Rows of equal length: a hole at the end looks as if something were missing.
    let rows = numbers.len().div_ceil(5);
    let columns = numbers.len().div_ceil(rows.max(1));
    let _ = writeln!(out, "<div class=\"numbers\" style=\"--columns: {columns}\">");
    for (value, name) in numbers {
        let _ = writeln!(out, "<div><b>{value}</b><span>{name}</span></div>");
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
        "<tr><td colspan=\"3\">{} broke and {} were mended; by chance with probability {}, by the exact one-sided test of McNemar.",
        comparison.broke.len(),
        comparison.mended.len(),
        probability(comparison.p_value)
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
        let _ = writeln!(
            out,
            "<tr><td><b>{}</b></td><td>{}<small>{} ({})</small></td><td class=\"n\" data-of=\"cost\">{}</td><td>{}</td>\
             <td class=\"n\" data-of=\"median\">{}</td><td class=\"n\" data-of=\"95 %\">{}</td></tr>",
            escape(&totals.model),
            charts::share(totals.accuracy, totals.interval),
            percent(totals.accuracy),
            interval(totals.interval),
            spent(totals.cost_usd, totals.unpriced_calls),
            charts::times(&took, slowest),
            totals.p50_ms.map_or_else(String::new, duration),
            totals.p95_ms.map_or_else(String::new, duration),
        );
    }
    out.push_str("</table></div>\n");
}

/// How often the agents of questions were chosen rightly.
fn selecting(out: &mut String, report: &Report) {
    if report.selection.is_empty() {
        return;
    }
    out.push_str("<h2>Who answers</h2>\n<div class=\"card scroll\"><table>\n<tr><th>chosen by</th><th>questions that got every agent they take, with its 95 % interval</th>\
         <th class=\"n\">complete</th><th class=\"n\">nobody else</th><th class=\"n\">questions</th></tr>\n");
    for one in &report.selection {
        let Selecting { model, by, questions, complete, exact, share, interval: around } = one;
        let by = match by.as_str() {
            "lexical" => "words",
            "session" => "the conversation",
            _ => "the model",
        };
        let _ = writeln!(
            out,
            "<tr><td><b>{by}</b><small>{}</small></td><td>{}<small>{} ({})</small></td><td class=\"n\" data-of=\"complete\">{complete}</td>\
             <td class=\"n\" data-of=\"nobody else\">{exact}</td><td class=\"n\" data-of=\"questions\">{questions}</td></tr>",
            escape(model),
            charts::share(Some(*share), Some(*around)),
            percent(Some(*share)),
            interval(Some(*around)),
        );
    }
    out.push_str("</table></div>\n");
}

/// Who judged, for how much, and what the judge was told.
fn judging(out: &mut String, report: &Report) {
    let Some(judging) = &report.judging else { return };
    let models: Vec<&str> = judging.models.iter().map(ModelName::as_str).collect();
    let by = if models.is_empty() { "nobody".to_owned() } else { models.join(", ") };
    let open = match judging.not_judged {
        0 => String::new(),
        count => format!(" <b class=\"worse\">{count} were not judged.</b>"),
    };
    let _ = writeln!(
        out,
        "<h2>Judge</h2>\n<details class=\"card judge\"><summary>{} judged by {}, for {} besides the cost of the cases.{open}</summary>\
         <pre>{}</pre></details>",
        counted(judging.judged, "rubric"),
        escape(&by),
        spent(judging.cost_usd, judging.unpriced_calls),
        escape(&judging.instructions),
    );
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
            "<tr><td><b class=\"{}\">{}</b><small>{}</small></td><td>{}</td><td class=\"n\" data-of=\"passed\">{passed}</td>\
             <td class=\"n{worse}\" data-of=\"failed\">{failed}</td><td class=\"n\" data-of=\"undecided\">{undecided}</td>\
             <td class=\"n{worse}\" data-of=\"must pass\">{}</td></tr>",
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
