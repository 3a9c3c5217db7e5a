//! Finds the way of a question: by its words where they are sure, else by one answer of a model, whose plan is checked
//! like any workflow and goes back to it with its faults.

use std::sync::Arc;

use crate::ask::{self, By, Decided, Decider, Refusal, Route, RouteKind};
use crate::event::{Fault, RunStatus};
use crate::model::ModelErrorKind;
use crate::plan::Plan;
use crate::run::PlanReader;
use crate::value::Value;

use super::Asked;
use crate::cli::exit::Failure;

/// What answers a question.
pub(in crate::cli) struct Chosen {
    pub(in crate::cli) route: Route,
    /// What to run; none where nothing can.
    pub(in crate::cli) plan: Option<Plan>,
    /// The document made for the question, where it is no workflow of the project.
    pub(in crate::cli) document: Option<Value>,
    /// What the reader of the answer should know.
    pub(in crate::cli) warning: Option<String>,
}

/// Finds what answers a question.
#[expect(clippy::future_not_send, reason = "the journal stays on its thread")]
pub(in crate::cli) async fn choose(asked: &Asked<'_>) -> Result<Chosen, Failure> {
    let mut chosen = way(asked).await?;
    if asked.question != asked.verbatim {
        let route = &mut chosen.route;
        route.read_as = Some(asked.question.to_owned());
        if route.by == By::Lexical {
            route.by = By::Session;
        }
    }
    Ok(chosen)
}

#[expect(clippy::future_not_send, reason = "the journal stays on its thread")]
async fn way(asked: &Asked<'_>) -> Result<Chosen, Failure> {
    if let Some(route) = ask::follow_up(asked.catalog, &asked.turns, asked.verbatim) {
        return chosen(asked, route, false, None);
    }
    if let Some(route) = ask::asks_back(asked.catalog, &asked.turns, asked.verbatim) {
        return chosen(asked, route, false, None);
    }
    let route = ask::route(asked.catalog, asked.question);
    let route = ask::carried(asked.catalog, &asked.turns, asked.question, route);
    let has_model = asked.has_model().await;
    // Words tell whom a question of several needs, but not what each has to find.
    if route.sure && route.kind != RouteKind::Plan || !has_model {
        return chosen(asked, route, has_model, None);
    }
    match decide(asked).await? {
        Ok((Decided { route: decided, plan, document }, warning)) => {
            let route = Route { candidates: route.candidates, ..decided };
            Ok(Chosen { route, plan, document, warning })
        }
        Err(fault) if ModelErrorKind::is_absence(&fault.kind) => {
            asked.unanswered.set(true);
            chosen(asked, route, false, Some(super::answer::no_model(&fault)))
        }
        Err(Fault { message: why, .. }) => {
            let warning = format!(
                "no plan of a model could be used, so the agents were chosen by words: {why}"
            );
            chosen(asked, route, has_model, Some(warning))
        }
    }
}

/// What the words of a question lead to.
fn chosen(
    asked: &Asked<'_>,
    route: Route,
    has_model: bool,
    warning: Option<String>,
) -> Result<Chosen, Failure> {
    match route.kind {
        RouteKind::Workflow => {
            let plan = route.workflow.as_ref().and_then(|name| asked.catalog.plan(name));
            Ok(Chosen { route, plan, document: None, warning })
        }
        RouteKind::Agent | RouteKind::Plan => to_agents(asked, route, has_model, warning),
        RouteKind::OutOfScope | RouteKind::Clarify => {
            Ok(Chosen { route, plan: None, document: None, warning })
        }
    }
}

fn bug(faults: &str) -> Failure {
    Failure::Machine(ask::bug("plan made for the question", faults))
}

fn to_agents(
    asked: &Asked<'_>,
    route: Route,
    has_model: bool,
    warning: Option<String>,
) -> Result<Chosen, Failure> {
    let document = if has_model {
        ask::lexical_draft(asked.library(), asked.question, &route.agents)
    } else {
        Ok(ask::overview(asked.catalog, asked.question, &route))
    };
    let document = document.map_err(|Refusal(fault)| bug(&fault))?;
    let plan = ask::check(&document, asked.library()).map_err(|faults| bug(&faults))?;
    Ok(Chosen { route, plan: Some(plan), document: Some(document), warning })
}

/// Asks a model. The inner error tells why there is no decision.
#[expect(clippy::future_not_send, reason = "the journal stays on its thread")]
async fn decide(asked: &Asked<'_>) -> Result<Result<(Decided, Option<String>), Fault>, Failure> {
    let runs = !asked.arguments.plan_only;
    let params = runs.then(|| asked.told());
    let said = ask::said(&asked.turns, asked.question);
    let decider = Decider::new(Arc::clone(asked.catalog), asked.question, said, params);
    let decider = Arc::new(decider);
    let inquiry = decider.inquiry().map_err(Failure::Machine)?;
    let outcome = asked.run_before(inquiry, Arc::clone(&decider) as Arc<dyn PlanReader>).await?;
    if outcome.status == RunStatus::Cancelled {
        return Err(Failure::Interrupted);
    }
    let warning = outcome.warnings.into_iter().next();
    Ok(decider.take().map(|decided| (decided, warning)).ok_or_else(|| {
        let failed = outcome.steps.into_iter().find_map(|step| step.error);
        failed.unwrap_or_else(|| Fault::new("no-answer", "no answer"))
    }))
}
