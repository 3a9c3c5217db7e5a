//! The end of a run, for people: the answer, and what it took.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::ask::UNVERIFIED;
use crate::event::{RunStatus, Unverified};
use crate::id::{StepId, StepPath};
use crate::run::{Outcome, StepOutcome, StepStatus, Timing, took_default};
use crate::value::{Value, counted, unquoted};

/// The answer, for standard output: the output named `answer`, else all outputs as JSON; then the data it rests on.
pub fn answer(outcome: &Outcome) -> String {
    let mut out = match outcome.outputs.get("answer") {
        Some(Value::String(text)) => {
            format!("{}\n", marked(text.trim_end(), &outcome.figures.unverified))
        }
        Some(Value::Null) | None if outcome.outputs.values().all(Value::is_null) => String::new(),
        Some(other) if !other.is_null() => format!("{other:#}\n"),
        _ => format!("{:#}\n", Value::Object(outcome.outputs.clone())),
    };
    if outcome.degraded && !out.is_empty() {
        let part = if is_told(&outcome.steps) { ", in part" } else { "" };
        let _ = writeln!(out, "\n(Worded without a model{part}.)");
    }
    if let Some(data) = outcome.data.as_ref().filter(|_| !out.is_empty()) {
        let _ = writeln!(out, "\n{}", super::figures::data(data));
    }
    if !out.is_empty() && !outcome.figures.conflicts.is_empty() {
        out.push_str(&super::figures::conflicts(&outcome.figures.conflicts));
    }
    out
}

/// Whether a model worded some of the steps.
fn is_told(steps: &[StepOutcome]) -> bool {
    steps.iter().any(|step| step.status == StepStatus::Succeeded && step.model.is_some())
}

/// A text with a mark behind each figure that nothing bears out: where its step says that it stands, and else where it is found.
pub fn marked(text: &str, unverified: &[Unverified]) -> String {
    let mut ends: Vec<usize> = Vec::new();
    for figure in unverified {
        // A citation that names nothing is marked already.
        if figure.text.is_empty() || figure.text.starts_with('[') {
            continue;
        }
        let is_here = |at: usize| text.get(at..).is_some_and(|rest| rest.starts_with(&figure.text));
        let told =
            figure.places.iter().filter(|place| place.pointer.is_empty() && is_here(place.at));
        let mut found: Vec<usize> = told.map(|place| place.at + figure.text.len()).collect();
        if found.is_empty() {
            let whole = found_whole(text, &figure.text).filter(|end| !ends.contains(end));
            found = whole.take(figure.times()).collect();
        }
        ends.extend(found);
    }
    ends.sort_unstable();
    ends.dedup();
    let (mut out, mut from) = (String::new(), 0);
    for end in ends {
        out.push_str(text.get(from..end).unwrap_or_default());
        out.push_str(UNVERIFIED);
        from = end;
    }
    out + text.get(from..).unwrap_or_default()
}

/// Where a figure ends in a text, as a whole and not as a part of another one.
fn found_whole(text: &str, figure: &str) -> impl Iterator<Item = usize> {
    let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let whole = move |(at, found): (usize, &str)| {
        let (before, behind) = (text.get(..at)?, text.get(at + found.len()..)?);
        let is_part = inside(before.chars().next_back()) || inside(behind.chars().next());
        (!is_part).then_some(at + found.len())
    };
    text.match_indices(figure).filter_map(whole)
}

/// The figures that nothing bears out, each once, with the steps whose texts hold it and how often.
fn reported(unverified: &[Unverified]) -> Vec<String> {
    let mut figures: Vec<(&str, &str, Vec<String>)> = Vec::new();
    for figure in unverified {
        let place = match figure.times() {
            1 => format!("in step `{}`", figure.step),
            times => format!("{times} times in step `{}`", figure.step),
        };
        let is_it = |(text, reason, _): &&mut (&str, &str, Vec<String>)| {
            *text == figure.text && *reason == figure.reason
        };
        match figures.iter_mut().find(is_it) {
            Some((_, _, places)) => places.push(place),
            None => figures.push((&figure.text, &figure.reason, vec![place])),
        }
    }
    let line = |(text, reason, places): (&str, &str, Vec<String>)| {
        format!("`{text}` {}: {reason}", places.join(" and "))
    };
    figures.into_iter().map(line).collect()
}

