//! Whoever judges answers: a model of the project, whatever models the answers are of.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::ask;
use crate::cli::drive::{self, Start};
use crate::cli::exit::Failure;
use crate::cli::printer::Printer;
use crate::eval::judge::{Opinion, document};
use crate::eval::{Inquiry, Judgement, Spent, Verdict};
use crate::event::{Event, Fault};
use crate::id::{ModelName, RunId};
use crate::journal::Journal;
use crate::model::ModelErrorKind;
use crate::plan::{Library, Plan};
use crate::run::{Context, Outcome};

use super::files::File;
use super::runner::{ENDING, fault};

/// The judges of some evals.
pub(in crate::cli) struct Judges<'j> {
    context: Arc<Context>,
    /// The model that each eval names, in their order.
    named: Vec<Option<ModelName>>,
    /// What each model is asked; none stands for `auto`.
    plans: BTreeMap<Option<ModelName>, Arc<Plan>>,
    journal: &'j RefCell<Journal>,
    cancel: CancellationToken,
    printer: &'j Printer,
}

impl<'j> Judges<'j> {
    /// The judges of evals. `context` has the project's models as they are, and may spend so much on a verdict.
    pub(in crate::cli) fn new(
        files: &[File],
        library: &Library,
        context: Arc<Context>,
        max_cost_usd: Option<f64>,
        (journal, cancel, printer): (&'j RefCell<Journal>, CancellationToken, &'j Printer),
    ) -> Result<Self, Failure> {
        let project = library.project.as_ref().map(|document| &document.value);
        let usual = project.and_then(|project| project.judge.clone());
        let own = files.iter().map(|file| file.document.value.judge.clone());
        let named: Vec<Option<ModelName>> = own.map(|own| own.or(usual.clone())).collect();
        let mut plans = BTreeMap::new();
        for name in &named {
            let plan = ask::check(&document(name.as_ref()), library);
            let mut plan = plan.map_err(|faults| Failure::Machine(ask::bug("judge", &faults)))?;
            if max_cost_usd.is_some() {
                plan.limits.budget.get_or_insert_default().usd = max_cost_usd;
            }
            plans.insert(name.clone(), Arc::new(plan));
        }
        Ok(Self { context, named, plans, journal, cancel, printer })
    }

    /// Asks the judge of an eval.
    #[expect(clippy::future_not_send, reason = "the journal stays on its thread")]
    pub(in crate::cli) async fn judge(&self, file: usize, inquiry: Inquiry<'_>) -> Judgement {
        let name = self.named.get(file).cloned().flatten();
        if let Some(absent) = self.absent(name.as_ref()).await {
            return absent;
        }
        let Some(plan) = self.plans.get(&name) else {
            let fault = ask::bug("judge", "an eval that was not read");
            return Judgement::Failed(fault, Spent::default());
        };
        match self.ask(Arc::clone(plan), inquiry).await {
            Ok(outcome) => {
                // What is asked is paid for, whatever comes of it.
                let spent = Spent::of(&outcome);
                let verdict = self.verdict(outcome);
                verdict.map_or_else(|fault| Judgement::Failed(fault, spent), Judgement::Given)
            }
            Err(failure) => Judgement::Failed(fault(failure), Spent::default()),
        }
    }

    /// Why nobody can be asked; none where somebody can.
    #[expect(clippy::future_not_send, reason = "the journal stays on its thread")]
    async fn absent(&self, name: Option<&ModelName>) -> Option<Judgement> {
        if self.context.offline {
            return Some(Judgement::Absent("no model may be asked".to_owned()));
        }
        match self.context.models.resolve(name.map_or(&[][..], std::slice::from_ref)).await {
            Ok(found) if found.is_empty() => {
                Some(Judgement::Absent("no model is there to judge".to_owned()))
            }
            Ok(_) => None,
            Err(error) if error.kind == ModelErrorKind::MissingKey => {
                Some(Judgement::Absent(error.to_string()))
            }
            Err(error) => Some(Judgement::Failed(error.fault(), Spent::default())),
        }
    }

    #[expect(clippy::future_not_send, reason = "the journal stays on its thread")]
    async fn ask(&self, plan: Arc<Plan>, inquiry: Inquiry<'_>) -> Result<Outcome, Failure> {
        let params = inquiry.params();
        let context = &self.context;
        let start = Start::new(plan, params, context, ENDING);
        drive::start(start, self.journal, &self.cancel, self.printer).await
    }

    /// What the judge said, if it is a verdict.
    fn verdict(&self, outcome: Outcome) -> Result<Verdict, Fault> {
        let opinion = outcome.outputs.get("verdict").cloned().unwrap_or_default();
        let opinion: Opinion = serde_json::from_value(opinion).map_err(|_| lost(&outcome))?;
        let (model, prompt) = self.asked(&outcome.run_id)?;
        Ok(Verdict {
            pass: opinion.pass,
            score: opinion.score,
            reason: opinion.reason,
            model,
            prompt,
            cost_usd: outcome.cost_usd,
            unpriced_calls: outcome.unpriced_calls,
            run: outcome.run_id,
        })
    }

    /// Which model was asked what, as the journal has it.
    fn asked(&self, run: &RunId) -> Result<(ModelName, String), Fault> {
        let records = self.journal.borrow().records(run);
        let records = records.map_err(|error| fault(drive::journal_failure(&error)))?;
        let calls = records.iter().rev().filter_map(|record| match &record.event {
            Event::ModelCalled { call, .. } => Some(call),
            _ => None,
        });
        let call = calls.into_iter().find(|call| call.answer.is_some());
        let call = call.ok_or_else(|| ask::bug("judge", "a verdict that nobody gave"))?;
        let prompt = call.messages.first().map(|message| message.content.clone());
        Ok((call.model.clone(), prompt.unwrap_or_default()))
    }
}

/// Why a judge that was asked gave no verdict.
fn lost(outcome: &Outcome) -> Fault {
    let failed = outcome.steps.iter().find_map(|step| step.error.clone());
    failed.or(outcome.error.clone()).unwrap_or_else(|| Fault::new("no-verdict", "it said nothing"))
}
