//! The tables of the journal, version by version.

use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use super::JournalError;
use super::sqlite::PATIENCE;

/// What makes each version out of the one before; `user_version` tells how many were applied.
///
/// Groups of events lie in the order in which they were written, so that appending touches the last pages only, however
/// many runs are written at the same time; an index finds those of a run.
const VERSIONS: &[&str] = &[
    "create table plans (hash text primary key, json text not null);
     create table runs (
         number integer primary key, run_id text not null unique, workflow text not null, status text,
         started_us integer not null, ended_us integer, cost_usd real not null default 0, pid integer
     );
     create table events (key integer primary key, records text not null);",
    "alter table runs drop column pid;
     alter table runs add column driver text;
     alter table runs add column parent text;
     alter table runs add column cancelled integer not null default 0;
     alter table runs add column batch text;
     alter table runs add column batch_row integer;
     create index runs_of_batch on runs (batch, batch_row) where batch is not null;
     create table outputs (key text primary key, at_us integer not null, run_id text not null, json text not null);",
    "create table batches (batch text primary key, rows_left integer not null);",
    "alter table events rename to earlier_events;
     create table events (key integer primary key, run integer not null, number integer not null, records text not null);
     insert into events (run, number, records) select key >> 32, key & 4294967295, records from earlier_events order by key;
     drop table earlier_events;
     create unique index events_of_run on events (run, number);",
    r#"alter table runs add column unpriced_calls integer not null default 0;
     alter table runs add column waited_us integer not null default 0;
     update runs set unpriced_calls = (
         select count(*) from events, json_each(iif(json_valid(records), records, '[]')) as record
         where run = runs.number and instr(records, '"model_called"') > 0
           and record.value ->> '$.event.type' = 'model_called'
           and record.value ->> '$.event.call.cost_usd' is null
           and (record.value ->> '$.event.call.answer' is not null or record.value ->> '$.event.call.called_off'));"#,
    "create table deleted (
         day integer not null, workflow text not null, session text not null, agent text not null, model text not null,
         runs integer not null, day_runs integer not null, agent_runs integer not null, model_runs integer not null,
         calls integer not null, input_tokens integer not null, cached_input_tokens integer not null,
         output_tokens integer not null, cost_usd real not null, estimated_usd real not null,
         called_off_calls integer not null, priced_calls integer not null,
         unpriced_calls integer not null, primary key (day, workflow, session, agent, model)
     ) without rowid;",
];

/// How long is waited between two tries.
const PAUSE: Duration = Duration::from_millis(5);

/// Keeps changes beside the file, so that readers and one writer work at once. SQLite does not wait by itself where others
/// look into the file at that moment.
fn write_ahead(connection: &Connection) -> Result<(), rusqlite::Error> {
    let begun = Instant::now();
    loop {
        match connection.query_row("pragma journal_mode = wal", [], |_| Ok(())) {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && begun.elapsed() < PATIENCE =>
            {
                std::thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
}

/// Makes the tables, or brings those of an earlier engine up to date; nothing is lost.
pub(super) fn bring_up_to_date(connection: &Connection) -> Result<(), JournalError> {
    let known = i64::try_from(VERSIONS.len()).unwrap_or(i64::MAX);
    let version = || connection.query_row("pragma user_version", [], |row| row.get::<_, i64>(0));
    let found = version()?;
    if found > known {
        return Err(JournalError::Newer { found, known });
    }
    if found == known {
        return Ok(());
    }
    if found == 0 {
        write_ahead(connection)?;
    }
    // Another engine may be doing the same: whoever holds the lock looks again.
    connection.execute_batch("begin immediate")?;
    let done = usize::try_from(version()?).unwrap_or_default();
    let missing = VERSIONS.get(done..).unwrap_or_default().concat();
    let made = connection.execute_batch(&format!("{missing} pragma user_version = {known};"));
    connection.execute_batch(if made.is_ok() { "commit" } else { "rollback" })?;
    Ok(made?)
}
