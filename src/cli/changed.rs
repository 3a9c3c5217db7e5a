//! Whether the files of a run's workflow are still what its plan was made of.

use super::arguments::Global;
use super::commands::plan::compiled;
use super::exit::Failure;
use super::printer::Printer;
use super::setup::Mode;
use crate::plan::Plan;

/// Says so where the project's workflow of this name is no longer what a frozen plan was made of: the run keeps its plan.
pub(super) fn tell(plan: &Plan, global: &Global, printer: &Printer) {
    let name = &plan.workflow;
    let now = match compiled(name.as_str(), global, Mode::LOOK) {
        Ok((_, _, now)) if is_same(plan, &now) => return,
        Ok(_) => format!("`engine run {name}` runs it as it is now"),
        // No file of the project bears the name: the workflow was run by its path, or made for a question.
        Err(Failure::Usage(_)) => return,
        Err(_) => "`engine validate` tells what is wrong with it now".to_owned(),
    };
    printer.err(&format!(
        "note: workflow `{name}`, or what it uses, has changed since; the plan of then is kept: {now}\n"
    ));
}

/// Limits do not count: a command sets some of them.
fn is_same(frozen: &Plan, now: &Plan) -> bool {
    let now = Plan { limits: frozen.limits.clone(), ..now.clone() };
    matches!((now.freeze(), frozen.freeze()), (Ok((now, _)), Ok((then, _))) if now == then)
}
