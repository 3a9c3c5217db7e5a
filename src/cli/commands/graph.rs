//! `engine graph`: the DAG as a drawing.

use crate::cli::arguments::{Global, Graph};
use crate::cli::commands::{history, plan};
use crate::cli::exit::{Exit, Failure};
use crate::cli::printer::Printer;
use crate::cli::setup::Mode;
use crate::report;

pub(in crate::cli) fn run(
    arguments: &Graph,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let (place, _, plan) = plan::compiled(&arguments.workflow, global, Mode::LOOK)?;
    let Some(run) = &arguments.run else {
        printer.out(&report::graph(&plan, None, arguments.format));
        return Ok(Exit::Success);
    };
    // A run is drawn on the plan it was made of, whatever became of the file.
    let past = history::past(&place, global, run)?;
    printer.out(&report::graph(past.state.plan(), past.outcome.as_ref(), arguments.format));
    Ok(Exit::Success)
}
