//! `engine runs` and `engine show`: what happened before.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use crate::cli::arguments::{Global, Runs, Show};
use crate::cli::environment::environment;
use crate::cli::exit::{Exit, Failure};
use crate::cli::load::{self, Place};
use crate::cli::printer::Printer;
use crate::cli::setup;
use crate::diagnostic::suggest;
use crate::event::{Event, Record};
use crate::id::{RunId, StepPath};
use crate::journal::{Agents, Journal, JournalError, Keep, Pruning};
use crate::model::Models;
use crate::plan::Library;
use crate::report::{self, Cast, Shown};
use crate::run::{self, Outcome, RunState};
use crate::value::counted;

pub(in crate::cli) fn runs(
    arguments: &Runs,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let place = Place::find(global, Path::new(""))?;
    let mut journal = setup::past_journal(&place.journal(global))?;
    if arguments.prune {
        return prune(arguments, &mut journal, printer);
    }
    let mut runs = journal.runs().map_err(|e| Failure::machine("cannot read the journal", &e))?;
    runs.retain(|run| wanted(arguments, run.workflow.as_str(), &run.status));
    runs.truncate(arguments.limit.unwrap_or(usize::MAX));
    if arguments.json {
        printer.json("the runs", &runs)?;
    } else {
        printer.out(&report::runs(&runs));
    }
    Ok(Exit::Success)
}

/// Whether a run is among those asked for.
fn wanted(arguments: &Runs, workflow: &str, status: &str) -> bool {
    arguments.workflow.as_deref().is_none_or(|name| name == workflow)
        && arguments.status.as_deref().is_none_or(|name| name == status)
}

fn prune(arguments: &Runs, journal: &mut Journal, printer: &Printer) -> Result<Exit, Failure> {
    let age = i64::try_from(arguments.older_than.0.as_micros()).unwrap_or(i64::MAX);
    let keep = match arguments.keep {
        Some(count) => Keep::Newest(count),
        None => Keep::EndedSince(setup::now_us().saturating_sub(age)),
    };
    let chosen = |workflow: &str, status: &str| wanted(arguments, workflow, status);
    let pruning = Pruning {
        keep,
        unfinished: arguments.unfinished,
        cached: arguments.cached,
        dry_run: arguments.dry_run,
    };
    let agents = |plan: &str| {
        let cast = Cast::of(plan);
        Box::new(move |step: &StepPath| cast.agent(step).map(str::to_owned)) as Agents
    };
    let pruned = journal
        .prune(pruning, chosen, agents)
        .map_err(|e| Failure::machine("cannot delete the runs", &e))?;
    if arguments.json {
        printer.json("what was deleted", &pruned)?;
    } else {
        printer.out(&report::pruned(pruned));
    }
    Ok(Exit::Success)
}

pub(in crate::cli) fn show(
    arguments: &Show,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let place = Place::find(global, Path::new(""))?;
    let mut past = past(&place, global, &arguments.run)?;
    let gap = past.gap();
    if let Some(gap) = &gap {
        printer.err(&format!("warning: {gap}\n  help: `engine resume` goes on after the last event that can be read\n"));
    }
    if let Some(outcome) = past.outcome.as_mut().filter(|_| !arguments.figures) {
        outcome.figures.ledger = None;
    }
    if arguments.figures && !arguments.json {
        let outcome = past.outcome.as_ref().ok_or_else(|| {
            let help = if past.under_way {
                "wait for it: a process drives it".to_owned()
            } else {
                format!("it was interrupted: `engine resume {}` goes on with it", arguments.run)
            };
            Failure::usage("the run has not ended", help)
        })?;
        printer.out(&format!("{}{}", report::answer(outcome), report::figures(outcome)));
        return Ok(Exit::Success);
    }
    let costs = run::costs(past.state.plan(), &models(&place));
    let shown = Shown {
        state: &past.state,
        outcome: past.outcome.as_ref(),
        under_way: past.under_way,
        events: &past.events,
        costs: &costs,
        step: arguments.step.as_deref(),
        all: arguments.all,
        prompts: arguments.prompts,
        screen: printer.screen(),
    };
    if let Some(step) = &arguments.step {
        let known = report::step_names(&shown);
        if !known.iter().any(|id| report::is_within(id, step)) {
            let help = suggest(step, known.iter().map(StepPath::as_str), "steps");
            return Err(Failure::usage(format!("the run has no step `{step}`"), help));
        }
    }
    if arguments.json {
        let failure = |e: serde_json::Error| Failure::machine("cannot write the run", &e);
        let mut object = match &past.outcome {
            Some(outcome) => serde_json::to_value(outcome).map_err(failure)?,
            None => {
                json!({
                    "run_id": past.state.run_id(), "workflow": past.state.plan().workflow, "status": null,
                    "warnings": gap.into_iter().collect::<Vec<_>>(),
                })
            }
        };
        if let Some(step) = &arguments.step {
            past.events.retain(|record| report::is_about(record, step));
        }
        if let Some(object) = object.as_object_mut() {
            object
                .insert("events".to_owned(), serde_json::to_value(&past.events).map_err(failure)?);
        }
        printer.out(&format!("{object}\n"));
    } else {
        printer.out(&report::show(&shown));
    }
    Ok(Exit::Success)
}

