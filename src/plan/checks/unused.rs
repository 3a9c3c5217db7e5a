//! `unused-param`, `unused-step`, `unused-agent`, `unused-tool`: what nothing reads and nobody uses.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::document::{AgentRef, Document, Workflow};
use crate::id::StepId;
use crate::plan::Library;
use crate::value::pointer_segment;

use super::Checked;

/// Params and steps of a workflow.
pub(super) fn check(checked: &Checked<'_>) -> Vec<Diagnostic> {
    let workflow = &checked.document.value;
    let mut found = Vec::new();
    for name in workflow.params.keys().filter(|name| !checked.params_read.contains(*name)) {
        let span = checked.document.key_span(&format!("/params/{}", pointer_segment(name)));
        found.push(
            Diagnostic::warning("unused-param", format!("no text reads param `{name}`"))
                .help(format!("read `params.{name}`, or remove the param"))
                .at(&checked.document.file, span),
        );
    }
    // Where no outputs are written, what no other step reads is an output.
    if workflow.outputs.is_empty() {
        return found;
    }
    let plan = checked.plan;
    let read: BTreeSet<&str> = plan
        .steps
        .iter()
        .flat_map(|step| step.needs.iter().map(|need| need.step.as_str()))
        .chain(plan.outputs.values().flat_map(|output| output.reads.iter().map(StepId::as_str)))
        .collect();
    for (number, step) in plan.steps.iter().enumerate() {
        if !read.contains(step.id.as_str()) {
            let diagnostic = Diagnostic::warning(
                "unused-step",
                format!("no step and no output reads step `{}`", step.id),
            )
            .help("read its output, or remove it: it takes time and money");
            found.push(checked.at(diagnostic, &format!("/steps/{number}/id")));
        }
    }
    found
}

/// Agents and tools of a project that no workflow and no other agent uses. An agent that says what it covers is
/// there to be asked.
pub fn check_use<'w>(
    library: &Library,
    workflows: impl IntoIterator<Item = &'w Document<Workflow>>,
) -> Vec<Diagnostic> {
    let (mut agents, mut tools) = (BTreeSet::new(), BTreeSet::new());
    for workflow in workflows {
        for step in &workflow.value.steps {
            if let Some(AgentRef::Named(name)) = &step.agent {
                agents.insert(name.clone());
            }
            if let Some(AgentRef::Inline(agent)) = &step.agent {
                agents.extend(agent.consult.iter().cloned());
            }
            match &step.plan {
                Some(plan) if plan.agents.is_empty() => {
                    agents.extend(library.agents().map(|agent| agent.value.name.clone()));
                }
                Some(plan) => agents.extend(plan.agents.iter().cloned()),
                None => {}
            }
        }
        tools.extend(workflow.value.tool_names().cloned());
    }
    for document in library.agents() {
        let agent = &document.value;
        agents.extend(agent.consult.iter().cloned());
        if agent.covers.is_some() || !agent.questions.is_empty() {
            agents.insert(agent.name.clone());
        }
        tools.extend(agent.tools.iter().chain(&agent.overview).cloned());
    }
    for tool in library.tools() {
        let values = tool.params.values().filter_map(|param| param.values.as_ref());
        tools.extend(values.map(|values| values.tool.clone()));
    }
    let mut found = Vec::new();
    for document in library.agents().filter(|document| !agents.contains(&document.value.name)) {
        found.push(
            Diagnostic::warning(
                "unused-agent",
                format!(
                    "no step uses agent `{}`, and no question can reach it",
                    document.value.name
                ),
            )
            .help("name it in a step, say what it `covers`, or remove its file")
            .at(&document.file, document.span_of("/name")),
        );
    }
    for (document, index, tool) in
        library.tool_places().filter(|(_, _, tool)| !tools.contains(&tool.name))
    {
        found.push(
            Diagnostic::warning(
                "unused-tool",
                format!("no step and no agent uses tool `{}`", tool.name),
            )
            .help("name it in a step or in the `tools` of an agent, or remove it")
            .at(&document.file, document.span_of(&format!("/tools/{index}/name"))),
        );
    }
    found
}
