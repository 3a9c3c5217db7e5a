//! A run of the past, for people: its steps, when they ran, what it answered and what it took.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};
use indexmap::IndexMap;

use super::fold::fold;
use super::history::describe;
use super::money::money;
use super::steps::{StepLine, is_within, step_of, steps};
use super::summary::{cost, duration, spent, took};
use super::timeline::{Screen, timeline};
use crate::event::{Event, ModelCall, Record, Role, ToolRequest};
use crate::id::StepPath;
use crate::run::{Outcome, RunState, StepCost};
use crate::value::{counted, millis, sum};

/// What is shown of a run.
pub struct Shown<'s> {
    /// The run, replayed.
    pub state: &'s RunState,
    /// None where it did not end.
    pub outcome: Option<&'s Outcome>,
    /// Whether a process drives it.
    pub under_way: bool,
    /// What happened, in order.
    pub events: &'s [Record],
    /// What its steps may cost by today's prices.
    pub costs: &'s [StepCost],
    /// Only this step, and what is nested in it.
    pub step: Option<&'s str>,
    /// Whether all items of long lists are shown.
    pub all: bool,
    /// Whether everything that models were asked is shown.
    pub prompts: bool,
    /// Where it is shown.
    pub screen: Screen,
}

/// Shows a run.
pub fn show(shown: &Shown<'_>) -> String {
    let mut lines = steps(shown.state, shown.outcome, shown.events);
    if let Some(named) = shown.step {
        lines.retain(|step, _| is_within(step, named));
    }
    let spent = costs(&lines, shown);
    let folded = if shown.all || shown.step.is_some() { Vec::new() } else { fold(&mut lines) };
    let mut out = head(shown);
    // Writing to a string cannot fail.
    let _ = writeln!(out, "\n{}", table(&lines, shown.costs));
    if !folded.is_empty() {
        let _ = writeln!(out, "\n{}", folded.join("\n"));
        out.push_str("of these only the first that are at fault and the slowest are shown: --step ID shows all of one, --all everything\n");
    }
    let whole_us = shown.state.elapsed_us(shown.state.ended_us());
    let bars = timeline(&lines, whole_us, shown.screen);
    if !bars.is_empty() {
        let _ = write!(out, "\n{bars}");
    }
    if shown.step.is_some() {
        out.push('\n');
        out.push_str(&happened(shown));
    }
    if shown.prompts {
        out.push_str(&prompts(shown));
    }
    if shown.step.is_none() {
        let _ = writeln!(out, "\ncost: {spent}");
        if let Some(outcome) = shown.outcome {
            let _ = write!(out, "\n{}\n{}", super::answer(outcome), super::summary(outcome));
        }
    }
    out
}

/// The steps of a run, nested ones included.
pub fn step_names(shown: &Shown<'_>) -> Vec<StepPath> {
    steps(shown.state, shown.outcome, shown.events).into_keys().collect()
}

/// Whether an event is about a step, or something nested in it.
pub fn is_about(record: &Record, step: &str) -> bool {
    step_of(&record.event).is_some_and(|of| is_within(of, step))
}

fn head(shown: &Shown<'_>) -> String {
    let Some(Event::RunStarted { run_id, workflow, params, offline, parent, .. }) =
        shown.events.first().map(|record| &record.event)
    else {
        return String::new();
    };
    let offline = if *offline { ", offline" } else { "" };
    let open = match shown.outcome {
        Some(_) => String::new(),
        None if shown.under_way => "; it is running".to_owned(),
        None => format!("; it was interrupted: `engine resume {run_id}` goes on with it"),
    };
    let at = jiff::Timestamp::from_microsecond(shown.state.started_us()).unwrap_or_default();
    let params = serde_json::Value::Object(params.clone());
    let mut head = format!("run {run_id} of `{workflow}`{offline}, {at:.0}{open}\n");
    if let Some(parent) = parent {
        // Writing to a string cannot fail.
        let _ = writeln!(head, "does again run {parent}");
    }
    let _ = writeln!(head, "params {params}");
    head
}

