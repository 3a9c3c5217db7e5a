//! The journal in a SQLite file.
//!
//! A group of events is one row, and one transaction: it is written by the runner before it acts on the events,
//! so it must cost a step no more than it has to. In WAL mode with `synchronous = normal` a commit is one write to
//! the page cache, which survives the death of the process; the disk is only waited for at checkpoints, which are
//! made when a run ends.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use serde::Serialize;

use super::driver::{Driver, is_driven};
use super::spending::spent;
use super::{JournalError, schema};
use crate::event::{Event, Record, RunStatus};
use crate::id::{PlanHash, RunId, WorkflowName};

/// The events of all runs, on disk.
pub struct Journal {
    pub(super) connection: Connection,
    /// The file; none for a journal in memory.
    path: Option<PathBuf>,
    /// What shows others that this process is alive; made when it begins to drive a run.
    driver: Option<Driver>,
    /// A plan to be written with the next group.
    plan: Option<(PlanHash, String)>,
    /// The plans written by this process.
    plans: BTreeSet<PlanHash>,
    /// Runs that this process began or took over and has not ended.
    open: usize,
    /// Bytes written since the file was folded.
    unfolded: usize,
    /// Whether the groups of several runs go into one transaction.
    grouped: bool,
    /// The transaction that groups are written into.
    transaction: Transaction,
}

/// One transaction for the groups of several runs.
#[derive(Debug, Default)]
struct Transaction {
    open: bool,
    /// How many there were, this one included.
    number: u64,
    /// The last one that could not be written, and why.
    lost: Option<(u64, String)>,
}

/// A group that is written, and perhaps not yet certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(Option<u64>);

impl Ticket {
    /// Whether the group is on disk for good.
    pub fn is_certain(self) -> bool {
        self.0.is_none()
    }
}

/// How long another process may hold the file.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes that are written while runs are under way before the disk is waited for.
const MOST_UNFOLDED: usize = 16 << 20;

/// The groups of a run from one of them on.
const FROM_GROUP: &str =
    "from events where run = (select number from runs where run_id = ?2) and number >= ?1";

/// Where a run is written.
#[derive(Debug)]
pub struct Writer {
    run: RunId,
    /// The place of the next group, once known.
    next: Option<Place>,
    /// What its groups so far spent, those of processes that died among them.
    spent: Spent,
    /// When its last group was written.
    at_us: i64,
}

/// What a run spent on models.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// US dollars of its priced calls.
    pub cost_usd: f64,
    /// Charged calls whose cost nobody knows.
    pub unpriced_calls: u64,
}

/// The place of a group.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// The number of the run.
    run: i64,
    /// The number of the group among those of the run, from 0.
    number: i64,
}

impl Writer {
    /// The writer of a run.
    pub fn new(run: RunId) -> Self {
        Self::after(run, Spent::default(), 0)
    }

    /// The writer of a run that has spent something already, as its journal tells, and when its last event was.
    pub fn after(run: RunId, spent: Spent, at_us: i64) -> Self {
        Self { run, next: None, spent, at_us }
    }

    /// Whether a group of the run has been written by it.
    pub fn is_placed(&self) -> bool {
        self.next.is_some()
    }
}

/// A run, in a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunSummary {
    /// The run.
    pub run_id: RunId,
    /// The workflow's name.
    pub workflow: WorkflowName,
    /// How it ended; `running` or `interrupted` where it did not.
    pub status: String,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// From the first event to the last, without the time that it waited; none where it did not end.
    pub duration_ms: Option<u64>,
    /// How long no process drove it, because it waited for a person or was interrupted.
    pub waiting_ms: u64,
    /// US dollars of its priced calls; none where it asked models, and nobody knows what any call cost.
    pub cost_usd: Option<f64>,
    /// Charged calls whose cost nobody knows; they are not in `cost_usd`.
    pub unpriced_calls: u64,
}

impl Journal {
    /// Opens a journal; makes the file and its folder where they do not exist.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let unavailable = |source| JournalError::Unavailable { path: path.to_owned(), source };
        if !path.exists() {
            prepare(path).map_err(unavailable)?;
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::with(Connection::open_with_flags(path, flags)?, Some(path.to_owned()))
    }

    /// A journal that is gone with the process.
    pub fn in_memory() -> Result<Self, JournalError> {
        Self::with(Connection::open_in_memory()?, None)
    }

