//! Conversations of questions: a short question may change what the one before it was about, and no more.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::{By, Catalog, Route, RouteKind, router};
use crate::document::Workflow;
use crate::id::{AgentName, RunId, WorkflowName};
use crate::value::{Object, unquoted};

/// Turns that a model is told of.
const TOLD: usize = 4;

/// Characters of an answer that a model is told.
const ANSWER: usize = 600;

/// What stands behind a figure that nothing bears out.
pub const UNVERIFIED: &str = " [unverified]";

/// A question of a session and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// When it was asked, in microseconds since the Unix epoch.
    pub at_us: i64,
    /// The question as asked.
    pub question: String,
    /// It in full, where it leaned on the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_full: Option<String>,
    /// The run that answered it; none where nothing ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<RunId>,
    /// The workflow of the project that answered it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<WorkflowName>,
    /// Values that the question gave its params, with those carried over.
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub params: Object,
    /// The agents that answered it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<AgentName>,
    /// The answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// The route of a question that only changes params of the one before it (`What about Instagram?`); none where it is a
/// question of its own.
pub fn follow_up(catalog: &Catalog, turns: &[Turn], question: &str) -> Option<Route> {
    let last = turns.last()?;
    let workflow = catalog.workflow(last.workflow.as_ref()?)?;
    let question = router::taken_up(question);
    let changed = shifted(catalog, workflow, &last.params, question)
        .or_else(|| router::changed(&catalog.index, &workflow.name, &last.params, question))?;
    let shown = changed.iter().map(|(name, value)| format!("{name} = {}", unquoted(value)));
    let why = format!("the question before, with {}", shown.collect::<Vec<_>>().join(", "));
    let mut params = last.params.clone();
    params.extend(changed);
    Some(Route { score: 1.0, why, ..Route::to_workflow(workflow, params, By::Session) })
}

/// The months of another period that a question names by the one before (`and the quarter before?`).
fn shifted(
    catalog: &Catalog,
    workflow: &Workflow,
    before: &Object,
    question: &str,
) -> Option<Object> {
    let month =
        |name: &str| before.get(name).filter(|_| workflow.params.contains_key(name))?.as_str();
    let spoken_of = router::period_of(month("from")?, month("to")?)?;
    let period = router::period_from(&catalog.index, question, spoken_of)?;
    let ends = [("from", period.from?), ("to", period.to)];
    Some(
        ends.into_iter().map(|(name, month)| (name.to_owned(), month.to_string().into())).collect(),
    )
}

/// What a question means that leans on those before: with a name for its pronoun, or as the question before with what it
/// names instead. None where it stands alone, or only changes params of a workflow.
pub fn in_full(catalog: &Catalog, turns: &[Turn], question: &str) -> Option<String> {
    let last = turns.last()?;
    if follow_up(catalog, turns, question).is_some() {
        return None;
    }
    if last.workflow.is_none()
        && let Some(full) =
            router::rewritten(&catalog.index, last.full(), router::taken_up(question))
    {
        return Some(full);
    }
    // What was spoken of last comes first. A name is only put in where the question then goes to a workflow.
    let named = turns.iter().rev().flat_map(|turn| turn.nouns(catalog));
    named.filter_map(|noun| router::with_noun(question, &noun)).find(|full| {
        let route = super::route(catalog, full);
        route.sure && route.kind == RouteKind::Workflow
    })
}

/// The route of a question that names a period by that of the one before (`And the quarter before?`), which names none, or one
/// for what takes none; none where it stands alone or leans on what is known.
pub fn asks_back(catalog: &Catalog, turns: &[Turn], question: &str) -> Option<Route> {
    let last = turns.last()?;
    let question = router::taken_up(question);
    let workflow = last.workflow.as_ref().and_then(|name| catalog.workflow(name));
    // What was asked back is still open, among fewer values.
    if let Some(workflow) = workflow.filter(|_| last.run_id.is_none())
        && follow_up(catalog, turns, question).is_none()
    {
        let open = router::narrowed(&catalog.index, &workflow.name, question);
        let route = Route::to_workflow(workflow, last.params.clone(), By::Session);
        if open.iter().any(|missing| route.missing.contains(&missing.param)) {
            let why = "the question before, of which something is still open".to_owned();
            return Some(Route { why, open, ..route });
        }
    }
    let timeless = workflow.filter(|workflow| !workflow.params.contains_key("from"));
    if let Some(workflow) = timeless
        && router::names_only_time(&catalog.index, question)
        && follow_up(catalog, turns, question).is_none()
    {
        let why = format!(
            "the question before, `{}`, is one of workflow `{}`, which takes no period",
            last.full(),
            workflow.name
        );
        return Some(Route { why, ..Route::of(RouteKind::Clarify, By::Session) });
    }
    let leans = router::needs_period(&catalog.index, question)
        && follow_up(catalog, turns, question).is_none()
        && in_full(catalog, turns, question).is_none();
    let why = format!("the question before, `{}`, names no period", last.full());
    leans.then(|| Route {
        missing: vec![PERIOD.to_owned()],
        why,
        ..Route::of(RouteKind::Clarify, By::Session)
    })
}

