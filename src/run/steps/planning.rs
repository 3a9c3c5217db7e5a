//! Step kind `plan`: a model says what is to be done for a goal, and that becomes steps inside this one.

use std::sync::Arc;

use serde_json::json;

use crate::event::{Event, Fault};
use crate::expression::{Scope, view};
use crate::plan::{Plan, PlanStep, Step};
use crate::run::inputs::Inputs;
use crate::run::planner::Made;
use crate::value::Object;

use super::{Job, agent};

/// Answers that a model is asked for, the first included.
const TRIES: usize = 3;

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
    let mut refused = String::new();
    for _ in 0..TRIES {
        let before = if refused.is_empty() { None } else { Some(&refused) };
        let params = json!({QUESTION: goal, "refused": before});
        let scope = Scope::new(&view(&params), []);
        let (system, prompt) = agent::prepare(asked, &scope, &job.evidence, &[])?;
        let answer = match agent::ask(job, step, asked, &system, &prompt).await {
            Ok(done) => done.output,
            // It answered, and twice so that nobody can read it.
            Err(fault) if fault.kind == "bad-answer" => {
                refused = format!("- {}", fault.message);
                break;
            }
            Err(fault) => return Err(fault),
        };
        match planner.read(wanted, goal, &answer) {
            Ok(made) => return told(job, goal, made, None),
            Err(faults) => refused = format!("{faults}\nThe refused answer:\n{answer}"),
        }
    }
    let faults: Vec<&str> = refused.lines().take_while(|line| line.starts_with('-')).collect();
    let warning = format!(
        "no plan of a model could be used, so the agents were chosen by words: {}",
        faults.join(" ")
    );
    told(job, goal, planner.by_words(wanted, goal)?, Some(warning))
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
