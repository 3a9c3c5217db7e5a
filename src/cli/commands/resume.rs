//! `engine resume`: goes on where a run's journal ends.

use crate::cli::arguments::{Global, Resume};
use crate::cli::drive;
use crate::cli::exit::{Exit, Failure};
use crate::cli::printer::Printer;
use crate::report;
use crate::run::RunState;

pub(in crate::cli) fn run(
    arguments: &Resume,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let Resume { run, ending } = arguments;
    let mut was_open = false;
    let decide = |_: &RunState| {
        was_open = true;
        Ok(Vec::new())
    };
    let outcome = drive::go_on(run, global, *ending, None, decide, printer)?;
    let exit = drive::end(*ending, &outcome, None, printer)?;
    if !was_open && !ending.quiet {
        let (run, ended) = (&outcome.run_id, report::ended(outcome.status));
        printer.err(&format!(
            "note: run {run} had ended before and {ended}: this is its outcome again\n  help: `engine rerun {run}` does it again, `engine show {run}` tells what happened\n"
        ));
    }
    Ok(exit)
}
