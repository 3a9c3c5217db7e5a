//! `engine run`: one workflow, once.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::cli::arguments::{Global, Run};
use crate::cli::commands::plan::compiled;
use crate::cli::exit::{Exit, Failure};
use crate::cli::printer::Printer;
use crate::cli::{params, setup};
use crate::id::RunId;
use crate::plan::Plan;
use crate::report::{self, Live, Plain, Progress};
use crate::run::{self, Order, Outcome};

/// Steps that run at the same time where neither the command nor engine.yaml says otherwise.
const MAX_PARALLEL: usize = 16;

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
    let outcome = setup::runtime()?.block_on(async {
        let params = params::check(&plan, &given, &context.tools).await?;
        let mut journal = setup::journal(&place.journal(global))?;
        let (hash, json) =
            plan.freeze().map_err(|e| Failure::machine("cannot freeze the plan", &e))?;
        journal.put_plan(&hash, &json);
        let mut progress = progress(arguments, &plan, printer);
        let run_id = RunId::from(uuid::Uuid::now_v7().to_string());
        let order = Order { run_id, plan: Arc::new(plan), hash, params };
        let cancel = interruptible();
        let outcome =
            run::run(order, &context, &mut journal, &mut |record| progress.show(record), &cancel)
                .await;
        progress.end();
        outcome.map_err(|e| Failure::machine("cannot write the journal", &e))
    })?;
    print(arguments, &outcome, printer)?;
    Ok(Exit::of(&outcome, arguments.strict))
}

fn progress(arguments: &Run, plan: &Plan, printer: &Printer) -> Box<dyn Progress> {
    if arguments.quiet {
        Box::new(())
    } else if printer.is_terminal() {
        Box::new(Live::new(plan))
    } else {
        Box::new(Plain::new(std::io::stderr()))
    }
}

/// The first Ctrl-C ends the run, with an outcome; a second one ends the process at once.
#[expect(
    clippy::disallowed_methods,
    clippy::exit,
    reason = "the listener must live until the process ends, not until the run does"
)]
fn interruptible() -> CancellationToken {
    let cancel = CancellationToken::new();
    let asked = cancel.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            asked.cancel();
        }
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(i32::from(Exit::Interrupted as u8));
        }
    });
    cancel
}

fn print(arguments: &Run, outcome: &Outcome, printer: &Printer) -> Result<(), Failure> {
    if arguments.json {
        let json = serde_json::to_string(outcome)
            .map_err(|e| Failure::machine("cannot write the outcome", &e))?;
        printer.out(&format!("{json}\n"));
    } else {
        printer.out(&report::answer(outcome));
    }
    if !arguments.quiet {
        printer.err(&format!("\n{}", report::summary(outcome)));
    } else if let (Some(error), false) = (&outcome.error, arguments.json) {
        printer.err(&format!("error: {}\n", error.message));
    }
    Ok(())
}
