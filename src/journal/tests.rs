//! What a run can rely on: what was appended is there, in order, whatever happens to the process.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::event::{Event, Fault, Record, RunStatus};
use crate::id::{PlanHash, RunId};

fn started(run: &str, at_us: i64) -> Record {
    let event = Event::RunStarted {
        run_id: run.into(),
        workflow: "w".into(),
        plan: "hash".into(),
        params: serde_json::Map::new(),
        offline: false,
        allow_write: false,
        parent: None,
        batch: None,
        session: None,
    };
    Record { at_us, event }
}

fn step(number: usize) -> Record {
    let event = if number.is_multiple_of(2) {
        Event::StepStarted { step: format!("s{number}").into(), items: None, params: None }
    } else {
        Event::StepFailed {
            step: format!("s{number}").into(),
            error: Fault::new("x", "ü \u{0} \"").help("h"),
        }
    };
    Record { at_us: i64::try_from(number).unwrap(), event }
}

fn finished(at_us: i64) -> Record {
    let outputs = json!({"answer": 1.5}).as_object().unwrap().clone();
    Record {
        at_us,
        event: Event::RunFinished { status: RunStatus::Succeeded, outputs, error: None },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn what_was_appended_is_read_in_order_however_it_was_grouped(groups in prop::collection::vec(1usize..6, 1..12)) {
        let mut journal = Journal::in_memory().unwrap();
        let run = RunId::from("r");
        let mut writer = Writer::new(run.clone());
        let mut all = vec![started("r", 0)];
        journal.append(&mut writer, &all).unwrap();
        let mut number = 0;
        for size in groups {
            let group: Vec<Record> = (number..number + size).map(step).collect();
            number += size;
            journal.append(&mut writer, &group).unwrap();
            all.extend(group);
        }
        prop_assert_eq!(journal.records(&run).unwrap(), all);
    }
}

#[test]
fn a_journal_that_was_never_closed_keeps_every_group() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".engine").join("journal.db");
    let run = RunId::from("r");
    let mut writer = Writer::new(run.clone());
    let mut journal = Journal::open(&path).unwrap();
    journal.put_plan(&PlanHash::from("hash"), "{}");
    journal.append(&mut writer, &[started("r", 1_000_000)]).unwrap();
    journal.append(&mut writer, &[step(1), step(2)]).unwrap();
    std::mem::forget(journal); // As after kill -9: nothing is closed, nothing is flushed.
    let mut journal = Journal::open(&path).unwrap();
    assert_eq!(journal.records(&run).unwrap(), [started("r", 1_000_000), step(1), step(2)]);
    assert_eq!(journal.plan(&"hash".into()).unwrap().as_deref(), Some("{}"));
    let mut writer = Writer::new(run.clone());
    journal.append(&mut writer, &[finished(3_000_000)]).unwrap();
    assert_eq!(
        journal.records(&run).unwrap().len(),
        4,
        "another process goes on where the first was"
    );
    let runs = journal.runs().unwrap();
    assert_eq!((runs[0].status.as_str(), runs[0].duration_ms), ("succeeded", Some(2000)));
    assert!(folder.path().join(".engine/.gitignore").is_file());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn runs_are_listed_newest_first_and_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let mut journal = Journal::open(&path).unwrap();
    for (run, at) in [("aa1", 1_000), ("ab2", 3_000), ("ac3", 2_000)] {
        journal.append(&mut Writer::new(run.into()), &[started(run, at)]).unwrap();
    }
    journal.append(&mut Writer::new("ac3".into()), &[finished(9_000)]).unwrap();
    let listed: Vec<_> =
        journal.runs().unwrap().into_iter().map(|r| (r.run_id.to_string(), r.status)).collect();
    let wanted = [("ab2", "running"), ("ac3", "succeeded"), ("aa1", "running")];
    assert_eq!(
        listed,
        wanted.map(|(run, status)| (run.to_owned(), status.to_owned())),
        "this process drives them"
    );
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute("update runs set driver = 'gone'", [])
        .unwrap();
    assert_eq!(journal.runs().unwrap()[0].status, "interrupted", "no process drives it any more");
    assert_eq!(journal.find("ab").unwrap(), Some("ab2".into()));
    let several = journal.find("a").unwrap_err().to_string();
    assert!(several.contains("begin with `a`: aa1 and ab2"), "{several}");
    assert_eq!(journal.find("zz").unwrap(), None);
}

