//! `workflows/*.yaml`: a DAG of steps with typed params and outputs.

use std::fmt;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Step;
use crate::id::{ToolName, WorkflowName};
use crate::value::Value;

/// A workflow: a DAG of steps that answers one kind of question.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    /// Name by which people run it; unique in the project.
    #[schemars(extend("pattern" = r"^[A-Za-z_][A-Za-z0-9_-]*$"), example = &"roi_analysis")]
    pub name: WorkflowName,
    /// What it answers, in a sentence; the router reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"Was a campaign profitable?")]
    pub description: Option<String>,
    /// Questions it answers, as people ask them; `{param}` stands for a param's value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(length(min = 1)), example = ["Was the {campaign_id} campaign profitable?"])]
    pub questions: Vec<String>,
    /// Other words for those of its questions and of its params' values, as people say them.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(example = serde_json::json!({"research development": ["R&D", "product team"]}))]
    pub synonyms: IndexMap<String, Vec<String>>,
    /// Typed inputs, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub params: IndexMap<String, Param>,
    /// The steps, in any order: what a step reads decides what it waits for.
    #[schemars(length(min = 1))]
    pub steps: Vec<Step>,
    /// What a run gives back, by name: values or templates over `params` and `steps`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(example = serde_json::json!({"answer": "{{ steps.answer.output }}"}))]
    pub outputs: IndexMap<String, Value>,
}

impl Workflow {
    /// The tools that its steps name and its params take their values from.
    pub fn tool_names(&self) -> impl Iterator<Item = &ToolName> {
        let steps = self.steps.iter().flat_map(Step::tool_names);
        let values = self.params.values().filter_map(|param| param.values.as_ref());
        steps.chain(values.map(|values| &values.tool))
    }

    /// The workflows that its steps run.
    pub fn workflow_names(&self) -> impl Iterator<Item = &WorkflowName> {
        self.steps.iter().filter_map(|step| step.workflow.as_ref())
    }
}

/// A typed input of a workflow or of a tool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Param {
    /// Its JSON type.
    #[serde(rename = "type")]
    pub kind: ParamType,
    /// What it means, for people and models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"Campaign to analyse")]
    pub description: Option<String>,
    /// Taken where none is given; a param without a default is required. `null` makes it optional.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The only values allowed, written out.
    #[serde(default, rename = "enum", skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub choices: Vec<Value>,
    /// The only values allowed, as a tool lists them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<ParamValues>,
    /// The least number allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &0)]
    pub minimum: Option<f64>,
    /// The greatest number allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &100)]
    pub maximum: Option<f64>,
    /// A regular expression that a text must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"^[0-9]{4}-[0-9]{2}$")]
    pub pattern: Option<String>,
    /// Whether anybody may write its value, as with the question that `engine ask` is asked: prompts hold it as data.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untrusted: bool,
}

impl Param {
    /// The bound that a number breaks, if it breaks one.
    pub fn bound_broken(&self, value: &Value) -> Option<Bound> {
        let number = value.as_f64()?;
        let least = self.minimum.filter(|least| number < *least).map(Bound::Least);
        least.or_else(|| self.maximum.filter(|most| number > *most).map(Bound::Most))
    }
}

/// A bound of a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// The least number allowed.
    Least(f64),
    /// The greatest.
    Most(f64),
}

impl Bound {
    /// The number itself.
    pub fn limit(self) -> f64 {
        match self {
            Self::Least(limit) | Self::Most(limit) => limit,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Least(least) => write!(f, "at least {least} is needed"),
            Self::Most(most) => write!(f, "at most {most} is allowed"),
        }
    }
}

/// JSON types of params.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ParamType {
    /// Text.
    #[default]
    String,
    /// Any number.
    Number,
    /// A whole number.
    Integer,
    /// true or false.
    Boolean,
    /// A list.
    Array,
    /// A map.
    Object,
}

impl ParamType {
    /// How a message calls a value of the type.
    pub fn describe(self) -> &'static str {
        match self {
            Self::String => "a text",
            Self::Number => "a number",
            Self::Integer => "a whole number",
            Self::Boolean => "true or false",
            Self::Array => "a list",
            Self::Object => "a map",
        }
    }
}

/// Ties a param to the values that exist in the data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParamValues {
    /// A tool without required params that returns rows.
    #[schemars(example = &"list_campaigns")]
    pub tool: ToolName,
    /// The field of its rows that holds the value.
    #[schemars(example = &"campaign_id")]
    pub field: String,
    /// The field that holds a name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"campaign_name")]
    pub label: Option<String>,
}

/// Tells a key that is `null` from a key that is absent.
pub(super) fn present<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
