//! What runs spent that were deleted: added up by day, workflow, session, agent and model, so that it stays known.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use super::days::{begin_of, day_of};
use super::spending::{Charges, Spending, SpentCall};
use super::{Journal, JournalError};
use crate::event::Usage;

/// What deleted runs spent on one model, by one agent of a workflow, on one day.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deleted {
    /// The beginning of the day, in microseconds since the Unix epoch.
    pub at_us: i64,
    /// The workflow's name.
    pub workflow: String,
    /// The conversation; empty where there was none.
    pub session: String,
    /// The agent, as costs name it; empty for runs that asked no model.
    pub agent: String,
    /// The model; empty for runs that asked none.
    pub model: String,
    /// Runs. Each counts once among all of a workflow, and once among those of a day, an agent and a model.
    pub runs: Runs,
    /// What their calls took.
    pub charges: Charges,
}

/// How many runs there are, by what they are told apart by. A run with calls of several agents has a row for each; so that sums
/// over rows count it once, it counts in the first of them alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Runs {
    /// In all rows together.
    pub all: u64,
    /// In the rows of a day.
    pub by_day: u64,
    /// In the rows of an agent.
    pub by_agent: u64,
    /// In the rows of a model.
    pub by_model: u64,
}

/// Where a call is added: day, agent, model.
type Place = (i64, String, String);

/// What a run spent, by place.
pub(super) fn rows_of(run: &Spending, agent: impl Fn(&SpentCall) -> String) -> Vec<Deleted> {
    let mut rows: BTreeMap<Place, Deleted> = BTreeMap::new();
    let began = day_of(run.started_us);
    for call in &run.calls {
        let place = (day_of(call.at_us), agent(call), call.model.to_string());
        rows.entry(place).or_default().charges += Charges::from(call);
    }
    if !rows.keys().any(|(day, ..)| *day == began) {
        // It ran on that day, whether it asked a model or not.
        rows.insert((began, String::new(), String::new()), Deleted::default());
    }
    let (mut days, mut agents, mut models) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let asked = !run.calls.is_empty();
    let mut counted = false;
    for ((day, agent, model), row) in &mut rows {
        let first = !counted && (row.charges.calls > 0 || !asked);
        counted |= first;
        row.runs = Runs {
            all: u64::from(first),
            by_day: u64::from(days.insert(*day)),
            by_agent: u64::from(row.charges.calls > 0 && agents.insert(agent.clone())),
            by_model: u64::from(row.charges.calls > 0 && models.insert(model.clone())),
        };
    }
    let session = run.session.clone().unwrap_or_default();
    rows.into_iter()
        .map(|((day, agent, model), row)| Deleted {
            at_us: begin_of(day),
            workflow: run.workflow.to_string(),
            session: session.clone(),
            agent,
            model,
            ..row
        })
        .collect()
}

/// Adds what a deleted run spent to what is known of earlier ones.
pub(super) fn add(connection: &Connection, row: &Deleted) -> rusqlite::Result<()> {
    let int = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let add = "insert into deleted values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
         on conflict do update set runs = runs + excluded.runs, day_runs = day_runs + excluded.day_runs,
             agent_runs = agent_runs + excluded.agent_runs, model_runs = model_runs + excluded.model_runs,
             calls = calls + excluded.calls, input_tokens = input_tokens + excluded.input_tokens,
             cached_input_tokens = cached_input_tokens + excluded.cached_input_tokens,
             output_tokens = output_tokens + excluded.output_tokens, cost_usd = cost_usd + excluded.cost_usd,
             estimated_usd = estimated_usd + excluded.estimated_usd,
             called_off_calls = called_off_calls + excluded.called_off_calls,
             priced_calls = priced_calls + excluded.priced_calls,
             unpriced_calls = unpriced_calls + excluded.unpriced_calls";
    let charges = row.charges;
    connection.prepare_cached(add)?.execute(params![
        day_of(row.at_us),
        row.workflow,
        row.session,
        row.agent,
        row.model,
        int(row.runs.all),
        int(row.runs.by_day),
        int(row.runs.by_agent),
        int(row.runs.by_model),
        int(charges.calls),
        int(charges.usage.input_tokens),
        int(charges.usage.cached_input_tokens),
        int(charges.usage.output_tokens),
        charges.cost_usd,
        charges.estimated_usd,
        int(charges.called_off_calls),
        int(charges.priced_calls),
        int(charges.unpriced_calls),
    ])?;
    Ok(())
}

impl Journal {
    /// What deleted runs spent on the day of a moment, in microseconds since the Unix epoch, and later.
    pub fn deleted(&self, since_us: Option<i64>) -> Result<Vec<Deleted>, JournalError> {
        Ok(rows(&self.connection, since_us)?)
    }
}

/// What deleted runs spent on the day of a moment and later.
pub(super) fn rows(
    connection: &Connection,
    since_us: Option<i64>,
) -> rusqlite::Result<Vec<Deleted>> {
    let query = "select * from deleted where ?1 is null or day >= ?1 order by day, workflow, session, agent, model";
    let mut statement = connection.prepare(query)?;
    let rows = statement.query_map([since_us.map(day_of)], |row| {
        let count = |at| row.get(at).map(|count: i64| u64::try_from(count).unwrap_or_default());
        Ok(Deleted {
            at_us: begin_of(row.get(0)?),
            workflow: row.get(1)?,
            session: row.get(2)?,
            agent: row.get(3)?,
            model: row.get(4)?,
            runs: Runs {
                all: count(5)?,
                by_day: count(6)?,
                by_agent: count(7)?,
                by_model: count(8)?,
            },
            charges: Charges {
                calls: count(9)?,
                usage: Usage {
                    input_tokens: count(10)?,
                    cached_input_tokens: count(11)?,
                    output_tokens: count(12)?,
                },
                cost_usd: row.get(13)?,
                estimated_usd: row.get(14)?,
                called_off_calls: count(15)?,
                priced_calls: count(16)?,
                unpriced_calls: count(17)?,
            },
        })
    })?;
    rows.collect()
}