    fn with(connection: Connection, path: Option<PathBuf>) -> Result<Self, JournalError> {
        connection.busy_timeout(PATIENCE)?;
        connection.execute_batch("pragma synchronous = normal; pragma wal_autocheckpoint = 0; pragma temp_store = memory;")?;
        connection.set_prepared_statement_cache_capacity(64);
        schema::bring_up_to_date(&connection)?;
        let (driver, plan, plans) = (None, None, BTreeSet::new());
        Ok(Self {
            connection,
            path,
            driver,
            plan,
            plans,
            open: 0,
            unfolded: 0,
            grouped: false,
            transaction: Transaction::default(),
        })
    }

    /// From now on the groups of runs that are written at the same moment share a transaction.
    pub fn group(&mut self) {
        self.grouped = true;
    }

    /// Keeps a plan, with the next group of events; once, however many runs share it.
    pub fn put_plan(&mut self, hash: &PlanHash, json: &str) {
        if !self.plans.contains(hash) {
            self.plan = Some((hash.clone(), json.to_owned()));
        }
    }

    /// Writes a group of events of a run, in one transaction. What its ticket calls uncertain is so until
    /// [`Journal::settle`].
    pub fn append(&mut self, to: &mut Writer, records: &[Record]) -> Result<Ticket, JournalError> {
        let json = serde_json::to_string(records)
            .map_err(|source| JournalError::Unreadable { run: to.run.to_string(), source })?;
        // A statement on its own is a transaction, and cheaper than one that is spelled out.
        let bounds = |record: &Record| {
            matches!(record.event, Event::RunStarted { .. } | Event::RunFinished { .. })
        };
        let several = self.plan.is_some() || records.iter().any(bounds);
        if self.grouped && !self.transaction.open {
            self.connection.prepare_cached("begin immediate")?.execute([])?;
            self.transaction.open = true;
            self.transaction.number += 1;
        } else if several && !self.grouped {
            self.connection.execute_batch("begin immediate")?;
        }
        let written = self.write(to, &json, records);
        if several && !self.grouped {
            let end = if written.is_ok() { "commit" } else { "rollback" };
            self.connection.execute_batch(end)?;
        }
        let Place { run, number } = written?;
        to.next = Some(Place { run, number: number + 1 });
        self.unfolded += json.len();
        if let [Record { event: Event::RunStarted { .. }, .. }, ..] = records {
            self.open += 1;
        }
        if let [.., Record { event: Event::RunFinished { .. }, .. }] = records {
            self.close();
        }
        Ok(Ticket(self.grouped.then_some(self.transaction.number)))
    }

    /// Makes a group certain, and all others that are in its transaction.
    pub fn settle(&mut self, ticket: Ticket) -> Result<(), JournalError> {
        let Some(number) = ticket.0 else { return Ok(()) };
        if self.transaction.open && self.transaction.number == number {
            self.commit();
        }
        match &self.transaction.lost {
            Some((lost, why)) if *lost == number => Err(JournalError::Lost(why.clone())),
            _ => Ok(()),
        }
    }

    /// Ends the transaction of several runs, if one is open.
    pub(super) fn commit(&mut self) {
        if !std::mem::take(&mut self.transaction.open) {
            return;
        }
        let commit = self.connection.prepare_cached("commit");
        if let Err(error) = commit.and_then(|mut commit| commit.execute([])) {
            self.transaction.lost = Some((self.transaction.number, error.to_string()));
            drop(self.connection.execute_batch("rollback"));
        }
        if self.open == 0 || self.unfolded > MOST_UNFOLDED {
            self.fold();
        }
    }

    /// Takes note of a run that ended here. The disk is waited for when the last one ends, and now and then.
    fn close(&mut self) {
        self.open = self.open.saturating_sub(1);
        if self.grouped {
            // Nothing can be folded inside a transaction: its end looks again.
        } else if self.open == 0 || self.unfolded > MOST_UNFOLDED {
            self.fold();
        }
    }

    /// Folds what was written into the file. What cannot be folded now, because another engine reads it, is folded
    /// in later.
    fn fold(&mut self) {
        self.unfolded = 0;
        let checkpoint = "pragma wal_checkpoint(passive)";
        drop(self.connection.query_row(checkpoint, [], |row| row.get::<_, i64>(0)));
    }

