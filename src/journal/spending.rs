//! What runs spent on models: their calls without the texts, which are most of a journal.

use std::borrow::Cow;

use rusqlite::{Connection, Row, params};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Journal, JournalError, Spent};
use crate::event::Usage;
use crate::id::{ModelName, PlanHash, RunId, StepPath, WorkflowName};
use crate::value::sum;

/// What a run spent on models.
#[derive(Clone, Debug, PartialEq)]
pub struct Spending {
    /// The run.
    pub run_id: RunId,
    /// The workflow's name.
    pub workflow: WorkflowName,
    /// The plan it runs; the journal keeps it.
    pub plan: Option<PlanHash>,
    /// The conversation it belongs to, where it belongs to one.
    pub session: Option<String>,
    /// How it ended; none where it did not.
    pub status: Option<String>,
    /// Microseconds since the Unix epoch.
    pub started_us: i64,
    /// When it ended.
    pub ended_us: Option<i64>,
    /// How long no process drove it, in microseconds.
    pub waited_us: i64,
    /// Its requests to models, in order.
    pub calls: Vec<SpentCall>,
}

/// A request to a model, without its texts.
#[derive(Clone, Debug, PartialEq)]
pub struct SpentCall {
    /// When it ended, in microseconds since the Unix epoch.
    pub at_us: i64,
    /// The step that asked; of a nested step, the way to it.
    pub step: StepPath,
    /// The model, as engine.yaml names it.
    pub model: ModelName,
    /// Tokens.
    pub usage: Usage,
    /// US dollars; none where the model has no price or nothing was charged.
    pub cost_usd: Option<f64>,
    /// Whether the model answered.
    pub answered: bool,
    /// Whether it was called off for another answer, so that tokens and dollars are an estimate.
    pub called_off: bool,
}

impl SpentCall {
    /// Whether a provider asks money for it.
    pub fn is_charged(&self) -> bool {
        self.answered || self.called_off
    }

    /// Whether it was charged by a model without a price: what it cost, nobody knows.
    pub fn is_unpriced(&self) -> bool {
        self.is_charged() && self.cost_usd.is_none()
    }
}

/// What calls took, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Charges {
    /// Requests to models, repeated ones included.
    pub calls: u64,
    /// Tokens.
    pub usage: Usage,
    /// US dollars of the priced calls.
    pub cost_usd: f64,
    /// US dollars of them that are an estimate: what the calls cost that were called off.
    pub estimated_usd: f64,
    /// Calls that were called off for another answer.
    pub called_off_calls: u64,
    /// The calls that have a price.
    pub priced_calls: u64,
    /// Charged calls whose cost nobody knows.
    pub unpriced_calls: u64,
}

impl From<&SpentCall> for Charges {
    fn from(call: &SpentCall) -> Self {
        let usd = call.cost_usd.unwrap_or_default();
        Self {
            calls: 1,
            usage: call.usage,
            cost_usd: usd,
            estimated_usd: if call.called_off { usd } else { 0.0 },
            called_off_calls: u64::from(call.called_off),
            priced_calls: u64::from(call.cost_usd.is_some()),
            unpriced_calls: u64::from(call.is_unpriced()),
        }
    }
}

impl std::ops::AddAssign for Charges {
    fn add_assign(&mut self, more: Self) {
        self.calls += more.calls;
        self.usage += more.usage;
        self.cost_usd += more.cost_usd;
        self.estimated_usd += more.estimated_usd;
        self.called_off_calls += more.called_off_calls;
        self.priced_calls += more.priced_calls;
        self.unpriced_calls += more.unpriced_calls;
    }
}

impl Spending {
    /// US dollars of the whole run; none where no model answered, or one that has no price.
    pub fn cost_usd(&self) -> Option<f64> {
        let mut charged = self.calls.iter().filter(|call| call.is_charged()).peekable();
        charged.peek()?;
        charged.map(|call| call.cost_usd).sum()
    }

    /// Who asked, as costs name it: the agent, or the step where its agent has no name. The items of a step are one.
    pub fn asker(&self, call: &SpentCall, agent: Option<&str>) -> String {
        let step = || {
            let parts = call.step.as_str().split('/');
            let ids: Vec<&str> = parts.map(|part| part.split('[').next().unwrap_or(part)).collect();
            format!("step {} of {}", ids.join("/"), self.workflow)
        };
        agent.map_or_else(step, str::to_owned)
    }

    /// Whether it ended with an answer, whole or in part.
    pub fn has_answer(&self) -> bool {
        matches!(self.status.as_deref(), Some("succeeded" | "partial"))
    }
}

/// Which runs are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Since<'f> {
    /// Only what happened at this time or later, in microseconds since the Unix epoch.
    pub at_us: Option<i64>,
    /// Only runs of this workflow.
    pub workflow: Option<&'f str>,
}

/// What is read of a record. No enum by `type`: it would keep every text of every event until the type is known.
#[derive(Deserialize)]
struct Bare<'r> {
    at_us: i64,
    #[serde(borrow)]
    event: BareEvent<'r>,
}

#[derive(Deserialize)]
struct BareEvent<'r> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'r, str>,
    step: Option<StepPath>,
    call: Option<BareCall>,
    plan: Option<Text>,
    session: Option<Text>,
}

