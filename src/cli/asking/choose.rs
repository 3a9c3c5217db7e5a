//! Finds the way of a question: by its words where they are sure, else by one answer of a model, whose plan is checked
//! like any workflow and goes back to it with its faults.

use crate::ask::{self, By, Decision, Refusal, Route, RouteKind, Verdict};
use crate::document::Workflow;
use crate::event::RunStatus;
use crate::id::AgentName;
use crate::plan::{self, Plan};
use crate::tool;
use crate::value::{Object, Value};

use super::Asked;
use crate::cli::exit::Failure;

/// Decisions that a model is asked for, the first included.
const TRIES: usize = 3;

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
    if let Some(route) = ask::follow_up(asked.catalog, &asked.turns, asked.question) {
        return chosen(asked, route, false, None);
    }
    let route = ask::route(asked.catalog, asked.question);
    let has_model = asked.has_model().await;
    // Words tell whom a question of several needs, but not what each has to find.
    if route.sure && route.kind != RouteKind::Plan || !has_model {
        return chosen(asked, route, has_model, None);
    }
    match decide(asked).await? {
        Ok(decided) => {
            Ok(Chosen { route: Route { candidates: route.candidates, ..decided.route }, ..decided })
        }
        Err(why) => {
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
            let plan = workflow(asked, &route);
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
        Ok(ask::overview(asked.library(), asked.question, &route.agents))
    };
    let document = document.map_err(|Refusal(fault)| bug(&fault))?;
    let plan = ask::check(&document, asked.library()).map_err(|faults| bug(&faults))?;
    Ok(Chosen { route, plan: Some(plan), document: Some(document), warning })
}

/// The plan of the workflow that a route names.
pub(in crate::cli) fn workflow(asked: &Asked<'_>, route: &Route) -> Option<Plan> {
    let name = route.workflow.as_ref()?;
    let document = asked.documents.iter().find(|document| document.value.name == *name)?;
    plan::compile(document, asked.library()).0
}

/// Asks a model, again with the faults of what it planned. The inner error tells why there is no decision.
#[expect(clippy::future_not_send, reason = "the journal stays on its thread")]
async fn decide(asked: &Asked<'_>) -> Result<Result<Chosen, String>, Failure> {
    let inquiry = ask::check(&ask::inquiry(asked.catalog), asked.library());
    let inquiry = inquiry.map_err(|faults| Failure::Machine(ask::bug("inquiry", &faults)))?;
    let mut refused = String::new();
    for _ in 0..TRIES {
        let mut given = Object::new();
        if !refused.is_empty() {
            given.insert("refused".to_owned(), refused.as_str().into());
        }
        let outcome = asked.run_before(inquiry.clone(), given).await?;
        if outcome.status == RunStatus::Cancelled {
            return Err(Failure::Interrupted);
        }
        let answer = outcome.outputs.get("decision").filter(|answer| !answer.is_null()).cloned();
        let Some(answer) = answer else {
            let failed = outcome.steps.iter().find_map(|step| step.error.as_ref());
            return Ok(Err(
                failed.map_or_else(|| "no answer".to_owned(), |fault| fault.message.clone())
            ));
        };
        let found = match serde_json::from_value::<Decision>(answer.clone()) {
            Ok(decision) => decided(asked, decision),
            Err(error) => Err(format!("- {error}")),
        };
        match found {
            Ok(chosen) => return Ok(Ok(chosen)),
            Err(faults) => refused = format!("{faults}\nThe refused answer:\n{answer}"),
        }
    }
    Ok(Err(refused.lines().take_while(|line| line.starts_with('-')).collect::<Vec<_>>().join(" ")))
}

/// What a decision comes to, or what is wrong with it.
fn decided(asked: &Asked<'_>, decision: Decision) -> Result<Chosen, String> {
    let catalog = asked.catalog;
    let why = decision.reason.clone();
    let done = |route: Route, plan, document| Chosen {
        route: Route { why, score: 1.0, ..route },
        plan,
        document,
        warning: None,
    };
    match decision.kind {
        Verdict::OutOfScope => Ok(done(Route::of(RouteKind::OutOfScope, By::Model), None, None)),
        Verdict::Workflow => {
            let named = decision.workflow.as_ref().and_then(|name| catalog.workflow(name));
            let workflow = named.ok_or("- `workflow` names no workflow")?;
            let route = filled(asked, workflow, &decision)?;
            let plan = (route.kind == RouteKind::Workflow)
                .then(|| self::workflow(asked, &route))
                .flatten();
            Ok(done(route, plan, None))
        }
        Verdict::Agent => {
            let known = |name: &AgentName| catalog.library.agent(name).is_some();
            let agent = decision.agent.filter(known).ok_or("- `agent` names no agent")?;
            let route = Route::to_agents(vec![agent], 1.0, By::Model, "");
            let document = ask::lexical_draft(asked.library(), asked.question, &route.agents)
                .map_err(|Refusal(message)| format!("- {message}"))?;
            let plan = ask::check(&document, asked.library())?;
            Ok(done(route, Some(plan), Some(document)))
        }
        Verdict::Plan => {
            let document = ask::draft(asked.library(), asked.question, &decision.parts)
                .map_err(|Refusal(message)| format!("- {message}"))?;
            let plan = ask::check(&document, asked.library())?;
            let mut agents: Vec<AgentName> = Vec::new();
            for agent in decision.parts.into_iter().filter_map(|part| part.agent) {
                if !agents.contains(&agent) {
                    agents.push(agent);
                }
            }
            let route = Route { agents, ..Route::of(RouteKind::Plan, By::Model) };
            Ok(done(route, Some(plan), Some(document)))
        }
    }
}

/// The params that a decision gives a workflow. What the question does not name is left out: a value is never invented.
fn filled(asked: &Asked<'_>, workflow: &Workflow, decision: &Decision) -> Result<Route, String> {
    let mut params = Object::new();
    for argument in &decision.params {
        let param = workflow.params.get(&argument.name).ok_or_else(|| {
            let names: Vec<&str> = workflow.params.keys().map(String::as_str).collect();
            format!(
                "- workflow `{}` has no param `{}`; it has {}",
                workflow.name,
                argument.name,
                names.join(", ")
            )
        })?;
        let value = tool::parse_param(param, &argument.value)
            .map_err(|message| format!("- param `{}`: {message}", argument.name))?;
        let known = asked.catalog.known(&workflow.name, &argument.name);
        if !known.is_empty() && !known.iter().any(|one| one.value == value) {
            return Err(format!(
                "- param `{}`: there is no {value}; take a value of the list, or leave the param out",
                argument.name
            ));
        }
        if asked.catalog.names(&workflow.name, &argument.name, &value, asked.question) {
            params.insert(argument.name.clone(), value);
        }
    }
    Ok(Route::to_workflow(workflow, params, By::Model))
}
