//! `assert`: what must hold of an answer, one key each; `not-` before the key turns it around.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::json;

use super::{Figure, Rubric, Similar};
use crate::event::RunStatus;
use crate::id::{AgentName, StepId};
use crate::value::{HumanDuration, Object, Value};

/// Something that must, or must not, hold of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Assertion {
    /// Whether it must not hold.
    pub not: bool,
    /// What is looked at.
    pub check: Check,
}

/// What is looked at. A further kind is a variant here and a file in `eval::checks`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// The answer is this text; where a map is written, the outputs are exactly that.
    Equals(Value),
    /// The answer holds this text, or all texts of a list.
    #[schemars(example = json!({"contains": "lost money"}))]
    Contains(Texts),
    /// The same, whatever the case of the letters.
    #[schemars(example = json!({"icontains": "facebook"}))]
    Icontains(Texts),
    /// The answer holds something that matches this regular expression.
    #[schemars(example = json!({"regex": "^\\*\\*(Yes|No)"}))]
    Regex(String),
    /// The answer is like this text: of the pairs of letters of both, this share is in common.
    #[schemars(example = json!({"similar": {"to": "It lost money once margin is counted.", "threshold": 0.8}}))]
    Similar(Similar),
    /// A model that judges finds this to be so of the answer; not judged where there is no model.
    #[schemars(example = json!({"llm-rubric": "Says yes or no, and names the figure that decides."}))]
    LlmRubric(Rubric),
    /// The answer is JSON.
    IsJson(bool),
    /// The answer, where it is no text or is JSON, is valid by this JSON Schema.
    #[schemars(example = json!({"json-schema": {"type": "object", "required": ["reasons"]}}))]
    JsonSchema(Value),
    /// It costs no more than so many US dollars; an answer of a model without a price fails.
    #[schemars(example = json!({"cost": 0.01}))]
    Cost(#[schemars(range(min = 0))] f64),
    /// It takes no longer.
    Latency(HumanDuration),
    /// A value of the outputs, or a number of the answer, is right.
    #[schemars(example = json!({"figure": {"at": "net_profit", "is": 44104, "within": 1}}))]
    Figure(Figure),
    /// Where the question goes: `workflow`, `agent`, `plan`, `clarify` or `out_of_scope`, the name of a workflow, or
    /// several of which one will do.
    #[schemars(example = json!({"route": "out_of_scope"}))]
    Route(WantedRoute),
    /// These agents take part; others may.
    #[schemars(example = json!({"agents": ["cfo", "hr"]}))]
    Agents(AgentNames),
    /// The params that the question gives are exactly these.
    #[schemars(example = json!({"params": {"spend": 500_000, "category": "marketing"}}))]
    Params(Value),
    /// The output `decision` is this.
    #[schemars(example = json!({"decision": "conditional"}))]
    Decision(String),
    /// Every figure of the answer was traced to the data.
    NoUnverifiedFigures(bool),
    /// These steps are under way at the same time.
    #[schemars(example = json!({"steps-in-parallel": ["metrics", "margin"]}))]
    StepsInParallel(Vec<StepId>),
    /// How the run ends.
    Status(RunStatus),
    /// The exit code that the command would end with.
    #[schemars(example = json!({"exit": 6}))]
    Exit(u8),
}

/// One text, or several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Texts {
    /// One.
    One(String),
    /// Several.
    Many(#[schemars(length(min = 1))] Vec<String>),
}

impl Texts {
    /// All of them.
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

/// One agent, or several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AgentNames {
    /// One.
    One(AgentName),
    /// Several.
    Many(#[schemars(length(min = 1))] Vec<AgentName>),
}

impl AgentNames {
    /// All of them, each with where it stands below its key.
    pub fn places(&self) -> impl Iterator<Item = (String, &AgentName)> {
        let (names, list) = match self {
            Self::One(name) => (std::slice::from_ref(name), false),
            Self::Many(names) => (names.as_slice(), true),
        };
        let place = move |n: usize| if list { format!("/{n}") } else { String::new() };
        (0..).zip(names).map(move |(n, name)| (place(n), name))
    }
}

/// Where a question should go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum WantedRoute {
    /// A kind of route, or the name of a workflow.
    One(String),
    /// Several of which one will do.
    Any(#[schemars(length(min = 1))] Vec<String>),
    /// A kind and a workflow.
    To(RouteTo),
}

/// A kind of route and the workflow that it names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteTo {
    /// `workflow`, `agent`, `plan`, `clarify` or `out_of_scope`.
    #[schemars(example = &"clarify")]
    pub kind: String,
    /// The workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"roi_analysis")]
    pub workflow: Option<String>,
}

