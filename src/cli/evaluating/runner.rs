//! Runs the cases of evals: a workflow as `engine run` does, a question as `engine ask` does, each in this process.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::judges::Judges;
use super::queries::Queries;
use crate::ask::{self, By, Catalog, RouteKind};
use crate::cli::arguments::{self, Ending};
use crate::cli::asking::{Asked, Chosen, choose, refusal};
use crate::cli::drive::{self, Start};
use crate::cli::exit::{Exit, Failure};
use crate::cli::params;
use crate::cli::printer::Printer;
use crate::document::ExpectedSql;
use crate::eval::{self, Ask, Attempt, Case, Given, Inquiry, Judgement, Runner, Spent};
use crate::event::Fault;
use crate::id::{AgentName, WorkflowName};
use crate::journal::Journal;
use crate::model::Tape;
use crate::plan::{Kind, Plan};
use crate::run::Context;
use crate::value::{Object, Value};

/// What the cases of one model run with.
pub(in crate::cli) struct Setting {
    /// The name of the model in reports.
    pub(in crate::cli) model: String,
    /// Its context.
    pub(in crate::cli) context: Arc<Context>,
    /// Whether a model is there and may be asked.
    pub(in crate::cli) has_model: bool,
}

/// What all cases share.
pub(in crate::cli) struct Bench<'b> {
    pub(in crate::cli) catalog: &'b Arc<Catalog>,
    /// The plans of the workflows.
    pub(in crate::cli) plans: BTreeMap<WorkflowName, Arc<Plan>>,
    pub(in crate::cli) settings: Vec<Setting>,
    pub(in crate::cli) journal: &'b RefCell<Journal>,
    pub(in crate::cli) queries: Queries,
    pub(in crate::cli) judges: Judges<'b>,
    /// Whether each eval is about what models answer.
    pub(in crate::cli) recorded: Vec<bool>,
    /// Where answers of models come from, if not from models.
    pub(in crate::cli) tape: Option<Arc<Tape>>,
    pub(in crate::cli) cancel: CancellationToken,
    pub(in crate::cli) printer: &'b Printer,
    pub(in crate::cli) max_cost_usd: Option<f64>,
    /// Is told of each attempt that ended.
    pub(in crate::cli) progress: &'b dyn Fn(&Case, &Attempt),
}

/// Nothing is shown of the runs themselves.
pub(super) const ENDING: Ending = Ending { json: true, quiet: true, strict: false, figures: false };

impl Runner for Bench<'_> {
    type Talk = Vec<ask::Turn>;

    #[expect(clippy::future_not_send, reason = "the journal stays on its thread")]
    async fn ask(&self, model: usize, ask: &Ask, talk: &mut Self::Talk) -> Given {
        let Some(setting) = self.settings.get(model) else { return Given::default() };
        let given = match ask {
            Ask::Run { workflow, params } => {
                self.run(setting, workflow, params).await.unwrap_or_else(failed)
            }
            Ask::Question { question, route_only } => {
                self.question(setting, question, *route_only, talk).await
            }
        };
        Given { missed: self.missed(&given), ..given }
    }

    fn left_out(&self, model: usize, file: usize) -> Option<String> {
        let has_model = self.settings.get(model).is_some_and(|setting| setting.has_model);
        let recorded = self.recorded.get(file).is_some_and(|recorded| *recorded);
        (recorded && !has_model).then(|| {
            "no model is there; `engine eval --replay` takes the answers from the recordings"
                .to_owned()
        })
    }

    #[expect(clippy::future_not_send, reason = "cases run on one thread")]
    async fn query(&self, sql: &ExpectedSql, with: &Object) -> Result<Value, Fault> {
        self.queries.expected(sql, with).await
    }

    #[expect(clippy::future_not_send, reason = "the journal stays on its thread")]
    async fn judge(&self, file: usize, inquiry: Inquiry<'_>) -> Judgement {
        self.judges.judge(file, inquiry).await
    }

    fn ended(&self, case: &Case, attempt: &Attempt) {
        (self.progress)(case, attempt);
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }
}

