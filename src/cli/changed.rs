//! Whether the files of a run's workflow are still what its plan was made of.

use std::path::Path;

use super::arguments::Global;
use super::commands::plan::compiled;
use super::exit::Failure;
use super::files::named_in;
use super::load::Place;
use super::printer::Printer;
use super::setup::Mode;
use crate::ask::{INQUIRY, PLAN};
use crate::plan::Plan;

/// Says so where the workflow of this name is no longer what a frozen plan was made of: the run keeps its plan.
pub(super) fn tell(plan: &Plan, global: &Global, printer: &Printer) {
    let name = plan.workflow.as_str();
    let (named, now) = match compiled(name, global, Mode::LOOK) {
        // No file of the project bears the name. One that was run by its path may lie where the user stands.
        Err(Failure::Usage(_)) => match in_this_folder(name, global) {
            Some(path) => {
                let now = compiled(&path, global, Mode::LOOK);
                (path, now)
            }
            None => return tell_gone(name, printer),
        },
        found => (name.to_owned(), found),
    };
    let now = match now {
        Ok((_, _, now)) if is_same(plan, &now) => return,
        Ok(_) => format!("`engine run {named}` runs it as it is now"),
        Err(_) if named == name => "`engine validate` tells what is wrong with it now".to_owned(),
        Err(_) => format!("`engine validate {named}` tells what is wrong with it now"),
    };
    printer.err(&format!(
        "note: workflow `{name}`, or what it uses, has changed since; the plan of then is kept: {now}\n"
    ));
}

fn tell_gone(name: &str, printer: &Printer) {
    // What was made for a question never had a file.
    if name != INQUIRY && name != PLAN {
        printer.err(&format!(
            "note: no file of the project or of this folder is workflow `{name}` now, so nobody can tell whether it has changed; the plan of then is kept\n"
        ));
    }
}

/// The path of the file in the user's folder that gives itself this name.
fn in_this_folder(name: &str, global: &Global) -> Option<String> {
    let place = Place::find(global, Path::new("")).ok()?;
    let found = named_in(&place.here, name)?;
    Some(found.strip_prefix(&place.here).unwrap_or(&found).display().to_string())
}

/// Limits do not count: a command sets some of them.
fn is_same(frozen: &Plan, now: &Plan) -> bool {
    let now = Plan { limits: frozen.limits.clone(), ..now.clone() };
    matches!((now.freeze(), frozen.freeze()), (Ok((now, _)), Ok((then, _))) if now == then)
}
