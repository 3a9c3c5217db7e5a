//! What commands that drive a run have in common: progress, Ctrl-C, and how an outcome is printed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::allowance::{self, Allowances};
use super::arguments::{Ending, Global};
use super::changed;
use super::commands::history::Past;
use super::environment::environment;
use super::exit::{Exit, Failure};
use super::load::{Loaded, Place};
use super::printer::Printer;
use super::setup::{self, Mode};
use super::voice::Voice;
use crate::document::Tool;
use crate::event::{Event, Fault, Record, RunStatus};
use crate::id::{RunId, ToolName};
use crate::journal::{Journal, JournalError};
use crate::model::Watcher;
use crate::plan::Plan;
use crate::report::{self, Live, Plain, Progress};
use crate::run::{
    self, Ahead, Context, Decision, Desk, Order, Outcome, PlanReader, Reuse, RunState,
};
use crate::tool::Toolbox;
use crate::value::Object;

/// Steps that run at the same time where neither the command nor engine.yaml says otherwise.
pub(super) const MAX_PARALLEL: usize = 16;

/// What is shown while a run is under way.
pub(super) fn progress(ending: Ending, plan: &Plan, printer: &Printer) -> Box<dyn Progress> {
    if ending.quiet {
        Box::new(())
    } else if printer.is_terminal() {
        Box::new(Live::new(plan))
    } else {
        Box::new(Plain::new(std::io::stderr()))
    }
}

/// The first Ctrl-C ends the run, with an outcome; a second one ends the process at once.
pub(super) fn interruptible() -> CancellationToken {
    let cancel = CancellationToken::new();
    listen(cancel.clone());
    cancel
}

/// One of several things that Ctrl-C stops, each on its own: it listens until it is dropped.
pub(super) struct Interruptible {
    pub(super) cancel: CancellationToken,
    listener: JoinHandle<()>,
}

impl Interruptible {
    pub(super) fn new() -> Self {
        let cancel = CancellationToken::new();
        Self { listener: listen(cancel.clone()), cancel }
    }
}

impl Drop for Interruptible {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

#[expect(
    clippy::disallowed_methods,
    clippy::exit,
    reason = "the listener must live longer than the tasks of a run"
)]
fn listen(cancel: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            cancel.cancel();
        }
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(i32::from(Exit::Interrupted as u8));
        }
    })
}

/// A run that is about to begin.
pub(super) struct Start<'r> {
    pub(super) plan: Arc<Plan>,
    pub(super) params: Object,
    pub(super) reuse: Option<Reuse>,
    pub(super) plan_reader: Option<Arc<dyn PlanReader>>,
    pub(super) ahead: Arc<Ahead>,
    pub(super) voice: Option<Arc<Voice>>,
    pub(super) context: &'r Arc<Context>,
    pub(super) ending: Ending,
    pub(super) session: Option<String>,
}

impl<'r> Start<'r> {
    /// A run of its own: it takes nothing over, and nobody reads or hears it.
    pub(super) fn new(
        plan: Arc<Plan>,
        params: Object,
        context: &'r Arc<Context>,
        ending: Ending,
    ) -> Self {
        let (reuse, plan_reader, ahead, voice, session) = (None, None, Arc::default(), None, None);
        Self { plan, params, reuse, plan_reader, ahead, voice, context, ending, session }
    }
}

