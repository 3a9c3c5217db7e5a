//! `engine costs`: what was spent, on what.

use std::collections::BTreeMap;
use std::path::Path;

use crate::cli::arguments::{Costs, Global};
use crate::cli::exit::{Exit, Failure};
use crate::cli::load::Place;
use crate::cli::printer::Printer;
use crate::cli::{allowance, setup, since};
use crate::id::PlanHash;
use crate::journal::{Journal, Since, Spending};
use crate::report::{self, Cast, CostReport};

pub(in crate::cli) fn run(
    arguments: &Costs,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let now_us = setup::now_us();
    let since_us = arguments.since.as_deref().map(|text| since::since(text, now_us)).transpose()?;
    let place = Place::find(global, Path::new(""))?;
    let journal = setup::past_journal(&place.journal(global))?;
    let spending = journal
        .spending(Since { at_us: since_us, workflow: None })
        .map_err(|e| Failure::machine("cannot read the journal", &e))?;
    let budgets = allowance::spent(allowance::budget(&place).as_ref(), &journal, now_us)?;
    let casts = casts(&journal, &spending)?;
    let deleted =
        journal.deleted(since_us).map_err(|e| Failure::machine("cannot read the journal", &e))?;
    let spent = (spending.as_slice(), deleted.as_slice());
    let report = CostReport::of(spent, &casts, arguments.by, since_us, budgets);
    if arguments.json {
        printer.json("the costs", &report)?;
    } else {
        printer.out(&report::costs(&report));
    }
    Ok(Exit::Success)
}

/// The agents of every plan that was run.
fn casts(journal: &Journal, spending: &[Spending]) -> Result<BTreeMap<PlanHash, Cast>, Failure> {
    let mut casts = BTreeMap::new();
    for hash in spending.iter().filter_map(|run| run.plan.as_ref()) {
        if !casts.contains_key(hash) {
            let json =
                journal.plan(hash).map_err(|e| Failure::machine("cannot read the journal", &e))?;
            casts.insert(hash.clone(), Cast::of(&json.unwrap_or_default()));
        }
    }
    Ok(casts)
}