impl RouteTo {
    /// What a text stands for.
    pub fn of(text: &str) -> Self {
        let named = !ROUTES.contains(&text);
        let kind = if named { "workflow" } else { text };
        Self { kind: kind.to_owned(), workflow: named.then(|| text.to_owned()) }
    }
}

/// The kinds of routes.
const ROUTES: [&str; 5] = ["workflow", "agent", "plan", "clarify", "out_of_scope"];

/// What turns a check around.
const NOT: &str = "not-";

impl Assertion {
    /// The key as written: `contains`, `not-contains`.
    pub fn key(&self) -> String {
        let written = serde_json::to_value(self).unwrap_or_default();
        let key = written.as_object().and_then(|object| object.keys().next());
        key.cloned().unwrap_or_default()
    }

    /// It in a line, as reports show it.
    pub fn line(&self) -> String {
        if let Check::Figure(figure) = &self.check {
            return format!("{}: {}", self.key(), figure.line());
        }
        let written = serde_json::to_value(self).unwrap_or_default();
        let entry = written.as_object().and_then(|object| object.iter().next());
        entry.map_or_else(String::new, |(key, value)| match value {
            Value::Bool(true) => key.clone(),
            Value::String(text) => format!("{key}: {}", crate::value::one_line(text)),
            other => format!("{key}: {other}"),
        })
    }
}

impl Serialize for Assertion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let check = serde_json::to_value(&self.check).map_err(serde::ser::Error::custom)?;
        let turned = |(key, value): (String, Value)| {
            (if self.not { format!("{NOT}{key}") } else { key }, value)
        };
        match check {
            Value::Object(object) => {
                object.into_iter().map(turned).collect::<Object>().serialize(serializer)
            }
            other => other.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Assertion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Object::deserialize(deserializer)?;
        let mut entries = written.into_iter();
        let (Some((key, value)), None) = (entries.next(), entries.next()) else {
            return Err(de::Error::custom("an assertion has exactly one key"));
        };
        let plain = key.strip_prefix(NOT);
        let name = plain.unwrap_or(&key).to_owned();
        let check = serde_json::from_value(json!({ name: value })).map_err(de::Error::custom)?;
        Ok(Self { not: plain.is_some(), check })
    }
}

impl JsonSchema for Assertion {
    fn schema_name() -> Cow<'static, str> {
        "Assertion".into()
    }

    /// One map whose keys are all checks, and all checks turned around: editors and messages then know all keys.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let checks = Check::json_schema(generator);
        let branches = checks.get("oneOf").and_then(Value::as_array).into_iter().flatten();
        let (mut plain, mut turned) = (Object::new(), Object::new());
        for branch in branches {
            let about = branch.get("description").and_then(Value::as_str).unwrap_or_default();
            let examples = branch.get("examples").and_then(Value::as_array).into_iter().flatten();
            let keys = branch.get("properties").and_then(Value::as_object).into_iter().flatten();
            for (name, schema) in keys {
                let mut schema = schema.as_object().cloned().unwrap_or_default();
                let examples: Vec<Value> =
                    examples.clone().filter_map(|one| one.get(name)).cloned().collect();
                if !examples.is_empty() {
                    schema.insert("examples".to_owned(), examples.into());
                }
                schema.insert(
                    "description".to_owned(),
                    format!("It fails where this holds: {about}").into(),
                );
                turned.insert(format!("{NOT}{name}"), Value::Object(schema.clone()));
                schema.insert("description".to_owned(), about.into());
                plain.insert(name.clone(), Value::Object(schema));
            }
        }
        plain.extend(turned);
        let schema = json!({
            "type": "object",
            "description": "Something that must hold: exactly one key; `not-` before it turns it around.",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": false,
            "properties": plain,
        });
        Schema::try_from(schema).unwrap_or_default()
    }
}