/// Begins a run, shows how it goes on, and waits for its end.
#[expect(clippy::future_not_send, reason = "the journal stays on its thread")]
pub(super) async fn start(
    start: Start<'_>,
    journal: &RefCell<Journal>,
    cancel: &CancellationToken,
    printer: &Printer,
) -> Result<Outcome, Failure> {
    let Start { plan, params, reuse, plan_reader, ahead, voice, context, ending, session } = start;
    let (hash, json) = plan.freeze().map_err(|e| Failure::machine("cannot freeze the plan", &e))?;
    journal.borrow_mut().put_plan(&hash, &json);
    let allowances = Allowances::of(&plan, &mut journal.borrow_mut(), context)?;
    let plan = allowances.bound(&plan)?;
    let progress = Arc::new(Mutex::new(progress(ending, &plan, printer)));
    if let Some(voice) = &voice {
        let progress = Arc::clone(&progress);
        voice.before(move || lock(&progress).end());
    }
    let listener = voice.clone().map(|voice| voice as Arc<dyn Watcher>);
    let run_id = RunId::from(uuid::Uuid::now_v7().to_string());
    let batch = None;
    let order =
        Order { run_id, plan, hash, params, reuse, plan_reader, ahead, listener, batch, session };
    let observer = &mut |record: &Record| {
        // What follows the first word of the answer would stand in the middle of it.
        if !voice.as_ref().is_some_and(|voice| voice.spoke()) {
            lock(&progress).show(record);
        }
    };
    let desk = Desk { journal, observer, cancel };
    let outcome = run::run(order, context, desk).await;
    lock(&progress).end();
    outcome.map(|outcome| told(outcome, ending)).map_err(|e| journal_failure(&e))
}

fn lock<T: ?Sized>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An outcome with its ledger only where that was asked for.
pub(super) fn told(mut outcome: Outcome, ending: Ending) -> Outcome {
    if !ending.figures {
        outcome.figures.ledger = None;
    }
    outcome
}

/// Prints an outcome, as far as a voice has not, and gives the exit code that tells it.
pub(super) fn end(
    ending: Ending,
    outcome: &Outcome,
    voice: Option<&Voice>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    if ending.json {
        printer.json("the outcome", outcome)?;
    } else {
        let answer = report::answer(outcome);
        match voice {
            Some(voice)
                if voice.spoke()
                    && (outcome.status == RunStatus::Cancelled || answer.is_empty()) =>
            {
                voice.stop(printer);
            }
            Some(voice) => voice.end(&answer, printer),
            None => printer.out(&answer),
        }
        if ending.figures {
            printer.out(&report::figures(outcome));
        }
    }
    Ok(summary(ending, outcome, printer))
}

/// Tells how a run went, besides its answer, and gives the exit code.
pub(super) fn summary(ending: Ending, outcome: &Outcome, printer: &Printer) -> Exit {
    if !ending.quiet {
        printer.err(&format!("\n{}", report::summary(outcome)));
    } else if !ending.json {
        printer.err(&report::problems(outcome, ending.strict));
    }
    Exit::of(outcome, ending.strict)
}

/// What a run of the journal goes on with: its frozen plan, on the models and sources of today.
pub(super) fn context(place: &Place, plan: &Plan, mode: Mode) -> Result<Arc<Context>, Failure> {
    // What is still to be planned may need any agent and any tool.
    let loaded =
        if plan.plans() { Loaded::library(place, |_| true) } else { Loaded::project(place) };
    if loaded.has_errors() {
        return Err(loaded.failure());
    }
    let environment = environment();
    let models = setup::models(&loaded.library, &environment, None);
    let tools = toolbox(place, &loaded, plan);
    let limit = plan.limits.max_parallel.map_or(MAX_PARALLEL, usize::from);
    let library = Arc::new(loaded.library);
    Ok(setup::context(models, tools, limit, mode, &library))
}

/// The tools that a plan holds, those of the workflows in it among them, and the project's where more is to be planned.
fn toolbox(place: &Place, loaded: &Loaded, plan: &Plan) -> Toolbox {
    let all = loaded.library.tools().map(|tool| (&tool.name, tool));
    let inner = plan.workflows.values().flat_map(|plan| &plan.tools);
    let tools: BTreeMap<&ToolName, &Tool> = all.chain(inner).chain(&plan.tools).collect();
    setup::tools(place, &loaded.library, tools.into_values().cloned())
}

