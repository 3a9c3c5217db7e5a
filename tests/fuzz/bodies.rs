//! What is fuzzed: given any bytes, the engine gives an answer; it does not panic, and does not run away.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};

use engine::diagnostic::{Diagnostic, SourceFile};
use engine::document::{self, Agent, Document, Kindred, Project, Provider, ToolFile, Workflow};
use engine::event::Record;
use engine::expression::{
    Scope, Type, analyse_expression, analyse_template, citations, evaluate, infer_expression,
    infer_template, view,
};
use engine::model::{Watcher, read_pieces, read_whole};
use engine::plan::{self, Graph, Library, Plan};
use engine::run::{Outcome, Scheduler};

fn read<T: Kindred>(text: &str) -> Option<Document<T>> {
    let file = Arc::new(SourceFile { path: PathBuf::from("w.yaml"), text: text.to_owned() });
    let (read, faults) = document::read_as_far::<T>(file);
    let whole = read.as_ref().is_some_and(Document::is_whole);
    assert_eq!(whole, faults.is_empty(), "a file that is not whole has a fault");
    read
}

/// Any bytes as every kind of file.
pub(crate) fn document(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    read::<Project>(text);
    read::<Agent>(text);
    read::<ToolFile>(text);
    read::<Workflow>(text);
}

/// Any bytes as an expression, as a template, and as an answer with citations.
pub(crate) fn expression(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    analyse_template(text);
    let bare = analyse_expression(text);
    infer_template(text, &|_, _| Type::Any);
    infer_expression(text, &|_, _| Type::Any);
    citations(text);
    if bare.problems.is_empty() {
        let scope = Scope::new(&view(&serde_json::json!({"a": 1, "b": [1, 2]})), []);
        drop(evaluate(text, &scope));
    }
}

/// Any bytes as a workflow, as far as a plan and its graph.
pub(crate) fn plan(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(workflow) = read::<Workflow>(text) else { return };
    let (plan, faults) = plan::compile(&workflow, &Library::default());
    let at_fault = !workflow.is_whole() || faults.iter().any(Diagnostic::is_error);
    assert_eq!(plan.is_none(), at_fault, "no plan has a fault");
    let Some(plan) = plan else { return };
    let order = Graph::of(&plan).order();
    assert_eq!(order.len(), plan.steps.len(), "a plan has an order");
    let (_, json) = plan.freeze().expect("a plan is JSON");
    let thawed: Plan = serde_json::from_str(&json).expect("a frozen plan is one");
    assert_eq!(plan, thawed);
}

/// Any bytes as the journal of a run.
pub(crate) fn replay(data: &[u8]) {
    static PLAN: LazyLock<Arc<Plan>> = LazyLock::new(|| {
        let text = include_str!("seeds/replay.yaml");
        let workflow = read::<Workflow>(text).expect("a workflow");
        Arc::new(plan::compile(&workflow, &Library::default()).0.expect("a plan"))
    });
    let Ok(records) = serde_json::from_slice::<Vec<Record>>(data) else { return };
    if let Ok(scheduler) = Scheduler::replay(Arc::clone(&PLAN), &records) {
        scheduler.next();
        Outcome::of(scheduler.state());
    }
}

const PROVIDERS: [Provider; 2] = [Provider::Openai, Provider::Anthropic];

/// Any bytes as the body of a model's answer.
pub(crate) fn answer(data: &[u8]) {
    for provider in PROVIDERS {
        read_whole(provider, data);
    }
}

/// What is heard of an answer while it comes.
#[derive(Default)]
struct Heard(Mutex<String>);

impl Watcher for Heard {
    fn began(&self) {
        self.0.lock().expect("one thread").clear();
    }

    fn said(&self, piece: &str) {
        assert!(!piece.is_empty(), "a piece says something");
        self.0.lock().expect("one thread").push_str(piece);
    }
}

/// Any bytes as an answer that comes in pieces, cut in more than one way.
pub(crate) fn stream(data: &[u8]) {
    for provider in PROVIDERS {
        let read = |size: usize| {
            let heard = Heard::default();
            let answer = read_pieces(provider, data.chunks(size), &heard)?;
            let heard = heard.0.into_inner().expect("one thread");
            assert_eq!(heard, answer.text, "a watcher hears all of the answer and nothing else");
            Some(answer)
        };
        let (whole, cut) = (read(data.len().max(1)), read(1 + data.len() % 5));
        if let (Some(whole), Some(cut)) = (whole, cut) {
            assert_eq!(whole, cut, "where it was cut is no part of an answer");
        }
    }
}
