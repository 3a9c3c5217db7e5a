//! Properties of units with parts, approvals and early ends: whatever the order, and wherever a process dies.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use indexmap::IndexMap;
use proptest::prelude::*;
use serde_json::json;

use super::plan;
use crate::event::{Event, Fault, FigureCount, Record, RunStatus, SkipReason};
use crate::expression::Template;
use crate::id::StepPath;
use crate::plan::{ApprovalStep, ForEach, Kind, Plan, WorkflowStep};
use crate::run::budget::Budget;
use crate::run::{Next, Outcome, Phase, RunState, Scheduler, StepState, Unit};

/// What a step is, and how often it can be repeated.
#[derive(Clone, Copy, Debug)]
struct Shape {
    kind: usize,
    items: Option<(usize, Option<usize>)>,
    /// Whether its needs may have failed.
    optional: bool,
}

/// A graph: what each step is, and the steps that it waits for, tolerant or not.
type Graph = Vec<(Shape, Vec<(usize, bool)>)>;

fn graphs() -> impl Strategy<Value = Graph> {
    let items = prop::option::of((0usize..4, prop::option::of(1usize..3)));
    let shape = (0usize..5, items, any::<bool>()).prop_map(|(kind, items, optional)| Shape {
        kind,
        items,
        optional,
    });
    let needs = prop::collection::btree_map(0usize..12, any::<bool>(), 0..3);
    prop::collection::vec((shape, needs), 1..12).prop_map(|steps| {
        let own = |(number, (shape, needs)): (usize, (Shape, BTreeMap<usize, bool>))| {
            (shape, needs.into_iter().filter(|(n, _)| *n < number).collect())
        };
        steps.into_iter().enumerate().map(own).collect()
    })
}

/// The plan of a graph. Its workflow steps run one of two workflows, of which one has no steps at all.
fn plan_of(graph: &Graph) -> Arc<Plan> {
    let needs: Vec<Vec<(usize, bool)>> = graph.iter().map(|(_, needs)| needs.clone()).collect();
    let mut whole = Arc::unwrap_or_clone(plan(&needs));
    for (step, (shape, _)) in whole.steps.iter_mut().zip(graph) {
        for need in &mut step.needs {
            need.optional = shape.optional;
            need.tolerant |= shape.optional;
        }
        step.kind = match shape.kind {
            0 => Kind::Approval(ApprovalStep {
                message: Template::new(&json!("?")),
                choices: vec!["yes".to_owned()],
                timeout: None,
                on_timeout: None,
            }),
            1 | 2 => Kind::Workflow(WorkflowStep {
                workflow: if shape.kind == 1 { "inner" } else { "empty" }.into(),
                with: IndexMap::new(),
                told: Vec::new(),
            }),
            _ => Kind::Compute(IndexMap::new()),
        };
        step.for_each = shape.items.map(|(_, most)| ForEach {
            items: Template::new(&json!([])),
            name: "item".to_owned(),
            max_parallel: most.and_then(NonZeroUsize::new),
            when_reads_item: false,
            told: false,
        });
    }
    whole.workflows.insert("inner".into(), plan(&[vec![], vec![(0, false)], vec![(0, true)]]));
    whole.workflows.insert("empty".into(), plan(&[]));
    Arc::new(whole)
}

/// A run under way, driven as the executor drives one.
struct Drive<'g> {
    graph: &'g Graph,
    scheduler: Scheduler,
    records: Vec<Record>,
    /// Units under way that have no parts.
    running: Vec<Unit>,
    picks: std::iter::Cycle<std::slice::Iter<'g, usize>>,
}

impl<'g> Drive<'g> {
    fn new(
        graph: &'g Graph,
        scheduler: Scheduler,
        records: Vec<Record>,
        picks: &'g [usize],
    ) -> Self {
        Self { graph, scheduler, records, running: Vec::new(), picks: picks.iter().cycle() }
    }

    fn apply(&mut self, event: Event) {
        let record = Record { at_us: i64::try_from(self.records.len()).unwrap(), event };
        self.scheduler.apply(&record).expect("a legal event");
        self.records.push(record);
    }

    fn pick(&mut self) -> usize {
        *self.picks.next().unwrap()
    }

    /// Goes on until all has settled, or for so many events.
    fn on(&mut self, most: usize) {
        while self.records.len() < most && self.step() {}
    }

