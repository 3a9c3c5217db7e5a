//! Runs cases, so many at the same time, and judges what they give.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream;

use super::case::{Ask, Case, Turn};
use super::checks::{self, Found, Known};
use super::given::Given;
use super::judge::{Inquiry, Judgement};
use super::report::{Attempt, CaseReport, Judged, Status, share};
use super::selection::Selection;
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

    /// Why the model of that number cannot do the cases of the eval of that number; none where it can.
    fn left_out(&self, model: usize, file: usize) -> Option<String>;

    /// What a query says a figure must be.
    fn query(&self, sql: &ExpectedSql, with: &Object)
    -> impl Future<Output = Result<Value, Fault>>;

    /// What a judge says, for the eval of that number.
    fn judge(&self, file: usize, inquiry: Inquiry<'_>) -> impl Future<Output = Judgement>;

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
    if let Some(found) = runner.left_out(model, case.file) {
        let status = Status::Undecided;
        let assert = "a model answers".to_owned();
        let judged = Judged { turn: None, assert, status, found, verdict: None, lost: None };
        return Attempt { status, asserts: vec![judged], ..Attempt::default() };
    }
    let mut talk = R::Talk::default();
    let mut attempt = Attempt::default();
    let several = case.turns.len() > 1;
    for (number, turn) in (1..).zip(&case.turns) {
        let asked = Instant::now();
        let given = runner.ask(model, &turn.ask, &mut talk).await;
        let took = asked.elapsed();
        // What is asked to judge the answer is no part of what the answer took.
        attempt.duration_ms += took.as_secs_f64() * 1000.0;
        let about = About { case, turn, given: &given, took };
        for assertion in &turn.assert {
            let judged = about.look(assertion, runner).await;
            attempt.asserts.push(Judged { turn: several.then_some(number), ..judged });
        }
        attempt.asserts.extend(given.missed.iter().map(|missed| Judged {
            turn: several.then_some(number),
            assert: "every question is recorded".to_owned(),
            status: Status::Failed,
            found: missed.clone(),
            verdict: None,
            lost: None,
        }));
        attempt.selection = selection(turn, &given).or(attempt.selection);
        if let Some(outcome) = &given.outcome {
            attempt.runs.push(outcome.run_id.clone());
            attempt.degraded |= outcome.degraded;
        }
        let spent = given.spent();
        attempt.cost_usd += spent.cost_usd;
        attempt.unpriced_calls += spent.unpriced_calls;
        attempt.answer = match (&given.outcome, &given.fault) {
            (Some(_), _) => given.text(),
            (None, Some(fault)) => fault.message.clone(),
            (None, None) => String::new(),
        };
        attempt.route = given.route;
    }
    attempt.status = attempt.asserts.iter().map(|one| one.status).min().unwrap_or(Status::Passed);
    attempt
}

/// Who answers a question whose agents are known, once that is settled.
fn selection(turn: &Turn, given: &Given) -> Option<Selection> {
    let needed = turn.assert.iter().find_map(|assertion| match &assertion.check {
        Check::Agents(agents) if !assertion.not => Some(agents),
        _ => None,
    })?;
    let route = given.route.as_ref()?;
    given.is_settled().then(|| Selection {
        needed: needed.places().map(|(_, agent)| agent.clone()).collect(),
        chosen: given.agents.clone(),
        by: route.by.clone(),
    })
}

/// An answer that is looked at.
struct About<'a> {
    case: &'a Case,
    turn: &'a Turn,
    given: &'a Given,
    took: Duration,
}

#[expect(clippy::future_not_send, reason = "runs share one journal and stay on its thread")]
impl About<'_> {
    /// Looks at one assertion, and asks whom it takes for that.
    async fn look<R: Runner>(&self, assertion: &Assertion, runner: &R) -> Judged {
        let judgement = self.judgement(assertion, runner).await;
        let found = match self.query(assertion, runner).await {
            Ok(wanted) => {
                let (given, judgement) = (self.given, judgement.as_ref());
                checks::look(assertion, &Known { given, took: self.took, wanted, judgement })
            }
            Err(fault) => Found::Nothing(format!("the query cannot tell: {}", fault.message)),
        };
        let (status, found) = match found {
            Found::Holds(what) => (Status::Passed, what),
            Found::Open(what) => (Status::Undecided, what),
            Found::Fails(what) | Found::Nothing(what) => (Status::Failed, what),
        };
        let (verdict, lost) = match judgement {
            Some(Judgement::Given(verdict)) => (Some(verdict), None),
            Some(Judgement::Failed(_, spent)) => (None, Some(spent)),
            Some(Judgement::Absent(_)) | None => (None, None),
        };
        Judged { turn: None, assert: assertion.line(), status, found, verdict, lost }
    }

    /// What a query says a figure must be; none where no query is asked.
    async fn query<R: Runner>(
        &self,
        assertion: &Assertion,
        runner: &R,
    ) -> Result<Option<Value>, Fault> {
        let Check::Figure(figure) = &assertion.check else { return Ok(None) };
        let Some(sql) = &figure.sql else { return Ok(None) };
        runner.query(sql, &self.turn.values_of(sql)).await.map(Some)
    }

    /// What a judge says; none where no rubric is asked about, or there is no answer to be judged.
    async fn judgement<R: Runner>(&self, assertion: &Assertion, runner: &R) -> Option<Judgement> {
        let Check::LlmRubric(rubric) = &assertion.check else { return None };
        if !self.given.has_answer() {
            return None;
        }
        let (question, answer) = (self.turn.ask.told(), self.given.text());
        let inquiry = Inquiry { question: &question, answer: &answer, rubric: rubric.text() };
        Some(runner.judge(self.case.file, inquiry).await)
    }
}
