//! `engine resume`: goes on where a run's journal ends.

use crate::cli::arguments::{Global, Resume};
use crate::cli::drive;
use crate::cli::exit::{Exit, Failure};
use crate::cli::printer::Printer;

pub(in crate::cli) fn run(
    arguments: &Resume,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let Resume { run, ending } = arguments;
    let outcome = drive::go_on(run, global, *ending, None, |_| Ok(Vec::new()), printer)?;
    drive::end(*ending, &outcome, None, printer)
}
