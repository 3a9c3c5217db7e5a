//! The journal in a SQLite file.
//!
//! A group of events is one row, and one transaction: it is written by the runner before it acts on the events,
//! so it must cost a step no more than it has to. In WAL mode with `synchronous = normal` a commit is one write to
//! the page cache, which survives the death of the process; the disk is only waited for at checkpoints, which are
//! made when a run ends.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use serde::Serialize;

use super::JournalError;
use crate::event::{Event, Record, RunStatus};
use crate::id::{PlanHash, RunId, WorkflowName};

/// The schema version that this engine writes, kept in `user_version`.
const VERSION: i64 = 1;

/// Events lie in the order of their keys, so that appending touches the last page only: the number of the run is the
/// upper half of a key, the number of the group the lower.
const SCHEMA: &str = "
create table plans (hash text primary key, json text not null);
create table runs (
    number integer primary key, run_id text not null unique, workflow text not null, status text,
    started_us integer not null, ended_us integer, cost_usd real not null default 0, pid integer
);
create table events (key integer primary key, records text not null);
";

/// The events of all runs, on disk.
pub struct Journal {
    connection: Connection,
    /// A plan to be written with the next group.
    plan: Option<(PlanHash, String)>,
    /// The run that is being written, and the key of its next group.
    next: Option<(RunId, i64)>,
    /// The cost of the run that is being written.
    cost_usd: f64,
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
    /// From the first event to the last; none where it did not end.
    pub duration_ms: Option<u64>,
    /// US dollars of its priced calls.
    pub cost_usd: Option<f64>,
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
        Self::with(Connection::open_with_flags(path, flags)?)
    }

    /// A journal that is gone with the process.
    pub fn in_memory() -> Result<Self, JournalError> {
        Self::with(Connection::open_in_memory()?)
    }

    fn with(connection: Connection) -> Result<Self, JournalError> {
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.execute_batch("pragma synchronous = normal; pragma wal_autocheckpoint = 0; pragma temp_store = memory;")?;
        let found: i64 = connection.query_row("pragma user_version", [], |row| row.get(0))?;
        if found > VERSION {
            return Err(JournalError::Newer { found, known: VERSION });
        }
        if found == 0 {
            // Another engine may be doing the same: whoever holds the lock looks again.
            connection.query_row("pragma journal_mode = wal", [], |_| Ok(()))?;
            connection.execute_batch("begin immediate")?;
            let found: i64 = connection.query_row("pragma user_version", [], |row| row.get(0))?;
            if found == 0 {
                connection.execute_batch(&format!("{SCHEMA} pragma user_version = {VERSION};"))?;
            }
            connection.execute_batch("commit")?;
        }
        Ok(Self { connection, plan: None, next: None, cost_usd: 0.0 })
    }

    /// Keeps a plan, with the next group of events; once, however many runs share it.
    pub fn put_plan(&mut self, hash: &PlanHash, json: &str) {
        self.plan = Some((hash.clone(), json.to_owned()));
    }

    /// Writes a group of events of a run, in one transaction.
    pub fn append(&mut self, run: &RunId, records: &[Record]) -> Result<(), JournalError> {
        let json = serde_json::to_string(records)
            .map_err(|source| JournalError::Unreadable { run: run.to_string(), source })?;
        // A statement on its own is a transaction, and cheaper than one that is spelled out.
        let bounds = |record: &Record| {
            matches!(record.event, Event::RunStarted { .. } | Event::RunFinished { .. })
        };
        let several = self.plan.is_some() || records.iter().any(bounds);
        if several {
            self.connection.execute_batch("begin immediate")?;
        }
        let written = self.write(run, &json, records);
        if several {
            let end = if written.is_ok() { "commit" } else { "rollback" };
            self.connection.execute_batch(end)?;
        }
        self.next = Some((run.clone(), written? + 1));
        if records.iter().any(|record| matches!(record.event, Event::RunFinished { .. })) {
            self.next = None;
            // What cannot be folded into the file now, because another engine reads it, is folded in later.
            let checkpoint = "pragma wal_checkpoint(passive)";
            drop(self.connection.query_row(checkpoint, [], |row| row.get::<_, i64>(0)));
        }
        Ok(())
    }

    /// Writes what a group consists of; gives its key.
    fn write(&mut self, run: &RunId, json: &str, records: &[Record]) -> Result<i64, JournalError> {
        if let Some((hash, plan)) = self.plan.take() {
            self.connection
                .prepare_cached("insert or ignore into plans (hash, json) values (?1, ?2)")?
                .execute(params![hash.as_str(), plan])?;
        }
        for record in records {
            match &record.event {
                Event::RunStarted { workflow, .. } => {
                    let insert = "insert into runs (run_id, workflow, started_us, pid) values (?1, ?2, ?3, ?4)";
                    let pid = std::process::id();
                    self.cost_usd = 0.0;
                    self.connection.prepare_cached(insert)?.execute(params![
                        run.as_str(),
                        workflow.as_str(),
                        record.at_us,
                        pid
                    ])?;
                }
                Event::ModelCalled { call, .. } => {
                    self.cost_usd += call.cost_usd.unwrap_or_default();
                }
                Event::RunFinished { status, .. } => {
                    let update =
                        "update runs set status = ?2, ended_us = ?3, cost_usd = ?4, pid = null
                                  where run_id = ?1";
                    let status = status_name(*status);
                    self.connection.prepare_cached(update)?.execute(params![
                        run.as_str(),
                        status,
                        record.at_us,
                        self.cost_usd
                    ])?;
                }
                _ => {}
            }
        }
        let key = self.next_key(run)?;
        self.connection
            .prepare_cached("insert into events (key, records) values (?1, ?2)")?
            .execute(params![key, json])?;
        Ok(key)
    }

    /// The key of a run's next group.
    fn next_key(&mut self, run: &RunId) -> Result<i64, JournalError> {
        match &self.next {
            Some((known, key)) if known == run => Ok(*key),
            _ => {
                let query = "select coalesce(max(key) + 1, number << 32) from runs left join events
                             on key >= number << 32 and key < (number + 1) << 32 where run_id = ?1";
                Ok(self.connection.query_row(query, [run.as_str()], |row| row.get(0))?)
            }
        }
    }

    /// The events of a run, in order; none where there is no such run.
    pub fn records(&self, run: &RunId) -> Result<Vec<Record>, JournalError> {
        let mut query = self.connection.prepare_cached(
            "select records from events, runs where run_id = ?1
                 and key >= number << 32 and key < (number + 1) << 32 order by key",
        )?;
        let mut rows = query.query([run.as_str()])?;
        let mut records = Vec::new();
        while let Some(row) = rows.next()? {
            let json: String = row.get(0)?;
            let group: Vec<Record> = serde_json::from_str(&json)
                .map_err(|source| JournalError::Unreadable { run: run.to_string(), source })?;
            records.extend(group);
        }
        Ok(records)
    }

    /// The JSON of a plan.
    pub fn plan(&self, hash: &PlanHash) -> Result<Option<String>, JournalError> {
        let query = "select json from plans where hash = ?1";
        Ok(self.connection.query_row(query, [hash.as_str()], |row| row.get(0)).optional()?)
    }

    /// The run whose id begins so, if exactly one does.
    pub fn find(&self, beginning: &str) -> Result<Option<RunId>, JournalError> {
        let query = "select run_id from runs where substr(run_id, 1, length(?1)) = ?1 limit 2";
        let mut statement = self.connection.prepare(query)?;
        let found: Vec<String> =
            statement.query_map([beginning], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(match found.as_slice() {
            [one] => Some(RunId::from(one.as_str())),
            _ => None,
        })
    }

    /// All runs, newest first.
    pub fn runs(&self) -> Result<Vec<RunSummary>, JournalError> {
        let mut query = self.connection.prepare(
            "select run_id, workflow, status, started_us, ended_us, cost_usd, pid from runs order by started_us desc, run_id desc",
        )?;
        let rows = query.query_map([], |row| {
            let status: Option<String> = row.get(2)?;
            let (started_us, ended_us): (i64, Option<i64>) = (row.get(3)?, row.get(4)?);
            let pid: Option<u32> = row.get(6)?;
            let open = if pid.is_some_and(is_alive) { "running" } else { "interrupted" };
            Ok(RunSummary {
                run_id: row.get::<_, String>(0)?.into(),
                workflow: row.get::<_, String>(1)?.into(),
                status: status.unwrap_or_else(|| open.to_owned()),
                started_at: jiff::Timestamp::from_microsecond(started_us)
                    .map(|at| at.to_string())
                    .unwrap_or_default(),
                duration_ms: ended_us
                    .and_then(|ended| u64::try_from((ended - started_us) / 1000).ok()),
                cost_usd: row.get(5)?,
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

/// Whether a process of this id is there. Where that cannot be told, a run counts as interrupted.
fn is_alive(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

/// Makes the folder and an empty file that only its owner can read; what agents are told is nobody else's business.
fn prepare(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
        if folder.file_name().is_some_and(|name| name == ".engine")
            && !folder.join(".gitignore").exists()
        {
            std::fs::write(folder.join(".gitignore"), "*\n")?;
        }
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
