//! Keys that any step may have: what it waits for, what it is repeated for, what is kept of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::StepId;
use crate::value::{HumanDuration, Value};

/// Steps to wait for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "WrittenNeeds", into = "WrittenNeeds")]
#[schemars(with = "WrittenNeeds")]
pub struct Needs {
    /// Steps that the step cannot do without.
    pub required: Vec<StepId>,
    /// Steps whose failure it copes with.
    pub optional: Vec<StepId>,
    /// Whether they were written as a map.
    by_kind: bool,
}

/// A list of steps, or a map that tells those the step cannot do without from those it can.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum WrittenNeeds {
    /// Steps that the step cannot do without.
    List(Vec<StepId>),
    /// By kind.
    Map(NeedsByKind),
}

/// What a step waits for, by whether it can do without.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct NeedsByKind {
    /// Steps that it cannot do without.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    required: Vec<StepId>,
    /// Steps whose failure it copes with: it goes on without their output, and its agent is told of the gap.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    optional: Vec<StepId>,
}

impl From<WrittenNeeds> for Needs {
    fn from(written: WrittenNeeds) -> Self {
        match written {
            WrittenNeeds::List(required) => Self { required, ..Self::default() },
            WrittenNeeds::Map(NeedsByKind { required, optional }) => {
                Self { required, optional, by_kind: true }
            }
        }
    }
}

impl From<Needs> for WrittenNeeds {
    fn from(needs: Needs) -> Self {
        let Needs { required, optional, by_kind } = needs;
        if by_kind { Self::Map(NeedsByKind { required, optional }) } else { Self::List(required) }
    }
}

impl Needs {
    /// Whether none is written.
    pub fn is_empty(&self) -> bool {
        self.required.is_empty() && self.optional.is_empty()
    }

    /// All of them, each with the place where it stands below `needs` and whether it is optional.
    pub fn iter(&self) -> impl Iterator<Item = (String, &StepId, bool)> {
        let below = if self.by_kind { "/required" } else { "" };
        let required = self.required.iter().enumerate();
        let required = required.map(move |(n, step)| (format!("{below}/{n}"), step, false));
        let optional = self.optional.iter().enumerate();
        required.chain(optional.map(|(n, step)| (format!("/optional/{n}"), step, true)))
    }
}

/// What a step is repeated for.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the shape of a key whose texts may be templates")]
pub(super) enum ForEach {
    /// One whole `{{ ... }}` that gives a list.
    Expression(String),
    /// A list written out; its texts may be templates.
    List(Vec<Value>),
}

/// Whether an output is kept for the same inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Cache {
    /// true: for as long as the journal keeps it.
    Switch(bool),
    /// For a time.
    For(CacheFor),
}

/// How long an output is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CacheFor {
    /// The time after which the step is done again.
    pub ttl: HumanDuration,
}

/// A question to a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// What is to be decided; a template over `params` and `steps`.
    #[schemars(example = &"Move {{ steps.plan.output.amount | usd }} to search?")]
    pub message: String,
    /// The answers that can be given; `approve` and `reject` where absent.
    #[serde(default = "approve_or_reject")]
    #[schemars(length(min = 1), inner(length(min = 1)))]
    pub choices: Vec<String>,
    /// How long the answer is waited for; for ever where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<HumanDuration>,
    /// The choice that is taken when the time is over; where absent the step fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"reject")]
    pub on_timeout: Option<String>,
}

fn approve_or_reject() -> Vec<String> {
    vec!["approve".to_owned(), "reject".to_owned()]
}
