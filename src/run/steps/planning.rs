//! Step kind `plan`: a model says what is to be done for a goal, and that becomes steps inside this one.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

use crate::event::{Event, Fault};
use crate::expression::{Scope, view};
use crate::id::StepPath;
use crate::plan::{Plan, PlanStep, Step};
use crate::run::inputs::Inputs;
use crate::run::plan_reader::{Early, PlanReader};
use crate::run::planner::{Made, Planner};
use crate::value::{Object, Value};

use super::answer::{CUT, UNUSABLE};
use super::{Job, agent, ahead};

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
    let plan_reader =
        Plans { planner: planner.as_ref(), wanted, goal, path: &job.path, made: Mutex::default() };
    let ended = ahead::ask(job, step, asked, (&system, &prompt), &plan_reader).await;
    let made = plan_reader.made.into_inner().unwrap_or_else(PoisonError::into_inner);
    match (ended, made) {
        (Ok(done), Some(made)) => {
            let warning = (!done.warnings.is_empty()).then(|| done.warnings.join("; "));
            told(job, goal, made, warning)
        }
        // It answered, and what it answered cannot be used.
        (Err(fault), _) if [UNUSABLE, CUT].contains(&fault.kind.as_str()) => {
            let warning = format!(
                "no plan of a model could be used, so the agents were chosen by words: {}",
                fault.message
            );
            told(job, goal, planner.by_words(wanted, goal)?, Some(warning))
        }
        (Err(fault), _) => Err(fault),
        (Ok(_), None) => Err(Fault::new("bug", "the plan was not checked")),
    }
}

/// Reads answers as the plans that they come to.
struct Plans<'a> {
    planner: &'a dyn Planner,
    wanted: &'a PlanStep,
    goal: &'a str,
    /// The step that plans.
    path: &'a StepPath,
    /// The plan of the last answer that will do.
    made: Mutex<Option<Made>>,
}

impl PlanReader for Plans<'_> {
    fn check(&self, answer: &Value) -> Result<(), String> {
        let made = self.planner.read(self.wanted, self.goal, answer)?;
        *self.made.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
        Ok(())
    }

    fn parts(&self, so_far: &str) -> Vec<Value> {
        self.planner.parts(so_far)
    }

    fn early(&self, part: &Value, before: &[Value]) -> Option<Early> {
        let plan = self.planner.early(self.wanted, self.goal, part, before)?;
        Some(Early { plan, params: params(self.goal), inside: Some(self.path.clone()) })
    }

    fn holds(&self, step: &Step) -> bool {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.as_ref().is_some_and(|made| made.plan.steps.contains(step))
    }
}

/// The values of the params of a made plan.
fn params(goal: &str) -> Object {
    Object::from_iter([(QUESTION.to_owned(), goal.into())])
}

fn told(job: &Job, goal: &str, made: Made, warning: Option<String>) -> Result<Event, Fault> {
    let Made { document, plan } = made;
    let plan = serde_json::to_value(plan)
        .map_err(|error| Fault::new("bug", format!("the plan cannot be kept: {error}")))?;
    Ok(Event::PlanMade {
        step: job.path.clone(),
        document,
        plan: Arc::new(plan),
        params: params(goal),
        warning,
    })
}