    fn step(&mut self) -> bool {
        let turn = self.scheduler.next();
        match turn {
            Some(Next::Complete(unit)) => {
                let step = self.scheduler.state().path(unit);
                let state = self.scheduler.state().step(unit).unwrap();
                let failed = state.items.iter().any(|item| item.phase == Phase::Failed);
                self.apply(if failed { fails(step) } else { succeeds(step) });
            }
            Some(Next::Skip(unit, reason)) => {
                let step = self.scheduler.state().path(unit);
                let needs = &self.scheduler.state().definition(unit).unwrap().needs;
                assert!(!needs.iter().all(|need| need.optional), "an optional need never blocks");
                self.apply(Event::StepSkipped { step, reason });
            }
            Some(Next::Start(unit)) if self.running.len() < 3 => self.start(unit),
            _ if !self.running.is_empty() => {
                let at = self.pick() % self.running.len();
                let unit = self.running.remove(at);
                let step = self.scheduler.state().path(unit);
                let event = match self.pick() % 8 {
                    0 => fails(step),
                    1 => Event::StepSkipped {
                        step,
                        reason: SkipReason::Error { error: Fault::new("x", "x") },
                    },
                    _ => succeeds(step),
                };
                self.apply(event);
            }
            _ => {
                // All that is left waits for people.
                let waiting = self.scheduler.state().waiting().next().map(|(unit, _)| unit);
                let Some(unit) = waiting else { return false };
                let step = self.scheduler.state().path(unit);
                self.apply(Event::ApprovalGiven {
                    step,
                    choice: "yes".to_owned(),
                    by: None,
                    comment: None,
                });
            }
        }
        true
    }

    fn start(&mut self, unit: Unit) {
        let state = self.scheduler.state();
        let (path, step) = (state.path(unit), state.definition(unit).unwrap().clone());
        let frame = &state.frames()[unit.frame];
        let settled =
            |need: &crate::plan::Need| frame.step_by_id(&need.step).unwrap().phase.is_settled();
        assert!(step.needs.iter().all(settled), "no unit before its needs");
        // What was under way when its process died starts again, whatever became of the others.
        let is_new = state.step(unit).unwrap().phase == Phase::Pending;
        if let (Some(for_each), Some(_), true) = (&step.for_each, unit.item, is_new) {
            let items = &frame.steps()[unit.step].items;
            assert!(
                items.iter().all(|item| item.phase != Phase::Failed),
                "no item behind a failed one"
            );
            let under_way =
                |item: &&StepState| matches!(item.phase, Phase::Running | Phase::Waiting);
            let most = for_each.max_parallel.map_or(usize::MAX, usize::from);
            assert!(items.iter().filter(under_way).count() < most, "no more items than may be");
        }
        let begins = |items, params| Event::StepStarted { step: path.clone(), items, params };
        let repeats = step.for_each.is_some() && unit.item.is_none();
        if self.pick().is_multiple_of(9) {
            return self.apply(Event::StepSkipped { step: path, reason: SkipReason::When });
        }
        if repeats {
            let count = self.graph[unit.step].0.items.map(|(count, _)| count);
            return self.apply(begins(count, None));
        }
        match step.kind {
            Kind::Workflow(_) => self.apply(begins(None, Some(serde_json::Map::new()))),
            Kind::Approval(_) => {
                self.apply(begins(None, None));
                self.apply(Event::ApprovalRequested {
                    step: path,
                    message: "?".to_owned(),
                    choices: vec!["yes".to_owned()],
                    expires_us: None,
                });
            }
            Kind::Plan(_) => unreachable!("these plans have no step that plans"),
            Kind::Agent(_) | Kind::Tool(_) | Kind::Compute(_) => {
                self.apply(begins(None, None));
                self.running.push(unit);
            }
        }
    }

    /// Ends the run as the executor does, whatever is under way.
    fn end(&mut self, status: RunStatus) {
        for unit in self.scheduler.open() {
            let step = self.scheduler.state().path(unit);
            self.apply(Event::StepSkipped { step, reason: SkipReason::RunEnded });
        }
        assert!(self.scheduler.open().is_empty(), "an end leaves nothing open");
        self.apply(Event::RunFinished { status, outputs: serde_json::Map::new(), error: None });
    }
}

fn begun<'g>(graph: &'g Graph, picks: &'g [usize]) -> Drive<'g> {
    let mut drive = Drive::new(graph, Scheduler::new(plan_of(graph)), Vec::new(), picks);
    drive.apply(Event::RunStarted {
        run_id: "r".into(),
        workflow: "w".into(),
        plan: "p".into(),
        params: serde_json::Map::new(),
        offline: false,
        allow_write: false,
        parent: None,
        batch: None,
        session: None,
    });
    drive
}

fn succeeds(step: StepPath) -> Event {
    Event::StepSucceeded {
        step,
        output: Arc::new(json!(1)),
        key: None,
        reused: None,
        defaulted: None,
        figures: FigureCount::default(),
        warnings: Vec::new(),
        looked_up: Vec::new(),
    }
}

