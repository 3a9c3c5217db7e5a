//! `engine plan`: what would run. Calls nothing.

use std::collections::BTreeSet;
use std::path::Path;

use crate::cli::arguments::{Global, Plan};
use crate::cli::environment::environment;
use crate::cli::exit::{Exit, Failure};
use crate::cli::files::workflow_file;
use crate::cli::load::{self, Loaded, Place};
use crate::cli::params;
use crate::cli::printer::Printer;
use crate::cli::setup::{self, Mode};
use crate::document::Workflow;
use crate::id::ToolName;
use crate::journal::{Journal, Since, Spending};
use crate::model::Models;
use crate::plan;
use crate::report::{self, PlanReport};

pub(in crate::cli) fn run(
    arguments: &Plan,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let (place, mut loaded, plan) = compiled(&arguments.workflow, global, Mode::LOOK)?;
    let given = params::given(&arguments.params, &plan.params)?;
    for name in params::check_given(&plan, &given, &loaded.toolbox)? {
        printer.err(&format!(
            "note: whether the value of param `{name}` exists is told by a tool that only `engine run` asks\n"
        ));
    }
    if let Some(project) = &mut loaded.library.project {
        project.value = Models::settled(&project.value, &environment());
    }
    let past = past_costs(&setup::past_journal(&place.journal(global))?, &plan)?;
    let report = PlanReport::of(&plan, given, &loaded.library, &past);
    if arguments.json {
        printer.json("the plan", &report)?;
    } else {
        printer.out(&report::plan(&report));
    }
    Ok(Exit::Success)
}

/// What runs of the workflow cost before, as far as they ended with an answer and all their calls have a price.
fn past_costs(journal: &Journal, plan: &plan::Plan) -> Result<Vec<f64>, Failure> {
    let workflow = Some(plan.workflow.as_str());
    let runs = journal
        .spending(Since { at_us: None, workflow })
        .map_err(|e| Failure::machine("cannot read the journal", &e))?;
    Ok(runs.iter().filter(|run| run.has_answer()).filter_map(Spending::cost_usd).collect())
}

/// Reads a workflow and everything around it, and compiles it.
pub(in crate::cli) fn compiled(
    named: &str,
    global: &Global,
    mode: Mode,
) -> Result<(Place, Loaded, plan::Plan), Failure> {
    let from = Path::new(named)
        .parent()
        .filter(|_| Path::new(named).is_file())
        .unwrap_or_else(|| Path::new(""));
    let place = Place::find(global, from)?;
    let file = workflow_file(&place, named)?;
    let (workflow, faults) = load::read_as_far::<Workflow>(&place, &file);
    // Only what the workflow names is asked for: another tool's source may be away. One that runs others, or plans,
    // may call any tool.
    let runs_others = workflow.iter().any(|w| {
        w.value.workflow_names().next().is_some() || w.value.steps.iter().any(|s| s.plan.is_some())
    });
    let named: BTreeSet<ToolName> =
        workflow.iter().flat_map(|w| w.value.tool_names()).cloned().collect();
    let mut loaded = Loaded::library(&place, |tool| runs_others || named.contains(tool));
    loaded.library.allow_write = mode.allow_write;
    loaded.take(&place, &file, faults);
    let plan = workflow.and_then(|workflow| loaded.compile(&place, workflow));
    match plan {
        Some(plan) if !loaded.has_errors() => Ok((place, loaded, plan)),
        _ => Err(loaded.failure()),
    }
}
