//! Conversations of questions: a short question may change what the one before it was about, and no more.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::{By, Catalog, Route, router};
use crate::id::{AgentName, RunId, WorkflowName};
use crate::value::{Object, unquoted};

/// Turns that a model is told of.
const TOLD: usize = 4;

/// Characters of an answer that a model is told.
const ANSWER: usize = 600;

/// A question of a session and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// When it was asked, in microseconds since the Unix epoch.
    pub at_us: i64,
    /// The question as asked.
    pub question: String,
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
    let changed = router::changed(&catalog.index, &workflow.name, &last.params, question)?;
    let shown = changed.iter().map(|(name, value)| format!("{name} = {}", unquoted(value)));
    let why = format!("the question before, with {}", shown.collect::<Vec<_>>().join(", "));
    let mut params = last.params.clone();
    params.extend(changed);
    Some(Route { score: 1.0, why, ..Route::to_workflow(workflow, params, By::Session) })
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
