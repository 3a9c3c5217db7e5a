//! `engine graph`: the DAG as a drawing.

use std::path::Path;

use crate::cli::arguments::{Global, Graph};
use crate::cli::commands::{history, plan};
use crate::cli::exit::{Exit, Failure};
use crate::cli::load::Place;
use crate::cli::printer::Printer;
use crate::cli::setup::Mode;
use crate::report;

pub(in crate::cli) fn run(
    arguments: &Graph,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let Some(run) = &arguments.run else {
        let named = arguments.workflow.as_deref().unwrap_or_default();
        let (_, _, plan) = plan::compiled(named, global, Mode::LOOK)?;
        printer.out(&report::graph(&plan, None, arguments.format));
        return Ok(Exit::Success);
    };
    let named = arguments.workflow.as_deref();
    let named = named.map(|named| plan::compiled(named, global, Mode::LOOK)).transpose()?;
    let (place, workflow) = match named {
        Some((place, _, plan)) => (place, Some(plan.workflow)),
        None => (Place::find(global, Path::new(""))?, None),
    };
    // A run is drawn on the plan it was made of, whatever became of the file.
    let past = history::past(&place, global, run)?;
    let ran = past.state.plan();
    if let Some(workflow) = workflow.filter(|workflow| *workflow != ran.workflow) {
        let message = format!("run {run} is of workflow `{}`, not of `{workflow}`", ran.workflow);
        return Err(Failure::usage(message, format!("write `engine graph --run {run}`")));
    }
    printer.out(&report::graph(ran, past.outcome.as_ref(), arguments.format));
    Ok(Exit::Success)
}
