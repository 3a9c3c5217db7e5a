//! What the answers of a run rest on: the months covered and the rows read.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::frame::{Frame, Unit};
use super::ledger::reads;
use super::state::RunState;
use super::step_state::StepState;
use crate::id::ToolName;
use crate::plan::Kind;
use crate::value::{Object, Value, each_text};

/// The period and the rows that a run's answers rest on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DataReport {
    /// The first month in what tools gave, or in what rows without months were asked for, YYYY-MM; null where there is
    /// none.
    pub from: Option<String>,
    /// The last month.
    pub to: Option<String>,
    /// Rows that tools gave.
    pub rows: u64,
    /// Where they were read: sources by name, and tools that read none.
    pub sources: Vec<String>,
}

impl DataReport {
    /// What the tools of a run gave; none where no tool gave anything.
    pub(super) fn of(state: &RunState) -> Option<Self> {
        let mut months = BTreeSet::new();
        let mut sources = BTreeSet::new();
        let mut rows = 0;
        for (unit, at) in state.units() {
            for Given { tool, value, arguments, .. } in given(state, unit, at) {
                let plan = state.frames().get(unit.frame).map(Frame::plan);
                let Some(tool) = plan.and_then(|plan| plan.tools.get(tool)) else { continue };
                rows += match value {
                    Value::Null => 0,
                    Value::Array(items) => items.len() as u64,
                    Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => 1,
                };
                let mut covered = BTreeSet::new();
                each_text(value, "", &mut |text, _| covered.extend(month(text)));
                if covered.is_empty() && value.as_array().is_some_and(|rows| !rows.is_empty()) {
                    // Rows that name no month of their own cover those that were asked for.
                    let asked = arguments.into_iter().flat_map(Object::values);
                    covered.extend(asked.filter_map(|value| month(value.as_str()?)));
                }
                months.append(&mut covered);
                sources.insert(reads(&tool.kind).0.unwrap_or_else(|| tool.name.to_string()));
            }
        }
        (!sources.is_empty()).then(|| Self {
            from: months.first().cloned(),
            to: months.last().cloned(),
            rows,
            sources: sources.into_iter().collect(),
        })
    }
}

/// What a tool gave.
pub(super) struct Given<'s> {
    pub(super) tool: &'s ToolName,
    /// Where it stands in the evidence; none where it is the step's own output.
    pub(super) path: Option<&'s str>,
    pub(super) arguments: Option<&'s Object>,
    pub(super) value: &'s Value,
}

/// What tools gave to a step or to its agents; agents that were asked are among them.
pub(super) fn given<'s>(
    state: &'s RunState,
    unit: Unit,
    at: &'s StepState,
) -> impl Iterator<Item = Given<'s>> {
    let own = state.definition(unit).and_then(|step| match &step.kind {
        Kind::Tool(call) if at.items.is_empty() => Some(Given {
            tool: &call.tool,
            path: None,
            arguments: at.arguments.as_ref(),
            value: at.output.as_deref()?,
        }),
        Kind::Tool(_)
        | Kind::Agent(_)
        | Kind::Compute(_)
        | Kind::Workflow(_)
        | Kind::Plan(_)
        | Kind::Approval(_) => None,
    });
    own.into_iter().chain(at.looked_up.iter().map(|found| Given {
        tool: &found.tool,
        path: Some(&found.path),
        arguments: found.arguments.as_ref(),
        value: &found.value,
    }))
}

/// The month of a date: `2025-10` of `2025-10-31`.
pub(super) fn month(text: &str) -> Option<String> {
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-').unwrap_or((rest, "01"));
    let two = |part: &str, most: u32| {
        part.len() == 2 && part.parse::<u32>().is_ok_and(|n| (1..=most).contains(&n))
    };
    let day = day.split('T').next().unwrap_or(day);
    let is = year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit());
    (is && two(month, 12) && two(day, 31)).then(|| format!("{year}-{month}"))
}
