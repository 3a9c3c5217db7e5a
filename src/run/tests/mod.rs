//! Properties of scheduling: whatever the graph and the order in which steps end.

mod parts;

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::document::Limits;
use crate::event::{Event, Fault, FigureCount, Record, RunStatus, SkipReason};
use crate::id::StepPath;
use crate::plan::{Kind, Need, OnError, Plan, Step};

/// A plan of steps that wait for earlier ones, as `needs` lists them; a need is tolerant where the flag says so.
fn plan(needs: &[Vec<(usize, bool)>]) -> Arc<Plan> {
    let steps = needs.iter().enumerate().map(|(number, needs)| Step {
        id: format!("s{number}").as_str().into(),
        description: None,
        needs: needs
            .iter()
            .map(|(n, tolerant)| Need {
                step: format!("s{n}").as_str().into(),
                tolerant: *tolerant,
                optional: false,
                unguarded: false,
            })
            .collect(),
        when: None,
        for_each: None,
        cache: None,
        retry: crate::document::Retry::default(),
        timeout: None,
        on_error: OnError::Fail,
        kind: Kind::Compute(IndexMap::new()),
    });
    Arc::new(Plan {
        workflow: "w".into(),
        description: None,
        params: IndexMap::new(),
        steps: steps.collect(),
        outputs: IndexMap::new(),
        tools: IndexMap::new(),
        agents: IndexMap::new(),
        workflows: IndexMap::new(),
        units: IndexMap::new(),
        limits: Limits::default(),
    })
}

/// What a journal holds that was written before agents had tools.
const OLD: &str = r#"[
  {"at_us":1,"event":{"type":"run_started","run_id":"r","workflow":"w","plan":"p","params":{},"offline":false}},
  {"at_us":2,"event":{"type":"step_started","step":"s0"}},
  {"at_us":3,"event":{"type":"tool_called","step":"s0","call":{"tool":"t","arguments":{},"output":1,"duration_ms":1}}},
  {"at_us":4,"event":{"type":"step_succeeded","step":"s0","output":1}},
  {"at_us":5,"event":{"type":"step_started","step":"s1"}},
  {"at_us":6,"event":{"type":"model_called","step":"s1","call":{"model":"m","system":"Be brief.",
    "messages":[{"role":"user","content":"?"},{"role":"assistant","content":"!"},{"role":"user","content":"??"}],"answer":"Fine.",
    "usage":{"input_tokens":9,"cached_input_tokens":0,"output_tokens":2},"cost_usd":0.5,"duration_ms":3}}},
  {"at_us":7,"event":{"type":"step_succeeded","step":"s1","output":"Fine."}},
  {"at_us":8,"event":{"type":"run_finished","status":"succeeded","outputs":{"a":"Fine."}}}
]"#;

#[test]
fn a_journal_from_before_tools_is_read_replayed_and_written_alike() {
    let records: Vec<Record> = serde_json::from_str(OLD).unwrap();
    let written = serde_json::to_value(&records).unwrap();
    assert_eq!(written, serde_json::from_str::<serde_json::Value>(OLD).unwrap());
    let mut scheduler = Scheduler::new(plan(&[vec![], vec![(0, false)]]));
    for record in &records {
        scheduler.apply(record).unwrap();
    }
    let outcome = Outcome::of(scheduler.state()).unwrap();
    assert_eq!(outcome.outputs, json!({"a": "Fine."}).as_object().unwrap().clone());
    assert_eq!(outcome.steps.iter().map(|step| step.attempts).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(
        (outcome.usage.model_calls, outcome.usage.input_tokens, outcome.cost_usd),
        (1, 9, 0.5)
    );
}

/// How a step ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Succeeds,
    Fails,
    IsSkipped,
}