    /// Writes what a group consists of; gives its place.
    fn write(
        &mut self,
        to: &mut Writer,
        json: &str,
        records: &[Record],
    ) -> Result<Place, JournalError> {
        if let Some((hash, plan)) = self.plan.take() {
            self.connection
                .prepare_cached("insert or ignore into plans (hash, json) values (?1, ?2)")?
                .execute(params![hash.as_str(), plan])?;
            self.plans.insert(hash);
        }
        for record in records {
            match &record.event {
                Event::RunStarted { workflow, parent, batch, .. } => {
                    let insert = "insert into runs (run_id, workflow, started_us, driver, parent, batch, batch_row)
                                  values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
                    let driver = self.driver()?;
                    self.connection.prepare_cached(insert)?.execute(params![
                        to.run.as_str(),
                        workflow.as_str(),
                        record.at_us,
                        driver,
                        parent.as_ref().map(RunId::as_str),
                        batch.as_ref().map(|row| row.batch.as_str()),
                        batch.as_ref().map(|row| i64::try_from(row.row).unwrap_or(i64::MAX)),
                    ])?;
                    to.next = Some(Place { run: self.connection.last_insert_rowid(), number: 0 });
                }
                Event::RunResumed => {
                    let update = "update runs set waited_us = waited_us + ?2 where run_id = ?1";
                    let waited = (record.at_us - to.at_us).max(0);
                    self.connection
                        .prepare_cached(update)?
                        .execute(params![to.run.as_str(), waited])?;
                }
                Event::ModelCalled { call, .. } if call.is_charged() => match call.cost_usd {
                    Some(usd) => to.spent.cost_usd += usd,
                    None => to.spent.unpriced_calls += 1,
                },
                Event::RunFinished { status, .. } => {
                    let update = "update runs set status = ?2, ended_us = ?3, cost_usd = ?4, unpriced_calls = ?5,
                                      driver = null where run_id = ?1";
                    let status = status_name(*status);
                    self.connection.prepare_cached(update)?.execute(params![
                        to.run.as_str(),
                        status,
                        record.at_us,
                        to.spent.cost_usd,
                        i64::try_from(to.spent.unpriced_calls).unwrap_or(i64::MAX),
                    ])?;
                }
                _ => {}
            }
            to.at_us = record.at_us;
        }
        let place = self.next_place(to)?;
        self.connection
            .prepare_cached("insert into events (run, number, records) values (?1, ?2, ?3)")?
            .execute(params![place.run, place.number, json])?;
        Ok(place)
    }

    /// The place of a run's next group.
    fn next_place(&self, to: &Writer) -> Result<Place, JournalError> {
        if let Some(place) = to.next {
            return Ok(place);
        }
        let query = "select number, (select coalesce(max(number) + 1, 0) from events where run = runs.number)
                     from runs where run_id = ?1";
        Ok(self.connection.query_row(query, [to.run.as_str()], |row| {
            Ok(Place { run: row.get(0)?, number: row.get(1)? })
        })?)
    }

    /// What shows that this process is alive, as the journal names it.
    pub(super) fn driver(&mut self) -> Result<Option<String>, JournalError> {
        let Some(path) = &self.path else { return Ok(None) };
        if self.driver.is_none() {
            let unavailable = |source| JournalError::Unavailable { path: path.clone(), source };
            self.driver = Some(Driver::new(path).map_err(unavailable)?);
        }
        Ok(self.driver.as_ref().map(|driver| driver.name().to_owned()))
    }

    /// Its file; none for a journal in memory.
    pub(super) fn path(&self) -> Option<PathBuf> {
        self.path.clone()
    }

    /// Takes over a run that no process drives; false where it has ended meanwhile. Two engines never drive the same run.
    pub fn claim(&mut self, run: &RunId) -> Result<bool, JournalError> {
        let driver = self.driver()?;
        self.commit();
        self.connection.execute_batch("begin immediate")?;
        let claimed = self.claim_now(run, driver.as_deref());
        let end = if claimed.is_ok() { "commit" } else { "rollback" };
        self.connection.execute_batch(end)?;
        let claimed = claimed?;
        self.open += usize::from(claimed);
        Ok(claimed)
    }

