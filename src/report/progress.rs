//! A run while it is under way: a line a step.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::harmless::harmless;
use super::steps::planned;
use super::summary::{cost, duration};
use crate::event::{Event, Record, SkipReason};
use crate::id::StepPath;
use crate::plan::Plan;
use crate::value::millis;

/// Steps beyond this many get no live line each: a terminal has only so many.
const LIVE_STEPS: usize = 40;

/// A reader of events that shows them.
pub trait Progress: Send {
    /// Shows an event.
    fn show(&mut self, record: &Record);
    /// Clears what must not stay on the screen.
    fn end(&mut self);
}

/// Shows nothing.
impl Progress for () {
    fn show(&mut self, _: &Record) {}
    fn end(&mut self) {}
}

/// What a step took so far.
#[derive(Default)]
struct Taken {
    started_us: i64,
    cost_usd: f64,
}

/// Turns events into the lines that both readers show.
#[derive(Default)]
struct Lines {
    taken: BTreeMap<StepPath, Taken>,
}

/// A line about a step, and whether the step has ended.
struct Line<'e> {
    step: &'e StepPath,
    mark: &'static str,
    text: String,
    ended: bool,
}

impl Lines {
    fn of<'e>(&mut self, record: &'e Record) -> Option<Line<'e>> {
        // What a server or a cell says must not change the lines around it.
        let line = |step, mark, text: String, ended| {
            let text = harmless(&text.replace(['\r', '\n'], " ")).into_owned();
            Some(Line { step, mark, text, ended })
        };
        match &record.event {
            Event::StepStarted { step, .. } => {
                self.taken.insert(step.clone(), Taken { started_us: record.at_us, cost_usd: 0.0 });
                line(step, "…", String::new(), false)
            }
            Event::ModelCalled { step, call } => {
                if let Some(taken) = self.taken.get_mut(step) {
                    taken.cost_usd += call.cost_usd.unwrap_or_default();
                }
                None
            }
            Event::PlanMade { step, document, .. } => {
                line(step, "→", format!("planned {}", planned(document)), false)
            }
            Event::StepRetrying { step, attempt, error, delay_ms } => {
                let wait = duration(millis(i64::try_from(*delay_ms).unwrap_or(i64::MAX) * 1000));
                line(
                    step,
                    "↻",
                    format!("attempt {attempt} failed, again in {wait}: {error}"),
                    false,
                )
            }
            Event::StepSucceeded { step, reused: Some(run), .. } => {
                line(step, "=", format!("taken from run {run}"), true)
            }
            Event::ApprovalRequested { step, message, .. } => {
                line(step, "?", message.clone(), false)
            }
            Event::ApprovalGiven { step, choice, by, .. } => line(
                step,
                "✓",
                format!("{choice} ({})", by.as_deref().unwrap_or("no answer in time")),
                true,
            ),
            Event::StepSucceeded { step, defaulted: None, .. } => {
                line(step, "✓", self.took(step, record), true)
            }
            Event::StepSucceeded { step, defaulted: Some(fault), .. } => line(
                step,
                "○",
                format!("{} took its default: {fault}", self.took(step, record)),
                true,
            ),
            Event::StepFailed { step, error } => line(step, "✗", error.to_string(), true),
            Event::StepSkipped { step, reason } => line(step, "-", skipped(reason), true),
            Event::BudgetExceeded { step, message } => line(step, "$", message.clone(), false),
            Event::RunStarted { .. }
            | Event::RunResumed
            | Event::ToolCalled { .. }
            | Event::RunFinished { .. } => None,
        }
    }

    fn took(&self, step: &StepPath, record: &Record) -> String {
        let Some(taken) = self.taken.get(step) else { return String::new() };
        let time = duration(millis((record.at_us - taken.started_us).max(0)));
        if taken.cost_usd > 0.0 { format!("{time} {}", cost(taken.cost_usd)) } else { time }
    }
}

fn skipped(reason: &SkipReason) -> String {
    match reason {
        SkipReason::When => "skipped: its `when` is false".to_owned(),
        SkipReason::Error { error } => format!("skipped: {error}"),
        SkipReason::Needs { step, .. } => format!("skipped: step `{step}` has no output"),
        SkipReason::RunEnded => "skipped: the run ended".to_owned(),
    }
}

/// Plain lines, one when a step ends: for logs and pipes.
pub struct Plain<W> {
    out: W,
    lines: Lines,
}

impl<W: std::io::Write + Send> Plain<W> {
    /// Writes lines to `out`.
    pub fn new(out: W) -> Self {
        Self { out, lines: Lines::default() }
    }
}

impl<W: std::io::Write + Send> Progress for Plain<W> {
    fn show(&mut self, record: &Record) {
        if let Some(line) = self.lines.of(record)
            && (line.ended || !line.text.is_empty())
        {
            // Progress that cannot be written is no reason to end a run.
            drop(writeln!(self.out, "{} {}  {}", line.mark, line.step, line.text));
        }
    }

    fn end(&mut self) {}
}

/// Live lines with a spinner a step: for terminals.
pub struct Live {
    bars: MultiProgress,
    steps: BTreeMap<StepPath, ProgressBar>,
    lines: Lines,
    many: bool,
}

impl Live {
    /// Shows the steps of a plan as they run.
    pub fn new(plan: &Plan) -> Self {
        Self {
            bars: MultiProgress::new(),
            steps: BTreeMap::new(),
            lines: Lines::default(),
            many: plan.steps.len() > LIVE_STEPS,
        }
    }
}

impl Progress for Live {
    fn show(&mut self, record: &Record) {
        let Some(line) = self.lines.of(record) else { return };
        if line.ended {
            if let Some(bar) = self.steps.remove(line.step) {
                bar.finish_and_clear();
            }
            if !self.many || line.mark == "✗" {
                // A terminal that went away is no reason to end a run.
                drop(self.bars.println(format!("{} {}  {}", line.mark, line.step, line.text)));
            }
            return;
        }
        if self.many && self.steps.len() >= LIVE_STEPS {
            return;
        }
        let bars = &self.bars;
        let bar = self.steps.entry(line.step.clone()).or_insert_with(|| {
            let bar = bars.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}  {elapsed} {msg}") {
                bar.set_style(style);
            }
            bar.set_prefix(line.step.to_string());
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        bar.set_message(line.text);
    }

    fn end(&mut self) {
        drop(self.bars.clear());
    }
}
