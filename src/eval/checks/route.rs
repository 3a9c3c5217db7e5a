//! `route` and `params`: where a question goes, and with which values.

use super::{Found, differs, nothing, rounding, settled};
use crate::document::{RouteTo, WantedRoute};
use crate::eval::given::{Given, Route};
use crate::value::Value;

pub(super) fn look(wanted: &WantedRoute, given: &Given) -> Found {
    let Some(route) = &given.route else { return nothing(given) };
    let wanted: Vec<RouteTo> = match wanted {
        WantedRoute::One(text) => vec![RouteTo::of(text)],
        WantedRoute::Any(texts) => texts.iter().map(|text| RouteTo::of(text)).collect(),
        WantedRoute::To(to) => vec![to.clone()],
    };
    let is = |to: &RouteTo| {
        let workflow = route.workflow.as_ref().map(crate::id::WorkflowName::as_str);
        to.kind == route.kind && to.workflow.as_deref().is_none_or(|name| Some(name) == workflow)
    };
    settled(given, wanted.iter().any(is), described(route))
}

pub(super) fn params(wanted: &Value, given: &Given) -> Found {
    let Some(route) = &given.route else { return nothing(given) };
    let there = Value::Object(route.params.clone());
    let differs = differs(wanted, Some(&there), "", &rounding)
        .or_else(|| differs(&there, Some(wanted), "", &rounding));
    settled(given, differs.is_none(), format!("the params are {there}"))
}

fn described(route: &Route) -> String {
    let agents: Vec<&str> = route.agents.iter().map(crate::id::AgentName::as_str).collect();
    match (&route.workflow, agents.is_empty()) {
        (Some(workflow), _) => format!("it goes to {} {workflow}, by {}", route.kind, route.by),
        (None, false) => {
            format!("it goes to {} {}, by {}", route.kind, agents.join(", "), route.by)
        }
        (None, true) => format!("it goes to {}, by {}", route.kind, route.by),
    }
}
