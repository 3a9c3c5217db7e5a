//! `engine cancel`: ends a run, whoever drives it.

use std::path::Path;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::cli::arguments::{Cancel, Ending, Global};
use crate::cli::commands::history;
use crate::cli::drive::{self, journal_failure};
use crate::cli::exit::{Exit, Failure};
use crate::cli::load::Place;
use crate::cli::printer::Printer;
use crate::cli::setup;
use crate::event::RunStatus;
use crate::journal::JournalError;

/// How long the process that drives the run has to end it.
const PATIENCE: Duration = Duration::from_secs(10);

pub(in crate::cli) fn run(
    arguments: &Cancel,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let place = Place::find(global, Path::new(""))?;
    let mut journal = setup::past_journal(&place.journal(global))?;
    let past = history::past_in(&journal, &arguments.run)?;
    let run_id = past.run_id()?;
    if past.state.end().is_some() {
        let message = format!("run {run_id} has ended already");
        return Err(Failure::usage(message, format!("`engine show {run_id}` tells how")));
    }
    match journal.claim(&run_id) {
        Err(JournalError::Driven { .. }) => {
            journal.cancel(&run_id).map_err(|e| journal_failure(&e))?;
            let asked = Instant::now();
            loop {
                let past = history::past_in(&journal, run_id.as_str())?;
                match past.state.end() {
                    Some((RunStatus::Cancelled, ..)) => break,
                    Some(_) => {
                        let message =
                            format!("run {run_id} ended by itself before it could be cancelled");
                        return Err(Failure::usage(
                            message,
                            format!("`engine show {run_id}` tells how"),
                        ));
                    }
                    None => {}
                }
                if asked.elapsed() > PATIENCE {
                    let message = format!("the process that drives run {run_id} has not ended it");
                    return Err(Failure::usage(message, "it will, when it looks next"));
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        Err(other) => return Err(journal_failure(&other)),
        Ok(_) => {
            // The lock of this process goes with its journal, before the run is taken over again.
            drop(journal);
            let cancel = CancellationToken::new();
            cancel.cancel();
            let ending = Ending { quiet: true, ..Ending::default() };
            let named = run_id.as_str();
            drive::go_on(named, global, ending, Some(cancel), |_| Ok(Vec::new()), printer)?;
        }
    }
    printer.err(&format!("run {run_id} is cancelled\n"));
    Ok(Exit::Success)
}
