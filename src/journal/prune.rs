//! Deletes runs that ended. What another run needs stays: the events of runs that go on or may go on, the rows of
//! batches that are not all done, and every plan that the events of a run that stays, or a plan that stays, name.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};

use super::spending::of_run;
use super::{Journal, JournalError, deleted};
use crate::id::{PlanHash, StepPath};

/// Which of the runs that ended stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Those that ended at this time or later, in microseconds since the Unix epoch.
    EndedSince(i64),
    /// This many, the newest.
    Newest(usize),
}

/// What is to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pruning {
    /// What stays.
    pub keep: Keep,
    /// Whether rows of batches go too of which other rows were never begun.
    pub unfinished: bool,
    /// Whether the outputs go too that steps with `cache` kept, of runs that are gone.
    pub cached: bool,
    /// Whether to count only.
    pub dry_run: bool,
}

/// Tells the agents of a plan, by the steps that ask them.
pub type Agents = Box<dyn Fn(&StepPath) -> Option<String>>;

/// What was deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Pruned {
    /// Runs.
    pub runs: u64,
    /// Plans that no run that stays needs.
    pub plans: u64,
    /// Bytes of the events and plans.
    pub bytes: u64,
    /// Runs that stayed since other rows of their batches are left or under way.
    pub kept_for_batches: u64,
    /// Outputs that steps with `cache` kept.
    pub cached_outputs: u64,
    /// Such outputs of runs that are gone that stayed, for steps to come.
    pub kept_outputs: u64,
    /// Whether nothing was deleted after all, only counted.
    pub dry_run: bool,
}

impl Journal {
    /// Deletes runs that ended and that `chosen` names, except those that stay. What they spent is kept; `agents` reads the JSON
    /// of their plans. One transaction: another engine sees all of it or nothing, and a run that starts meanwhile waits for it.
    pub fn prune(
        &mut self,
        pruning: Pruning,
        chosen: impl Fn(&str, &str) -> bool,
        agents: impl Fn(&str) -> Agents,
    ) -> Result<Pruned, JournalError> {
        let dry_run = pruning.dry_run;
        let deletion =
            self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let (ended, kept_for_batches) = ended(&deletion, pruning, chosen)?;
        let mut pruned = Pruned { kept_for_batches, dry_run, ..Pruned::default() };
        let mut casts = BTreeMap::new();
        for number in ended {
            keep_costs(&deletion, number, &mut casts, &agents)?;
            let events = "from events where run = ?1";
            let bytes = format!("select coalesce(sum(octet_length(records)), 0) {events}");
            let bytes: i64 =
                deletion.prepare_cached(&bytes)?.query_row([number], |row| row.get(0))?;
            pruned.bytes += u64::try_from(bytes).unwrap_or_default();
            deletion.prepare_cached(&format!("delete {events}"))?.execute([number])?;
            deletion.prepare_cached("delete from runs where number = ?1")?.execute([number])?;
            pruned.runs += 1;
        }
        if pruned.runs > 0 {
            let done = "delete from batches where batch not in (select batch from runs where batch is not null)";
            deletion.execute(done, [])?;
            let (plans, bytes) = forget_plans(&deletion)?;
            pruned.plans = plans;
            pruned.bytes += bytes;
        }
        let gone = "from outputs where run_id not in (select run_id from runs)";
        if pruning.cached {
            pruned.cached_outputs = deletion.execute(&format!("delete {gone}"), [])? as u64;
        } else {
            let count = format!("select count(*) {gone}");
            let kept: i64 = deletion.query_row(&count, [], |row| row.get(0))?;
            pruned.kept_outputs = u64::try_from(kept).unwrap_or_default();
        }
        if dry_run {
            deletion.rollback()?;
        } else {
            deletion.commit()?;
            self.shrink();
        }
        Ok(pruned)
    }

    /// Gives the room back to the disk, unless a run is under way: it would have to wait too long. Later runs fill the
    /// room where this cannot be done.
    fn shrink(&self) {
        let none = self.runs().is_ok_and(|runs| runs.iter().all(|run| run.status != "running"));
        if none {
            drop(self.connection.execute_batch("vacuum; pragma wal_checkpoint(truncate);"));
        }
    }
}