#[test]
fn two_engines_write_one_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let threads: Vec<_> = (0..4)
        .map(|n| {
            let path = path.clone();
            std::thread::spawn(move || {
                let mut journal = Journal::open(&path).unwrap();
                let run = RunId::from(format!("r{n}"));
                let mut writer = Writer::new(run.clone());
                journal.put_plan(&"hash".into(), "{}");
                journal.append(&mut writer, &[started(run.as_str(), n)]).unwrap();
                for number in 0..50 {
                    journal.append(&mut writer, &[step(number)]).unwrap();
                }
                journal.append(&mut writer, &[finished(99)]).unwrap();
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let journal = Journal::open(&path).unwrap();
    assert_eq!(journal.runs().unwrap().len(), 4);
    for n in 0..4 {
        assert_eq!(journal.records(&format!("r{n}").into()).unwrap().len(), 52);
    }
}

#[test]
fn a_journal_that_cannot_be_used_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    std::fs::write(&path, "this is no database, and long enough to be told from one").unwrap();
    assert!(
        Journal::open(&path).err().expect("no database").to_string().contains("not a database")
    );
    let path = folder.path().join("newer.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch("pragma user_version = 99").unwrap();
    assert!(matches!(Journal::open(&path), Err(JournalError::Newer { found: 99, .. })));
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(matches!(
        Journal::open(&file.join("journal.db")),
        Err(JournalError::Unavailable { .. })
    ));
}

#[test]
fn two_engines_never_drive_the_same_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let run = RunId::from("r");
    let mut first = Journal::open(&path).unwrap();
    first.append(&mut Writer::new(run.clone()), &[started("r", 1)]).unwrap();
    let mut second = Journal::open(&path).unwrap();
    assert!(matches!(second.claim(&run), Err(JournalError::Driven { .. })), "the first drives it");
    assert_eq!(second.runs().unwrap()[0].status, "running");
    drop(first);
    assert_eq!(second.runs().unwrap()[0].status, "interrupted");
    second.claim(&run).unwrap();
    assert_eq!(second.runs().unwrap()[0].status, "running");
    let mut third = Journal::open(&path).unwrap();
    assert!(matches!(third.claim(&run), Err(JournalError::Driven { .. })));
}

#[test]
fn a_group_that_cannot_be_read_ends_what_is_known_and_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let run = RunId::from("r");
    let mut journal = Journal::open(&path).unwrap();
    let mut writer = Writer::new(run.clone());
    journal.append(&mut writer, &[started("r", 1)]).unwrap();
    journal.append(&mut writer, &[step(0)]).unwrap();
    journal.append(&mut writer, &[step(1)]).unwrap();
    let tear = "update events set records = substr(records, 1, 20) where key = (select max(key) - 1 from events)";
    rusqlite::Connection::open(&path).unwrap().execute(tear, []).unwrap();
    assert_eq!(journal.records(&run).unwrap(), [started("r", 1)]);
    assert_eq!(journal.mend(&run).unwrap(), 2, "what follows a gap tells nothing");
    journal.append(&mut Writer::new(run.clone()), &[step(2)]).unwrap();
    assert_eq!(journal.records(&run).unwrap(), [started("r", 1), step(2)]);
    assert_eq!(journal.mend(&run).unwrap(), 0);
}

#[test]
fn a_journal_of_an_earlier_engine_is_brought_up_to_date_and_keeps_its_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(
        r#"create table plans (hash text primary key, json text not null);
           create table runs (
               number integer primary key, run_id text not null unique, workflow text not null, status text,
               started_us integer not null, ended_us integer, cost_usd real not null default 0, pid integer);
           create table events (key integer primary key, records text not null);
           insert into runs values (1, 'old', 'w', 'succeeded', 1000, 3000, 0.5, null);
           insert into events values (4294967298, '[{"at_us":2500,"event":{"type":"model_called","step":"s","call":{"model":"m","system":"","messages":[],"answer":"a","cost_usd":null,"duration_ms":1}}},
               {"at_us":2600,"event":{"type":"model_called","step":"s","call":{"model":"m","system":"","messages":[],"cost_usd":null,"duration_ms":1}}}]');
           insert into events values (4294967297, '[{"at_us":2000,"event":{"type":"step_skipped","step":"s","reason":{"kind":"when"}}}]');
           insert into events values (4294967296,
               '[{"at_us":1000,"event":{"type":"run_started","run_id":"old","workflow":"w","plan":"p","params":{},"offline":false}}]');
           pragma user_version = 1;"#,
    )
    .unwrap();
    drop(old);
    let journal = Journal::open(&path).unwrap();
    let run = &journal.runs().unwrap()[0];
    assert_eq!(
        (run.status.as_str(), run.cost_usd, run.unpriced_calls),
        ("succeeded", Some(0.5), 1)
    );
    let records = journal.records(&"old".into()).unwrap();
    assert!(matches!(records[0].event, Event::RunStarted { .. }));
    assert!(matches!(records[1].event, Event::StepSkipped { .. }));
    assert_eq!(journal.read(&"old".into()).unwrap().1, 0, "nothing of it is lost");
    assert_eq!(journal.kept(&"key".into(), 0).unwrap(), None, "the new tables are there");
}

