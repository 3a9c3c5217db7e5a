//! Workflow documents made for one question. They are only drafts until `plan` has checked them.

use std::iter;

use serde_json::json;

use crate::id::AgentName;
use crate::plan::Library;
use crate::value::{Object, Value};

use super::findings::{Finding, plain};
use super::{Argument, PLAN, Part, QUESTION};

/// The last step, which puts everything together.
pub const ANSWER: &str = "answer";

/// The most answers that the last step takes: it may ask agents for what is missing, and then has to answer.
const TURNS: u32 = 3;

/// What is said where the findings stand as they are.
const UNJOINED: &str = "Nobody put the findings together, so they stand here as they are.";

/// What is wrong with the parts of a plan before anything can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub String);

/// The document of a plan that a model made.
pub(super) fn draft(library: &Library, question: &str, parts: &[Part]) -> Result<Value, Refusal> {
    if parts.is_empty() {
        return Err(Refusal("the plan has no parts".to_owned()));
    }
    if let Some(part) = parts.iter().find(|part| part.id == ANSWER) {
        return Err(Refusal(format!(
            "part `{}` has a name that is taken; give it another",
            part.id
        )));
    }
    let mut steps = Vec::with_capacity(parts.len() + 1);
    for part in parts {
        steps.push(step(library, part, parts)?);
    }
    let found: Vec<Finding<'_>> = parts.iter().map(|part| Finding::of(library, part)).collect();
    steps.push(answer(library, &found));
    Ok(document(question, &steps))
}

/// The document of a question that agents answer, each on its own; one agent alone needs nobody to put it together.
pub fn lexical_draft(
    library: &Library,
    question: &str,
    agents: &[AgentName],
) -> Result<Value, Refusal> {
    if let [agent] = agents {
        let step = json!({
            "id": ANSWER, "agent": agent, "prompt": format!("{{{{ params.{QUESTION} }}}}"), "figures": "cite",
        });
        return Ok(document(question, &[step]));
    }
    let part = |agent: &AgentName| Part {
        id: identifier(agent.as_str()),
        agent: Some(agent.clone()),
        task: "Answer the part of the question that is yours.".to_owned(),
        tool: None,
        with: Vec::new(),
        needs: Vec::new(),
    };
    let parts: Vec<Part> = agents.iter().map(part).collect();
    draft(library, question, &parts)
}

/// A document as YAML, for people to keep.
pub fn text(document: &Value) -> Result<String, String> {
    let body = serde_saphyr::to_string(document).map_err(|error| error.to_string())?;
    Ok(format!("# yaml-language-server: $schema=../schemas/workflow.schema.json\n\n{body}"))
}

/// The workflow of the plan for a question.
pub(super) fn document(question: &str, steps: &[Value]) -> Value {
    let description = "The question that the workflow answers; others of its kind can be asked.";
    json!({
        "name": PLAN,
        "description": format!("Made for the question: {}", question.trim()),
        "questions": [question.replace(['{', '}'], "")],
        "params": {
            QUESTION: {"type": "string", "description": description, "default": question, "untrusted": true},
        },
        "steps": steps,
        "outputs": {"answer": format!("{{{{ steps.{ANSWER}.output }}}}")},
    })
}

fn step(library: &Library, part: &Part, parts: &[Part]) -> Result<Value, Refusal> {
    let Part { id, agent, task, tool, with, needs } = part;
    match (agent, tool) {
        (Some(_), Some(_)) => {
            Err(Refusal(format!("part `{id}` has an agent and a tool; make two parts of it")))
        }
        (Some(agent), None) => {
            let read = parts.iter().filter(|other| needs.contains(&other.id));
            let told = |part| format!("\n\n{}", Finding::of(library, part).told());
            let findings: String = read.map(told).collect();
            // A need that is no part is told by the check of the document.
            let unknown = needs.iter().filter(|need| !parts.iter().any(|part| part.id == **need));
            let prompt = format!(
                "The question: {{{{ params.{QUESTION} }}}}\n\nYour part of it: {}{findings}",
                plain(task)
            );
            let mut step = json!({"id": id, "agent": agent, "prompt": prompt, "figures": "cite"});
            let unknown: Vec<&String> = unknown.collect();
            if let (Some(step), false) = (step.as_object_mut(), unknown.is_empty()) {
                step.insert("needs".to_owned(), json!(unknown));
            }
            Ok(step)
        }
        (None, Some(name)) => {
            let params = library.tool(name).map(|tool| &tool.params);
            let value = |Argument { name, value }: &Argument| {
                let param = params.and_then(|params| params.get(name));
                let typed = param.and_then(|param| crate::tool::parse_param(param, value).ok());
                (name.clone(), typed.unwrap_or_else(|| Value::from(value.as_str())))
            };
            let with: Object = with.iter().map(value).collect();
            Ok(json!({"id": id, "tool": name, "with": with, "needs": needs}))
        }
        (None, None) if with.is_empty() => Err(Refusal(format!(
            "part `{id}` has neither an agent, nor a tool, nor arithmetic in `with`"
        ))),
        (None, None) => {
            let compute: Object =
                with.iter().map(|one| (one.name.clone(), one.value.as_str().into())).collect();
            Ok(json!({"id": id, "compute": compute, "needs": needs}))
        }
    }
}

/// The last step. It goes without findings that failed, and says so. What is missing it may ask for. Where it cannot be done, the
/// findings are the answer.
fn answer(library: &Library, found: &[Finding<'_>]) -> Value {
    let named = synthesiser_name(library).and_then(|name| library.agent(name));
    let may_ask = named.is_some_and(|agent| !agent.consult.is_empty());
    let more = if may_ask {
        " Ask an agent only for a finding that the answer hangs on and that is missing above."
    } else {
        ""
    };
    let findings: String = found.iter().map(Finding::told_or_missing).collect();
    let ids: Vec<&str> = found.iter().map(|finding| finding.id).collect();
    let shown = found.iter().map(Finding::shown);
    let shown: Vec<String> = iter::once(UNJOINED.to_owned()).chain(shown).collect();
    json!({
        "id": ANSWER,
        "description": "Puts the findings together.",
        "agent": synthesiser(library),
        "prompt": format!(
            "The question: {{{{ params.{QUESTION} }}}}{findings}\n\nPut this together into one answer to the question: say \
             what to do, what it rests on, how the findings bear on one another, and what is missing. Where two of them \
             give different values for one thing, show both with their sources.{more}"
        ),
        "tools": [],
        "max_turns": TURNS,
        "figures": "cite",
        "needs": {"optional": ids},
        "on_error": "default",
        "default": shown.join("\n"),
    })
}

/// Who puts findings together: the agent that engine.yaml names, or one written here.
pub(super) fn synthesiser(library: &Library) -> Value {
    match synthesiser_name(library) {
        Some(name) => json!(name),
        None => json!({
            "role": "Analyst",
            "goal": "Turn what the specialists found into one answer that can be acted on",
            "instructions": "The answer first, then what it rests on, then what to do next. Half a page at most.",
        }),
    }
}

fn synthesiser_name(library: &Library) -> Option<&AgentName> {
    library.project.as_ref()?.value.ask.agent.as_ref()
}

/// A name as a step's id.
pub(super) fn identifier(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}
