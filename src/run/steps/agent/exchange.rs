//! One answer of a model: as many requests as it takes and `retry` allows, each within the budget and journaled.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::event::{Event, Fault, ModelCall, Usage};
use crate::model::{Answer, Endpoint, Watcher};
use crate::run::attempts::Waits;
use crate::value::whole_millis;

use super::late::{self, Other, Sent};
use super::{Asker, Thread};

/// The longest that a request may take where the step sets no `timeout`.
pub(in crate::run) const TIMEOUT: Duration = Duration::from_mins(5);

/// Asks a model; again where the fault may pass. Notes in the conversation which budget was exceeded, where the calls
/// are made all the same. A watcher reads the text as it comes.
pub(super) async fn exchange(
    asker: &Asker<'_>,
    endpoint: &Endpoint,
    thread: &mut Thread,
    waits: &mut Waits,
    watcher: Option<&dyn Watcher>,
) -> Result<Answer, Fault> {
    let Asker { job, step, .. } = asker;
    let Thread { request, over_budget, .. } = thread;
    let timeout = step.timeout.map_or(TIMEOUT, |timeout| timeout.0);
    if let Some(call) = job.past().answer(endpoint.name(), &request.system, &request.messages) {
        let ModelCall { answer, tool_calls, usage, truncated, .. } = call;
        let text = answer.unwrap_or_default();
        if let Some(watcher) = watcher {
            watcher.began();
            if !text.is_empty() {
                watcher.ended(&text);
            }
        }
        return Ok(Answer { text, tool_calls, usage, truncated });
    }
    loop {
        if job.needless.load(Ordering::Relaxed) {
            return Err(Fault::new("needless", "the step was dropped from the plan"));
        }
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
        // An answer that somebody reads as it comes is not read twice.
        let sent = if endpoint.hedges() && watcher.is_none() {
            Box::pin(late::send(asker, endpoint, admission, request, timeout)).await
        } else {
            let started = Instant::now();
            let result = endpoint.send(admission, request, timeout, watcher).await;
            Sent { result, took: started.elapsed(), other: None }
        };
        let call = ModelCall {
            agent: asker.consulted.cloned(),
            model: endpoint.name().clone(),
            system: request.system.clone(),
            messages: request.messages.clone(),
            tools: request.offered().iter().map(|tool| tool.name.clone()).collect(),
            answer: None,
            tool_calls: Vec::new(),
            truncated: false,
            called_off: false,
            error: None,
            usage: Usage::default(),
            cost_usd: None,
            duration_ms: whole_millis(sent.took),
        };
        let report = |call| job.report(Event::ModelCalled { step: job.path.clone(), call });
        if let Some(Other { usage, cost_usd, error, took }) = sent.other {
            report(ModelCall {
                called_off: error.is_none(),
                error: error.map(|error| error.fault()),
                usage,
                cost_usd,
                duration_ms: whole_millis(took),
                ..call.clone()
            });
        }
        let (fault, retryable, retry_after) = match sent.result {
            Ok(answer) => {
                // A server that tells no tokens is not free: what it cost nobody knows, and what was reserved stays taken.
                let told = answer.usage != Usage::default();
                let cost = endpoint.cost(answer.usage).filter(|_| told);
                if told {
                    reserved.book(cost, answer.usage);
                } else {
                    let greatest = endpoint.greatest_cost(request);
                    reserved.book(greatest, endpoint.greatest_usage(request));
                }
                report(ModelCall {
                    answer: Some(answer.text.clone()),
                    tool_calls: answer.tool_calls.clone(),
                    truncated: answer.truncated,
                    usage: answer.usage,
                    cost_usd: cost,
                    ..call
                });
                return Ok(answer);
            }
            Err(error) => (error.fault(), error.retryable(), error.retry_after),
        };
        report(ModelCall { error: Some(fault.clone()), ..call });
        let attempt = waits.attempt;
        let Some(wait) = retryable.then(|| waits.next(retry_after)).flatten() else {
            return Err(fault);
        };
        let delay_ms = whole_millis(wait);
        job.report(Event::StepRetrying { step: job.path.clone(), attempt, error: fault, delay_ms });
        tokio::time::sleep(wait).await;
    }
}
