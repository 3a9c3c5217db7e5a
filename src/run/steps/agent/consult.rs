//! Agents that are asked as if they were tools: one question, one answer. The calls of the agent asked are the step's,
//! and what it looked up is evidence for who asked it.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use indexmap::IndexMap;

use crate::event::{Event, Fault, ToolCall};
use crate::expression::fence::fence;
use crate::id::{AgentName, ToolName};
use crate::model::ToolDefinition;
use crate::plan::{AgentStep, ConsultedAgent};
use crate::run::figures::Origin;
use crate::value::{Object, Value, whole_millis};

use super::calls::Made;
use super::results::{self, Found};
use super::{Asker, system_message};

/// How many agents stand between a step's own agent and the last one asked, that one included.
const DEEPEST: usize = 2;

/// The name of its one argument.
const QUESTION: &str = "question";

/// An answer as the model is told it, with what it adds to the evidence.
type Asked<'a> = Pin<Box<dyn Future<Output = Result<Made, Fault>> + Send + 'a>>;

/// The agents that may be asked: none whose own answer is being waited for, none too deep down, and none whose name
/// as a tool is that of a real one.
fn offered<'a>(asker: &Asker<'a>) -> impl Iterator<Item = (&'a AgentName, &'a ConsultedAgent)> {
    let Asker { job, agent, chain, depth, .. } = asker;
    let names = if *depth < DEEPEST { agent.consult.as_slice() } else { &[] };
    let taken = |name| agent.tools.iter().any(|tool| tool.as_str() == tool_name(name));
    let free = names.iter().filter(|name| !chain.contains(name) && !taken(name));
    let found: Vec<_> = free.filter_map(|name| Some((name, job.plan.agents.get(name)?))).collect();
    found.into_iter()
}

/// They as tools.
pub(super) fn definitions(asker: &Asker<'_>) -> Vec<ToolDefinition> {
    let about = "The question, with everything it takes to answer it: the agent sees nothing else.";
    offered(asker)
        .map(|(name, agent)| {
            ToolDefinition::of_text(tool_name(name), agent.about.clone(), QUESTION, about)
        })
        .collect()
}

/// The tool by which an agent is asked.
pub(in crate::run) fn tool_name(agent: &AgentName) -> String {
    format!("ask_{agent}")
}

/// The agent that a tool of this name asks, if it is one.
pub(super) fn meant<'a>(
    asker: &Asker<'a>,
    tool: &str,
) -> Option<(&'a AgentName, &'a ConsultedAgent)> {
    offered(asker).find(|(name, _)| tool_name(name) == tool)
}

/// Asks an agent.
pub(super) fn ask<'a>(
    asker: &'a Asker<'_>,
    (name, consulted): (&'a AgentName, &'a ConsultedAgent),
    arguments: &'a Object,
    place: &'a str,
) -> Asked<'a> {
    Box::pin(async move {
        let job = asker.job;
        let started = Instant::now();
        let tool = ToolName::from(tool_name(name));
        let journaled = job.past().result(&tool, arguments, Some(place)).is_some();
        let given = match question(arguments) {
            Ok(question) => put(asker, name, consulted, question, place).await,
            Err(fault) => Err(fault),
        };
        let (output, error) = match &given {
            Ok(Given { answer, .. }) => (Some(Arc::clone(answer)), None),
            Err(fault) => (None, Some(fault.clone())),
        };
        let call = ToolCall {
            agent: asker.consulted.cloned(),
            tool,
            arguments: arguments.clone(),
            evidence: Some(place.to_owned()),
            output,
            error,
            duration_ms: whole_millis(started.elapsed()),
        };
        // Before the process died it may have come to its end: then its parts were taken from the journal as well.
        if !journaled {
            job.report(Event::ToolCalled { step: job.path.clone(), call });
        }
        let Given { answer, found, warnings } = given?;
        let mut content = results::told(&answer, place, &found, asker.agent.figures);
        for warning in &warnings {
            content.push_str("\nwarning: ");
            content.push_str(warning);
        }
        let warnings = warnings.iter().map(|warning| format!("agent `{name}`: {warning}"));
        Ok(Made { content, found, warnings: warnings.collect() })
    })
}

fn question(arguments: &Object) -> Result<&str, Fault> {
    let question = arguments.get(QUESTION).and_then(Value::as_str).map(str::trim);
    question.filter(|question| !question.is_empty()).ok_or_else(|| {
        Fault::new("bad-argument", format!("param `{QUESTION}` is missing (a text)"))
    })
}

/// What an agent gave to a question.
struct Given {
    answer: Arc<Value>,
    /// What its calls found, and its answer.
    found: Vec<Found>,
    warnings: Vec<String>,
}

/// Puts the question to the agent, on the conditions of the step.
async fn put(
    asker: &Asker<'_>,
    name: &AgentName,
    consulted: &ConsultedAgent,
    question: &str,
    place: &str,
) -> Result<Given, Fault> {
    let prompt = format!(
        "Another agent asks you this question. Answer it: your answer goes to that agent.\n{}",
        fence(question, place)
    );
    let agent = AgentStep {
        agent: Some(name.clone()),
        system: consulted.system.clone(),
        models: consulted.models.clone(),
        schema: None,
        tools: consulted.tools.clone(),
        consult: consulted.consult.clone(),
        ..asker.agent.clone()
    };
    let peer = Asker {
        agent: &agent,
        plan_reader: None,
        consulted: Some(name),
        chain: asker.chain.iter().copied().chain([name]).collect(),
        depth: asker.depth + 1,
        place: place.to_owned(),
        // What it says is no part of the answer that is watched.
        watcher: None,
        ..*asker
    };
    let system = system_message(&agent, &prompt, &asker.job.evidence, &[]);
    let (done, mut found) = peer.ask(&system, &prompt).await?;
    let answer = Arc::new(done.output);
    let (value, units) = (Arc::clone(&answer), IndexMap::new());
    found.push(Found { path: place.to_owned(), value, units, origin: Origin::Model });
    Ok(Given { answer, found, warnings: done.warnings })
}