/// The models of engine.yaml with their prices; none where the file is at fault.
fn models(place: &Place) -> Library {
    let mut library = Library::default();
    library.project =
        place.root.as_ref().and_then(|root| load::read(place, &root.join("engine.yaml")).0);
    if let Some(project) = &mut library.project {
        project.value = Models::settled(&project.value, &environment());
    }
    library
}

/// A run of the journal, replayed.
pub(in crate::cli) struct Past {
    pub(in crate::cli) state: RunState,
    /// None where the run did not end.
    pub(in crate::cli) outcome: Option<Outcome>,
    pub(in crate::cli) events: Vec<Record>,
    /// Whether a process drove it when it was read.
    under_way: bool,
    /// Groups of events that the journal no longer tells.
    lost: usize,
}

impl Past {
    /// What to say where the journal tells no more than the beginning of the run.
    pub(in crate::cli) fn gap(&self) -> Option<String> {
        let run = self.state.run_id().filter(|_| self.lost > 0)?;
        let (told, lost) = (counted(self.events.len(), "event"), counted(self.lost, "group"));
        Some(format!(
            "the journal of run {run} is damaged: {told} can be read, {lost} of later events cannot"
        ))
    }

    /// The run's id.
    pub(in crate::cli) fn run_id(&self) -> Result<RunId, Failure> {
        let run_id = self.state.run_id().cloned();
        run_id.ok_or_else(|| Failure::usage("the run has no events", "its journal was cut"))
    }
}

/// Reads a run by its id or the beginning of it, and replays it.
pub(in crate::cli) fn past(place: &Place, global: &Global, run: &str) -> Result<Past, Failure> {
    past_in(&setup::past_journal(&place.journal(global))?, run)
}

/// Reads a run of a journal.
pub(in crate::cli) fn past_in(journal: &Journal, run: &str) -> Result<Past, Failure> {
    let unreadable = |e: &dyn std::error::Error| Failure::machine("cannot read the journal", e);
    if run.is_empty() {
        // Such as of a variable that is not set: it would be the beginning of every id.
        return Err(Failure::usage("the id of the run is empty", "`engine runs` lists them"));
    }
    let found = journal.find(run).map_err(|error| match error {
        JournalError::Ambiguous { .. } => {
            Failure::usage(error.to_string(), "write more of the id; `engine runs` lists them")
        }
        other => unreadable(&other),
    })?;
    let run_id = found.ok_or_else(|| {
        Failure::usage(format!("no run begins with `{run}`"), "`engine runs` lists them")
    })?;
    // Asked before the events are read: a run that ends meanwhile was not interrupted.
    let under_way = journal.is_under_way(&run_id).map_err(|e| unreadable(&e))?;
    let (events, lost) = journal.read(&run_id).map_err(|e| unreadable(&e))?;
    let Some(Event::RunStarted { plan: hash, .. }) = events.first().map(|record| &record.event)
    else {
        let help = "the journal is damaged at the run's beginning: start the run anew, or take a copy of the journal";
        return Err(Failure::usage(format!("no event of run {run_id} can be read"), help));
    };
    let json = journal.plan(hash).map_err(|e| unreadable(&e))?.ok_or_else(|| {
        Failure::usage(format!("the plan of run {run_id} is gone"), "its journal was cut")
    })?;
    let plan = serde_json::from_str(&json)
        .map_err(|e| Failure::machine(&format!("cannot read the plan of run {run_id}"), &e))?;
    let mut state = RunState::new(Arc::new(plan));
    for record in &events {
        state.apply(record).map_err(|e| unreadable(&e))?;
    }
    let outcome = Outcome::of(&state);
    Ok(Past { state, outcome, events, under_way, lost })
}
