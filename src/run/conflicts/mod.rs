//! Conflicts: different values for one metric within one run, each told with where it comes from.
//!
//! Nothing says what a metric is, so both ways of finding one are strict: what they are not sure of is no conflict.
//! `readings` compares what tools gave by field, unit and everything the values are for; `findings` compares what agents
//! say of things they call alike. docs/figures.md has the rules.

mod findings;
mod readings;
mod scope;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ledger::{FigureSource, LedgerEntry};
use super::state::RunState;
use crate::id::StepPath;
use crate::value::{Object, Value};

/// Different values for one metric in one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Conflict {
    /// What they are values of: the field that tools give, or the words by which agents name it.
    pub metric: String,
    /// What they count; absent where nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What they are for: arguments of the tools and texts beside the values.
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub of: Object,
    /// The values, in the order of the steps.
    pub values: Vec<ConflictingValue>,
}

/// One of the values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConflictingValue {
    /// It.
    pub value: Value,
    /// The figure as the step's text writes it; absent where no text does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The step that gives it.
    pub step: StepPath,
    /// Its path in the evidence, or the formula by which it is made of others.
    pub path: String,
    /// The tools that it was read from, without their queries.
    pub sources: Vec<FigureSource>,
}

/// The conflicts of a run: those of what tools gave first. `ledger` holds the figures of its texts.
pub(super) fn conflicts(state: &RunState, ledger: &[LedgerEntry]) -> Vec<Conflict> {
    let readings = readings::readings(state);
    let mut found = readings::conflicts(&readings);
    found.extend(findings::conflicts(state, ledger, &readings));
    found
}
