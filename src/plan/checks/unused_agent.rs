//! `unused-agent`: agents of a project that no workflow and no other agent asks. An agent that says what it covers
//! is there to be asked.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::document::{AgentRef, Document, Step, Workflow};
use crate::id::AgentName;
use crate::plan::Library;

pub(super) fn check(library: &Library, workflows: &[&Document<Workflow>]) -> Vec<Diagnostic> {
    let steps = workflows.iter().flat_map(|workflow| &workflow.value.steps);
    let mut used: BTreeSet<&AgentName> = steps.flat_map(|step| asked(step, library)).collect();
    used.extend(library.project.as_ref().and_then(|project| project.value.ask.agent.as_ref()));
    for document in library.agents() {
        let agent = &document.value;
        used.extend(&agent.consult);
        if agent.covers.is_some() || !agent.questions.is_empty() {
            used.insert(&agent.name);
        }
    }
    let unused = library.agents().filter(|document| !used.contains(&document.value.name));
    unused
        .map(|document| {
            let name = &document.value.name;
            let message = format!("no step uses agent `{name}`, and no question can reach it");
            Diagnostic::new("unused-agent", message)
                .help("name it in a step, say what it `covers`, or remove its file")
                .at(&document.file, document.span_of("/name"))
        })
        .collect()
}

/// The agents that a step may ask.
fn asked<'s>(step: &'s Step, library: &'s Library) -> Vec<&'s AgentName> {
    let mut asked: Vec<&AgentName> = match &step.agent {
        Some(AgentRef::Named(name)) => vec![name],
        Some(AgentRef::Inline(agent)) => agent.consult.iter().collect(),
        None => Vec::new(),
    };
    match &step.plan {
        Some(plan) if plan.agents.is_empty() => {
            asked.extend(library.agents().map(|agent| &agent.value.name));
        }
        Some(plan) => asked.extend(&plan.agents),
        None => {}
    }
    asked
}
