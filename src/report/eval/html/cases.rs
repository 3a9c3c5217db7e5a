//! Cases with what was asserted, what was found and what was answered, models side by side.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::class;
use super::prose::prose;
use crate::eval::{CaseReport, Report, Status, Verdict};
use crate::report::eval::{interval, percent, telling};
use crate::report::money::money;
use crate::report::summary::duration;
use crate::report::svg::escape;
use crate::value::counted;

/// The most cases that are shown without being asked for.
const AT_ONCE: usize = 40;

/// The cases of a report, those of several models together, in the order of the first model.
fn together(report: &Report) -> Vec<Vec<&CaseReport>> {
    let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut all: Vec<Vec<&CaseReport>> = Vec::new();
    for case in &report.cases {
        let place = *places.entry((&case.file, &case.name)).or_insert(all.len());
        match all.get_mut(place) {
            Some(same) => same.push(case),
            None => all.push(vec![case]),
        }
    }
    all
}

/// The name of the place of a case.
pub(super) fn anchor(report: &Report, number: usize) -> String {
    let case = report.cases.get(number);
    // The cases of every model stand in the same order.
    let first = case.and_then(|case| {
        report.cases.iter().position(|one| one.file == case.file && one.name == case.name)
    });
    format!("case-{}", first.unwrap_or(number))
}

/// What failed, written out.
pub(super) fn failed(out: &mut String, report: &Report) {
    let failed = |same: &&Vec<&CaseReport>| same.iter().any(|case| case.status == Status::Failed);
    let all = together(report);
    let mut found = all.iter().filter(failed).peekable();
    if found.peek().is_some() {
        out.push_str("<h2>Failed</h2>\n");
    }
    for same in found {
        out.push_str("<article class=\"card case failed\"");
        place(out, report, same);
        case(out, same);
        out.push_str("</article>\n");
    }
}

/// Everything else, by file.
pub(super) fn all(out: &mut String, report: &Report) {
    let any_failed = report.cases.iter().any(|case| case.status == Status::Failed);
    let all = if any_failed { "All other cases" } else { "All cases" };
    // Few enough to be read are shown at once.
    let open = if report.cases.len() <= AT_ONCE { " open" } else { "" };
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "<h2>{all}</h2>\n<input type=\"search\" placeholder=\"Filter by name, tag or answer\" aria-label=\"Filter the cases\">\n"
    );
    let all = together(report);
    for file in &report.files {
        let holds = |same: &&Vec<&CaseReport>| {
            same.iter().all(|case| case.file == file.name && case.status != Status::Failed)
        };
        let own: Vec<&Vec<&CaseReport>> = all.iter().filter(holds).collect();
        if own.is_empty() {
            continue;
        }
        let _ = writeln!(
            out,
            "<details class=\"card group\"{open}><summary>{}<span>{}</span></summary>",
            escape(&file.name),
            counted(own.len(), "case")
        );
        for same in own {
            out.push_str("<div class=\"case\"");
            place(out, report, same);
            case(out, same);
            out.push_str("</div>\n");
        }
        out.push_str("</details>\n");
    }
}

/// The rest of a case's tag: where links find it.
fn place(out: &mut String, report: &Report, same: &[&CaseReport]) {
    let Some(first) = same.first() else { return };
    let number =
        report.cases.iter().position(|case| std::ptr::eq(case, *first)).unwrap_or_default();
    // Writing to a string cannot fail.
    let _ = writeln!(out, " id=\"case-{number}\">");
}

fn case(out: &mut String, same: &[&CaseReport]) {
    let Some(first) = same.first() else { return };
    let _ = write!(
        out,
        "<header><h3>{}</h3><span class=\"where\">{}</span>",
        escape(&first.name),
        escape(&first.file)
    );
    for tag in &first.tags {
        let _ = write!(out, "<span class=\"tag\">{}</span>", escape(tag));
    }
    out.push_str("</header>\n<div class=\"models\">\n");
    for one in same {
        model(out, one);
    }
    out.push_str("</div>\n");
}

/// What one model made of a case.
fn model(out: &mut String, case: &CaseReport) {
    let Some(attempt) = telling(case) else { return };
    let repeated = match case.attempts.len() {
        1 => String::new(),
        attempts => format!(
            "<small>{} of {attempts} attempts ({})</small>",
            percent(case.pass_rate),
            interval(case.interval)
        ),
    };
    let _ = write!(
        out,
        "<section><h4><i class=\"mark {}\"></i>{}{}<span>{} · {}</span></h4>\n<ul class=\"asserts\">",
        class(case.status),
        escape(&case.model),
        repeated,
        duration(attempt.duration_ms),
        money(attempt.cost_usd)
    );
    for judged in &attempt.asserts {
        let turn = judged.turn.map_or_else(String::new, |turn| format!("question {turn}: "));
        let found = if judged.status == Status::Passed {
            String::new()
        } else {
            format!("<em>{}</em>", escape(&judged.found))
        };
        let _ = write!(
            out,
            "<li class=\"{}{}\">{turn}<code>{}</code>{found}{}</li>",
            class(judged.status),
            if judged.verdict.is_some() { " judged" } else { "" },
            escape(&judged.assert),
            judged.verdict.as_ref().map_or_else(String::new, verdict)
        );
    }
    let _ =
        writeln!(out, "</ul>\n<div class=\"answer\">{}</div></section>", prose(&attempt.answer));
}

/// What a judge says, and what it was asked.
fn verdict(verdict: &Verdict) -> String {
    format!(
        "<details class=\"verdict-of\"><summary>{} gives {} for {}: {}</summary><pre>{}</pre></details>",
        escape(verdict.model.as_str()),
        verdict.score,
        money(verdict.cost_usd),
        escape(&verdict.reason),
        escape(&verdict.prompt)
    )
}
