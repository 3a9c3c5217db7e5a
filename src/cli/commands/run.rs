//! `engine run`: one workflow, once or for each row of a file.

use std::cell::RefCell;
use std::sync::Arc;

use crate::cli::arguments::{Global, Run};
use crate::cli::commands::batch;
use crate::cli::commands::plan::compiled;
use crate::cli::drive::{self, MAX_PARALLEL, Start};
use crate::cli::environment::environment;
use crate::cli::exit::{Exit, Failure};
use crate::cli::params;
use crate::cli::printer::Printer;
use crate::cli::setup::{self, Mode};

pub(in crate::cli) fn run(
    arguments: &Run,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let mode = Mode { offline: arguments.offline, allow_write: arguments.writing.allow_write };
    let (place, loaded, mut plan) = compiled(&arguments.workflow, global, mode)?;
    if let Some(usd) = arguments.max_cost_usd {
        plan.limits.budget.get_or_insert_default().usd = Some(usd);
    }
    let given = params::given(&arguments.params, &plan.params)?;
    let environment = environment();
    let tape = setup::tape(&arguments.taping)?;
    let models = setup::models(&loaded.library, &environment, tape);
    let limit =
        arguments.max_parallel.or(plan.limits.max_parallel).map_or(MAX_PARALLEL, usize::from);
    let library = Arc::new(loaded.library);
    let context = setup::context(models, loaded.toolbox, limit, mode, &library);
    if let Some(rows) = &arguments.batch.rows {
        let journal = place.journal(global);
        let exit = batch::run(rows, arguments, plan, &given, &context, &journal, printer)?;
        return Ok(setup::replayed(exit, context.models.misses(), printer));
    }
    let outcome = setup::to_the_end(&context.tools, async {
        let params = params::check(&plan, &given, &context.tools).await?;
        let journal = RefCell::new(setup::journal(&place.journal(global))?);
        let ending = arguments.ending;
        let plan = Arc::new(plan);
        let start = Start::new(plan, params, &context, ending);
        drive::start(start, &journal, &drive::interruptible(), printer).await
    })??;
    let exit = drive::end(arguments.ending, &outcome, None, printer)?;
    Ok(setup::replayed(exit, context.models.misses(), printer))
}
