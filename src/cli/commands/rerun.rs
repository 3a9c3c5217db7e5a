//! `engine rerun`: runs again what a changed param touches, and sets the outputs side by side.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crate::cli::allowance;
use crate::cli::arguments::{Global, Params, Rerun};
use crate::cli::changed;
use crate::cli::commands::history;
use crate::cli::drive::{self, Start};
use crate::cli::exit::{Exit, Failure};
use crate::cli::load::Place;
use crate::cli::params;
use crate::cli::printer::Printer;
use crate::cli::setup::{self, Mode};
use crate::diagnostic::suggest;
use crate::plan::{Graph, Plan};
use crate::report;
use crate::run::Reuse;
use crate::value::Object;

pub(in crate::cli) fn run(
    arguments: &Rerun,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let ending = arguments.ending;
    let place = Place::find(global, Path::new(""))?;
    let journal = setup::past_journal(&place.journal(global))?;
    let past = history::past_in(&journal, &arguments.run)?;
    let parent = past.run_id()?;
    let mut plan = Arc::clone(past.state.plan());
    if !ending.quiet {
        changed::tell(&plan, global, printer);
    }
    allowance::renew(&mut plan, &place);
    if let Some(usd) = arguments.max_cost_usd {
        Arc::make_mut(&mut plan).limits.budget.get_or_insert_default().usd = Some(usd);
    }
    let again = arguments.from.as_deref().map(|step| depends_on(&plan, step)).transpose()?;
    let changed = Params { params: arguments.params.clone(), params_file: None };
    let mut given: Object = past.state.root().params().as_ref().clone();
    given.extend(params::given(&changed, &plan.params)?);
    let reuse = Reuse::of(parent, &past.events, again.unwrap_or_default());
    let mode = Mode { offline: past.state.offline(), allow_write: arguments.writing.allow_write };
    let context = drive::context(&place, &plan, mode)?;
    let journal = RefCell::new(journal);
    let outcome = setup::to_the_end(&context.tools, async {
        let params = params::check(&plan, &given, &context.tools).await?;
        let start = Start { reuse: Some(reuse), ..Start::new(plan, params, &context, ending) };
        drive::start(start, &journal, &drive::interruptible(), printer).await
    })??;
    let exit = drive::end(ending, &outcome, None, printer)?;
    if let (Some(before), false) = (&past.outcome, ending.json) {
        printer.out(&format!("\n{}", report::comparison(before, &outcome, printer.screen())));
    }
    Ok(exit)
}

/// A step and all that depend on it.
fn depends_on(plan: &Plan, step: &str) -> Result<BTreeSet<String>, Failure> {
    let Some(first) = plan.steps.iter().position(|found| found.id.as_str() == step) else {
        let help = suggest(step, plan.steps.iter().map(|found| found.id.as_str()), "steps");
        return Err(Failure::usage(format!("unknown step `{step}`"), help));
    };
    let graph = Graph::of(plan);
    let mut found = BTreeSet::from([first]);
    let mut next = vec![first];
    while let Some(step) = next.pop() {
        next.extend(graph.successors(step).into_iter().filter(|step| found.insert(*step)));
    }
    Ok(found.into_iter().filter_map(|n| Some(plan.steps.get(n)?.id.to_string())).collect())
}
