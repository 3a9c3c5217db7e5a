//! Where the words of a question lead, as `engine ask` tells it.

use super::router::{self, Kind, Target};
use super::{By, Candidate, Catalog, Route, RouteKind};

/// Where the words of a question lead. Where they are not sure, the agents that come nearest are named.
pub fn route(catalog: &Catalog, question: &str) -> Route {
    let found = router::route(&catalog.index, question);
    let by = By::Lexical;
    let route = match found.kind {
        Kind::Workflow => Route::of(RouteKind::Workflow, by),
        Kind::Clarify => Route::of(RouteKind::Clarify, by),
        Kind::OutOfScope => Route::of(RouteKind::OutOfScope, by),
        Kind::Unsure if found.agents.is_empty() => Route::of(RouteKind::OutOfScope, by),
        Kind::Agent | Kind::Plan | Kind::Unsure => Route::to_agents(found.agents, 0.0, by, ""),
    };
    Route {
        missing: found.missing.iter().map(|missing| missing.param.clone()).collect(),
        workflow: found.workflow,
        params: found.params,
        score: rounded(found.score),
        candidates: found.candidates.into_iter().map(candidate).collect(),
        sure: found.kind != Kind::Unsure,
        why: found.reason.to_owned(),
        open: found.missing,
        matches: found.matches,
        ..route
    }
}

fn candidate(found: router::Candidate) -> Candidate {
    let (workflow, agent) = match found.target {
        Target::Workflow(name) => (Some(name), None),
        Target::Agent(name) => (None, Some(name)),
    };
    Candidate { workflow, agent, score: rounded(found.score) }
}

fn rounded(score: f64) -> f64 {
    (score * 1000.0).round() / 1000.0
}