/// What the run took and what the reader should know, for standard error.
pub fn summary(outcome: &Outcome) -> String {
    let mut out = String::new();
    let mut line = |name: &str, text: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{name:>10}  {text}");
    };
    for (name, value) in outcome.outputs.iter().filter(|(name, _)| *name != "answer") {
        if !matches!(value, Value::Array(_) | Value::Object(_)) {
            line("output", &format!("{name} = {}", written(value)));
        }
    }
    line("steps", &steps(outcome));
    let timing = &outcome.timing;
    let saved = saved(timing).map_or_else(String::new, |saved| format!(", {saved}"));
    line("time", &format!("{}{saved}", took(timing.worked_ms(), timing.waiting_ms)));
    let together = in_parallel(outcome);
    if !together.is_empty() {
        line("parallel", &together);
    }
    let path: Vec<&str> = timing.critical_path.iter().map(StepId::as_str).collect();
    line(
        "longest",
        &format!("{} ({})", abridged(&path, " -> "), duration(timing.critical_path_ms)),
    );
    if outcome.usage.model_calls > 0 {
        line("model", &model(outcome));
    }
    let figures = &outcome.figures;
    let traced = figures.cited + figures.matched + figures.derived;
    let lost = reported(&figures.unverified);
    if traced > 0 || !lost.is_empty() {
        let derived = match figures.derived {
            0 => String::new(),
            derived => format!(" ({derived} made of two values)"),
        };
        let not = lost.len();
        line("figures", &format!("{traced} traced to their source{derived}, {not} not"));
    }
    for figure in lost.iter().take(MOST) {
        line("unverified", figure);
    }
    if let Some(more) = more(lost.len(), outcome) {
        line("unverified", &more);
    }
    if outcome.degraded {
        let part = if is_told(&outcome.steps) { " in part" } else { "" };
        line("degraded", &format!("worded without a model{part}; the figures are the same"));
    }
    let unasked = unasked(&outcome.steps);
    if let Some(help) = unasked.values().flatten().next() {
        line("help", help);
    }
    let told = |warning: &&String| outcome.degraded && unasked.contains_key(*warning);
    let warnings: Vec<&String> = outcome.warnings.iter().filter(|warning| !told(warning)).collect();
    for warning in warnings.iter().take(MOST) {
        line("warning", warning);
    }
    if let Some(more) = more(warnings.len(), outcome) {
        line("warning", &more);
    }
    if let Some(error) = &outcome.error {
        line("error", &error.message);
        if let Some(help) = &error.help {
            line("help", help);
        }
    }
    line("run", &format!("{} {}", outcome.run_id, ended(outcome.status)));
    for step in approvals(&outcome.steps) {
        line("answer", &format!("engine approve {} {step} --choice CHOICE", outcome.run_id));
    }
    out
}

