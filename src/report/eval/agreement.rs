//! How far a judge agrees with people, for a terminal: where they differ, then the figures.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};

use super::{interval, percent, spent};
use crate::eval::{AgreementReport, Confusion};
use crate::report::summary::duration;
use crate::value::{counted, one_line};

/// Writes a report for people.
pub fn write(report: &AgreementReport) -> String {
    let mut out = String::new();
    let said = |pass: bool| if pass { "pass" } else { "fail" };
    for example in &report.examples {
        let what = match (&example.verdict, &example.error) {
            (Some(verdict), _) if verdict.pass == example.people => continue,
            (Some(verdict), _) => format!(
                "people say {}, the judge {}: {}",
                said(example.people),
                said(verdict.pass),
                one_line(&verdict.reason)
            ),
            (None, error) => format!("not judged: {}", error.as_deref().unwrap_or_default()),
        };
        let (rubric, answer) = (one_line(&example.rubric), one_line(&example.answer));
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}: {rubric}\n  {answer}\n  {what}\n", example.file);
    }
    if report.judged == 0 {
        out.push_str("no case was judged\n");
    } else {
        agreed(&mut out, report);
    }
    let _ = writeln!(
        out,
        "cost       {}, after {}",
        spent(report.cost_usd, report.unpriced_calls),
        duration(report.duration_ms)
    );
    if report.not_judged > 0 {
        let _ = writeln!(out, "not judged {}", counted(report.not_judged, "example"));
    }
    out
}

/// Who said what how often, and how far that is agreement.
fn agreed(out: &mut String, report: &AgreementReport) {
    let Confusion { both_pass, judge_only, people_only, both_fail } = report.table;
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["", "judge: pass", "judge: fail"]);
    let row = |name: &str, one: usize, other: usize| {
        [name.to_owned(), one.to_string(), other.to_string()]
    };
    table.add_row(row("people: pass", both_pass, people_only));
    table.add_row(row("people: fail", judge_only, both_fail));
    let numbers = table.column_iter_mut().skip(1);
    numbers.for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    let _ = writeln!(out, "{}\n", table.trim_fmt());
    let _ = writeln!(
        out,
        "agreement  {} ({}), of {} judged",
        percent(report.agreement),
        interval(report.interval),
        counted(report.judged, "example")
    );
    let kappa = match (report.kappa, report.kappa_interval) {
        (Some(kappa), Some([from, to])) => format!("{kappa:.2} ({from:.2} to {to:.2})"),
        _ => "not defined: judge and people say the same of all".to_owned(),
    };
    let least = report.least_kappa.map_or_else(String::new, |least| format!(", {least} is needed"));
    let _ = writeln!(out, "kappa      {kappa}{least}");
}
