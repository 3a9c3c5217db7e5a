//! Answers that are late by the model's own measure: the same question goes out a second time, and the first good answer
//! wins. What the other may cost is reserved before, and booked at an estimate.

use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};

use crate::event::Usage;
use crate::model::{Admission, Answer, Endpoint, ModelError, Request};

use super::Asker;

/// What came of a question.
pub(super) struct Sent {
    /// The answer, or why there is none.
    pub(super) result: Result<Answer, ModelError>,
    /// How long it took.
    pub(super) took: Duration,
    /// The other request, where it went out a second time.
    pub(super) other: Option<Other>,
}

/// The request whose answer did not count.
pub(super) struct Other {
    /// What it took of the model: an estimate where it was called off, nothing where it failed.
    pub(super) usage: Usage,
    /// What that costs, where the model has a price.
    pub(super) cost_usd: Option<f64>,
    /// Why it failed; none where it was called off.
    pub(super) error: Option<ModelError>,
    /// How long it took, or had taken when it was called off.
    pub(super) took: Duration,
}

impl Other {
    fn failed(error: ModelError, took: Duration) -> Self {
        Self { usage: Usage::default(), cost_usd: None, error: Some(error), took }
    }
}

/// Sends an admitted request, and a second time where its answer is late.
pub(super) async fn send(
    asker: &Asker<'_>,
    endpoint: &Endpoint,
    admission: Admission<'_>,
    request: &Request,
    within: Duration,
) -> Sent {
    let started = Instant::now();
    let mut first = pin!(endpoint.send(admission, request, within, None));
    let late = endpoint.late_after().filter(|_| may_go_out_twice(asker, request));
    let in_time = match late {
        Some(late) => tokio::time::timeout(late, &mut first).await.ok(),
        None => Some(first.as_mut().await),
    };
    let sent = match in_time {
        Some(result) => Sent { result, took: started.elapsed(), other: None },
        None => race(asker, endpoint, request, within, (first, started)).await,
    };
    if sent.result.is_ok() {
        // From when it was asked to begin with: were only those counted that won, more and more would be late.
        endpoint.took(started.elapsed());
    }
    sent
}

/// Sends a request a second time, where the budget holds both; the first good answer wins.
async fn race(
    asker: &Asker<'_>,
    endpoint: &Endpoint,
    request: &Request,
    within: Duration,
    (first, started): (impl Future<Output = Result<Answer, ModelError>> + Unpin, Instant),
) -> Sent {
    let greatest = (endpoint.greatest_cost(request), endpoint.greatest_usage(request));
    let reserved = asker.job.budget.reserve(greatest.0, greatest.1).ok();
    let Some(reserved) = reserved.filter(|reserved| reserved.warning.is_none()) else {
        return Sent { result: first.await, took: started.elapsed(), other: None };
    };
    let again = Instant::now();
    let second = pin!(async {
        let admission = endpoint.admit(request).await;
        endpoint.send(admission, request, within, None).await
    });
    let (result, took, other) = match select(first, second).await {
        Either::Left((Ok(answer), _)) => {
            let other = called_off(endpoint, request, &answer, again.elapsed());
            (Ok(answer), started.elapsed(), other)
        }
        Either::Right((Ok(answer), _)) => {
            let other = called_off(endpoint, request, &answer, started.elapsed());
            (Ok(answer), again.elapsed(), other)
        }
        Either::Left((Err(error), second)) => {
            let failed = Other::failed(error, started.elapsed());
            (second.await, again.elapsed(), failed)
        }
        Either::Right((Err(error), first)) => {
            let failed = Other::failed(error, again.elapsed());
            (first.await, started.elapsed(), failed)
        }
    };
    reserved.book(other.cost_usd, other.usage);
    Sent { result, took, other: Some(other) }
}

/// What a request took that was called off: as much as that with the answer, which was the same question.
fn called_off(endpoint: &Endpoint, request: &Request, answer: &Answer, took: Duration) -> Other {
    let told = answer.usage.input_tokens > 0 || answer.usage.output_tokens > 0;
    let usage = if told { answer.usage } else { endpoint.greatest_usage(request) };
    Other { usage, cost_usd: endpoint.cost(usage), error: None, took }
}

/// Whether a request may go out twice: not where the model may have something changed.
fn may_go_out_twice(asker: &Asker<'_>, request: &Request) -> bool {
    let tools = &asker.job.plan.tools;
    let writes =
        |name: &str| tools.iter().any(|(known, tool)| known.as_str() == name && tool.writes());
    !request.offered().iter().any(|tool| writes(&tool.name))
}
