//! Step kind `tool`: one call of a named tool with checked arguments.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::event::{Event, Fault, ToolCall};
use crate::plan::{Step, ToolStep};
use crate::run::attempts::Waits;
use crate::value::Object;

use super::{Done, Job};

/// The longest that a call may take where the step sets no `timeout`.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Calls the tool, again where the fault may pass.
pub(super) async fn call(job: &Job, step: &Step, call: &ToolStep) -> Result<Done, Fault> {
    let mut arguments = Object::new();
    for (name, template) in &call.with {
        let value = template.render(&job.scope).map_err(|fault| Fault {
            message: format!("argument `{name}`: {}", fault.message),
            ..fault
        })?;
        arguments.insert(name.clone(), value);
    }
    let timeout = step.timeout.map_or(TIMEOUT, |timeout| timeout.0);
    let mut waits = Waits::new(&step.retry);
    loop {
        let started = Instant::now();
        let result = job.context.tools.call(&call.tool, arguments.clone(), timeout).await;
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let report = |output, error| Event::ToolCalled {
            step: step.id.clone(),
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
                    step: step.id.clone(),
                    attempt,
                    error: fault,
                    delay_ms,
                });
                tokio::time::sleep(wait).await;
            }
        }
    }
}
