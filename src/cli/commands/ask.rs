//! `engine ask`: a question in people's own words, routed to a workflow, to an agent, or to a plan made for it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::ask::{self, Catalog, Known, QUESTION, Route, RouteKind};
use crate::cli::arguments::{Ask, Ending, Global};
use crate::cli::asking::{self, Chosen};
use crate::cli::drive::{self, MAX_PARALLEL, Start};
use crate::cli::exit::{Exit, Failure};
use crate::cli::load::{Loaded, Place};
use crate::cli::printer::Printer;
use crate::cli::{params, setup};
use crate::document::{Document, Workflow};
use crate::event::Fault;
use crate::id::WorkflowName;
use crate::journal::Journal;
use crate::plan::{Library, Plan};
use crate::report::{self, AskReport};
use crate::run::{Context, Outcome};
use crate::tool;
use crate::value::{Object, Value};

/// Values of a param that a refusal names.
const MOST_NAMED: usize = 12;

pub(in crate::cli) fn run(
    arguments: &Ask,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let question = arguments.question.trim();
    if question.is_empty() {
        return Err(Failure::usage("the question is empty", "engine ask \"Can we afford ...?\""));
    }
    let place = Place::find(global, Path::new(""))?;
    if place.root.is_none() {
        let help =
            "go to a project's folder, name it with --project, or make one with `engine init DIR`";
        return Err(Failure::usage("there is no project here whose agents could be asked", help));
    }
    if let Some(path) = arguments.save.as_ref().filter(|path| path.exists()) {
        return Err(Failure::usage(
            format!("{} exists already", path.display()),
            "name another file",
        ));
    }
    let mut loaded = Loaded::library(&place, |_| true);
    let documents = loaded.workflows(&place, &place.files_in("workflows"));
    if loaded.has_errors() {
        return Err(loaded.failure());
    }
    let Loaded { library, toolbox, .. } = loaded;
    let models = setup::models(&library, &setup::environment());
    let limits = library.project.as_ref().and_then(|project| project.value.limits.max_parallel);
    let limit = limits.map_or(MAX_PARALLEL, usize::from);
    let context = setup::context(models, toolbox, limit, arguments.offline);
    setup::runtime()?.block_on(async {
        let values = values(&documents, &context).await?;
        let workflows = documents.iter().map(|document| &document.value).collect();
        let catalog = Catalog { library: &library, workflows, values };
        let journal = RefCell::new(setup::journal(&place.journal(global))?);
        let asked = Asked {
            question,
            catalog: &catalog,
            documents: &documents,
            context: &context,
            journal: &journal,
            cancel: drive::interruptible(),
            arguments,
            printer,
            before: Cell::default(),
        };
        asked.answer().await
    })
}

/// The values that exist for params of workflows.
async fn values(
    documents: &[Arc<Document<Workflow>>],
    context: &Context,
) -> Result<BTreeMap<(WorkflowName, String), Vec<Known>>, Failure> {
    let mut values = BTreeMap::new();
    for workflow in documents.iter().map(|document| &document.value) {
        for (name, param) in &workflow.params {
            let Some(tied) = &param.values else { continue };
            let found =
                context.tools.values(tied).await.map_err(|fault| Failure::Machine(fault))?;
            let known = found.into_iter().map(|(value, label)| Known { value, label }).collect();
            values.insert((workflow.name.clone(), name.clone()), known);
        }
    }
    Ok(values)
}

/// A question on its way to an answer.
pub(in crate::cli) struct Asked<'a> {
    pub(in crate::cli) question: &'a str,
    pub(in crate::cli) catalog: &'a Catalog<'a>,
    pub(in crate::cli) documents: &'a [Arc<Document<Workflow>>],
    pub(in crate::cli) context: &'a Arc<Context>,
    journal: &'a RefCell<Journal>,
    cancel: CancellationToken,
    arguments: &'a Ask,
    printer: &'a Printer,
    /// What finding the way has taken so far.
    before: Cell<Taken>,
}

/// What runs before the answering one have taken.
#[derive(Clone, Copy, Default)]
struct Taken {
    usage: crate::run::UsageReport,
    cost_usd: f64,
    unpriced_calls: u64,
}