/// A value with four decimals at most; `--json` has all of them.
fn written(value: &Value) -> String {
    match value.as_f64().filter(|number| number.fract() != 0.0) {
        Some(number) => {
            let text = format!("{number:.4}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        None => unquoted(value),
    }
}

/// The warnings about steps that took their default since there was no model to ask, with what helps.
fn unasked(steps: &[StepOutcome]) -> BTreeMap<String, Option<&str>> {
    let mut found = BTreeMap::new();
    for step in steps {
        let error = step.error.as_ref().filter(|error| error.kind == "no-model");
        if let (StepStatus::Defaulted, Some(error)) = (step.status, error) {
            found.insert(took_default(&step.id, Some(error)), error.help.as_deref());
        }
        found.append(&mut unasked(&step.steps));
    }
    found
}

/// Lines of one kind that are shown; a list of a thousand items may have a warning each.
pub(super) const MOST: usize = 20;

/// What to say of lines that are not shown.
pub(super) fn more(count: usize, outcome: &Outcome) -> Option<String> {
    let more = count.checked_sub(MOST).filter(|more| *more > 0)?;
    Some(format!("... and {more} more: `engine show {} --json` holds all", outcome.run_id))
}

/// The steps that ask a person.
pub(super) fn approvals(steps: &[StepOutcome]) -> Vec<&StepPath> {
    let asks = |step: &&StepOutcome| {
        step.status == StepStatus::Waiting && step.kind == "approval" && step.started_ms.is_some()
    };
    let inside = steps.iter().flat_map(|step| approvals(&step.steps));
    let own = steps.iter().filter(asks).filter(|step| step.steps.is_empty());
    own.map(|step| &step.id).chain(inside).collect()
}

fn steps(outcome: &Outcome) -> String {
    let count = |status| outcome.steps.iter().filter(|step| step.status == status).count();
    let named = [
        (StepStatus::Succeeded, "succeeded"),
        (StepStatus::Defaulted, "took their default"),
        (StepStatus::Cached, "cached"),
        (StepStatus::Skipped, "skipped"),
        (StepStatus::Failed, "failed"),
        (StepStatus::Waiting, "waiting"),
    ];
    let parts: Vec<String> = named
        .into_iter()
        .map(|(status, name)| (count(status), name))
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    parts.join(", ")
}

fn model(outcome: &Outcome) -> String {
    let usage = &outcome.usage;
    let cached = match usage.cached_input_tokens {
        0 => String::new(),
        cached => format!(" ({cached} cached)"),
    };
    format!(
        "{}, {} tokens in{cached}, {} out, {}",
        counted(usage.model_calls, "call"),
        usage.input_tokens,
        usage.output_tokens,
        price(outcome)
    )
}

/// What was spent, in a cell of a table: `$0.0012 + 2 unpriced`; nothing where there was no call.
pub(super) fn spent(cost_usd: Option<f64>, unpriced_calls: u64) -> String {
    let unpriced = (unpriced_calls > 0).then(|| format!("{unpriced_calls} unpriced"));
    cost_usd.map(cost).into_iter().chain(unpriced).collect::<Vec<_>>().join(" + ")
}

/// What the model calls of a run cost, as far as that is known.
pub(super) fn price(outcome: &Outcome) -> String {
    let known = match (outcome.unpriced_calls, outcome.cost_usd > 0.0) {
        (0, _) => cost(outcome.cost_usd),
        (unpriced, true) => {
            format!("{} and {}", cost(outcome.cost_usd), counted(unpriced, "unpriced call"))
        }
        (_, false) => "unpriced".to_owned(),
    };
    match outcome.called_off_calls {
        0 => known,
        calls => format!(
            "{known} ({} of it estimated, for {} called off)",
            cost(outcome.estimated_usd),
            counted(calls, "call")
        ),
    }
}

/// What running in parallel was good for, where it was.
pub(super) fn saved(timing: &Timing) -> Option<String> {
    let saved = timing.sequential_ms - timing.worked_ms();
    (saved >= 1.0).then(|| format!("{} saved by running in parallel", duration(saved)))
}

/// The steps that ran at the same time as another, in groups that overlap.
fn in_parallel(outcome: &Outcome) -> String {
    let mut spans: Vec<(f64, f64, &str)> = outcome
        .steps
        .iter()
        .filter_map(|step| {
            let (start, end) = step.span_ms()?;
            Some((start, end, step.id.as_str()))
        })
        .filter(|(start, end, _)| end > start)
        .collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut groups: Vec<(f64, Vec<&str>)> = Vec::new();
    for (start, end, id) in spans {
        match groups.last_mut() {
            Some((until, ids)) if start < *until => {
                *until = until.max(end);
                ids.push(id);
            }
            _ => groups.push((end, vec![id])),
        }
    }
    let groups: Vec<String> = groups
        .iter()
        .filter(|(_, ids)| ids.len() > 1)
        .map(|(_, ids)| abridged(ids, " + "))
        .collect();
    groups.join("; ")
}

/// A list that fits a line: the middle of a long one is left out.
fn abridged(items: &[&str], separator: &str) -> String {
    match items {
        [first, second, .., last] if items.len() > 8 => {
            format!(
                "{first}{separator}{second}{separator}... ({} more){separator}{last}",
                items.len() - 3
            )
        }
        _ => items.join(separator),
    }
}

/// How a run ended, after its name: `succeeded`, `is partial`.
pub fn ended(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Succeeded => "succeeded",
        RunStatus::Partial => "is partial",
        RunStatus::Failed => "failed",
        RunStatus::Waiting => "is waiting",
        RunStatus::Cancelled => "was cancelled",
    }
}

/// A time as people read it.
pub(super) fn duration(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.1}ms"),
        ms if ms < 1000.0 => format!("{ms:.0}ms"),
        ms if ms < 60_000.0 => format!("{:.1}s", ms / 1000.0),
        ms if ms < 3_600_000.0 => parts(ms / 1000.0, 60.0, 'm', 's'),
        ms if ms < 86_400_000.0 => parts(ms / 60_000.0, 60.0, 'h', 'm'),
        ms => parts(ms / 3_600_000.0, 24.0, 'd', 'h'),
    }
}

/// A time in two units, of which `size` of the smaller make one of the greater.
fn parts(smaller: f64, size: f64, great: char, small: char) -> String {
    let smaller = smaller.floor();
    format!("{:.0}{great}{:02.0}{small}", (smaller / size).floor(), smaller % size)
}

/// How long something worked, and how long it waited, where it did.
pub(super) fn took(worked_ms: f64, waiting_ms: f64) -> String {
    let waited =
        if waiting_ms >= 1.0 { &format!(", {} waiting", duration(waiting_ms)) } else { "" };
    format!("{}{waited}", duration(worked_ms))
}

/// A cost of a fraction of a dollar.
pub(super) fn cost(usd: f64) -> String {
    if usd > 0.0 && usd < 0.01 { format!("${usd:.6}") } else { format!("${usd:.4}") }
}
