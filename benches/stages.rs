//! The stages a workflow passes through, each on its own: `cargo bench`.

#![expect(clippy::expect_used, reason = "a benchmark fails by panicking")]

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use divan::Bencher;
use engine::diagnostic::SourceFile;
use engine::document::{self, Document, Workflow};
use engine::event::{Event, FigureCount, Record};
use engine::id::StepPath;
use engine::journal::{Journal, Writer};
use engine::plan::{self, Library, Plan};
use engine::run::{Next, Scheduler, Unit};
use engine::value::Object;

fn main() {
    divan::main();
}

/// A chain of computed steps.
fn text(steps: usize) -> String {
    let mut text = "name: chain\nsteps:\n  - {id: s0, compute: {x: 1}}\n".to_owned();
    for step in 1..steps {
        // Writing to a string cannot fail.
        let _ =
            writeln!(text, "  - {{id: s{step}, compute: {{x: steps.s{}.output.x + 1}}}}", step - 1);
    }
    text
}

fn read(text: &str) -> Document<Workflow> {
    let file = SourceFile { path: PathBuf::from("chain.yaml"), text: text.to_owned() };
    document::read(Arc::new(file)).0.expect("a sound workflow")
}

fn compiled(steps: usize) -> Arc<Plan> {
    Arc::new(plan::compile(&read(&text(steps)), &Library::default()).0.expect("a plan"))
}

#[divan::bench(args = [10, 1000])]
fn read_and_check(bencher: Bencher<'_, '_>, steps: usize) {
    let text = text(steps);
    bencher.bench(|| read(&text));
}

#[divan::bench(args = [10, 1000])]
fn compile(bencher: Bencher<'_, '_>, steps: usize) {
    let document = read(&text(steps));
    bencher.bench(|| plan::compile(&document, &Library::default()));
}

fn succeeded(plan: &Plan, unit: Unit) -> [Record; 2] {
    let step = StepPath::from(&plan.steps.get(unit.step).expect("a step").id);
    let end = Event::StepSucceeded {
        step: step.clone(),
        output: Arc::new(1.into()),
        key: None,
        reused: None,
        defaulted: None,
        figures: FigureCount::default(),
        warnings: Vec::new(),
        looked_up: Vec::new(),
    };
    let started = Event::StepStarted { step, items: None, params: None };
    [Record { at_us: 0, event: started }, Record { at_us: 1, event: end }]
}

fn started() -> Record {
    let event = Event::RunStarted {
        run_id: "r".into(),
        workflow: "chain".into(),
        plan: "p".into(),
        params: Object::new(),
        offline: true,
        allow_write: false,
        parent: None,
        batch: None,
        session: None,
    };
    Record { at_us: 0, event }
}

#[divan::bench(args = [10, 10_000])]
fn schedule(bencher: Bencher<'_, '_>, steps: usize) {
    let plan = compiled(steps);
    bencher.bench(|| {
        let mut scheduler = Scheduler::new(Arc::clone(&plan));
        scheduler.apply(&started()).expect("a legal event");
        while let Some(Next::Start(unit)) = scheduler.next() {
            for record in succeeded(&plan, unit) {
                scheduler.apply(&record).expect("a legal event");
            }
        }
        scheduler
    });
}

#[divan::bench]
fn journal_a_step(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut journal = Journal::open(&folder.path().join("journal.db")).expect("a journal");
    let mut writer = Writer::new("r".into());
    journal.append(&mut writer, &[started()]).expect("a write");
    let group = succeeded(&compiled(1), Unit { frame: 0, step: 0, item: None });
    bencher.bench_local(|| journal.append(&mut writer, &group).expect("a write"));
}