fn table(lines: &IndexMap<StepPath, StepLine>, costs: &[StepCost]) -> String {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_header(["step", "status", "time", "model", "calls", "cost", "at most"]);
    for (id, line) in lines {
        let time = line.worked_us.filter(|_| line.ended_us.is_some());
        let most = costs.iter().find(|cost| cost.step.as_str() == id.as_str()).map(|cost| {
            match &cost.greatest {
                Ok(bound) => money(bound.usd),
                Err(_) => "unbounded".to_owned(),
            }
        });
        table.add_row([
            id.to_string(),
            line.status.to_owned(),
            time.map(|us| took(millis(us), millis(line.waited_us))).unwrap_or_default(),
            line.model.as_ref().map(ToString::to_string).unwrap_or_default(),
            if line.calls > 0 { line.calls.to_string() } else { String::new() },
            spent(line.cost_usd, line.unpriced_calls),
            most.unwrap_or_default(),
        ]);
    }
    for column in [2, 4, 5, 6] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

/// The true cost of a run, beside the greatest it could have had.
fn costs(lines: &IndexMap<StepPath, StepLine>, shown: &Shown<'_>) -> String {
    let spent = sum(lines.values().filter_map(|line| line.cost_usd));
    let unpriced: u64 = lines.values().map(|line| line.unpriced_calls).sum();
    let spent = match (unpriced, spent > 0.0) {
        (0, _) => money(spent),
        (unpriced, true) => format!("{} and {}", money(spent), counted(unpriced, "unpriced call")),
        (unpriced, false) => counted(unpriced, "unpriced call"),
    };
    let offline = matches!(
        shown.events.first().map(|record| &record.event),
        Some(Event::RunStarted { offline: true, .. })
    );
    if offline || shown.costs.is_empty() {
        return spent;
    }
    let budget = shown.state.plan().limits.budget.as_ref().and_then(|budget| budget.usd);
    let bounds: Result<Vec<f64>, &StepCost> = shown
        .costs
        .iter()
        .map(|cost| cost.greatest.as_ref().map(|bound| bound.usd).map_err(|_| cost))
        .collect();
    match bounds {
        Ok(bounds) => format!("{spent}, of at most {}", money(sum(bounds))),
        Err(_) if let Some(limit) = budget => {
            format!("{spent}, of at most {}: the budget of the run", money(limit))
        }
        Err(cost) => format!("{spent}; nothing bounds what step `{}` may cost", cost.step),
    }
}

/// The events of the step that is shown, one a line.
fn happened(shown: &Shown<'_>) -> String {
    let mut out = String::new();
    for record in shown.events {
        if shown.step.is_some_and(|step| is_about(record, step)) {
            let at = duration(millis((record.at_us - shown.state.started_us()).max(0)));
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{at:>9}  {}", describe(&record.event));
        }
    }
    out
}

/// What models were asked and what they answered, as it was sent.
fn prompts(shown: &Shown<'_>) -> String {
    let mut out = String::new();
    let mut number = 0;
    for record in shown.events {
        let Event::ModelCalled { step, call } = &record.event else { continue };
        if shown.step.is_some_and(|named| !is_within(step, named)) {
            continue;
        }
        number += 1;
        let price = call.cost_usd.map(|usd| format!(", {}", cost(usd))).unwrap_or_default();
        let told = if call.called_off {
            "; called off for another answer, so all of it an estimate"
        } else {
            ""
        };
        let usage = call.usage;
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "\n=== call {number}: step {step}, model {}, {} ms, {} tokens in ({} cached), {} out{price}{told}",
            call.model,
            call.duration_ms,
            usage.input_tokens,
            usage.cached_input_tokens,
            usage.output_tokens
        );
        out.push_str(&texts(call, shown.screen));
    }
    if number == 0 {
        out.push_str("\nno model was asked\n");
    }
    out
}

fn texts(call: &ModelCall, screen: Screen) -> String {
    let mut out = String::new();
    let mut part = |name: &str, text: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "--- {name}\n{}", visible(text, screen).trim_end());
    };
    if !call.system.is_empty() {
        part("system", &call.system);
    }
    for message in &call.messages {
        let name = match message.role {
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "result",
        };
        part(name, &with_calls(&message.content, &message.tool_calls));
    }
    if let Some(answer) = &call.answer {
        part("answer", &with_calls(answer, &call.tool_calls));
    }
    if let Some(error) = &call.error {
        part("error", &error.message);
    }
    out
}

/// What was said, then a line for each call that was asked for.
fn with_calls(said: &str, calls: &[ToolRequest]) -> String {
    let calls = calls.iter().map(|call| format!("calls {} {}", call.tool, call.arguments));
    let said = (!said.is_empty()).then(|| said.to_owned());
    said.into_iter().chain(calls).collect::<Vec<_>>().join("\n")
}

/// A text for a screen: a terminal must not obey what data or a model wrote.
fn visible(text: &str, screen: Screen) -> String {
    if !screen.drawn {
        return text.to_owned();
    }
    let shown = |c: char| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c };
    text.chars().map(shown).collect()
}
