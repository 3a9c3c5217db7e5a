//! A question from its route to its answer: what is shown, run and kept of it.

use std::io::Write;
use std::path::Path;

use super::{Asked, Chosen, choose, clarify, refuse};
use crate::ask::{self, By, Origin, Route, RouteKind, Turn};
use crate::cli::arguments::Ask;
use crate::cli::drive;
use crate::cli::exit::{Exit, Failure};
use crate::cli::setup;
use crate::event::{Fault, RunStatus};
use crate::id::{AgentName, WorkflowName};
use crate::model::ModelErrorKind;
use crate::plan::{Kind, Plan};
use crate::report::{self, AskReport};
use crate::run::{OVER_BUDGET, Outcome, Reuse, StepOutcome, StepStatus};
use crate::value::{Object, Value};

impl Asked<'_> {
    #[expect(clippy::future_not_send, reason = "the journal stays on its thread")]
    pub(super) async fn answer(&self) -> Result<(Exit, Option<Turn>), Failure> {
        let Chosen { mut route, mut plan, document, warning } = choose(self).await?;
        if route.kind == RouteKind::Clarify && clarify(self, &mut route)? {
            plan = route.workflow.as_ref().and_then(|name| self.catalog.plan(name));
        }
        let Ask { ending, explain, plan_only, save, .. } = self.arguments;
        // What is carried over is shown before it runs.
        let carried = route.by == By::Session && plan.is_some();
        if *explain || carried && !ending.quiet && !plan_only {
            self.printer.err(&report::route(&route));
        }
        let document = document.as_ref();
        let Some(plan) = plan else {
            if let Some(warning) = warning.filter(|_| !ending.quiet) {
                self.printer.err(&format!("{warning}\n"));
            }
            // What is asked back may be answered by the next question.
            let kept = route.workflow.is_some().then(|| self.turn(&route, None));
            return Ok((refuse(self, &route)?, kept));
        };
        if let Some(path) = save {
            self.save(path, &route, document)?;
        }
        if *plan_only {
            let shown = self.show(&route, document, &plan)?;
            if document.is_none() && !ending.json && !self.has_model().await {
                self.printer.out("no model is there: steps that ask one take their `default`\n");
            }
            return Ok((shown, Some(self.turn(&route, None))));
        }
        let (outcome, made) = self.outcome(plan, &route, warning).await?;
        let document = made.as_ref().or(document);
        let exit = if ending.json {
            let report =
                AskReport { outcome: Some(&outcome), route: &route, plan: document, refusal: None };
            self.print(&report)?;
            drive::summary(*ending, &outcome, self.printer)
        } else {
            drive::end(*ending, &outcome, self.voice.as_deref(), self.printer)?
        };
        Ok((exit, Some(self.turn(&route, Some(&outcome)))))
    }

    /// Runs what was chosen; the outcome tells what choosing took as well. Where no model answers what agents were asked, it is
    /// that of the document given back: what is known without a model.
    #[expect(clippy::future_not_send, reason = "the journal stays on its thread")]
    pub(in crate::cli) async fn outcome(
        &self,
        plan: Plan,
        route: &Route,
        warning: Option<String>,
    ) -> Result<(Outcome, Option<Value>), Failure> {
        let reuse = if route.by == By::Session { self.past()? } else { None };
        let params = route.params.clone();
        let ending = self.arguments.ending;
        let agents =
            if route.agents.is_empty() { specialists(&plan) } else { route.agents.clone() };
        let mut outcome = self.run(plan, params, reuse, None, ending).await?;
        let mut known = None;
        if let Some(fault) = unanswered(route, &outcome).filter(|_| !agents.is_empty()) {
            let notice = if outcome.usage.output_tokens > 0 {
                nothing_found(fault)
            } else {
                no_model(fault)
            };
            // That a budget is exceeded stays the end of it; this costs nothing.
            let over_budget = outcome.error.take().filter(|error| error.kind == OVER_BUDGET);
            if !ending.quiet {
                self.printer.err(&format!("{notice}\n"));
            }
            self.unanswered.set(true);
            self.keep_taken(&outcome);
            let asked = Route { agents, ..route.clone() };
            let document = ask::overview(self.catalog, self.question, &asked);
            let plan = ask::check(&document, self.library());
            let plan = plan.map_err(|faults| Failure::Machine(ask::bug("overview", &faults)))?;
            outcome = self.run(plan, Object::new(), None, None, ending).await?;
            outcome.warnings.push(notice);
            outcome.error = outcome.error.or(over_budget);
            known = Some(document);
        }
        outcome.warnings.extend(warning);
        self.add_before(&mut outcome);
        Ok((outcome, known))
    }

    /// The question as the session keeps it.
    pub(in crate::cli) fn turn(&self, route: &Route, outcome: Option<&Outcome>) -> Turn {
        let answer = outcome.and_then(|outcome| {
            let text = outcome.outputs.get("answer")?.as_str()?;
            Some(report::marked(text, &outcome.figures.unverified))
        });
        Turn {
            at_us: setup::now_us(),
            question: self.verbatim.to_owned(),
            in_full: (self.question != self.verbatim).then(|| self.question.to_owned()),
            run_id: outcome.map(|outcome| outcome.run_id.clone()),
            workflow: route.workflow.clone(),
            params: route.params.clone(),
            agents: route.agents.clone(),
            answer,
        }
    }

    /// What the run before made: only what the changed params touch is done again.
    fn past(&self) -> Result<Option<Reuse>, Failure> {
        let run = self.turns.last().and_then(|turn| turn.run_id.as_ref());
        run.map(|run| drive::made_by(&self.journal.borrow(), run)).transpose()
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
                &self.catalog.library,
                &[],
            )),
        };
        self.printer.out(&text);
        Ok(Exit::Success)
    }

    /// Keeps a plan as a workflow for questions of its kind.
    fn save(&self, path: &Path, route: &Route, document: Option<&Value>) -> Result<(), Failure> {
        let Some(document) = document else {
            self.printer.err("nothing to save: a workflow of the project answers this question\n");
            return Ok(());
        };
        // A question that a file holds is sure.
        let sure = Route { sure: true, ..route.clone() };
        let sure = ask::overview(self.catalog, self.question, &sure);
        let unsure = ask::overview(self.catalog, self.question, route);
        let document = if *document == unsure { &sure } else { document };
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let name = stem.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        if self.catalog.workflow(&WorkflowName::from(name.as_str())).is_some() {
            let message = format!("there is a workflow `{name}` already");
            return Err(Failure::usage(message, "name another file: a workflow is named after it"));
        }
        let day = jiff::Zoned::now().strftime("%Y-%m-%d").to_string();
        let origin = Origin { question: self.question, by: route.by, day: &day };
        let kept = ask::keep(self.catalog, document, &name, &origin)
            .and_then(|(kept, text)| ask::check(&kept, self.library()).map(|_| (kept, text)));
        let (kept, text) =
            kept.map_err(|faults| Failure::Machine(ask::bug("plan to be kept", &faults)))?;
        let write = || {
            path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            // Whatever came to be there meanwhile stays.
            std::fs::File::create_new(path)?.write_all(text.as_bytes())
        };
        write().map_err(|e| Failure::machine(&format!("cannot write {}", path.display()), &e))?;
        let note = if !self.is_found(path) {
            ", where no question finds it: the router looks only into workflows/ of the project"
                .to_owned()
        } else if let Some(why) = ask::missed(self.catalog, &kept, self.question) {
            format!(", but the words of its own question will not find it: {why}")
        } else {
            String::new()
        };
        self.printer.err(&format!("kept as {}{note}\n", path.display()));
        Ok(())
    }

    /// Whether a file that is there stands where the router finds workflows.
    fn is_found(&self, path: &Path) -> bool {
        let whole = path.canonicalize().ok();
        let folder = self.workflows.and_then(|folder| folder.canonicalize().ok());
        folder.is_some_and(|folder| whole.is_some_and(|whole| whole.starts_with(&folder)))
    }

    pub(in crate::cli) fn print(&self, report: &AskReport<'_>) -> Result<(), Failure> {
        self.printer.json("the answer", report)
    }
}

