//! The calls of one answer: all that are new run at the same time, one that was made before is answered from its
//! first result, and whatever goes wrong is told to the model instead of failing the step.

use std::sync::Arc;

use futures_util::future::join_all;
use indexmap::IndexMap;

use crate::diagnostic::suggest;
use crate::event::{Event, Fault, Message, ToolCall, ToolRequest};
use crate::id::ToolName;
use crate::model::{Answer, Cut, ToolDefinition};
use crate::run::figures::Origin;
use crate::value::Object;

use super::results::{self, Found};
use super::{Asker, Thread, consult};
use crate::run::steps::tool::{Call, invoke};

/// More new calls than these in one answer are refused: nobody waits for a thousand queries.
const MOST: usize = 32;

/// What a model wants called. Arguments that are none are told to it.
#[derive(Clone, Debug, PartialEq)]
struct Wanted {
    tool: String,
    arguments: Result<Object, String>,
}

/// A call that was made.
pub(super) struct Called {
    wanted: Wanted,
    /// What the model is told.
    content: String,
    is_error: bool,
    /// What it adds to the evidence.
    pub(super) found: Vec<Found>,
    /// What is wrong with its result all the same.
    pub(super) warnings: Vec<String>,
}

/// What a call gave.
pub(super) struct Made {
    /// What the model is told.
    pub(super) content: String,
    /// What it adds to the evidence.
    pub(super) found: Vec<Found>,
    /// What is wrong with it all the same.
    pub(super) warnings: Vec<String>,
}

/// Makes the calls that an answer asks for, and puts the answer and their results into the conversation.
pub(super) async fn answer(
    asker: &Asker<'_>,
    thread: &mut Thread,
    answer: Answer,
    cut: Option<&Cut>,
) {
    let requests = told_apart(answer.tool_calls, &thread.request.messages);
    let before = thread.called.len();
    let mut new: Vec<Wanted> = Vec::new();
    let mut numbers = Vec::with_capacity(requests.len());
    for (at, request) in requests.iter().enumerate() {
        let cut = cut.filter(|_| at + 1 == requests.len());
        let wanted = Wanted::of(request, cut, new.len() >= MOST);
        let made = thread.called.iter().map(|called| &called.wanted);
        let known = made.chain(&new).position(|one| *one == wanted);
        numbers.push(known.unwrap_or(before + new.len()));
        if known.is_none() {
            new.push(wanted);
        }
    }
    let tools = &thread.request.tools;
    let calls =
        new.into_iter().enumerate().map(|(n, wanted)| call(asker, tools, before + n, wanted));
    let called = join_all(calls).await;
    for call in &called {
        thread.evidence = results::on_top(&thread.evidence, &call.found);
    }
    thread.called.extend(called);
    let results = requests.iter().zip(numbers).filter_map(|(request, number)| {
        let called = thread.called.get(number)?;
        Some(Message::result(&request.id, &called.content, called.is_error))
    });
    let results: Vec<Message> = results.collect();
    thread.request.messages.push(Message::assistant(answer.text, requests));
    thread.request.messages.extend(results);
}

/// Requests whose ids are there and differ, which not every server sees to.
fn told_apart(mut requests: Vec<ToolRequest>, messages: &[Message]) -> Vec<ToolRequest> {
    let earlier = messages.iter().flat_map(|message| &message.tool_calls);
    let mut ids: Vec<String> = earlier.map(|request| request.id.clone()).collect();
    for request in &mut requests {
        if request.id.is_empty() || ids.contains(&request.id) {
            request.id = format!("call_{}", ids.len());
        }
        ids.push(request.id.clone());
    }
    requests
}

impl Wanted {
    fn of(request: &ToolRequest, cut: Option<&Cut>, too_many: bool) -> Self {
        let text = match request.arguments.trim() {
            "" => "{}",
            text => text,
        };
        let arguments = if let Some(cut) = cut {
            let at = cut.at();
            Err(format!(
                "the answer was cut {at}, before the call was whole: make it again with shorter arguments, and say less before it"
            ))
        } else if too_many {
            Err(format!("more than {MOST} calls at once: make this one again in your next answer"))
        } else {
            serde_json::from_str(text)
                .map_err(|error| format!("the arguments are no JSON object: {error}"))
        };
        Self { tool: request.tool.clone(), arguments }
    }
}

/// Makes one call.
async fn call(
    asker: &Asker<'_>,
    tools: &[ToolDefinition],
    number: usize,
    wanted: Wanted,
) -> Called {
    let place = format!("{}.tools.{number}", asker.place);
    let made = match &wanted.arguments {
        Ok(arguments) => make(asker, tools, &place, &wanted.tool, arguments).await,
        Err(why) => Err(refused(asker, &wanted, &place, Fault::new("bad-argument", why))),
    };
    match made {
        Ok(Made { content, found, warnings }) => {
            Called { wanted, content, is_error: false, found, warnings }
        }
        Err(fault) => {
            let content = results::error(&fault, &place);
            Called { wanted, content, is_error: true, found: Vec::new(), warnings: Vec::new() }
        }
    }
}

async fn make(
    asker: &Asker<'_>,
    tools: &[ToolDefinition],
    place: &str,
    tool: &str,
    arguments: &Object,
) -> Result<Made, Fault> {
    let Asker { job, step, agent, consulted, .. } = asker;
    let offered = tools.iter().any(|offered| offered.name == tool);
    if let Some(known) = agent.tools.iter().find(|known| offered && known.as_str() == tool) {
        let call = Call { agent: *consulted, tool: known, arguments, evidence: Some(place) };
        let value = invoke(job, step, call).await?;
        let units = job.plan.tools.get(known).map_or_else(IndexMap::new, |tool| tool.units.clone());
        let found = Found {
            path: place.to_owned(),
            value: Arc::clone(&value),
            units,
            origin: Origin::Data,
        };
        let found = vec![found];
        let content = results::told(&value, place, &found, agent.figures);
        return Ok(Made { content, found, warnings: Vec::new() });
    }
    if let Some(named) = consult::meant(asker, tool) {
        return consult::ask(asker, named, arguments, place).await;
    }
    let names = tools.iter().map(|tool| tool.name.as_str());
    let fault = Fault::new("unknown-tool", format!("there is no tool `{tool}`"))
        .help(suggest(tool, names, "tools"));
    let wanted = Wanted { tool: tool.to_owned(), arguments: Ok(arguments.clone()) };
    Err(refused(asker, &wanted, place, fault))
}

/// Journals a call that was not made.
fn refused(asker: &Asker<'_>, wanted: &Wanted, place: &str, fault: Fault) -> Fault {
    asker.job.report(Event::ToolCalled {
        step: asker.job.path.clone(),
        call: ToolCall {
            agent: asker.consulted.cloned(),
            tool: ToolName::from(wanted.tool.as_str()),
            arguments: wanted.arguments.clone().unwrap_or_default(),
            evidence: Some(place.to_owned()),
            output: None,
            error: Some(fault.clone()),
            duration_ms: 0,
        },
    });
    fault
}