impl Asked<'_> {
    #[expect(clippy::future_not_send, reason = "the journal stays on its thread")]
    async fn answer(&self) -> Result<Exit, Failure> {
        let Chosen { mut route, mut plan, document, warning } = asking::choose(self).await?;
        if route.kind == RouteKind::Clarify && self.clarify(&mut route).await? {
            plan = asking::workflow(self, &route);
        }
        let Ask { ending, explain, plan_only, save, .. } = self.arguments;
        if *explain {
            self.printer.err(&report::route(&route));
        }
        let document = document.as_ref();
        let Some(plan) = plan else { return self.refuse(&route) };
        if let Some(path) = save {
            self.save(path, document)?;
        }
        if *plan_only {
            return self.show(&route, document, &plan);
        }
        let mut outcome = self.run(plan, route.params.clone(), *ending).await?;
        outcome.warnings.extend(warning);
        self.add_before(&mut outcome);
        if ending.json {
            let report =
                AskReport { outcome: Some(&outcome), route: &route, plan: document, refusal: None };
            self.print(&report)?;
            return Ok(drive::summary(*ending, &outcome, self.printer));
        }
        drive::end(*ending, &outcome, self.printer)
    }

    /// Runs a plan within what is left of the budget.
    #[expect(clippy::future_not_send, reason = "the journal stays on its thread")]
    pub(in crate::cli) async fn run(
        &self,
        mut plan: Plan,
        mut given: Object,
        ending: Ending,
    ) -> Result<Outcome, Failure> {
        let spent = self.before.get().cost_usd;
        if let Some(usd) = self.arguments.max_cost_usd {
            plan.limits.budget.get_or_insert_default().usd = Some(usd);
        }
        if let Some(usd) = plan.limits.budget.as_mut().and_then(|budget| budget.usd.as_mut()) {
            *usd = (*usd - spent).max(0.0);
        }
        if plan.params.contains_key(QUESTION) {
            given.insert(QUESTION.to_owned(), self.question.into());
        }
        let params = params::check(&plan, &given, &self.context.tools).await?;
        let plan = Arc::new(plan);
        let start = Start { plan, params, reuse: None, context: self.context, ending };
        drive::start(start, self.journal, &self.cancel, self.printer).await
    }

    /// Runs something that only helps to find the way; what it takes is told with the answer.
    #[expect(clippy::future_not_send, reason = "the journal stays on its thread")]
    pub(in crate::cli) async fn run_before(
        &self,
        plan: Plan,
        given: Object,
    ) -> Result<Outcome, Failure> {
        let ending = Ending { quiet: true, ..self.arguments.ending };
        let outcome = self.run(plan, given, ending).await?;
        let mut taken = self.before.get();
        taken.usage += outcome.usage;
        taken.cost_usd += outcome.cost_usd;
        taken.unpriced_calls += outcome.unpriced_calls;
        self.before.set(taken);
        Ok(outcome)
    }

    fn add_before(&self, outcome: &mut Outcome) {
        let taken = self.before.get();
        outcome.usage += taken.usage;
        outcome.cost_usd += taken.cost_usd;
        outcome.unpriced_calls += taken.unpriced_calls;
    }

    /// Whether a model may be asked and is there.
    pub(in crate::cli) async fn has_model(&self) -> bool {
        !self.arguments.offline
            && self.context.models.resolve(&[]).await.is_ok_and(|models| !models.is_empty())
    }

    /// Asks for missing params, where somebody is there to answer.
    async fn clarify(&self, route: &mut Route) -> Result<bool, Failure> {
        if self.arguments.ending.json
            || !std::io::stdin().is_terminal()
            || !self.printer.is_terminal()
        {
            return Ok(false);
        }
        let Some(workflow) = route.workflow.as_ref().and_then(|name| self.catalog.workflow(name))
        else {
            return Ok(false);
        };
        for name in std::mem::take(&mut route.missing) {
            let Some(param) = workflow.params.get(&name) else { continue };
            let about = param.description.as_deref().unwrap_or(&name);
            self.printer.err(&format!("{about}{}\n{name}: ", self.named_values(workflow, &name)));
            let mut line = String::new();
            let read = std::io::stdin().lock().read_line(&mut line);
            read.map_err(|e| Failure::machine("cannot read the answer", &e))?;
            let value = tool::parse_param(param, line.trim()).map_err(|message| {
                Failure::usage(format!("param `{name}`: {message}"), "ask again")
            })?;
            route.params.insert(name, value);
        }
        route.kind = RouteKind::Workflow;
        Ok(true)
    }

    fn named_values(&self, workflow: &Workflow, param: &str) -> String {
        let known = self.catalog.known(&workflow.name, param);
        if known.is_empty() {
            return String::new();
        }
        let shown: Vec<String> = known.iter().take(MOST_NAMED).map(Known::words).collect();
        let more = if known.len() > MOST_NAMED { ", ..." } else { "" };
        format!("; one of: {}{more}", shown.join(", "))
    }

    /// Says why nothing runs.
    fn refuse(&self, route: &Route) -> Result<Exit, Failure> {
        let (exit, fault) = match (
            route.kind,
            route.workflow.as_ref().and_then(|name| self.catalog.workflow(name)),
        ) {
            (RouteKind::Clarify, Some(workflow)) => {
                let missing = route.missing.iter().map(|name| {
                    let about =
                        workflow.params.get(name).and_then(|param| param.description.as_deref());
                    format!(
                        "`{name}` ({}{})",
                        about.unwrap_or("no description"),
                        self.named_values(workflow, name)
                    )
                });
                let missing: Vec<String> = missing.collect();
                let message = format!(
                    "workflow `{}` answers this, but the question does not say {}",
                    workflow.name,
                    missing.join(" and ")
                );
                let help = format!(
                    "say it in the question, or `engine run {} --param {}=...`",
                    workflow.name,
                    route.missing.join("=... --param ")
                );
                (Exit::Usage, Fault::new("clarify", message).help(help))
            }
            _ => {
                let message = "nobody here can answer this question";
                (
                    Exit::OutOfScope,
                    Fault::new("out-of-scope", message).help(report::can_be_asked(self.catalog)),
                )
            }
        };
        if self.arguments.ending.json {
            self.print(&AskReport {
                outcome: None,
                route,
                plan: None,
                refusal: Some(fault.clone()),
            })?;
        }
        self.printer.err(&Failure::Usage(vec![fault]).render(self.printer.colour()));
        Ok(exit)
    }

    /// Shows what would run.
    fn show(&self, route: &Route, document: Option<&Value>, plan: &Plan) -> Result<Exit, Failure> {
        if self.arguments.ending.json {
            self.print(&AskReport { outcome: None, route, plan: document, refusal: None })?;
            return Ok(Exit::Success);
        }
        if !self.arguments.explain {
            self.printer.err(&report::route(route));
        }
        let text = match document {
            Some(document) => text(document)?,
            None => report::plan(&report::PlanReport::of(
                plan,
                route.params.clone(),
                self.catalog.library,
                &[],
            )),
        };
        self.printer.out(&text);
        Ok(Exit::Success)
    }

    /// Keeps a plan as a workflow.
    fn save(&self, path: &PathBuf, document: Option<&Value>) -> Result<(), Failure> {
        let Some(document) = document else {
            self.printer.err("nothing to save: a workflow of the project answers this question\n");
            return Ok(());
        };
        let mut document = document.clone();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        if let Some(name) = document.get_mut("name") {
            *name = stem.replace(|c: char| !c.is_ascii_alphanumeric(), "_").into();
        }
        let write = |text: String| {
            path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            std::fs::write(path, text)
        };
        write(text(&document)?)
            .map_err(|e| Failure::machine(&format!("cannot write {}", path.display()), &e))?;
        self.printer.err(&format!("kept as {}\n", path.display()));
        Ok(())
    }

    fn print(&self, report: &AskReport<'_>) -> Result<(), Failure> {
        let json = serde_json::to_string(report)
            .map_err(|e| Failure::machine("cannot write the answer", &e))?;
        self.printer.out(&format!("{json}\n"));
        Ok(())
    }
}

fn text(document: &Value) -> Result<String, Failure> {
    ask::text(document).map_err(|message| Failure::Machine(Fault::new("machine", message)))
}

/// The library that questions are answered from.
impl<'a> Asked<'a> {
    pub(in crate::cli) fn library(&self) -> &'a Library {
        self.catalog.library
    }
}