/// Whom a plan asks for findings.
fn specialists(plan: &Plan) -> Vec<AgentName> {
    let parts = plan.steps.iter().filter(|step| step.id.as_str() != ask::ANSWER);
    let agents = parts.filter_map(|step| match &step.kind {
        Kind::Agent(agent) => agent.agent.clone(),
        Kind::Tool(_)
        | Kind::Compute(_)
        | Kind::Workflow(_)
        | Kind::Plan(_)
        | Kind::Approval(_) => None,
    });
    let mut found: Vec<AgentName> = Vec::new();
    for agent in agents {
        if !found.contains(&agent) {
            found.push(agent);
        }
    }
    found
}

/// Why agents gave no answer, where that is because no model did: none of them, or only the one that was to put together what the
/// others found.
fn unanswered<'o>(route: &Route, outcome: &'o Outcome) -> Option<&'o Fault> {
    let asks = outcome.steps.iter().any(|step| step.kind == "agent");
    if !asks || outcome.status == RunStatus::Cancelled {
        return None;
    }
    let gave =
        |step: &&StepOutcome| matches!(step.status, StepStatus::Succeeded | StepStatus::Cached);
    let (last, parts): (Vec<_>, Vec<_>) =
        outcome.steps.iter().partition(|step| step.id.to_string() == ask::ANSWER);
    let found = parts.iter().copied().any(|step| gave(&step));
    // An answer rests on any finding, and without one that puts them together they stand as they are.
    let whole = parts.is_empty() || route.workflow.is_some();
    let rests = found || last.iter().any(gave) && whole;
    if rests {
        return None;
    }
    let mut faults = outcome.steps.iter().filter_map(|step| step.error.as_ref());
    let absent = |fault: &&Fault| {
        !parts.is_empty() || fault.kind == OVER_BUDGET || ModelErrorKind::is_absence(&fault.kind)
    };
    faults.find(absent)
}

/// What is said where a model answered, and of no use: it was told of no finding.
fn nothing_found(fault: &Fault) -> String {
    format!(
        "nobody who was asked found anything, so this is what is known without: {}",
        fault.message
    )
}

/// What is said where no model answered.
pub(super) fn no_model(fault: &Fault) -> String {
    let help = fault.help.as_ref().map_or_else(String::new, |help| format!("{help}; "));
    let why = if fault.kind == OVER_BUDGET { "could be asked" } else { "answered" };
    format!(
        "no model {why}, so this is what is known without one: {} ({help}--offline asks none)",
        fault.message
    )
}

fn text(document: &Value) -> Result<String, Failure> {
    ask::text(document).map_err(|message| Failure::Machine(Fault::new("machine", message)))
}