/// What is missing of such a question.
const PERIOD: &str = "period";

/// A route with the values that the conversation gives its missing params. Where the conversation may say what the words of the
/// question do not (`Can you explain that?`), they are not sure.
pub fn carried(catalog: &Catalog, turns: &[Turn], question: &str, route: Route) -> Route {
    if turns.is_empty() {
        return route;
    }
    if route.kind == RouteKind::OutOfScope {
        return Route { sure: false, ..route };
    }
    let Some(workflow) = route.workflow.as_ref().and_then(|name| catalog.workflow(name)) else {
        // `And its budget?` is asked of what was spoken of.
        let sure = route.sure && !router::has_pronoun(question);
        return Route { sure, ..route };
    };
    let mut params = route.params.clone();
    let mut shown = Vec::new();
    for missing in route.open.iter().filter(|missing| missing.is_unnamed()) {
        let known = catalog.known(&workflow.name, &missing.param);
        let spoken_of = turns.iter().rev().find_map(|turn| turn.params.get(&missing.param));
        if let Some(one) = known.iter().find(|one| Some(&one.value) == spoken_of) {
            shown.push(format!("{} = {}", missing.param, unquoted(&one.value)));
            params.insert(missing.param.clone(), one.value.clone());
        }
    }
    let found = Route::to_workflow(workflow, params, By::Session);
    if shown.is_empty() || found.kind != RouteKind::Workflow {
        // `Is it worth it?` may be about whatever was spoken of.
        let leans = route.kind == RouteKind::Clarify && router::has_pronoun(question);
        return Route { sure: route.sure && !leans, ..route };
    }
    let why = format!("as spoken of before, {}", shown.join(", "));
    Route { score: route.score, candidates: route.candidates, matches: route.matches, why, ..found }
}

impl Turn {
    /// The question as it stands alone.
    fn full(&self) -> &str {
        self.in_full.as_deref().unwrap_or(&self.question)
    }

    /// The names of what it was about.
    fn nouns(&self, catalog: &Catalog) -> Vec<String> {
        let Some(workflow) = &self.workflow else {
            return router::nouns(&catalog.index, self.full());
        };
        let values = self.params.iter().filter_map(|(param, value)| {
            let known =
                catalog.known(workflow, param).iter().find(|known| known.value == *value)?;
            Some(known.label.clone().unwrap_or_else(|| unquoted(&known.value)))
        });
        values.collect()
    }
}

/// All that was said of values: the question, those that a model is told before it with their answers, and the values that
/// they gave params. An answer with a figure that nothing bears out says nothing.
pub fn said(turns: &[Turn], question: &str) -> String {
    let borne_out = |turn: &Turn| {
        let answer = turn.answer.clone().filter(|answer| !answer.contains(UNVERIFIED));
        Turn { answer, ..turn.clone() }
    };
    let told: Vec<Turn> = turns.iter().map(borne_out).collect();
    let mut out = in_context(&told, question);
    for (name, value) in turns.iter().rev().take(TOLD).flat_map(|turn| &turn.params) {
        // Writing to a string cannot fail.
        let _ = write!(out, "\n{name}: {}", unquoted(value));
    }
    out
}

/// A question as a model is told it, with what was asked and answered before.
pub fn in_context(turns: &[Turn], question: &str) -> String {
    if turns.is_empty() {
        return question.to_owned();
    }
    let mut out = String::from("Earlier in this conversation:\n");
    for Turn { question, answer, .. } in turns.iter().skip(turns.len().saturating_sub(TOLD)) {
        let answer: String =
            answer.as_deref().unwrap_or("(no answer)").chars().take(ANSWER).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "Question: {question}\nAnswer: {answer}");
    }
    let _ = write!(out, "\nThe question now: {question}");
    out
}
