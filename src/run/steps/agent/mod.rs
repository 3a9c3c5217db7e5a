//! Step kind `agent`: a conversation with a model that may call tools and ask other agents on its way.
//!
//! ```text
//! prepare -> exchange -> answer? -> checked: done, or asked once more
//!              ^           | calls?
//!              +-- calls --+  tool::invoke, consult: all calls of an answer at once
//! ```
//!
//! Every request to a model goes through `exchange`, every call of a tool through `tool::invoke`. Where a model is
//! down, the next one goes on with the same conversation.

mod aloud;
mod calls;
mod consult;
mod exchange;
mod late;
mod results;

use std::sync::Arc;

use crate::document::Figures;
use crate::event::{Fault, Message};
use crate::expression::{Scope, fence};
use crate::id::AgentName;
use crate::model::{Endpoint, Request, ToolDefinition, Watcher};
use crate::plan::{AgentStep, Step};
use crate::run::attempts::Waits;
use crate::run::figures::Evidence;
use crate::run::plan_reader::{PlanReader, TRIES};

use super::answer::{self, Checked};
use super::{Done, Job};
use aloud::Aloud;
use calls::Called;
use exchange::exchange;

pub(in crate::run) use consult::tool_name as consult_tool;
pub(in crate::run) use exchange::TIMEOUT;
use results::Found;

/// Renders what the agent is told and asked. `gaps` are the steps that it has to do without.
pub(in crate::run) fn prepare(
    agent: &AgentStep,
    scope: &Scope,
    evidence: &Evidence,
    gaps: &[String],
) -> Result<(String, String), Fault> {
    let prompt = agent
        .prompt
        .render_text(scope)
        .map_err(|fault| Fault { message: format!("prompt: {}", fault.message), ..fault })?;
    Ok((system_message(agent, &prompt, evidence, gaps), prompt))
}

/// Asks the agent of a step; whoever reads its answers as plans checks them as well, and a watcher reads them as they come.
pub(super) async fn ask(
    job: &Job,
    step: &Step,
    agent: &AgentStep,
    (system, prompt): (&str, &str),
    plan_reader: Option<&dyn PlanReader>,
    watcher: Option<&dyn Watcher>,
) -> Result<Done, Fault> {
    let chain = agent.agent.iter().collect();
    let place = format!("steps.{}", step.id);
    let consulted = None;
    let asker = Asker { job, step, agent, plan_reader, watcher, consulted, chain, depth: 0, place };
    Ok(asker.ask(system, prompt).await?.0)
}

/// Role, goal and instructions, then what is missing, the rule for fenced data where there is any or calls may bring
/// it, and the rule for figures.
fn system_message(agent: &AgentStep, prompt: &str, evidence: &Evidence, gaps: &[String]) -> String {
    let mut parts = Vec::with_capacity(4);
    if !agent.system.is_empty() {
        parts.push(agent.system.clone());
    }
    if !gaps.is_empty() {
        let gaps = fence::fence(&gaps.join("\n"), "gaps");
        parts.push(format!(
            "These steps gave no result:\n{gaps}\nSay in your answer what is missing because of it."
        ));
    }
    let calls = agent.may_call();
    let cites = (agent.figures == Figures::Cite).then(|| answer::citation_rule(evidence, calls));
    if fence::is_fenced(prompt)
        || !gaps.is_empty()
        || calls
        || cites.as_deref().is_some_and(fence::is_fenced)
    {
        parts.push(fence::RULE.to_owned());
    }
    parts.extend(cites);
    parts.join("\n\n")
}

/// What stands in a conversation for an answer without a word.
const CUT: &str = "(cut)";

/// Who asks a model for a step: its own agent, or one that was consulted.
struct Asker<'a> {
    job: &'a Job,
    step: &'a Step,
    agent: &'a AgentStep,
    /// Who looks at its answers besides their schema.
    plan_reader: Option<&'a dyn PlanReader>,
    /// The agent where it is not the step's own.
    consulted: Option<&'a AgentName>,
    /// The agents whose answer is waited for, this one included.
    chain: Vec<&'a AgentName>,
    /// How many agents were consulted on the way to this one.
    depth: usize,
    /// Below which the results of its calls stand in the evidence.
    place: String,
    /// Who reads its answers as they come.
    watcher: Option<&'a dyn Watcher>,
}

/// A conversation under way.
struct Thread {
    request: Request,
    /// Answers so far.
    turns: u32,
    /// How often a final answer was at fault.
    faulty: u32,
    /// Whether what the last answer lacked may be looked up.
    may_look_up: bool,
    /// Whether the last answer was cut inside the call of a tool.
    call_cut: bool,
    /// Calls so far; the place in this list is their number.
    called: Vec<Called>,
    /// What the step was given, and what the calls gave.
    evidence: Arc<Evidence>,
    /// Which budget was exceeded, where calls are made all the same.
    over_budget: Option<String>,
}

/// Why a model gave no usable answer.
enum Stop {
    /// It did not answer: the next model may.
    NoAnswer(Fault),
    /// It was wrong again when it was told its faults: another model is not asked for it.
    BadAnswer(Fault),
}