/// A call, of a model or of a tool; only that of a model names one.
#[derive(Deserialize)]
struct BareCall {
    model: Option<ModelName>,
    answer: Option<IgnoredAny>,
    #[serde(default)]
    usage: Usage,
    cost_usd: Option<f64>,
    #[serde(default)]
    called_off: bool,
}

impl BareCall {
    /// US dollars, where something was charged.
    fn cost_usd(&self) -> Option<f64> {
        self.cost_usd.filter(|_| self.answer.is_some() || self.called_off)
    }
}

/// A text, or whatever events of other kinds have under the same key.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Is(String),
    IsNone(IgnoredAny),
}

impl Text {
    fn get(self) -> Option<String> {
        match self {
            Self::Is(text) => Some(text),
            Self::IsNone(_) => None,
        }
    }
}

impl Journal {
    /// What runs spent, oldest first: those that began or asked a model in the time asked for.
    pub fn spending(&self, since: Since<'_>) -> Result<Vec<Spending>, JournalError> {
        Ok(spending(&self.connection, since)?)
    }
}

/// What the runs of a journal spent, oldest first.
pub(super) fn spending(
    connection: &Connection,
    since: Since<'_>,
) -> rusqlite::Result<Vec<Spending>> {
    let mut query = connection.prepare(
        "select run_id, workflow, status, started_us, ended_us, waited_us, number from runs
         where (?1 is null or status is null or status = 'waiting' or ended_us is null or ended_us >= ?1)
           and (?2 is null or workflow = ?2) order by started_us, run_id",
    )?;
    let mut rows = query.query(params![since.at_us, since.workflow])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let mut spending = spending_of(row)?;
        read_calls(connection, row.get(6)?, &mut spending)?;
        let since = since.at_us.unwrap_or(i64::MIN);
        spending.calls.retain(|call| call.at_us >= since);
        if !spending.calls.is_empty() || spending.started_us >= since {
            found.push(spending);
        }
    }
    Ok(found)
}

/// When the priced calls of a group of events ended, in microseconds since the Unix epoch, and their US dollars.
pub(super) fn prices(json: &[u8]) -> impl Iterator<Item = (i64, f64)> {
    let group = serde_json::from_slice::<Vec<Bare<'_>>>(json).unwrap_or_default();
    let price = |Bare { at_us, event }: Bare<'_>| Some((at_us, event.call?.cost_usd()?));
    group.into_iter().filter_map(price)
}

/// A run with what it spent, by its number.
pub(super) fn of_run(connection: &Connection, number: i64) -> rusqlite::Result<Spending> {
    let query = "select run_id, workflow, status, started_us, ended_us, waited_us from runs where number = ?1";
    let mut spending = connection.prepare_cached(query)?.query_row([number], spending_of)?;
    read_calls(connection, number, &mut spending)?;
    Ok(spending)
}

/// What a run spent so far, as its events tell.
pub(super) fn spent(connection: &Connection, number: i64) -> rusqlite::Result<Spent> {
    let calls = of_run(connection, number)?.calls;
    let cost_usd = sum(calls.iter().filter_map(|call| call.cost_usd));
    let unpriced = calls.iter().filter(|call| call.is_unpriced()).count();
    Ok(Spent { cost_usd, unpriced_calls: unpriced as u64 })
}

/// A run without its calls.
fn spending_of(row: &Row<'_>) -> rusqlite::Result<Spending> {
    let (run, workflow): (String, String) = (row.get(0)?, row.get(1)?);
    Ok(Spending {
        run_id: run.into(),
        workflow: workflow.into(),
        plan: None,
        session: None,
        status: row.get(2)?,
        started_us: row.get(3)?,
        ended_us: row.get(4)?,
        waited_us: row.get(5)?,
        calls: Vec::new(),
    })
}

fn read_calls(
    connection: &Connection,
    number: i64,
    spending: &mut Spending,
) -> rusqlite::Result<()> {
    // Most groups of events hold no call, and need not be read as JSON.
    let mut query = connection.prepare_cached(
        "select records from events where run = ?1
               and (instr(records, '\"model_called\"') > 0 or instr(records, '\"run_started\"') > 0)
             order by number",
    )?;
    let mut rows = query.query([number])?;
    while let Some(row) = rows.next()? {
        let json = row.get_ref(0)?.as_bytes_or_null().ok().flatten().unwrap_or_default();
        // As for whoever replays the run, its events end where a group cannot be read.
        let Ok(group) = serde_json::from_slice::<Vec<Bare<'_>>>(json) else { break };
        for Bare { at_us, event } in group {
            match (event.kind.as_ref(), event.step, event.call) {
                ("run_started", ..) => {
                    spending.plan = event.plan.and_then(Text::get).map(Into::into);
                    spending.session = event.session.and_then(Text::get);
                }
                ("model_called", Some(step), Some(call)) => {
                    let cost_usd = call.cost_usd();
                    let BareCall { model: Some(model), answer, usage, called_off, .. } = call
                    else {
                        continue;
                    };
                    let answered = answer.is_some();
                    spending.calls.push(SpentCall {
                        at_us,
                        step,
                        model,
                        usage,
                        cost_usd,
                        answered,
                        called_off,
                    });
                }
                _ => {}
            }
        }
    }
    Ok(())
}
