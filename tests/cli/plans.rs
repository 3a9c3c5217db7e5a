//! What tests of plans have in common: who asks a model for one, and what a plan looks like on the wire.

use serde_json::{Value, json};

use super::support::Test;
use super::support::server::Seen;

pub(crate) const QUESTION: &str = "Should we hire 10 engineers? Can we afford it?";

const WORKFLOW: &str = "
name: study
params: {question: {type: string, untrusted: true}}
steps:
  - id: study
    plan: {goal: '{{ params.question }}', agents: [cfo, hr], max_steps: 4}
outputs: {answer: '{{ steps.study.output }}'}
";

/// Who asks a model for a plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum By {
    Ask,
    Step,
}

impl By {
    /// Asks a question in a project.
    pub(crate) fn asks(self, test: Test, question: &str) -> Test {
        match self {
            Self::Ask => test.args(["ask", question, "--json"]),
            Self::Step => {
                let test = test.file("workflows/study.yaml", WORKFLOW);
                test.args(["run", "study", "-p", &format!("question={question}"), "--json"])
            }
        }
    }

    /// The whole answer that holds these parts.
    pub(crate) fn plan(self, parts: &Value) -> String {
        match self {
            Self::Ask => json!({"kind": "plan", "workflow": null, "params": [], "agent": null, "parts": parts, "reason": "It fits."}),
            Self::Step => json!({"parts": parts}),
        }
        .to_string()
    }
}

/// Whether a request asks for a plan.
pub(crate) fn is_inquiry(seen: &Seen) -> bool {
    let system = seen.message("system");
    system.starts_with("You send a question") || system.starts_with("You plan who finds out")
}

/// A part of a plan that asks an agent.
pub(crate) fn part(id: &str, agent: &str, task: &str, needs: &[&str]) -> Value {
    json!({"id": id, "agent": agent, "task": task, "tool": null, "with": [], "needs": needs})
}
