//! How often the router decides, and how often it is right when it does.

use engine::ask::router::{Kind, Route, Thresholds, route_by};
use engine::id::{AgentName, WorkflowName};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::demo;

#[derive(Deserialize)]
struct Questions {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    question: String,
    expect: Expected,
    /// What is right as well.
    #[serde(default)]
    also: Vec<Expected>,
    /// Which part of the questions it belongs to, where there are several.
    part: Option<String>,
}

impl Case {
    fn holds(&self, route: &Route) -> bool {
        std::iter::once(&self.expect).chain(&self.also).any(|expect| expect.holds(route))
    }
}

#[derive(Debug, Deserialize)]
struct Expected {
    kind: String,
    workflow: Option<String>,
    #[serde(default)]
    params: Map<String, Value>,
    #[serde(default)]
    agents: Vec<String>,
}

impl Expected {
    /// Whether a decision is right. What nobody can answer may be refused, or be left to an agent who says so.
    fn holds(&self, route: &Route) -> bool {
        let mut agents: Vec<&str> = route.agents.iter().map(AgentName::as_str).collect();
        let mut wanted: Vec<&str> = self.agents.iter().map(String::as_str).collect();
        agents.sort_unstable();
        wanted.sort_unstable();
        let workflow = route.workflow.as_ref().map(WorkflowName::as_str);
        match (self.kind.as_str(), route.kind) {
            ("unanswerable", Kind::OutOfScope) => true,
            ("unanswerable", Kind::Agent) => {
                wanted.is_empty() || agents.iter().all(|agent| wanted.contains(agent))
            }
            (wanted, found) if wanted != found.name() => false,
            // What is asked back may be left open.
            ("clarify", _) if self.workflow.is_none() => true,
            ("workflow" | "clarify", _) => {
                workflow == self.workflow.as_deref() && route.params == self.params
            }
            ("agent" | "plan", _) => agents == wanted,
            _ => true,
        }
    }
}

#[derive(Default)]
struct Measured {
    questions: usize,
    decided: usize,
    right: usize,
    foreign: usize,
    refused: usize,
    /// Refused where no model is there.
    alone: usize,
}

impl Measured {
    /// Whether so many percent of the decisions are right.
    fn is_precise(&self, percent: usize) -> bool {
        self.right * 100 >= self.decided * percent
    }
}

impl std::fmt::Display for Measured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let share = |part: usize, whole: usize| part * 100 / whole.max(1);
        write!(
            f,
            "precision {} % ({} of {}), coverage {} % (of {}), out of scope refused {} % ({} of {}; without a model {})",
            share(self.right, self.decided),
            self.right,
            self.decided,
            share(self.decided, self.questions),
            self.questions,
            share(self.refused, self.foreign),
            self.refused,
            self.foreign,
            self.alone,
        )
    }
}

/// One of two halves of the questions, the same at every run.
fn half(question: &str) -> u8 {
    Sha256::digest(question.as_bytes())[0] % 2
}

fn measure(cases: &[&Case], sure: &Thresholds) -> (Measured, Vec<String>) {
    let index = demo::index();
    let mut measured = Measured { questions: cases.len(), ..Measured::default() };
    let mut wrong = Vec::new();
    for case in cases {
        let route = route_by(&index, &case.question, sure);
        if case.expect.kind == "out_of_scope" {
            measured.foreign += 1;
            let refused = route.kind == Kind::OutOfScope;
            measured.refused += usize::from(refused);
            let unnamed = route.kind == Kind::Unsure && route.agents.is_empty();
            measured.alone += usize::from(refused || unnamed);
        }
        if route.kind == Kind::Unsure {
            continue;
        }
        measured.decided += 1;
        if case.holds(&route) {
            measured.right += 1;
        } else {
            wrong.push(format!("{}\n  wanted {:?}\n  found {route:?}", case.question, case.expect));
        }
    }
    (measured, wrong)
}

#[test]
fn decisions_are_right() {
    let questions: Questions = demo::yaml(&demo::path("evals/router.yaml"));
    let sure = Thresholds::default();
    let all: Vec<&Case> = questions.cases.iter().collect();
    assert!(all.len() >= 170, "too few questions to tell: {}", all.len());
    let (measured, wrong) = measure(&all, &sure);
    println!("all: {measured}\n{}", wrong.join("\n"));
    for number in [0, 1] {
        let cases: Vec<&Case> =
            all.iter().copied().filter(|case| half(&case.question) == number).collect();
        let (measured, _) = measure(&cases, &sure);
        println!("half {number}: {measured}");
        assert!(measured.is_precise(95), "half {number}: {measured}");
    }
    assert!(measured.is_precise(95), "{measured}\n{}", wrong.join("\n"));
    assert!(measured.decided * 10 >= measured.questions * 7, "it decides too seldom: {measured}");
    assert!(measured.refused * 10 >= measured.foreign * 6, "it refuses too seldom: {measured}");
}

#[test]
fn decisions_on_questions_that_made_no_rule_are_right() {
    let questions: Questions = demo::yaml(&demo::path("evals/router_unseen.yaml"));
    let all: Vec<&Case> = questions.cases.iter().collect();
    let (measured, wrong) = measure(&all, &Thresholds::default());
    println!("unseen: {measured}\n{}", wrong.join("\n"));
    assert!(measured.questions >= 120, "too few questions to tell: {}", measured.questions);
    assert!(measured.is_precise(95), "{measured}\n{}", wrong.join("\n"));
    assert!(measured.decided * 10 >= measured.questions * 7, "it decides too seldom: {measured}");
}

#[test]
fn decisions_on_questions_of_an_outsider_are_right() {
    let questions: Questions = demo::yaml(&demo::path("tests/router/outside.yaml"));
    for part in ["first", "second"] {
        let of_part = |case: &&Case| case.part.as_deref() == Some(part);
        let all: Vec<&Case> = questions.cases.iter().filter(of_part).collect();
        let (measured, wrong) = measure(&all, &Thresholds::default());
        println!("outside, {part}: {measured}\n{}", wrong.join("\n"));
        assert!(measured.questions >= 120, "too few questions to tell: {}", measured.questions);
        assert!(measured.is_precise(95), "{measured}\n{}", wrong.join("\n"));
        assert!(measured.decided * 2 >= measured.questions, "it decides too seldom: {measured}");
    }
}
