//! Who speaks in a plan, read from the JSON that the journal keeps of it. Plans of other versions are read as well as
//! they can be: whatever names an agent under a step's id counts, however deep it lies.

use std::collections::BTreeMap;

use super::costs::Shape;
use crate::ask;
use crate::id::StepPath;
use crate::value::Value;

/// The agents of a plan, by the steps that ask them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cast {
    /// None where the agent is written in place, or where several nested steps share an id.
    agents: BTreeMap<String, Option<String>>,
    steps: usize,
    /// Whether it was made for a question, or has a step that is planned while it runs.
    is_made: bool,
    /// Whether all it does is decide who answers a question.
    decides: bool,
}

impl Cast {
    /// Reads a plan's JSON; a text that is none has no agents.
    pub fn of(plan: &str) -> Self {
        let mut cast = Self::default();
        if let Ok(plan) = serde_json::from_str::<Value>(plan) {
            cast.read(&plan);
            // The question of a workflow that people write is text of theirs.
            let question = plan.get("params").and_then(|params| params.get(ask::QUESTION));
            let asked = question.and_then(|param| param.get("untrusted")) == Some(&true.into());
            let name = plan.get("workflow").and_then(Value::as_str).filter(|_| asked);
            cast.is_made |= name == Some(ask::PLAN);
            cast.decides = name == Some(ask::INQUIRY);
        }
        cast
    }

    fn read(&mut self, value: &Value) {
        match value {
            Value::Object(object) => {
                let agent = object.get("kind").and_then(|kind| kind.get("agent"));
                self.is_made |= object.get("kind").is_some_and(|kind| kind.get("plan").is_some());
                if let (Some(Value::String(id)), Some(agent)) = (object.get("id"), agent) {
                    let name = agent.get("agent").and_then(Value::as_str).map(str::to_owned);
                    self.steps += 1;
                    self.agents
                        .entry(id.clone())
                        .and_modify(|known| {
                            *known = known.take().filter(|known| Some(known) == name.as_ref());
                        })
                        .or_insert(name);
                }
                object.values().for_each(|inside| self.read(inside));
            }
            Value::Array(items) => items.iter().for_each(|item| self.read(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// The agent that a step asks. Of a nested step (`regions[3]/answer`) the last id tells.
    pub fn agent(&self, step: &StepPath) -> Option<&str> {
        let last = step.as_str().rsplit('/').next().unwrap_or_default();
        let id = last.split('[').next().unwrap_or_default();
        self.agents.get(id)?.as_deref()
    }

    /// The shape of the plan; none where it answers nothing, but decides who does.
    pub(super) fn shape(&self) -> Option<Shape> {
        match (self.decides, self.is_made, self.steps) {
            (true, ..) => None,
            (false, _, 1) => Some(Shape::SingleAgent),
            (false, true, _) => Some(Shape::Orchestrated),
            (false, false, _) => Some(Shape::Workflow),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_agent_of_a_nested_step_is_found_by_its_last_id() {
        let cast = Cast::of(
            r#"{"steps": [{"id": "a", "kind": {"agent": {"agent": "cfo"}}},
                {"id": "regions", "kind": {"workflow": {"steps": [
                    {"id": "answer", "kind": {"agent": {"agent": "cro"}}},
                    {"id": "own", "kind": {"agent": {"agent": null}}}]}}}]}"#,
        );
        assert_eq!(cast.agent(&"a".into()), Some("cfo"));
        assert_eq!(cast.agent(&"regions[3]/answer[0]".into()), Some("cro"));
        assert_eq!(cast.agent(&"regions[3]/own".into()), None);
        assert_eq!(cast.shape(), Some(Shape::Workflow));
        assert_eq!(Cast::of("no JSON").agent(&"a".into()), None);
    }

    #[test]
    fn the_shape_tells_what_was_made_for_a_question() {
        let shape = |name: &str, steps: &[&str], untrusted: bool| {
            let steps: Vec<Value> = steps
                .iter()
                .map(|kind| json!({"id": format!("s{}", kind.len()), "kind": {*kind: {}}}))
                .collect();
            let plan = json!({"workflow": name, "params": {"question": {"untrusted": untrusted}}, "steps": steps});
            Cast::of(&plan.to_string()).shape()
        };
        let many = ["agent", "agent", "tool"];
        assert_eq!(shape("plan", &many, true), Some(Shape::Orchestrated));
        assert_eq!(shape("plan", &many, false), Some(Shape::Workflow), "it only bears the name");
        assert_eq!(shape("plan", &many[1..], true), Some(Shape::SingleAgent));
        assert_eq!(shape("w", &["plan"], false), Some(Shape::Orchestrated));
        assert_eq!(shape("ask", &many[1..], true), None, "it answers nothing");
    }
}
