//! Step kind `tool`: one call of a named tool with checked arguments. Agents call tools the same way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use sha2::{Digest, Sha256};

use crate::document::Tool;
use crate::event::{Event, Fault, ToolCall};
use crate::expression::{Scope, Template};
use crate::id::{AgentName, ToolName};
use crate::plan::{Step, ToolStep};
use crate::run::attempts::Waits;
use crate::value::{Object, Value, hex, whole_millis};

use super::{Done, Job};

/// The longest that a call may take where the step sets no `timeout`.
pub(in crate::run) const TIMEOUT: Duration = Duration::from_secs(30);

/// Renders the arguments.
pub(in crate::run) fn prepare(call: &ToolStep, scope: &Scope) -> Result<Object, Fault> {
    render(&call.with, scope)
}

/// Renders named values.
pub(in crate::run) fn render(
    with: &IndexMap<String, Template>,
    scope: &Scope,
) -> Result<Object, Fault> {
    let render = |(name, template): (&String, &Template)| match template.render(scope) {
        Ok(value) => Ok((name.clone(), value)),
        Err(fault) => {
            Err(Fault { message: format!("argument `{name}`: {}", fault.message), ..fault })
        }
    };
    with.iter().map(render).collect()
}

/// A call, by a step or by one of its agents.
pub(super) struct Call<'c> {
    /// The consulted agent that calls.
    pub(super) agent: Option<&'c AgentName>,
    pub(super) tool: &'c ToolName,
    pub(super) arguments: &'c Object,
    /// Where an agent's call stands in the evidence.
    pub(super) evidence: Option<&'c str>,
}

/// Calls the tool of a step.
pub(super) async fn call(
    job: &Job,
    step: &Step,
    call: &ToolStep,
    arguments: &Object,
) -> Result<Done, Fault> {
    let call = Call { agent: None, tool: &call.tool, arguments, evidence: None };
    let output = invoke(job, step, call).await?;
    Ok(Done::of(Arc::unwrap_or_clone(output)))
}

/// Calls a tool, again where the fault may pass; every call is journaled.
pub(super) async fn invoke(job: &Job, step: &Step, call: Call<'_>) -> Result<Arc<Value>, Fault> {
    if let Some(past) = job.past().result(call.tool, call.arguments, call.evidence)
        && let Some(output) = past.output
    {
        return Ok(output);
    }
    let writes = job.plan.tools.get(call.tool).is_some_and(Tool::writes);
    if writes && let Some(fault) = job.past().failure(call.tool, call.arguments, call.evidence) {
        return Err(fault);
    }
    let timeout = step.timeout.map_or(TIMEOUT, |timeout| timeout.0);
    let mut waits = Waits::new(&step.retry);
    loop {
        let started = Instant::now();
        let (tools, arguments) = (&job.context.tools, call.arguments.clone());
        let result = if writes {
            tools.write(call.tool, arguments, timeout, &once(job, call.evidence)).await
        } else {
            tools.call(call.tool, arguments, timeout).await
        };
        let duration_ms = whole_millis(started.elapsed());
        let report = |output, error| Event::ToolCalled {
            step: job.path.clone(),
            call: ToolCall {
                agent: call.agent.cloned(),
                tool: call.tool.clone(),
                arguments: call.arguments.clone(),
                evidence: call.evidence.map(str::to_owned),
                output,
                error,
                duration_ms,
            },
        };
        match result {
            Ok(value) => {
                let value = Arc::new(value);
                job.report(report(Some(Arc::clone(&value)), None));
                return Ok(value);
            }
            Err(error) => {
                let fault = error.fault();
                job.report(report(None, Some(fault.clone())));
                let attempt = waits.attempt;
                let Some(wait) = error.retryable().then(|| waits.next(error.wait())).flatten()
                else {
                    return Err(fault);
                };
                let delay_ms = whole_millis(wait);
                job.report(Event::StepRetrying {
                    step: job.path.clone(),
                    attempt,
                    error: fault,
                    delay_ms,
                });
                tokio::time::sleep(wait).await;
            }
        }
    }
}

/// The name of a call that is to happen once: the same however often the run goes on.
fn once(job: &Job, evidence: Option<&str>) -> String {
    let call = format!("{} {} {}", job.run_id, job.path, evidence.unwrap_or_default());
    let mut name = hex(&Sha256::digest(call.as_bytes()));
    name.truncate(32);
    name
}
