//! Whether a workflow that is kept for a question is what the router finds by that question.

use serde::Deserialize as _;

use super::router::{self, Index, Kind, Target};
use super::{Catalog, Known};
use crate::document::{ParamValues, Workflow};
use crate::id::AgentName;
use crate::value::Value;

/// Why a question will not find the workflow that was kept for it, as a clause; none where it will.
pub fn missed(catalog: &Catalog, kept: &Value, question: &str) -> Option<String> {
    let kept = Workflow::deserialize(kept).ok()?;
    let own = Target::Workflow(kept.name.clone());
    let mut values = catalog.values.clone();
    for (name, param) in &kept.params {
        let known = param.values.as_ref().and_then(|tied| listed(catalog, tied));
        values.extend(known.map(|known| ((own.clone(), name.clone()), known)));
    }
    let agents = catalog.library.agents().map(|document| &document.value);
    let workflows = catalog.workflows().chain([&kept]);
    let index = Index::new(workflows, agents, &values, catalog.index.last());
    let route = router::route(&index, question);
    let to = match (&route.workflow, route.agents.as_slice()) {
        (Some(name), _) if *name == kept.name => {
            let open: Vec<String> =
                route.missing.iter().map(|missing| format!("`{}`", missing.param)).collect();
            return (route.kind == Kind::Clarify)
                .then(|| format!("the question does not settle {}", open.join(" and ")));
        }
        (Some(name), _) => format!("goes to workflow `{name}`"),
        (None, _) if route.kind == Kind::Unsure => "is left to a model".to_owned(),
        (None, agents) => {
            let names: Vec<&str> = agents.iter().map(AgentName::as_str).collect();
            format!("goes to {}", names.join(" and "))
        }
    };
    Some(format!("the question {to}: {}", route.reason))
}

/// The values that a param is tied to, where another param of the project is tied to them.
fn listed(catalog: &Catalog, tied: &ParamValues) -> Option<Vec<Known>> {
    let same = |(target, name): &&(Target, String)| {
        let param = catalog.param_of(target, name);
        param.and_then(|param| param.values.as_ref()) == Some(tied)
    };
    catalog.values.keys().find(same).and_then(|key| catalog.values.get(key)).cloned()
}
