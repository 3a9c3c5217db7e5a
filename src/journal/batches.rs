//! Batches of runs: what was made of each row, and whether rows are left.

use std::collections::BTreeMap;

use rusqlite::params;

use super::{Journal, JournalError};
use crate::id::RunId;

impl Journal {
    /// The newest run of each row of a batch.
    pub fn runs_of(&self, batch: &str) -> Result<BTreeMap<u64, RunId>, JournalError> {
        let query = "select batch_row, run_id from runs where batch = ?1 order by number";
        let mut statement = self.connection.prepare(query)?;
        let rows = statement.query_map([batch], |row| {
            let number = u64::try_from(row.get::<_, i64>(0)?).unwrap_or_default();
            Ok((number, row.get::<_, String>(1)?.into()))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Takes note of whether rows of a batch are left that no process took up yet. While they are, the runs of the
    /// others stay: whoever goes on with the batch would do them again.
    pub fn note_rows_left(&mut self, batch: &str, left: bool) -> Result<(), JournalError> {
        self.commit();
        let note = "insert into batches values (?1, ?2)
                    on conflict (batch) do update set rows_left = excluded.rows_left";
        self.connection.execute(note, params![batch, left])?;
        Ok(())
    }
}
