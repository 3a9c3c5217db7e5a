//! Questions on their way to an answer: what `engine ask` has in common with whatever else asks.

mod answer;
mod choose;
mod clarify;
mod room;

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::arguments::{Ask, Ending};
use super::drive::{self, Start};
use super::exit::Failure;
use super::params;
use super::printer::Printer;
use super::voice::Voice;
use crate::ask::router::{Month, Target, Values};
use crate::ask::{self, Catalog, Known, QUESTION, Turn};
use crate::document::{Document, LastMonth, ParamValues, Workflow};
use crate::event::Fault;
use crate::journal::Journal;
use crate::plan::{Library, Plan};
use crate::run::{Ahead, Context, Outcome, PlanReader, Reuse, UsageReport};
use crate::tool::Toolbox;
use crate::value::{Object, Value};

pub(super) use choose::{Chosen, choose};
pub(super) use clarify::refusal;
pub(super) use room::Room;

use clarify::{clarify, refuse};

/// Parts of a US dollar that a budget is told by.
const MICRO: f64 = 1e6;

/// A question on its way to an answer.
pub(super) struct Asked<'a> {
    /// The question, in full where it leans on those before.
    pub(super) question: &'a str,
    /// It as asked.
    pub(super) verbatim: &'a str,
    pub(super) catalog: &'a Arc<Catalog>,
    pub(super) context: &'a Arc<Context>,
    pub(super) journal: &'a RefCell<Journal>,
    pub(super) cancel: CancellationToken,
    pub(super) arguments: &'a Ask,
    pub(super) printer: &'a Printer,
    /// What finding the way has taken so far.
    pub(super) before: Cell<Taken>,
    /// Whether a model was asked and none answered: then no other is asked.
    pub(super) unanswered: Cell<bool>,
    /// Steps of its plan that have begun before the plan was whole.
    pub(super) ahead: Arc<Ahead>,
    /// Shows the answer while it comes.
    pub(super) voice: Option<Arc<Voice>>,
    /// What was asked before in the session.
    pub(super) turns: Vec<Turn>,
    /// The folder where the router finds workflows; none where no plan is kept.
    pub(super) workflows: Option<&'a Path>,
}

/// What runs before the answering one have taken.
#[derive(Clone, Copy, Default)]
pub(super) struct Taken {
    usage: UsageReport,
    pub(super) cost_usd: f64,
    pub(super) unpriced_calls: u64,
}

impl Asked<'_> {
    /// Runs a plan within what is left of the budget.
    #[expect(clippy::future_not_send, reason = "the journal stays on its thread")]
    pub(super) async fn run(
        &self,
        mut plan: Plan,
        mut given: Object,
        reuse: Option<Reuse>,
        plan_reader: Option<Arc<dyn PlanReader>>,
        ending: Ending,
    ) -> Result<Outcome, Failure> {
        let spent = self.before.get().cost_usd;
        if let Some(usd) = self.arguments.max_cost_usd {
            plan.limits.budget.get_or_insert_default().usd = Some(usd);
        }
        if let Some(usd) = plan.limits.budget.as_mut().and_then(|budget| budget.usd.as_mut()) {
            // A budget is told as it was given, as far as that goes.
            *usd = ((*usd - spent).max(0.0) * MICRO).round() / MICRO;
        }
        if plan.params.contains_key(QUESTION) {
            given.extend(self.told());
        }
        let params = params::check(&plan, &given, &self.context.tools).await?;
        let plan = Arc::new(plan);
        let session = self.arguments.session.clone();
        let ahead = Arc::clone(&self.ahead);
        let offline = self.unanswered.get().then(|| Arc::new(self.context.without_models()));
        let context = offline.as_ref().unwrap_or(self.context);
        // What only helps to find the way is no answer.
        let voice = self.voice.clone().filter(|_| plan_reader.is_none());
        let start =
            Start { plan, params, reuse, plan_reader, ahead, voice, context, ending, session };
        drive::start(start, self.journal, &self.cancel, self.printer).await
    }

    /// The question with what was said before, as the params of plans made for it.
    fn told(&self) -> Object {
        let told = ask::in_context(&self.turns, self.question);
        Object::from_iter([(QUESTION.to_owned(), told.into())])
    }

    /// Runs something that only helps to find the way, and whose answers are read as plans; what it takes is told with
    /// the answer.
    #[expect(clippy::future_not_send, reason = "the journal stays on its thread")]
    pub(super) async fn run_before(
        &self,
        plan: Plan,
        plan_reader: Arc<dyn PlanReader>,
    ) -> Result<Outcome, Failure> {
        let ending = Ending { quiet: true, ..self.arguments.ending };
        let outcome = self.run(plan, Object::new(), None, Some(plan_reader), ending).await?;
        self.keep_taken(&outcome);
        Ok(outcome)
    }

    /// Has what a run took told with the answer, which is another's.
    fn keep_taken(&self, outcome: &Outcome) {
        let mut taken = self.before.get();
        taken.usage += outcome.usage;
        taken.cost_usd += outcome.cost_usd;
        taken.unpriced_calls += outcome.unpriced_calls;
        self.before.set(taken);
    }

    pub(super) fn add_before(&self, outcome: &mut Outcome) {
        let taken = self.before.get();
        outcome.usage += taken.usage;
        outcome.cost_usd += taken.cost_usd;
        outcome.unpriced_calls += taken.unpriced_calls;
    }

    /// What documents made for the question may name.
    pub(super) fn library(&self) -> &Library {
        &self.catalog.library
    }

    /// Whether a model may be asked and is there.
    #[expect(clippy::future_not_send, reason = "the journal stays on its thread")]
    pub(super) async fn has_model(&self) -> bool {
        !self.arguments.offline
            && self.context.models.resolve(&[]).await.is_ok_and(|models| !models.is_empty())
    }
}

