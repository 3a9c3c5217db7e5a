//! `unused-tool`: tools of a project that no step and no agent calls, and that list no values.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::document::{Document, Workflow};
use crate::id::ToolName;
use crate::plan::Library;

pub(super) fn check(library: &Library, workflows: &[&Document<Workflow>]) -> Vec<Diagnostic> {
    let mut used: BTreeSet<&ToolName> =
        workflows.iter().flat_map(|workflow| workflow.value.tool_names()).collect();
    for document in library.agents() {
        used.extend(document.value.tools.iter().chain(&document.value.overview));
    }
    let project = library.project.as_ref();
    used.extend(project.and_then(|one| one.value.ask.last_month.as_ref()).map(|asked| &asked.tool));
    for tool in library.tools() {
        let values = tool.params.values().filter_map(|param| param.values.as_ref());
        used.extend(values.map(|values| &values.tool));
    }
    let unused = library.tool_places().filter(|(_, _, tool)| !used.contains(&tool.name));
    unused
        .map(|(document, index, tool)| {
            let message = format!("no step and no agent uses tool `{}`", tool.name);
            Diagnostic::new("unused-tool", message)
                .help("name it in a step or in the `tools` of an agent, or remove it")
                .at(&document.file, document.span_of(&format!("/tools/{index}/name")))
        })
        .collect()
}