/// Adds what a run spent to what is known of deleted ones.
fn keep_costs(
    connection: &Connection,
    number: i64,
    casts: &mut BTreeMap<PlanHash, Agents>,
    agents: &impl Fn(&str) -> Agents,
) -> rusqlite::Result<()> {
    let run = of_run(connection, number)?;
    if let Some(hash) = run.plan.as_ref().filter(|hash| !casts.contains_key(*hash)) {
        let plan = "select json from plans where hash = ?1";
        let plan: Option<String> =
            connection.query_row(plan, [hash.as_str()], |row| row.get(0)).optional()?;
        casts.insert(hash.clone(), agents(&plan.unwrap_or_default()));
    }
    let cast = run.plan.as_ref().and_then(|hash| casts.get(hash));
    let rows = deleted::rows_of(&run, |call| {
        run.asker(call, cast.and_then(|cast| cast(&call.step)).as_deref())
    });
    rows.iter().try_for_each(|row| deleted::add(connection, row))
}

/// The numbers of the runs to be deleted, and how many stay for their batches. A run that waits, is driven by a process
/// or was interrupted has not ended; one that such a run does again is needed by it, and one of a batch by whoever goes on
/// with the batch.
fn ended(
    connection: &Connection,
    Pruning { keep, unfinished, .. }: Pruning,
    chosen: impl Fn(&str, &str) -> bool,
) -> Result<(Vec<i64>, u64), JournalError> {
    let mut query = connection.prepare(
        "with open as (select parent, batch from runs where status is null or status = 'waiting')
         select number, workflow, status,
             batch is not null and (batch in (select batch from open where batch is not null)
                 or not ?2 and batch in (select batch from batches where rows_left))
         from runs
         where status in ('succeeded', 'partial', 'failed', 'cancelled') and driver is null
           and ended_us is not null and (?1 is null or ended_us < ?1)
           and run_id not in (select parent from open where parent is not null)
         order by started_us desc, run_id desc",
    )?;
    let (before, newest) = match keep {
        Keep::EndedSince(at_us) => (Some(at_us), 0),
        Keep::Newest(count) => (None, count),
    };
    let mut rows = query.query(params![before, unfinished])?;
    let (mut numbers, mut kept) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let (workflow, status): (String, String) = (row.get(1)?, row.get(2)?);
        let needed: bool = row.get(3)?;
        if chosen(&workflow, &status) {
            if needed {
                kept += 1;
            } else {
                numbers.push(row.get(0)?);
            }
        }
    }
    Ok((numbers.split_off(newest.min(numbers.len())), kept))
}

/// Deletes the plans that nothing that stays names; gives how many, and their bytes.
fn forget_plans(connection: &Connection) -> Result<(u64, u64), JournalError> {
    let mut plans: BTreeMap<String, String> = connection
        .prepare("select hash, json from plans")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut needed = Vec::new();
    let mut seen = BTreeSet::new();
    let mut note = |text: &str, needed: &mut Vec<String>| {
        // Every quoted text that is the hash of a plan counts, whatever event or key holds it.
        for quoted in text.split('"').filter(|quoted| plans.contains_key(*quoted)) {
            if seen.insert(quoted.to_owned()) {
                needed.push(quoted.to_owned());
            }
        }
    };
    let mut query = connection.prepare("select records from events")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        note(row.get_ref(0)?.as_str().unwrap_or_default(), &mut needed);
    }
    while let Some(hash) = needed.pop() {
        if let Some(json) = plans.get(&hash) {
            note(json, &mut needed);
        }
    }
    plans.retain(|hash, _| !seen.contains(hash));
    let mut bytes = 0;
    for (hash, json) in &plans {
        connection.prepare_cached("delete from plans where hash = ?1")?.execute([hash])?;
        bytes += json.len() as u64;
    }
    Ok((plans.len() as u64, bytes))
}