/// Up to 40 steps, each waiting for some of those before it.
fn graphs() -> impl Strategy<Value = Vec<Vec<(usize, bool)>>> {
    let step = |number: usize| {
        prop::collection::btree_map(0..number.max(1), any::<bool>(), 0..4usize.min(number + 1))
    };
    (1usize..40).prop_flat_map(move |steps| (0..steps).map(step).collect::<Vec<_>>()).prop_map(
        |steps| {
            let own = |(number, needs): (usize, BTreeMap<usize, bool>)| {
                needs.into_iter().filter(|(n, _)| *n < number).collect()
            };
            steps.into_iter().enumerate().map(own).collect()
        },
    )
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let fate =
        prop_oneof![6 => Just(Fate::Succeeds), 1 => Just(Fate::Fails), 1 => Just(Fate::IsSkipped)];
    prop::collection::vec(fate, 40)
}

/// Drives a run as the executor does, ending running steps in the order that `picks` says; gives its events.
fn drive(
    plan: &Arc<Plan>,
    fates: &[Fate],
    picks: &[usize],
    width: usize,
) -> (Scheduler, Vec<Record>) {
    let mut scheduler = Scheduler::new(Arc::clone(plan));
    let mut records = Vec::new();
    let mut running: Vec<Unit> = Vec::new();
    let mut apply = |scheduler: &mut Scheduler, event: Event| {
        let record = Record { at_us: i64::try_from(records.len()).expect("few events"), event };
        scheduler.apply(&record).expect("a legal event");
        records.push(record);
    };
    let path = |unit: Unit| StepPath::from(&plan.steps[unit.step].id);
    let started = Event::RunStarted {
        run_id: "r".into(),
        workflow: "w".into(),
        plan: "p".into(),
        params: serde_json::Map::new(),
        offline: false,
        allow_write: false,
        parent: None,
        batch: None,
        session: None,
    };
    apply(&mut scheduler, started);
    let mut picks = picks.iter().cycle();
    loop {
        while let Some(next) = scheduler.next() {
            match next {
                Next::Complete(_) => unreachable!("no step has parts"),
                Next::Skip(unit, reason) => {
                    apply(&mut scheduler, Event::StepSkipped { step: path(unit), reason });
                }
                Next::Start(_) if running.len() >= width => break,
                Next::Start(unit) => {
                    let waits = plan.steps[unit.step]
                        .needs
                        .iter()
                        .map(|need| scheduler.state().root().step_by_id(&need.step));
                    assert!(
                        waits.flatten().all(|s| s.phase.is_settled()),
                        "no step before its needs"
                    );
                    let step = path(unit);
                    let started = Event::StepStarted { step, items: None, params: None };
                    apply(&mut scheduler, started);
                    running.push(unit);
                }
            }
        }
        if running.is_empty() {
            break;
        }
        let unit = running.remove(picks.next().expect("a pick") % running.len());
        let event = match fates[unit.step] {
            Fate::Succeeds => Event::StepSucceeded {
                step: path(unit),
                output: Arc::new(json!(unit.step)),
                key: None,
                reused: None,
                defaulted: None,
                figures: FigureCount::default(),
                warnings: Vec::new(),
                looked_up: Vec::new(),
            },
            Fate::Fails => Event::StepFailed { step: path(unit), error: Fault::new("x", "x") },
            Fate::IsSkipped => Event::StepSkipped { step: path(unit), reason: SkipReason::When },
        };
        apply(&mut scheduler, event);
    }
    apply(
        &mut scheduler,
        Event::RunFinished {
            status: RunStatus::Succeeded,
            outputs: serde_json::Map::new(),
            error: None,
        },
    );
    (scheduler, records)
}

