//! What a model's decision about a question comes to, or what is wrong with it.

use std::sync::{Arc, Mutex, PoisonError};

use super::arriving::{Arrived, arrived};
use super::decision::{Decision, MOST_PARTS, Verdict, inquiry};
use super::draft::{Refusal, lexical_draft};
use super::planner::{bug, check, early, planned};
use super::{By, Catalog, Route, RouteKind};
use crate::document::Workflow;
use crate::event::Fault;
use crate::id::AgentName;
use crate::plan::{Plan, Step};
use crate::run::{Early, PlanReader};
use crate::tool;
use crate::value::{Object, Value};

/// What answers a question, decided by a model and checked.
#[derive(Clone, Debug)]
pub struct Decided {
    /// Where the question goes.
    pub route: Route,
    /// What to run; none where nothing can.
    pub plan: Option<Plan>,
    /// The document made for the question, where it is no workflow of the project.
    pub document: Option<Value>,
}

/// Reads what a model decides about one question.
pub struct Decider {
    catalog: Arc<Catalog>,
    question: String,
    /// The question with what was said before it.
    said: String,
    /// The params of plans made for the question; none where they are not run.
    params: Option<Object>,
    decided: Mutex<Option<Decided>>,
}

impl Decider {
    /// For a question; `said` holds it with what was said before. Where there are params, a plan is run with them, and
    /// what of it can begin early does.
    pub fn new(
        catalog: Arc<Catalog>,
        question: &str,
        said: String,
        params: Option<Object>,
    ) -> Self {
        let question = question.to_owned();
        Self { catalog, question, said, params, decided: Mutex::default() }
    }

    /// What asks a model; its param is the question.
    pub fn inquiry(&self) -> Result<Plan, Fault> {
        let document = inquiry(&self.catalog);
        check(&document, &self.catalog.library).map_err(|faults| bug("inquiry", &faults))
    }

    /// What was decided last, if anything was that will do.
    pub fn take(&self) -> Option<Decided> {
        self.decided.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn decided(&self, decision: &Decision) -> Result<Decided, String> {
        let Decision { kind, workflow, agent, parts, reason, .. } = decision;
        let catalog = &self.catalog;
        let library = &catalog.library;
        let (route, made) = match kind {
            Verdict::OutOfScope => (Route::of(RouteKind::OutOfScope, By::Model), None),
            Verdict::Workflow => {
                let named = workflow.as_ref().and_then(|name| catalog.workflow(name));
                let workflow = named.ok_or("- `workflow` names no workflow")?;
                (self.filled(workflow, decision)?, None)
            }
            Verdict::Agent => {
                let known = |name: &&AgentName| library.agent(name).is_some();
                let agent = agent.as_ref().filter(known).ok_or("- `agent` names no agent")?;
                let route = Route::to_agents(vec![agent.clone()], 1.0, By::Model, "");
                let document = lexical_draft(library, &self.question, &route.agents);
                let document = document.map_err(|Refusal(message)| format!("- {message}"))?;
                let plan = check(&document, library)?;
                (route, Some((document, plan)))
            }
            Verdict::Plan => {
                let made = planned(&catalog.held(&self.said), &self.question, parts)?;
                let mut agents: Vec<AgentName> = Vec::new();
                for agent in parts.iter().filter_map(|part| part.agent.as_ref()) {
                    if !agents.contains(agent) {
                        agents.push(agent.clone());
                    }
                }
                (Route { agents, ..Route::of(RouteKind::Plan, By::Model) }, Some(made))
            }
        };
        let (document, plan) = match (made, route.kind, &route.workflow) {
            (Some((document, plan)), _, _) => (Some(document), Some(plan)),
            (None, RouteKind::Workflow, Some(name)) => (None, catalog.plan(name)),
            (None, _, _) => (None, None),
        };
        let route = Route { why: reason.clone(), score: 1.0, ..route };
        Ok(Decided { route, plan, document })
    }

    /// The params that a decision gives a workflow. What the question does not name is left out: a value is never
    /// invented.
    fn filled(&self, workflow: &Workflow, decision: &Decision) -> Result<Route, String> {
        let catalog = &self.catalog;
        let held = catalog.held(&self.said);
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
            let known = catalog.known(&workflow.name, &argument.name);
            if !known.is_empty() && !known.iter().any(|one| one.value == value) {
                return Err(format!(
                    "- param `{}`: there is no {value}; take a value of the list, or leave the param out",
                    argument.name
                ));
            }
            if held.fills(&argument.name, param, known, &value) {
                params.insert(argument.name.clone(), value);
            }
        }
        Ok(Route::to_workflow(workflow, params, By::Model))
    }
}

impl PlanReader for Decider {
    fn check(&self, answer: &Value) -> Result<(), String> {
        let decision: Decision =
            serde_json::from_value(answer.clone()).map_err(|error| format!("- {error}"))?;
        let decided = self.decided(&decision)?;
        *self.decided.lock().unwrap_or_else(PoisonError::into_inner) = Some(decided);
        Ok(())
    }

    fn parts(&self, so_far: &str) -> Vec<Value> {
        let Arrived { kind, parts } = arrived(so_far);
        if kind.as_deref() == Some("plan") { parts } else { Vec::new() }
    }

    fn early(&self, part: &Value, before: &[Value]) -> Option<Early> {
        let params = self.params.clone()?;
        let plan = early(&self.catalog.held(&self.said), &self.question, part, before, MOST_PARTS)?;
        Some(Early { plan, params, inside: None })
    }

    fn holds(&self, step: &Step) -> bool {
        let decided = self.decided.lock().unwrap_or_else(PoisonError::into_inner);
        let plan = decided.as_ref().and_then(|decided| decided.plan.as_ref());
        plan.is_some_and(|plan| plan.steps.contains(step))
    }
}
