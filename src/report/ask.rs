//! Answers to questions: where a question went, for people and as JSON.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::ask::router::{How, Match};
use crate::ask::{By, Candidate, Catalog, Recalled, Route, RouteKind};
use crate::event::Fault;
use crate::run::Outcome;
use crate::value::Value;

/// The most candidates that are shown.
const SHOWN: usize = 6;

/// What `engine ask --json` prints: the outcome, where the question went, and the plan made for it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AskReport<'r> {
    /// The outcome of the run; absent where nothing ran.
    #[serde(flatten)]
    pub outcome: Option<&'r Outcome>,
    /// Where the question went.
    pub route: &'r Route,
    /// The workflow document made for the question, where one was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<&'r Value>,
    /// Why nothing ran, where that is no wish of the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Fault>,
}

/// What `engine ask --json` prints of a question for earlier ones.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RecallReport<'r> {
    /// Earlier questions with their answers, those that say most of the subject first.
    pub recalled: &'r [Recalled],
}

/// The longest answer that is shown of an earlier question, in characters.
const LONGEST_ANSWER: usize = 600;

/// A time given in microseconds since the Unix epoch, where the reader is.
pub fn day_and_time(at_us: i64) -> String {
    let at = jiff::Timestamp::from_microsecond(at_us).unwrap_or_default();
    at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Earlier questions with their answers, for people.
pub fn recalled(found: &[Recalled]) -> String {
    if found.is_empty() {
        return "nothing that was asked before speaks of it\n".to_owned();
    }
    let told = found.iter().map(|one| {
        let at = day_and_time(one.at_us);
        let session =
            one.session.as_ref().map_or_else(String::new, |name| format!(", session {name}"));
        let run = one.run_id.as_ref().map_or_else(String::new, |run| format!(", run {run}"));
        let answer = one.answer.as_deref().unwrap_or("(no answer)");
        let cut = answer.char_indices().nth(LONGEST_ANSWER).map(|(at, _)| at);
        let answer = match cut.and_then(|at| answer.get(..at)) {
            Some(start) => format!("{start}..."),
            None => answer.to_owned(),
        };
        format!("{at}{session}{run}\n> {}\n  {}\n", one.question, answer.replace('\n', "\n  "))
    });
    told.collect::<Vec<_>>().join("\n")
}

/// Where a question went and why, for people.
pub fn route(route: &Route) -> String {
    let by = match route.by {
        By::Lexical => "its words",
        By::Model => "a model",
        By::Session => "the session",
    };
    let agents = || route.agents.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let workflow = || route.workflow.as_ref().map_or_else(String::new, ToString::to_string);
    let to = match route.kind {
        RouteKind::Workflow => format!("workflow {}", workflow()),
        RouteKind::Clarify if route.workflow.is_none() => "nobody as it stands".to_owned(),
        RouteKind::Clarify => {
            format!("workflow {}, once it is known: {}", workflow(), route.missing.join(", "))
        }
        RouteKind::Agent => format!("agent {}", agents()),
        RouteKind::Plan => format!("a plan with {}", agents()),
        RouteKind::OutOfScope => "nobody here".to_owned(),
    };
    let why = if route.why.is_empty() { String::new() } else { format!(": {}", route.why) };
    let mut out = format!("goes to {to}, by {by}{why}\n");
    if let Some(full) = &route.read_as {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  read as: {full}");
    }
    for (name, value) in &route.params {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {name} = {value}");
    }
    let said: Vec<String> = route.matches.iter().map(taken).collect();
    if !said.is_empty() {
        let _ = writeln!(out, "  it says {}", said.join(", "));
    }
    for Candidate { workflow, agent, score } in route.candidates.iter().take(SHOWN) {
        let name = match (workflow, agent) {
            (Some(name), _) => format!("workflow {name}"),
            (None, Some(name)) => format!("agent {name}"),
            (None, None) => continue,
        };
        let _ = writeln!(out, "  {score:.3}  {name}");
    }
    out
}

/// Words of the question with what they were taken for.
fn taken(found: &Match) -> String {
    let Match { words, term, how } = found;
    match how {
        How::Word => format!("`{words}`"),
        _ if words == term => format!("`{words}`"),
        How::Synonym | How::Typo | How::Value | How::Amount => format!("`{words}` for {term}"),
    }
}

/// What can be asked, for somebody whose question nobody here answers.
pub fn can_be_asked(catalog: &Catalog) -> String {
    let agents = catalog.library.agents().map(|document| &document.value);
    let lines = agents.filter_map(|agent| {
        let role = agent.role.as_deref().unwrap_or(agent.name.as_str());
        Some(format!("  {role}: {}", agent.questions.first()?))
    });
    let workflows =
        catalog.workflows().filter_map(|one| Some(format!("  {}", one.questions.first()?)));
    let lines: Vec<String> = workflows.chain(lines).collect();
    format!("what can be asked here, for example:\n{}", lines.join("\n"))
}
