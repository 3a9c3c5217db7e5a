//! Step kind `tool`: one call of a named tool with checked arguments.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indexmap::IndexMap;

use crate::event::{Event, Fault, ToolCall};
use crate::expression::{Scope, Template};
use crate::plan::{Step, ToolStep};
use crate::run::attempts::Waits;
use crate::value::Object;

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

/// Calls the tool, again where the fault may pass.
pub(super) async fn call(
    job: &Job,
    step: &Step,
    call: &ToolStep,
    arguments: &Object,
) -> Result<Done, Fault> {
    if let Some(past) = job.past().result(&call.tool, arguments)
        && let Some(output) = past.output
    {
        return Ok(Done::of(Arc::unwrap_or_clone(output)));
    }
    let timeout = step.timeout.map_or(TIMEOUT, |timeout| timeout.0);
    let mut waits = Waits::new(&step.retry);
    loop {
        let started = Instant::now();
        let result = job.context.tools.call(&call.tool, arguments.clone(), timeout).await;
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let report = |output, error| Event::ToolCalled {
            step: job.path.clone(),
            call: ToolCall {
                tool: call.tool.clone(),
                arguments: arguments.clone(),
                output,
                error,
                duration_ms,
            },
        };
        match result {
            Ok(value) => {
                job.report(report(Some(Arc::new(value.clone())), None));
                return Ok(Done::of(value));
            }
            Err(error) => {
                let fault = error.fault();
                job.report(report(None, Some(fault.clone())));
                let attempt = waits.attempt;
                let Some(wait) = error.retryable().then(|| waits.next(None)).flatten() else {
                    return Err(fault);
                };
                let delay_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
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
