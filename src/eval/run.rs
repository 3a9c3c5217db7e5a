//! Runs cases, so many at the same time, and judges what they give.

use std::time::Instant;

use futures_util::StreamExt as _;
use futures_util::stream;

use super::case::{Ask, Case, Turn};
use super::checks::{self, Found, Known};
use super::given::Given;
use super::report::{Attempt, CaseReport, Judged, Status, share};
use super::statistics::wilson;
use crate::document::{Assertion, Check, ExpectedSql};
use crate::event::Fault;
use crate::value::{Object, Value};

/// Whoever can run workflows and answer questions.
pub trait Runner {
    /// What a conversation remembers from question to question.
    type Talk: Default;

    /// Runs or asks, with the model of that number.
    fn ask(&self, model: usize, ask: &Ask, talk: &mut Self::Talk) -> impl Future<Output = Given>;

    /// What a query says a figure must be.
    fn query(&self, sql: &ExpectedSql, with: &Object)
    -> impl Future<Output = Result<Value, Fault>>;

    /// Takes note of an attempt that ended.
    fn ended(&self, case: &Case, attempt: &Attempt);

    /// Whether nothing more should begin.
    fn is_cancelled(&self) -> bool;
}

/// How cases are run.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The names of the models, each of which does every case.
    pub models: Vec<String>,
    /// How often each case is done with each model.
    pub repeat: usize,
    /// Attempts at the same time.
    pub concurrency: usize,
}

/// Does all cases; `files` are the names of the evals they are of.
#[expect(clippy::future_not_send, reason = "runs share one journal and stay on its thread")]
pub async fn run<R: Runner>(
    cases: &[Case],
    files: &[String],
    limits: &Limits,
    runner: &R,
) -> Vec<CaseReport> {
    // A model after the other, and a round after the other: what is rare shows early.
    let jobs = (0..limits.models.len()).flat_map(|model| {
        (0..limits.repeat).flat_map(move |_| (0..cases.len()).map(move |case| (model, case)))
    });
    let jobs = jobs.take_while(|_| !runner.is_cancelled());
    let attempts = stream::iter(jobs).map(|(model, number)| async move {
        let case = cases.get(number)?;
        let attempt = attempt(case, model, runner).await;
        runner.ended(case, &attempt);
        Some((model, number, attempt))
    });
    let mut done: Vec<(usize, usize, Attempt)> = attempts
        .buffer_unordered(limits.concurrency.max(1))
        .filter_map(async |one| one)
        .collect()
        .await;
    done.sort_by_key(|(model, case, _)| (*model, *case));
    let mut reports: Vec<((usize, usize), CaseReport)> = Vec::new();
    for (model, number, attempt) in done {
        let key = (model, number);
        if let Some((_, report)) = reports.last_mut().filter(|(last, _)| *last == key) {
            report.attempts.push(attempt);
            continue;
        }
        let (Some(case), Some(model)) = (cases.get(number), limits.models.get(model)) else {
            continue;
        };
        let report = CaseReport {
            file: files.get(case.file).cloned().unwrap_or_default(),
            name: case.name.clone(),
            tags: case.tags.clone(),
            model: model.clone(),
            status: Status::Passed,
            pass_rate: None,
            interval: None,
            attempts: vec![attempt],
        };
        reports.push((key, report));
    }
    reports.into_iter().map(|(_, report)| summed(report)).collect()
}

fn summed(mut report: CaseReport) -> CaseReport {
    let count = |status| report.attempts.iter().filter(|one| one.status == status).count();
    let (passed, failed) = (count(Status::Passed), count(Status::Failed));
    report.status = report.attempts.iter().map(|one| one.status).min().unwrap_or(Status::Undecided);
    report.pass_rate = share(passed, passed + failed);
    report.interval = (passed + failed > 0).then(|| wilson(passed, passed + failed));
    report
}

#[expect(clippy::future_not_send, reason = "runs share one journal and stay on its thread")]
async fn attempt<R: Runner>(case: &Case, model: usize, runner: &R) -> Attempt {
    let began = Instant::now();
    let mut talk = R::Talk::default();
    let mut attempt = Attempt {
        status: Status::Passed,
        asserts: Vec::new(),
        answer: String::new(),
        route: None,
        runs: Vec::new(),
        degraded: false,
        cost_usd: 0.0,
        unpriced_calls: 0,
        duration_ms: 0.0,
    };
    let several = case.turns.len() > 1;
    for (number, turn) in (1..).zip(&case.turns) {
        let asked = Instant::now();
        let given = runner.ask(model, &turn.ask, &mut talk).await;
        let took = asked.elapsed();
        for assertion in &turn.assert {
            let (wanted, fault) = match query(assertion, turn, runner).await {
                Ok(wanted) => (wanted, None),
                Err(fault) => (None, Some(fault)),
            };
            let found = match fault {
                Some(fault) => Found::Nothing(format!("the query cannot tell: {}", fault.message)),
                None => checks::look(assertion, &Known { given: &given, took, wanted }),
            };
            attempt.asserts.push(judged(assertion, several.then_some(number), found));
        }
        if let Some(outcome) = &given.outcome {
            attempt.runs.push(outcome.run_id.clone());
            attempt.degraded |= outcome.degraded;
            attempt.cost_usd += outcome.cost_usd;
            attempt.unpriced_calls += outcome.unpriced_calls;
        }
        attempt.answer = match (&given.outcome, &given.fault) {
            (Some(_), _) => given.text(),
            (None, Some(fault)) => fault.message.clone(),
            (None, None) => String::new(),
        };
        attempt.route = given.route;
    }
    attempt.status = attempt.asserts.iter().map(|one| one.status).min().unwrap_or(Status::Passed);
    attempt.duration_ms = began.elapsed().as_secs_f64() * 1000.0;
    attempt
}

/// What a query says a figure must be; none where no query is asked.
#[expect(clippy::future_not_send, reason = "runs share one journal and stay on its thread")]
async fn query<R: Runner>(
    assertion: &Assertion,
    turn: &Turn,
    runner: &R,
) -> Result<Option<Value>, Fault> {
    let Check::Figure(figure) = &assertion.check else { return Ok(None) };
    let Some(sql) = &figure.sql else { return Ok(None) };
    runner.query(sql, &turn.values_of(sql)).await.map(Some)
}

fn judged(assertion: &Assertion, turn: Option<usize>, found: Found) -> Judged {
    let (status, found) = match found {
        Found::Holds(what) => (Status::Passed, what),
        Found::Open(what) => (Status::Undecided, what),
        Found::Fails(what) | Found::Nothing(what) => (Status::Failed, what),
    };
    Judged { turn, assert: assertion.line(), status, found }
}