impl Asker<'_> {
    /// Asks one model after the other until one answers; gives what its calls found as well.
    async fn ask(&self, system: &str, prompt: &str) -> Result<(Done, Vec<Found>), Fault> {
        let Self { job, agent, .. } = self;
        if job.context.offline {
            return Err(Fault::new("no-model", "no model was asked (--offline)"));
        }
        let endpoints =
            job.context.models.resolve(&agent.models).await.map_err(|error| error.fault())?;
        let mut fault = Fault::new("no-model", "no model is there to ask").help(
            "set OPENAI_API_KEY, OPENAI_BASE_URL or ANTHROPIC_API_KEY, or start a local server; a step with `on_error: default` does without",
        );
        let request = Request {
            system: system.to_owned(),
            messages: vec![Message::user(prompt)],
            schema: agent.schema.clone(),
            max_tokens: agent.max_tokens,
            tools: self.tools(),
            may_call: true,
        };
        let evidence = Arc::clone(&job.evidence);
        let mut thread = Thread {
            request,
            turns: 0,
            faulty: 0,
            may_look_up: true,
            call_cut: false,
            called: Vec::new(),
            evidence,
            over_budget: None,
        };
        let mut passed_over = Vec::new();
        for (number, endpoint) in endpoints.iter().enumerate() {
            // While its server is taken to be down, nobody who can ask another one waits for it.
            let entry = if number + 1 < endpoints.len() {
                endpoint.enter()
            } else {
                endpoint.enter_when_back().await
            };
            let _entry = match entry {
                Ok(entry) => entry,
                Err(shut) => {
                    passed_over.push(shut.message.clone());
                    fault = shut.fault();
                    continue;
                }
            };
            match self.converse(endpoint, &mut thread).await {
                Ok(mut done) => {
                    done.warnings.extend(passed_over);
                    done.warnings.extend(thread.over_budget);
                    let mut found = Vec::new();
                    for called in thread.called {
                        done.warnings.extend(called.warnings);
                        found.extend(called.found);
                    }
                    return Ok((done, found));
                }
                Err(Stop::NoAnswer(reason)) => fault = reason,
                Err(Stop::BadAnswer(reason)) => return Err(reason),
            }
        }
        Err(fault)
    }

    /// What the model may call: its tools, then the agents it may consult.
    fn tools(&self) -> Vec<ToolDefinition> {
        if !self.agent.may_call() {
            return Vec::new();
        }
        let tools = self.agent.tools.iter().filter_map(|name| self.job.plan.tools.get(name));
        // What a model may have been talked into changes nothing, unless the user lets it.
        let tools = tools.filter(|tool| self.job.context.allow_write || !tool.writes());
        tools.map(ToolDefinition::from).chain(consult::definitions(self)).collect()
    }

    /// Who hears its answer as the answer of the run, if anybody does.
    fn aloud(&self, evidence: &Arc<Evidence>) -> Option<Aloud<'_>> {
        let listener = self.job.listener.as_deref().filter(|_| self.consulted.is_none())?;
        Some(Aloud::new(listener, Arc::clone(evidence)))
    }

    /// How often an answer may be at fault before the step is.
    fn tries(&self) -> u32 {
        if self.plan_reader.is_some() { TRIES } else { 2 }
    }

    /// An answer that fits its schema, as whoever reads it as a plan sees it.
    fn checked(&self, checked: Checked) -> Checked {
        let (Checked::Good(done), Some(plan_reader)) = (&checked, self.plan_reader) else {
            return checked;
        };
        match plan_reader.check(&done.output) {
            Ok(()) => checked,
            Err(faults) => answer::refused(&faults),
        }
    }

    /// Asks one model until it answers, has the tools called that it asks for, and asks it again where its answer is at
    /// fault.
    async fn converse(&self, endpoint: &Endpoint, thread: &mut Thread) -> Result<Done, Stop> {
        let mut waits = Waits::new(&self.step.retry);
        loop {
            // The last answer has to be one.
            thread.request.may_call = thread.may_look_up && thread.turns + 1 < self.agent.max_turns;
            let aloud = self.aloud(&thread.evidence);
            let watcher = aloud.as_ref().map(|aloud| aloud as &dyn Watcher).or(self.watcher);
            let answer = exchange(self, endpoint, thread, &mut waits, watcher).await;
            let answer = answer.map_err(Stop::NoAnswer)?;
            thread.turns += 1;
            let cut = endpoint.cut(&thread.request, &answer);
            if !answer.tool_calls.is_empty() {
                // The call that was cut is told to the model, once: it would be cut there again.
                if let Some(cut) = cut.as_ref().filter(|_| thread.call_cut) {
                    let fault = answer::cut_fault(cut, "the call of a tool was whole");
                    return Err(Stop::BadAnswer(fault));
                }
                thread.call_cut = cut.is_some();
                calls::answer(self, thread, answer, cut.as_ref()).await;
                continue;
            }
            let messages = &mut thread.request.messages;
            let given = messages.first().map(|message| message.content.as_str());
            let given = given.unwrap_or_default();
            let checked = answer::check(
                &self.job.path,
                self.agent,
                &answer.text,
                cut.as_ref(),
                given,
                &thread.evidence,
            );
            let last = thread.faulty + 1 >= self.tries();
            match self.checked(checked) {
                Checked::Good(done) => return Ok(done),
                Checked::Faulty { usable: Some(done), .. } if last => return Ok(done),
                Checked::Faulty { fault, .. } if last => return Err(Stop::BadAnswer(fault)),
                Checked::Faulty { fault, repair, .. } => {
                    thread.faulty += 1;
                    // A figure without a source may have one; a wrong form is mended without.
                    thread.may_look_up = answer::lacks_evidence(&fault);
                    // Not every server takes a message without a word.
                    let said = if answer.text.trim().is_empty() { CUT } else { &answer.text };
                    messages.push(Message::assistant(said, Vec::new()));
                    messages.push(Message::user(repair));
                }
            }
        }
    }
}