    fn claim_now(&self, run: &RunId, driver: Option<&str>) -> Result<bool, JournalError> {
        let query = "select driver, ended_us is not null from runs where run_id = ?1";
        let (other, ended): (Option<String>, bool) =
            self.connection
                .query_row(query, [run.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if other.is_some_and(|other| self.is_alive(&other)) {
            return Err(JournalError::Driven { run: run.to_string() });
        }
        if !ended {
            let update = "update runs set driver = ?2, status = null where run_id = ?1";
            self.connection.execute(update, params![run.as_str(), driver])?;
        }
        Ok(!ended)
    }

    /// Gives back a run that was taken over for nothing, as it was found.
    pub fn release(&mut self, run: &RunId, waits: bool) -> Result<(), JournalError> {
        let update = "update runs set driver = null, status = ?2 where run_id = ?1";
        let status = waits.then_some(status_name(RunStatus::Waiting));
        self.connection.execute(update, params![run.as_str(), status])?;
        self.close();
        Ok(())
    }

    /// Leaves a run that only waits for a person.
    pub fn pause(&mut self, writer: &Writer) -> Result<(), JournalError> {
        self.commit();
        let update =
            "update runs set status = 'waiting', driver = null, cost_usd = ?2, unpriced_calls = ?3
                      where run_id = ?1";
        let Spent { cost_usd, unpriced_calls } = writer.spent;
        let unpriced_calls = i64::try_from(unpriced_calls).unwrap_or(i64::MAX);
        self.connection.execute(update, params![writer.run.as_str(), cost_usd, unpriced_calls])?;
        self.close();
        Ok(())
    }

    /// Asks whoever drives a run to end it.
    pub fn cancel(&mut self, run: &RunId) -> Result<(), JournalError> {
        let update = "update runs set cancelled = 1 where run_id = ?1";
        self.connection.execute(update, [run.as_str()])?;
        Ok(())
    }

    /// Whether somebody asked that a run be ended.
    pub fn is_cancelled(&self, run: &RunId) -> Result<bool, JournalError> {
        let query = "select cancelled from runs where run_id = ?1";
        let mut statement = self.connection.prepare_cached(query)?;
        Ok(statement.query_row([run.as_str()], |row| row.get(0)).optional()?.unwrap_or_default())
    }

    /// Whether a process drives the runs that name this driver.
    fn is_alive(&self, driver: &str) -> bool {
        let own = self.driver.as_ref().is_some_and(|own| own.name() == driver);
        own || self.path.as_ref().is_some_and(|path| is_driven(path, driver))
    }

    /// Whether a process drives a run now.
    pub fn is_under_way(&self, run: &RunId) -> Result<bool, JournalError> {
        let mut query = self.connection.prepare("select driver from runs where run_id = ?1")?;
        let driver: Option<String> = query.query_row([run.as_str()], |row| row.get(0))?;
        Ok(driver.is_some_and(|driver| self.is_alive(&driver)))
    }

    /// The events of a run, in order; none where there is no such run. They end where a group cannot be read.
    pub fn records(&self, run: &RunId) -> Result<Vec<Record>, JournalError> {
        Ok(self.read(run)?.0)
    }

    /// The events of a run, and how many groups are lost: the first that cannot be read or is gone, and all that follow it.
    pub fn read(&self, run: &RunId) -> Result<(Vec<Record>, usize), JournalError> {
        let (records, broken) = self.groups(run)?;
        let Some(broken) = broken else { return Ok((records, 0)) };
        let query = format!("select count(*) {FROM_GROUP}");
        let lost: i64 =
            self.connection.query_row(&query, params![broken, run.as_str()], |row| row.get(0))?;
        Ok((records, usize::try_from(lost).unwrap_or_default()))
    }

    /// The events of a run, and the number of the first group that cannot be read, if there is one.
    fn groups(&self, run: &RunId) -> Result<(Vec<Record>, Option<i64>), JournalError> {
        let mut query = self.connection.prepare_cached(
            "select events.number, records from runs join events on run = runs.number where run_id = ?1
             order by events.number",
        )?;
        let mut rows = query.query([run.as_str()])?;
        let (mut records, mut next) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            // Cast to bytes, so that a text which is no text is a broken group and not a broken journal.
            let json = row.get_ref(1)?.as_bytes_or_null().ok().flatten().unwrap_or_default();
            match serde_json::from_slice::<Vec<Record>>(json) {
                Ok(group) if number == next => records.extend(group),
                _ => return Ok((records, Some(number))),
            }
            next += 1;
        }
        Ok((records, None))
    }

    /// Removes the groups of a run from the first that cannot be read; how many there were.
    pub fn mend(&mut self, run: &RunId) -> Result<usize, JournalError> {
        let Some(broken) = self.groups(run)?.1 else { return Ok(0) };
        let delete = format!("delete {FROM_GROUP}");
        Ok(self.connection.execute(&delete, params![broken, run.as_str()])?)
    }

    /// The JSON of a plan.
    pub fn plan(&self, hash: &PlanHash) -> Result<Option<String>, JournalError> {
        let query = "select json from plans where hash = ?1";
        Ok(self.connection.query_row(query, [hash.as_str()], |row| row.get(0)).optional()?)
    }

    /// The run whose id begins so. Where several do, it is told with the first two.
    pub fn find(&self, beginning: &str) -> Result<Option<RunId>, JournalError> {
        let query = "select run_id from runs where substr(run_id, 1, length(?1)) = ?1 limit 2";
        let mut statement = self.connection.prepare(query)?;
        let found: Vec<String> =
            statement.query_map([beginning], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(match found.as_slice() {
            [one] => Some(RunId::from(one.as_str())),
            [one, other, ..] if !beginning.is_empty() => {
                return Err(JournalError::Ambiguous {
                    beginning: beginning.to_owned(),
                    runs: [one.clone(), other.clone()],
                });
            }
            _ => None,
        })
    }

    /// All runs, newest first.
    pub fn runs(&self) -> Result<Vec<RunSummary>, JournalError> {
        let mut query = self.connection.prepare(
            "select run_id, workflow, status, started_us, ended_us, cost_usd, driver, unpriced_calls, waited_us, number
             from runs order by started_us desc, run_id desc",
        )?;
        let rows = query.query_map([], |row| {
            let status: Option<String> = row.get(2)?;
            let (started_us, ended_us): (i64, Option<i64>) = (row.get(3)?, row.get(4)?);
            let driver: Option<String> = row.get(6)?;
            let alive = driver.is_some_and(|driver| self.is_alive(&driver));
            let open = if alive { "running" } else { "interrupted" };
            let (waited_us, unpriced): (i64, i64) = (row.get(8)?, row.get(7)?);
            let Spent { cost_usd, unpriced_calls } = match &status {
                // Nobody has added up yet what it spent.
                None => spent(&self.connection, row.get(9)?)?,
                Some(_) => Spent {
                    cost_usd: row.get(5)?,
                    unpriced_calls: u64::try_from(unpriced).unwrap_or_default(),
                },
            };
            Ok(RunSummary {
                run_id: row.get::<_, String>(0)?.into(),
                workflow: row.get::<_, String>(1)?.into(),
                status: status.unwrap_or_else(|| open.to_owned()),
                started_at: jiff::Timestamp::from_microsecond(started_us)
                    .map(|at| at.to_string())
                    .unwrap_or_default(),
                duration_ms: ended_us
                    .and_then(|ended| u64::try_from((ended - started_us - waited_us) / 1000).ok()),
                waiting_ms: u64::try_from(waited_us / 1000).unwrap_or_default(),
                cost_usd: (cost_usd > 0.0 || unpriced_calls == 0).then_some(cost_usd),
                unpriced_calls,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn status_name(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Succeeded => "succeeded",
        RunStatus::Partial => "partial",
        RunStatus::Failed => "failed",
        RunStatus::Waiting => "waiting",
        RunStatus::Cancelled => "cancelled",
    }
}

/// Makes the folder and an empty file that only its owner can read; what agents are told is nobody else's business.
fn prepare(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        private_folder(folder)?;
        if folder.file_name().is_some_and(|name| name == ".engine")
            && !folder.join(".gitignore").exists()
        {
            std::fs::write(folder.join(".gitignore"), "*\n")?;
        }
    }
    private_file(path).map(drop)
}

/// A folder that only its owner can look into, made where it is not there; whoever may write to it could put other files in
/// the place of the owner's.
pub fn private_folder(path: &Path) -> std::io::Result<()> {
    let mut folder = std::fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(path)
}

/// A file to add to that only its owner can read, made where it is not there.
pub fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
