//! Outputs that later runs may take over instead of making them again.

use std::sync::Arc;

use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::{Journal, JournalError};
use crate::event::{FigureCount, LookedUp};
use crate::id::{RunId, StepKey};
use crate::value::Value;

/// An output with what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// What it was made of.
    pub key: StepKey,
    /// When it was made, in microseconds since the Unix epoch.
    pub at_us: i64,
    /// The run that made it.
    pub run_id: RunId,
    /// The output.
    pub value: Arc<Value>,
    /// The figures of its texts.
    pub figures: FigureCount,
    /// What the reader should know about it.
    pub warnings: Vec<String>,
    /// What its agents looked up.
    pub looked_up: Vec<LookedUp>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    value: Arc<Value>,
    #[serde(default)]
    figures: FigureCount,
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    looked_up: Vec<LookedUp>,
}

impl Journal {
    /// Keeps an output; it replaces an earlier one that was made of the same.
    pub fn keep(&mut self, output: &Output) -> Result<(), JournalError> {
        let Output { key, at_us, run_id, value, figures, warnings, looked_up } = output.clone();
        let json = serde_json::to_string(&Stored { value, figures, warnings, looked_up })
            .map_err(|source| JournalError::Unreadable { run: run_id.to_string(), source })?;
        let insert =
            "insert or replace into outputs (key, at_us, run_id, json) values (?1, ?2, ?3, ?4)";
        self.connection.prepare_cached(insert)?.execute(params![
            key.as_str(),
            at_us,
            run_id.as_str(),
            json
        ])?;
        Ok(())
    }

    /// The output that was made of the same, unless it is older than `since_us`.
    pub fn kept(&self, key: &StepKey, since_us: i64) -> Result<Option<Output>, JournalError> {
        let query = "select at_us, run_id, json from outputs where key = ?1 and at_us >= ?2";
        let mut statement = self.connection.prepare_cached(query)?;
        let found = statement
            .query_row(params![key.as_str(), since_us], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
            })
            .optional()?;
        // What cannot be read was not kept.
        Ok(found.and_then(|(at_us, run, json)| {
            let Stored { value, figures, warnings, looked_up } =
                serde_json::from_str(&json).ok()?;
            let (key, run_id) = (key.clone(), run.into());
            Some(Output { key, at_us, run_id, value, figures, warnings, looked_up })
        }))
    }
}