fn fails(step: StepPath) -> Event {
    Event::StepFailed { step, error: Fault::new("x", "x") }
}

/// How often each unit settled.
fn settled(records: &[Record]) -> BTreeMap<StepPath, usize> {
    let mut counts = BTreeMap::new();
    for record in records {
        if let Event::StepSucceeded { step, .. }
        | Event::StepFailed { step, .. }
        | Event::StepSkipped { step, .. }
        | Event::ApprovalGiven { step, .. } = &record.event
        {
            *counts.entry(step.clone()).or_default() += 1;
        }
    }
    counts
}

fn picks() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0usize..1000, 1..60)
}

proptest! {
    #[test]
    fn units_with_parts_settle_once_and_replay_alike(graph in graphs(), picks in picks()) {
        let mut drive = begun(&graph, &picks);
        drive.on(usize::MAX);
        prop_assert_eq!(drive.scheduler.open(), vec![], "nothing is forgotten");
        drive.end(RunStatus::Succeeded);
        prop_assert!(settled(&drive.records).values().all(|count| *count == 1), "each unit once");
        let json = serde_json::to_string(&drive.records).unwrap();
        let records: Vec<Record> = serde_json::from_str(&json).unwrap();
        let mut replayed = RunState::new(plan_of(&graph));
        for record in &records {
            replayed.apply(record).expect("a legal event");
        }
        prop_assert_eq!(&replayed, drive.scheduler.state());
        prop_assert_eq!(Outcome::of(&replayed), Outcome::of(drive.scheduler.state()));
    }

    #[test]
    fn a_run_that_died_anywhere_goes_on_to_its_end(graph in graphs(), picks in picks(), events in 1usize..80) {
        let mut first = begun(&graph, &picks);
        first.on(events);
        let scheduler = Scheduler::replay(plan_of(&graph), &first.records).expect("legal events");
        prop_assert_eq!(scheduler.state(), first.scheduler.state());
        let mut second = Drive::new(&graph, scheduler, first.records, &picks);
        second.on(usize::MAX);
        prop_assert_eq!(second.scheduler.open(), vec![], "nothing is forgotten");
        prop_assert!(settled(&second.records).values().all(|count| *count == 1), "each unit once");
    }

    #[test]
    fn a_run_cancelled_anywhere_leaves_nothing_open(graph in graphs(), picks in picks(), events in 1usize..80) {
        let mut drive = begun(&graph, &picks);
        drive.on(events);
        drive.end(RunStatus::Cancelled);
        prop_assert!(settled(&drive.records).values().all(|count| *count == 1), "each unit once");
        prop_assert!(Outcome::of(drive.scheduler.state()).is_some());
    }

    #[test]
    fn calls_under_way_and_done_never_exceed_the_budget(
        calls in prop::collection::vec((0u32..300, 0u64..30, 0u32..101, 0usize..3, any::<bool>()), 1..60),
    ) {
        let limits = crate::document::Budget { usd: Some(1.0), tokens: Some(100), ..crate::document::Budget::default() };
        let budget = Budget::new(Some(&limits), &Arc::default());
        let usage = |tokens| crate::event::Usage { input_tokens: tokens, ..crate::event::Usage::default() };
        let (mut spent, mut open) = ((0.0, 0), Vec::new());
        for (cents, tokens, share, done, fails) in calls {
            let most = f64::from(cents) / 1000.0;
            let reserved: (f64, u64) = open.iter().fold((0.0, 0), |sum: (f64, u64), (_, usd, tokens, _)| (sum.0 + usd, sum.1 + tokens));
            match budget.reserve(Some(most), usage(tokens)) {
                Ok(reservation) => open.push((reservation, most, tokens, share)),
                Err(_) => prop_assert!(
                    spent.0 + reserved.0 + most > 1.0 - 1e-9 || spent.1 + reserved.1 + tokens > 100,
                    "what fits is not refused"
                ),
            }
            let taken = open.iter().fold(spent, |sum: (f64, u64), (_, usd, tokens, _)| (sum.0 + usd, sum.1 + tokens));
            prop_assert!(taken.0 <= 1.0 + 1e-9 && taken.1 <= 100, "{:?} is taken", taken);
            for _ in 0..done.min(open.len()) {
                let (reservation, most, tokens, share) = open.remove(0);
                // A call that failed costs nothing; another one at most what was reserved.
                if !fails {
                    let (usd, tokens) = (most * f64::from(share) / 100.0, tokens * u64::from(share) / 100);
                    reservation.book(Some(usd), usage(tokens));
                    spent = (spent.0 + usd, spent.1 + tokens);
                }
            }
        }
    }
}
