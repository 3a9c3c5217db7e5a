//! Runs of the past, for people.

use comfy_table::{Table, presets};

use super::steps::planned;
use super::summary::{cost, duration, spent};
use crate::event::Event;
use crate::journal::{Pruned, RunSummary};
use crate::value::{counted, millis};

/// Lists runs, newest first.
pub fn runs(runs: &[RunSummary]) -> String {
    if runs.is_empty() {
        return "no runs\n".to_owned();
    }
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_header(["run", "workflow", "status", "started", "time", "cost"]);
    for run in runs {
        table.add_row([
            run.run_id.to_string(),
            run.workflow.to_string(),
            run.status.clone(),
            to_the_second(&run.started_at),
            run.duration_ms
                .and_then(|ms| i64::try_from(ms).ok())
                .map(|ms| duration(millis(ms.saturating_mul(1000))))
                .unwrap_or_default(),
            spent(run.cost_usd.filter(|usd| *usd > 0.0), run.unpriced_calls),
        ]);
    }
    format!("{}\n", table.trim_fmt())
}

/// A point in time without its fractions of a second.
fn to_the_second(at: &str) -> String {
    at.parse::<jiff::Timestamp>().map_or_else(|_| at.to_owned(), |at| format!("{at:.0}"))
}

/// An event in a line.
pub(super) fn describe(event: &Event) -> String {
    match event {
        Event::RunStarted { workflow, params, offline, .. } => {
            let offline = if *offline { " offline" } else { "" };
            format!(
                "run of `{workflow}` started{offline} with {}",
                serde_json::Value::Object(params.clone())
            )
        }
        Event::StepStarted { step, items: Some(items), .. } => {
            format!("{step}: started with {}", counted(*items, "item"))
        }
        Event::StepStarted { step, .. } => format!("{step}: started"),
        Event::ModelCalled { step, call } => {
            let end = match (&call.answer, &call.error) {
                (_, Some(error)) => error.message.clone(),
                (Some(_), None) if !call.tool_calls.is_empty() => {
                    let names = call.tool_calls.iter().map(|request| request.tool.as_str());
                    format!("calls {}", names.collect::<Vec<_>>().join(", "))
                }
                (Some(answer), None) => {
                    answer.lines().next().unwrap_or_default().chars().take(100).collect()
                }
                (None, None) if call.called_off => {
                    "called off for another answer; its cost is an estimate".to_owned()
                }
                (None, None) => String::new(),
            };
            let price = call.cost_usd.map(cost).unwrap_or_default();
            format!("{step}: asked {} ({} ms {price}): {end}", call.model, call.duration_ms)
        }
        Event::ToolCalled { step, call } => {
            let end = call
                .error
                .as_ref()
                .map_or_else(String::new, |error| format!(": {}", error.message));
            let arguments = serde_json::Value::Object(call.arguments.clone());
            format!("{step}: called {} with {arguments} ({} ms){end}", call.tool, call.duration_ms)
        }
        Event::PlanMade { step, document, .. } => {
            format!("{step}: planned {}", planned(document))
        }
        Event::StepSucceeded { step, defaulted, reused, .. } => match (defaulted, reused) {
            (Some(fault), _) => format!("{step}: took its default: {fault}"),
            (None, Some(run)) => format!("{step}: taken from run {run}"),
            (None, None) => format!("{step}: succeeded"),
        },
        Event::ApprovalRequested { step, message, choices, .. } => {
            format!("{step}: asked: {message} ({})", choices.join(", "))
        }
        Event::ApprovalGiven { step, choice, by, comment } => {
            let by = by.as_deref().unwrap_or("nobody in time");
            let comment = comment.as_ref().map_or_else(String::new, |text| format!(": {text}"));
            format!("{step}: {choice} by {by}{comment}")
        }
        Event::StepFailed { step, error } => format!("{step}: failed: {error}"),
        Event::StepRetrying { step, attempt, error, delay_ms } => {
            format!("{step}: attempt {attempt} failed, again in {delay_ms} ms: {error}")
        }
        Event::StepSkipped { step, .. } => format!("{step}: skipped"),
        Event::BudgetExceeded { step, message } => format!("{step}: {message}"),
        Event::RunResumed => "run goes on".to_owned(),
        Event::RunFinished { .. } => "run ended".to_owned(),
    }
}

/// What was deleted, in a line.
pub fn pruned(pruned: Pruned) -> String {
    let done = if pruned.dry_run { "would delete" } else { "deleted" };
    let count = |count: u64, thing| counted(usize::try_from(count).unwrap_or(usize::MAX), thing);
    let kept = match pruned.kept_for_batches {
        0 => String::new(),
        kept => {
            format!(
                "{} of batches that are not all done stay: finish them, or add --unfinished\n",
                count(kept, "run")
            )
        }
    };
    let outputs = match (pruned.cached_outputs, pruned.kept_outputs) {
        (0, 0) => String::new(),
        (0, kept) => format!(
            "{} of deleted runs that steps with `cache` kept stay for later runs; --cached deletes them too\n",
            count(kept, "output")
        ),
        (gone, _) => format!("{done} {} that steps with `cache` kept\n", count(gone, "output")),
    };
    format!(
        "{done} {} and {} that no other run needs: {}\n{kept}{outputs}",
        count(pruned.runs, "run"),
        count(pruned.plans, "plan"),
        count(pruned.bytes, "byte")
    )
}