proptest! {
    #[test]
    fn every_step_settles_once_whatever_the_order(
        needs in graphs(), fates in fates(), picks in prop::collection::vec(0usize..1000, 1..60), width in 1usize..8,
    ) {
        let plan = plan(&needs);
        let (scheduler, records) = drive(&plan, &fates, &picks, width);
        prop_assert!(scheduler.open().is_empty(), "nothing is forgotten");
        for step in &plan.steps {
            let settles = records.iter().filter(|record| matches!(
                &record.event,
                Event::StepSucceeded { step: s, .. } | Event::StepFailed { step: s, .. } | Event::StepSkipped { step: s, .. } if s.as_str() == step.id.as_str()
            ));
            prop_assert_eq!(settles.count(), 1);
        }
    }

    #[test]
    fn how_steps_end_does_not_depend_on_the_order(
        needs in graphs(), fates in fates(), picks in prop::collection::vec(0usize..1000, 1..60), width in 1usize..8,
    ) {
        let plan = plan(&needs);
        let phases = |scheduler: &Scheduler| scheduler.state().root().steps().iter().map(|s| s.phase).collect::<Vec<_>>();
        let one = drive(&plan, &fates, &[0], 1).0;
        let other = drive(&plan, &fates, &picks, width).0;
        prop_assert_eq!(phases(&one), phases(&other));
    }

    #[test]
    fn a_failure_stops_what_depends_on_it_and_nothing_else(needs in graphs(), fates in fates()) {
        let plan = plan(&needs);
        let (scheduler, _) = drive(&plan, &fates, &[0], 4);
        for (number, needs) in needs.iter().enumerate() {
            let phase = |n: usize| scheduler.state().root().steps()[n].phase;
            let ran = matches!(phase(number), Phase::Succeeded | Phase::Failed)
                || scheduler.state().root().steps()[number].skipped == Some(SkipReason::When);
            let behind_failure = needs.iter().any(|(n, _)| phase(*n) == Phase::Failed);
            let all_there = needs.iter().all(|(n, _)| phase(*n) == Phase::Succeeded);
            prop_assert!(!(ran && behind_failure), "step {} ran behind a failure", number);
            prop_assert!(ran || !all_there, "step {} had all it needs and did not run", number);
        }
    }

    #[test]
    fn a_replay_gives_the_same_state(needs in graphs(), fates in fates(), picks in prop::collection::vec(0usize..1000, 1..60)) {
        let plan = plan(&needs);
        let (scheduler, records) = drive(&plan, &fates, &picks, 3);
        let json = serde_json::to_string(&records).expect("JSON");
        let records: Vec<Record> = serde_json::from_str(&json).expect("records");
        let mut replayed = RunState::new(plan);
        for record in &records {
            replayed.apply(record).expect("a legal event");
        }
        prop_assert_eq!(&replayed, scheduler.state());
        prop_assert_eq!(Outcome::of(&replayed), Outcome::of(scheduler.state()));
    }
}

#[test]
fn events_that_cannot_happen_are_refused() {
    let plan = plan(&[vec![]]);
    let mut state = RunState::new(Arc::clone(&plan));
    let record = |event| Record { at_us: 0, event };
    let start = record(Event::StepStarted { step: "s0".into(), items: None, params: None });
    assert!(state.apply(&start).is_err(), "before the run started");
    let (scheduler, records) = drive(&plan, &[Fate::Succeeds], &[0], 1);
    let mut state = scheduler.state().clone();
    assert!(state.apply(&start).is_err(), "after it ended");
    let mut state = RunState::new(plan);
    state.apply(&records[0]).expect("a start");
    assert!(state.apply(&records[0]).is_err(), "a second start");
    assert!(
        state
            .apply(&record(Event::StepStarted { step: "other".into(), items: None, params: None }))
            .is_err(),
        "a step the plan does not have"
    );
}

#[test]
fn ten_thousand_steps_in_a_chain_are_scheduled_without_a_quadratic_step() {
    let needs: Vec<Vec<(usize, bool)>> = (0..10_000usize)
        .map(|n| n.checked_sub(1).map(|p| (p, false)).into_iter().collect())
        .collect();
    let mut fates = vec![Fate::Succeeds; 10_000];
    fates[1] = Fate::Fails;
    let (scheduler, records) = drive(&plan(&needs), &fates, &[0], 1);
    assert!(scheduler.open().is_empty());
    assert_eq!(records.len(), 2 + 2 + 2 + 9_998);
}
