//! Step kind `agent`: asks a model, again where the fault may pass, the next model where it does not, and once
//! more where the answer itself is at fault.

use std::time::{Duration, Instant};

use crate::document::Figures;
use crate::event::{Event, Fault, Message, ModelCall, Role, Usage};
use crate::expression::{Scope, fence};
use crate::model::{Answer, Endpoint, Request};
use crate::plan::{AgentStep, Step};
use crate::run::attempts::Waits;
use crate::run::figures::Evidence;

use super::answer::{self, Judged};
use super::{Done, Job};

/// The longest that a request may take where the step sets no `timeout`.
pub(in crate::run) const TIMEOUT: Duration = Duration::from_mins(5);

/// Why a model gave no usable answer.
enum Stop {
    /// It did not answer: the next model may.
    NoAnswer(Fault),
    /// It answered twice and was wrong twice: another model is not asked for it.
    BadAnswer(Fault),
}

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

/// Asks the agent.
pub(super) async fn ask(
    job: &Job,
    step: &Step,
    agent: &AgentStep,
    system: &str,
    prompt: &str,
) -> Result<Done, Fault> {
    if job.context.offline {
        return Err(Fault::new("no-model", "no model was asked (--offline)"));
    }
    let endpoints =
        job.context.models.resolve(&agent.models).await.map_err(|error| error.fault())?;
    let mut fault = Fault::new("no-model", "no model is there to ask")
        .help("set OPENAI_API_KEY, OPENAI_BASE_URL or ANTHROPIC_API_KEY, start a local server, or give the step a default");
    let mut request = Request {
        system: system.to_owned(),
        messages: vec![Message { role: Role::User, content: prompt.to_owned() }],
        schema: agent.schema.clone(),
        max_tokens: agent.max_tokens,
    };
    for endpoint in &endpoints {
        match converse(job, step, agent, endpoint, &mut request).await {
            Ok(done) => return Ok(done),
            Err(Stop::NoAnswer(reason)) => fault = reason,
            Err(Stop::BadAnswer(reason)) => return Err(reason),
        }
    }
    Err(fault)
}

/// Role, goal and instructions, then what is missing, the rule for fenced data where the prompt holds any, and the
/// rule for figures.
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
    let cites = (agent.figures == Figures::Cite).then(|| answer::citation_rule(evidence));
    if fence::is_fenced(prompt)
        || !gaps.is_empty()
        || cites.as_deref().is_some_and(fence::is_fenced)
    {
        parts.push(fence::RULE.to_owned());
    }
    parts.extend(cites);
    parts.join("\n\n")
}

/// Asks one model until it answers, and once more where its answer is at fault.
async fn converse(
    job: &Job,
    step: &Step,
    agent: &AgentStep,
    endpoint: &Endpoint,
    request: &mut Request,
) -> Result<Done, Stop> {
    let mut waits = Waits::new(&step.retry);
    let mut repaired = false;
    let mut over_budget = None;
    loop {
        let answer = attempt(job, step, endpoint, request, &mut waits, &mut over_budget)
            .await
            .map_err(Stop::NoAnswer)?;
        let warned = |mut done: Done| {
            done.warnings.extend(over_budget.clone());
            done
        };
        let given =
            request.messages.first().map(|message| message.content.as_str()).unwrap_or_default();
        match answer::judge(&job.path, agent, &answer, given, &job.evidence) {
            Judged::Good(done) => return Ok(warned(done)),
            Judged::Faulty { usable: Some(done), .. } if repaired => return Ok(warned(done)),
            Judged::Faulty { fault, .. } if repaired => return Err(Stop::BadAnswer(fault)),
            Judged::Faulty { repair, .. } => {
                repaired = true;
                request.messages.push(Message { role: Role::Assistant, content: answer.text });
                request.messages.push(Message { role: Role::User, content: repair });
            }
        }
    }
}

/// One answer: as many requests as it takes and `retry` allows. Notes which budget was exceeded, where the calls are
/// made all the same.
async fn attempt(
    job: &Job,
    step: &Step,
    endpoint: &Endpoint,
    request: &Request,
    waits: &mut Waits,
    over_budget: &mut Option<String>,
) -> Result<Answer, Fault> {
    let timeout = step.timeout.map_or(TIMEOUT, |timeout| timeout.0);
    if let Some(call) = job.past().answer(endpoint.name(), &request.system, &request.messages) {
        let text = call.answer.unwrap_or_default();
        return Ok(Answer { text, usage: call.usage, truncated: call.truncated });
    }
    loop {
        let mut reserved = job
            .budget
            .reserve(endpoint.greatest_cost(request), endpoint.greatest_usage(request))
            .inspect_err(|fault| {
                let message = fault.message.clone();
                job.report(Event::BudgetExceeded { step: job.path.clone(), message });
            })?;
        if let Some(warning) = reserved.warning.take() {
            *over_budget = Some(warning);
        }
        // Waiting for one's turn is no fault of the server, so it is outside the time limit.
        let admission = endpoint.admit(request).await;
        let started = Instant::now();
        let result = endpoint.send(admission, request, timeout).await;
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let report = |answer, truncated, error, usage, cost_usd| Event::ModelCalled {
            step: job.path.clone(),
            call: ModelCall {
                model: endpoint.name().clone(),
                system: request.system.clone(),
                messages: request.messages.clone(),
                answer,
                truncated,
                error,
                usage,
                cost_usd,
                duration_ms,
            },
        };
        let (fault, retryable, retry_after) = match result {
            Ok(answer) => {
                let cost = endpoint.cost(answer.usage);
                reserved.book(cost, answer.usage);
                let text = Some(answer.text.clone());
                job.report(report(text, answer.truncated, None, answer.usage, cost));
                return Ok(answer);
            }
            Err(error) => (error.fault(), error.retryable(), error.retry_after),
        };
        job.report(report(None, false, Some(fault.clone()), Usage::default(), None));
        let attempt = waits.attempt;
        let Some(wait) = retryable.then(|| waits.next(retry_after)).flatten() else {
            return Err(fault);
        };
        let delay_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        job.report(Event::StepRetrying { step: job.path.clone(), attempt, error: fault, delay_ms });
        tokio::time::sleep(wait).await;
    }
}
