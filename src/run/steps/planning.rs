//! Step kind `plan`: a model says what is to be done for a goal, and that becomes steps inside this one.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

use crate::event::{Event, Fault};
use crate::expression::{Scope, view};
use crate::plan::{Plan, PlanStep, Step};
use crate::run::inputs::Inputs;
use crate::run::judge::Judge;
use crate::run::planner::{Made, Planner};
use crate::value::{Object, Value};

use super::answer::{CUT, UNUSABLE};
use super::{Job, agent};

/// The param of a made plan that holds the goal.
const QUESTION: &str = "question";

/// What the steps of a made plan read of one another. The goal may hold the words of anybody.
pub(in crate::run) fn inputs(plan: &Plan, params: &Object) -> Inputs {
    Inputs::within(plan, params, &[QUESTION.to_owned()])
}

/// Asks a model for a plan, again with the faults of what it planned; takes the plan that the words of the goal lead to
/// where none can be used. Gives the event that tells of the plan.
pub(super) async fn make(
    job: &Job,
    step: &Step,
    wanted: &PlanStep,
    goal: &str,
) -> Result<Event, Fault> {
    let planner = job.context.planner.as_ref();
    let planner = planner.ok_or_else(|| {
        Fault::new("no-planner", "nothing can be planned outside of a project")
            .help("run the workflow from the folder that holds engine.yaml")
    })?;
    let inquiry = planner.inquiry(wanted)?;
    let asked = inquiry.steps.first().and_then(Step::agent);
    let asked = asked.ok_or_else(|| Fault::new("bug", "the inquiry asks no agent"))?;
    let params = json!({QUESTION: goal});
    let scope = Scope::new(&view(&params), []);
    let (system, prompt) = agent::prepare(asked, &scope, &job.evidence, &[])?;
    let judge = Plans { planner: planner.as_ref(), wanted, goal, made: Mutex::default() };
    let ended = agent::ask(job, step, asked, (&system, &prompt), Some(&judge), None).await;
    let made = judge.made.into_inner().unwrap_or_else(PoisonError::into_inner);
    match (ended, made) {
        (Ok(_), Some(made)) => told(job, goal, made, None),
        // It answered, and what it answered cannot be used.
        (Err(fault), _) if [UNUSABLE, CUT].contains(&fault.kind.as_str()) => {
            let warning = format!(
                "no plan of a model could be used, so the agents were chosen by words: {}",
                fault.message
            );
            told(job, goal, planner.by_words(wanted, goal)?, Some(warning))
        }
        (Err(fault), _) => Err(fault),
        (Ok(_), None) => Err(Fault::new("bug", "the plan was not judged")),
    }
}

/// Judges answers by the plans that they come to.
struct Plans<'a> {
    planner: &'a dyn Planner,
    wanted: &'a PlanStep,
    goal: &'a str,
    /// The plan of the last answer that will do.
    made: Mutex<Option<Made>>,
}

impl Judge for Plans<'_> {
    fn judge(&self, answer: &Value) -> Result<(), String> {
        let made = self.planner.read(self.wanted, self.goal, answer)?;
        *self.made.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
        Ok(())
    }
}

fn told(job: &Job, goal: &str, made: Made, warning: Option<String>) -> Result<Event, Fault> {
    let Made { document, plan } = made;
    let plan = serde_json::to_value(plan)
        .map_err(|error| Fault::new("bug", format!("the plan cannot be kept: {error}")))?;
    Ok(Event::PlanMade {
        step: job.path.clone(),
        document,
        plan: Arc::new(plan),
        params: Object::from_iter([(QUESTION.to_owned(), goal.into())]),
        warning,
    })
}