#[expect(clippy::future_not_send, reason = "the journal stays on its thread")]
impl Bench<'_> {
    async fn run(
        &self,
        setting: &Setting,
        workflow: &WorkflowName,
        given: &Object,
    ) -> Result<Given, Failure> {
        let plan = self.plans.get(workflow).ok_or_else(|| {
            Failure::usage(format!("unknown workflow `{workflow}`"), "name one of the project's")
        })?;
        let params = params::check(plan, given, &setting.context.tools).await?;
        let agents = agents_of(plan);
        let mut plan = Arc::clone(plan);
        if let Some(usd) = self.max_cost_usd {
            Arc::make_mut(&mut plan).limits.budget.get_or_insert_default().usd = Some(usd);
        }
        let context = &setting.context;
        let start = Start::new(plan, params, context, ENDING);
        let outcome = drive::start(start, self.journal, &self.cancel, self.printer).await?;
        let exit = Exit::of(&outcome, false) as u8;
        Ok(Given { outcome: Some(outcome), agents, exit, ..Given::default() })
    }

    /// The first question of a run that is not recorded, as its outcome tells it: those after it may only follow from it.
    fn missed(&self, given: &Given) -> Option<String> {
        let (tape, outcome) = (self.tape.as_ref()?, given.outcome.as_ref()?);
        let faults = outcome.steps.iter().filter_map(|step| step.error.as_ref());
        let messages = faults.chain(&outcome.error).map(|fault| fault.message.as_str());
        let told: Vec<&str> = outcome.warnings.iter().map(String::as_str).chain(messages).collect();
        let is_told = |missed: &String| told.iter().any(|text| text.contains(missed.as_str()));
        tape.missed().into_iter().find(is_told)
    }

    async fn question(
        &self,
        setting: &Setting,
        question: &str,
        route_only: bool,
        talk: &mut Vec<ask::Turn>,
    ) -> Given {
        let arguments = arguments::Ask {
            question: question.to_owned(),
            session: None,
            plan_only: route_only,
            save: None,
            explain: false,
            offline: setting.context.offline,
            max_cost_usd: self.max_cost_usd,
            ending: ENDING,
            taping: arguments::Taping::default(),
        };
        let question = question.trim();
        let full = ask::in_full(self.catalog, talk, question);
        let asked = Asked {
            question: full.as_deref().unwrap_or(question),
            verbatim: question,
            catalog: self.catalog,
            context: &setting.context,
            journal: self.journal,
            cancel: self.cancel.clone(),
            arguments: &arguments,
            printer: self.printer,
            before: Cell::default(),
            unanswered: Cell::default(),
            ahead: Arc::default(),
            voice: None,
            turns: talk.clone(),
            workflows: None,
        };
        let given = answer(&asked, route_only, talk).await.unwrap_or_else(failed);
        let taken = asked.before.get();
        let before = Spent { cost_usd: taken.cost_usd, unpriced_calls: taken.unpriced_calls };
        Given { before, ..given }
    }
}

/// Finds the way of a question, and answers it where it should be.
#[expect(clippy::future_not_send, reason = "the journal stays on its thread")]
async fn answer(
    asked: &Asked<'_>,
    route_only: bool,
    talk: &mut Vec<ask::Turn>,
) -> Result<Given, Failure> {
    let Chosen { route, plan, warning, .. } = choose(asked).await?;
    let mut given = Given { route: Some(way(&route)), ..Given::default() };
    given.agents = match &plan {
        Some(plan) if route.kind == RouteKind::Workflow => agents_of(plan),
        _ => route.agents.clone(),
    };
    let Some(plan) = plan else {
        let (exit, fault) = refusal(asked, &route);
        if route.workflow.is_some() {
            talk.push(asked.turn(&route, None));
        }
        return Ok(Given { exit: exit as u8, fault: Some(fault).filter(|_| !route_only), ..given });
    };
    if route_only {
        talk.push(asked.turn(&route, None));
        return Ok(given);
    }
    let (outcome, _) = asked.outcome(plan, &route, warning).await?;
    talk.push(asked.turn(&route, Some(&outcome)));
    let exit = Exit::of(&outcome, false) as u8;
    Ok(Given { outcome: Some(outcome), exit, ..given })
}

/// A route as reports tell it.
fn way(route: &ask::Route) -> eval::Route {
    let kind = match route.kind {
        RouteKind::Workflow => "workflow",
        RouteKind::Agent => "agent",
        RouteKind::Plan => "plan",
        RouteKind::OutOfScope => "out_of_scope",
        RouteKind::Clarify => "clarify",
    };
    let by = match route.by {
        By::Lexical => "lexical",
        By::Model => "model",
        By::Session => "session",
    };
    eval::Route {
        kind: kind.to_owned(),
        workflow: route.workflow.clone(),
        params: route.params.clone(),
        agents: route.agents.clone(),
        by: by.to_owned(),
        sure: route.sure,
    }
}

/// The agents that the steps of a plan ask, those of the workflows in it among them.
fn agents_of(plan: &Plan) -> Vec<AgentName> {
    let plans = plan.workflows.values().map(AsRef::as_ref).chain([plan]);
    let mut agents: Vec<AgentName> = Vec::new();
    for step in plans.flat_map(|plan| &plan.steps) {
        if let Kind::Agent(step) = &step.kind
            && let Some(name) = &step.agent
            && !agents.contains(name)
        {
            agents.push(name.clone());
        }
    }
    agents
}

/// A case that could not be done.
fn failed(failure: Failure) -> Given {
    let exit = failure.exit() as u8;
    Given::failed(fault(failure), exit)
}

/// Why a case could not be done, in one fault.
pub(super) fn fault(failure: Failure) -> Fault {
    match failure {
        Failure::Usage(faults) => {
            let messages: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
            let help = faults.iter().find_map(|fault| fault.help.clone());
            Fault { help, ..Fault::new("usage", messages.join("; ")) }
        }
        Failure::OverBudget(fault) | Failure::Machine(fault) => fault,
        Failure::Interrupted => Fault::new("interrupted", "it was interrupted"),
        Failure::Files(..) => Fault::new("files", "files of the project are at fault"),
    }
}