#[test]
fn runs_that_write_at_the_same_moment_share_a_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let mut journal = Journal::open(&path).unwrap();
    journal.group();
    let mut writers = ["a", "b"].map(|run| Writer::new(run.into()));
    let tickets: Vec<Ticket> = writers
        .iter_mut()
        .zip(["a", "b"])
        .map(|(writer, run)| journal.append(writer, &[started(run, 1)]).unwrap())
        .collect();
    assert!(tickets.iter().all(|ticket| !ticket.is_certain()));
    let other = Journal::open(&path).unwrap();
    assert_eq!(other.runs().unwrap().len(), 0, "nothing is certain yet");
    journal.settle(tickets[0]).unwrap();
    assert_eq!(other.runs().unwrap().len(), 2, "the first that settles settles for all");
    journal.settle(tickets[1]).unwrap();
    assert_eq!(other.records(&"b".into()).unwrap(), [started("b", 1)]);
}

/// A day and a call on it: what it cost, none where the model has no price.
fn called(day: i64, cost_usd: Option<f64>) -> Record {
    let call = json!({
        "model": "m", "system": "", "messages": [], "answer": "a", "cost_usd": cost_usd, "duration_ms": 1,
    });
    let call = serde_json::from_value(call).unwrap();
    Record { at_us: days::begin_of(day) + 5, event: Event::ModelCalled { step: "s".into(), call } }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    /// Each of the runs asks twice, on one of three days; some runs end and are deleted, and then others take their place.
    #[test]
    fn what_is_looked_at_again_is_what_is_counted_anew(
        runs in prop::collection::vec((0i64..3, 1u8..100, any::<bool>(), any::<bool>()), 1..6),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(&folder.path().join("journal.db")).unwrap();
        let together = journal.together().unwrap().unwrap();
        for (number, (day, cents, deleted, last)) in runs.into_iter().enumerate() {
            let run = number.to_string();
            let mut writer = Writer::new(RunId::from(run.as_str()));
            journal.append(&mut writer, &[started(&run, days::begin_of(day))]).unwrap();
            for call in [called(day, Some(f64::from(cents) / 100.0)), called(day, None)] {
                journal.append(&mut writer, &[call]).unwrap();
            }
            journal.append(&mut writer, &[finished(days::begin_of(day) + 9)]).unwrap();
            if deleted {
                let keep = if last { Keep::Newest(0) } else { Keep::Newest(1) };
                let pruning = Pruning { keep, unfinished: false, cached: false, dry_run: false };
                journal.prune(pruning, |_, _| true, |_| Box::new(|_| None)).unwrap();
            }
            for day in [1, 0, 2] {
                let midnight = days::begin_of(day);
                let anew = journal.spent_since(midnight).unwrap();
                let again = together.hold().unwrap().spent_usd(midnight).unwrap();
                prop_assert!((anew.cost_usd - again).abs() < 1e-9, "{} {again}", anew.cost_usd);
            }
        }
        let calls: u64 = journal.spent_since(0).unwrap().unpriced_calls;
        prop_assert_eq!(calls, journal.runs().unwrap().len() as u64 + journal.deleted(None).unwrap().iter().map(|row| row.runs.all).sum::<u64>());
    }
}