/// What the project can be asked, with the values that exist in its data for params of workflows and of agents' tools.
pub(super) async fn catalog(
    library: &Arc<Library>,
    documents: &[Arc<Document<Workflow>>],
    tools: &Toolbox,
) -> Result<Arc<Catalog>, Failure> {
    let workflows = documents.iter().map(|document| &document.value);
    let own = workflows.map(|one| (Target::Workflow(one.name.clone()), &one.params));
    let agents = library.agents().map(|document| &document.value);
    let used = agents.flat_map(|agent| {
        let tools = agent.tools.iter().filter_map(|name| library.tool(name));
        tools.map(|tool| (Target::Agent(agent.name.clone()), &tool.params))
    });
    let mut values = Values::new();
    let mut listed: Vec<(&ParamValues, Vec<Known>)> = Vec::new();
    for (target, params) in own.chain(used) {
        for (name, param) in params {
            let Some(tied) = &param.values else { continue };
            let same = listed.iter().find(|(other, _)| *other == tied);
            let known = if let Some((_, known)) = same {
                known.clone()
            } else {
                let found = tools.values(tied).await.map_err(Failure::Machine)?;
                let known = found.into_iter().map(|(value, label)| Known { value, label });
                let known: Vec<Known> = known.collect();
                listed.push((tied, known.clone()));
                known
            };
            values.insert((target.clone(), name.clone()), known);
        }
    }
    let last = last_month(library, tools).await?;
    Ok(Arc::new(Catalog::new(Arc::clone(library), documents.to_vec(), values, last)))
}

/// The last complete month in the data, as engine.yaml says where to read it, or else on the calendar.
async fn last_month(library: &Library, tools: &Toolbox) -> Result<Month, Failure> {
    let asked = library.project.as_ref().and_then(|project| project.value.ask.last_month.as_ref());
    let Some(LastMonth { tool, field }) = asked else {
        let month =
            jiff::Zoned::now().date().first_of_month().saturating_sub(jiff::Span::new().days(1));
        return Ok(Month::new(month.year().into(), month.month().unsigned_abs()));
    };
    let found = tools.look_up(tool, field).await.map_err(Failure::Machine)?;
    found.as_ref().and_then(Value::as_str).and_then(Month::read).ok_or_else(|| {
        let help = "`ask.last_month` in engine.yaml names the tool and the field";
        let message = format!("tool `{tool}` gives no month YYYY-MM as `{field}`");
        Failure::Machine(Fault::new("no-month", message).help(help))
    })
}
