//! `engine run`: one workflow, once or for each row of a file.

use std::cell::RefCell;
use std::sync::Arc;

use crate::cli::allowance::Allowances;
use crate::cli::arguments::{Global, Run};
use crate::cli::commands::batch;
use crate::cli::commands::plan::compiled;
use crate::cli::drive::{self, MAX_PARALLEL, journal_failure};
use crate::cli::exit::{Exit, Failure};
use crate::cli::printer::Printer;
use crate::cli::{params, setup};
use crate::event::Record;
use crate::id::RunId;
use crate::run::{self, Desk, Order};

pub(in crate::cli) fn run(
    arguments: &Run,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let (place, loaded, mut plan) = compiled(&arguments.workflow, global)?;
    if let Some(usd) = arguments.max_cost_usd {
        plan.limits.budget.get_or_insert_default().usd = Some(usd);
    }
    let given = params::given(&arguments.params, &plan.params)?;
    let environment = setup::environment();
    let models = setup::models(&loaded.library, &environment);
    let limit =
        arguments.max_parallel.or(plan.limits.max_parallel).map_or(MAX_PARALLEL, usize::from);
    let context = setup::context(models, loaded.toolbox, limit, arguments.offline);
    if let Some(rows) = &arguments.batch.rows {
        let journal = place.journal(global);
        return batch::run(rows, arguments, plan, &given, &context, &journal, printer);
    }
    let outcome = setup::runtime()?.block_on(async {
        let params = params::check(&plan, &given, &context.tools).await?;
        let journal = RefCell::new(setup::journal(&place.journal(global))?);
        let (hash, json) =
            plan.freeze().map_err(|e| Failure::machine("cannot freeze the plan", &e))?;
        journal.borrow_mut().put_plan(&hash, &json);
        let allowances = Allowances::of(&plan, &journal.borrow(), arguments.offline)?;
        let plan = allowances.bound(&Arc::new(plan))?;
        let mut progress = drive::progress(arguments.ending, &plan, printer);
        let run_id = RunId::from(uuid::Uuid::now_v7().to_string());
        let order = Order { run_id, plan, hash, params, reuse: None, batch: None };
        let cancel = drive::interruptible();
        let observer = &mut |record: &Record| progress.show(record);
        let desk = Desk { journal: &journal, observer, cancel: &cancel };
        let outcome = run::run(order, &context, desk).await;
        progress.end();
        outcome.map_err(|e| journal_failure(&e))
    })?;
    drive::end(arguments.ending, &outcome, printer)
}