/// Goes on with a run, by its id or the beginning of it. `decide` looks at the run and answers what it waits for. The
/// outcome of a run that has ended is given as it is.
pub(super) fn go_on(
    named: &str,
    global: &Global,
    ending: Ending,
    cancel: Option<CancellationToken>,
    decide: impl FnOnce(&RunState) -> Result<Vec<Decision>, Failure>,
    printer: &Printer,
) -> Result<Outcome, Failure> {
    let place = Place::find(global, std::path::Path::new(""))?;
    let journal = setup::past_journal(&place.journal(global))?;
    let found = super::commands::history::past_in(&journal, named)?;
    if let (Some(_), Some(outcome)) = (found.state.end(), &found.outcome) {
        return Ok(told(outcome.clone(), ending));
    }
    let run_id = found.run_id()?;
    if let Some(gap) = found.gap() {
        printer.err(&format!("warning: {gap}\n"));
    }
    let journal = RefCell::new(journal);
    let past = claim(&journal, &run_id)?;
    if let (Some(_), Some(outcome)) = (past.state.end(), &past.outcome) {
        // Another process was faster.
        return Ok(told(outcome.clone(), ending));
    }
    let mut plan = Arc::clone(past.state.plan());
    allowance::renew(&mut plan, &place);
    let mode = Mode { offline: past.state.offline(), allow_write: past.state.allow_write() };
    let prepared = || {
        let decisions = decide(&past.state)?;
        let context = context(&place, &plan, mode)?;
        let reuse = reuse(&journal.borrow(), &past)?;
        let allowances = Allowances::of(&plan, &mut journal.borrow_mut(), &context)?;
        Ok((decisions, context, reuse, allowances.bound_again(&plan)))
    };
    let (decisions, context, reuse, plan) = match prepared() {
        Ok(prepared) => prepared,
        Err(refused) => {
            let released = journal.borrow_mut().release(&run_id, past.outcome.is_some());
            released.map_err(|e| journal_failure(&e))?;
            return Err(refused);
        }
    };
    if !ending.quiet {
        changed::tell(past.state.plan(), global, printer);
    }
    let mut progress = progress(ending, &plan, printer);
    let going = run::Past { run_id, plan, records: past.events, reuse };
    let outcome = setup::to_the_end(&context.tools, async {
        let cancel = cancel.unwrap_or_else(interruptible);
        let observer = &mut |record: &Record| progress.show(record);
        let desk = Desk { journal: &journal, observer, cancel: &cancel };
        run::resume(going, decisions, &context, desk).await
    })?;
    progress.end();
    outcome.map(|outcome| told(outcome, ending)).map_err(|e| journal_failure(&e))
}

/// Takes a run over, and reads it again: until now another process may have driven it.
pub(super) fn claim(journal: &RefCell<Journal>, run_id: &RunId) -> Result<Past, Failure> {
    let mut journal = journal.borrow_mut();
    journal.claim(run_id).map_err(|e| match e {
        JournalError::Driven { .. } => Failure::usage(
            e.to_string(),
            format!("wait for it, or end it with `engine cancel {run_id}`"),
        ),
        other => journal_failure(&other),
    })?;
    journal.mend(run_id).map_err(|e| journal_failure(&e))?;
    super::commands::history::past_in(&journal, run_id.as_str())
}

/// What a run that does another one again may still take over from it.
fn reuse(journal: &Journal, past: &Past) -> Result<Option<Reuse>, Failure> {
    let Some(Event::RunStarted { parent: Some(parent), .. }) =
        past.events.first().map(|record| &record.event)
    else {
        return Ok(None);
    };
    made_by(journal, parent).map(Some)
}

/// All that a run of the journal made.
pub(super) fn made_by(journal: &Journal, run: &RunId) -> Result<Reuse, Failure> {
    let records = journal.records(run).map_err(|e| journal_failure(&e))?;
    Ok(Reuse::of(run.clone(), &records, std::collections::BTreeSet::new()))
}

/// A journal that failed while a run was under way.
pub(super) fn journal_failure(error: &JournalError) -> Failure {
    let fault = Fault::new("journal", format!("the journal failed: {error}"));
    Failure::Machine(match error {
        JournalError::Sqlite(_) | JournalError::Lost(_) => fault.help(
            "what was journaled is kept: see that the disk has room, then `engine resume RUN` goes on with a run, and --continue with a batch",
        ),
        JournalError::Unavailable { .. }
        | JournalError::Newer { .. }
        | JournalError::Unreadable { .. }
        | JournalError::Ambiguous { .. }
        | JournalError::Driven { .. }
        | JournalError::Bug(_) => fault,
    })
}
