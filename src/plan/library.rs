//! The documents of a project by name, and the checks that need more than one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, suggest};
use crate::document::{
    Agent, Document, LastMonth, Mcp, Model, Project, Returns, Sql, Tool, ToolFile, ToolKind,
    Workflow, is_unnamed,
};
use crate::expression::Type;
use crate::id::{AgentName, ModelName, ServerName, ToolName, WorkflowName};
use crate::value::{Value, pointer_segment};

use super::checks::template_in_agent;
use super::params;

/// What a workflow may name: the agents, tools, models and limits around it.
#[derive(Default)]
pub struct Library {
    /// engine.yaml; none where the workflow stands outside any project.
    pub project: Option<Document<Project>>,
    /// Models that the environment adds where there is no project.
    pub environment_models: BTreeMap<ModelName, Model>,
    /// Whether tools may write where nobody consents.
    pub allow_write: bool,
    /// The columns of SQL tools with their types, as far as their sources were asked.
    pub columns: BTreeMap<ToolName, Vec<(String, Type)>>,
    /// The rows of tools that params take their values from, as far as their sources were asked.
    pub listed: BTreeMap<ToolName, Vec<Value>>,
    /// The faults that may only be there because a file is at fault that defines the name.
    hidden: BTreeSet<&'static str>,
    agents: BTreeMap<AgentName, Document<Agent>>,
    tool_files: Vec<Document<ToolFile>>,
    tools: BTreeMap<ToolName, (usize, usize)>,
    workflows: BTreeMap<WorkflowName, Arc<Document<Workflow>>>,
}

impl Library {
    /// Sets engine.yaml; what is missing from it is hidden.
    pub fn set_project(&mut self, document: Option<Document<Project>>) {
        let lacks =
            |place: &str| document.as_ref().is_none_or(|document| document.lacks_entries(place));
        let parts = [
            ("/models", "unknown-model"),
            ("/sources", "unknown-source"),
            ("/mcp", "unknown-server"),
        ];
        let hidden = parts.into_iter().filter(|(place, _)| lacks(place)).map(|(_, code)| code);
        self.hidden.extend(hidden);
        self.project = document;
    }

    /// Whether a fault may only be there because a file that defines the name is itself at fault, which is told there.
    pub fn hides(&self, code: &str) -> bool {
        self.hidden.contains(code)
    }

    /// Adds an agent; a second one of the same name is a fault. One that nobody can read, or name, may be the one that is meant.
    pub fn add_agent(&mut self, document: Option<Document<Agent>>) -> Option<Diagnostic> {
        let Some(document) = document.filter(|one| !is_unnamed(one.value.name.as_str())) else {
            self.hidden.insert("unknown-agent");
            return None;
        };
        let name = document.value.name.clone();
        if let Some(first) = self.agents.get(&name) {
            let diagnostic =
                Diagnostic::new("duplicate-agent", format!("agent `{name}` exists twice"))
                    .help("give each agent a name of its own")
                    .at(&document.file, document.span_of("/name"))
                    .related("first here", &first.file, first.span_of("/name"));
            return Some(diagnostic);
        }
        self.agents.insert(name, document);
        None
    }

    /// Adds a file of tools; tools of a name that is taken are faults. What nobody can read, or name, may be what is meant.
    pub fn add_tools(&mut self, document: Option<Document<ToolFile>>) -> Vec<Diagnostic> {
        let mut diagnostics = Vec::new();
        let Some(document) = document else {
            self.hidden.insert("unknown-tool");
            return diagnostics;
        };
        let file = self.tool_files.len();
        for (index, tool) in document.value.tools.iter().enumerate() {
            if is_unnamed(tool.name.as_str()) {
                self.hidden.insert("unknown-tool");
                continue;
            }
            let here = document.span_of(&format!("/tools/{index}/name"));
            if let Some(&(other, first)) = self.tools.get(&tool.name) {
                let other = self.tool_files.get(other).unwrap_or(&document);
                diagnostics.push(
                    Diagnostic::new("duplicate-tool", format!("tool `{}` exists twice", tool.name))
                        .help("give each tool a name of its own")
                        .at(&document.file, here)
                        .related(
                            "first here",
                            &other.file,
                            other.span_of(&format!("/tools/{first}/name")),
                        ),
                );
            } else {
                self.tools.insert(tool.name.clone(), (file, index));
            }
        }
        self.tool_files.push(document);
        diagnostics
    }

    /// Adds a workflow that others may run. One that nobody can read, or name, may be the one that is meant.
    pub fn add_workflow(&mut self, document: Option<Arc<Document<Workflow>>>) {
        let Some(document) = document.filter(|one| !is_unnamed(one.value.name.as_str())) else {
            self.hidden.insert("unknown-workflow");
            return;
        };
        self.workflows.entry(document.value.name.clone()).or_insert(document);
    }

    /// A workflow by name, of those that others may run.
    pub fn workflow(&self, name: &WorkflowName) -> Option<&Document<Workflow>> {
        self.workflows.get(name).map(Arc::as_ref)
    }

    /// All workflows that others may run.
    pub fn workflows(&self) -> impl Iterator<Item = &Document<Workflow>> {
        self.workflows.values().map(Arc::as_ref)
    }

    /// The names of all workflows that others may run.
    pub fn workflow_names(&self) -> impl Iterator<Item = &str> {
        self.workflows.keys().map(WorkflowName::as_str)
    }

    /// An agent by name.
    pub fn agent(&self, name: &AgentName) -> Option<&Agent> {
        self.agents.get(name).map(|document| &document.value)
    }

    /// A tool by name.
    pub fn tool(&self, name: &ToolName) -> Option<&Tool> {
        let (file, index) = self.tools.get(name)?;
        self.tool_files.get(*file)?.value.tools.get(*index)
    }

    /// Whether something of a part of a tool, given as a pointer below it (`/params`), is missing from its file or in doubt.
    pub(super) fn lacks(&self, name: &ToolName, part: &str) -> bool {
        let Some((file, index)) = self.tools.get(name) else { return false };
        let document = self.tool_files.get(*file);
        document.is_some_and(|document| document.lacks(&format!("/tools/{index}{part}")))
    }

    /// Whether a part of a tool, or what is around it, is missing from its file or in doubt.
    pub(super) fn lost(&self, name: &ToolName, part: &str) -> bool {
        let Some((file, index)) = self.tools.get(name) else { return false };
        let document = self.tool_files.get(*file);
        document.is_some_and(|document| document.lost(&format!("/tools/{index}{part}")))
    }

    /// All agents with their files.
    pub fn agents(&self) -> impl Iterator<Item = &Document<Agent>> {
        self.agents.values()
    }

    /// All tools with their places: the file, and the number in it.
    pub fn tool_places(&self) -> impl Iterator<Item = (&Document<ToolFile>, usize, &Tool)> {
        self.tool_files.iter().flat_map(|file| {
            file.value.tools.iter().enumerate().map(move |(index, tool)| (file, index, tool))
        })
    }

    /// All tools.
    pub fn tools(&self) -> impl Iterator<Item = &Tool> {
        self.tools.keys().filter_map(|name| self.tool(name))
    }

    /// The names of all agents.
    pub fn agent_names(&self) -> impl Iterator<Item = &str> {
        self.agents.keys().map(AgentName::as_str)
    }

    /// The names of all tools.
    pub fn tool_names(&self) -> impl Iterator<Item = &str> {
        self.tools.keys().map(ToolName::as_str)
    }

    /// The names that a `model` key may hold.
    pub fn model_names(&self) -> Vec<&str> {
        let mut names = vec![AUTO];
        match &self.project {
            Some(project) => names.extend(project.value.models.keys().map(ModelName::as_str)),
            None => names.extend(self.environment_models.keys().map(ModelName::as_str)),
        }
        names
    }
}

/// The model name that stands for the project's default.
pub(super) const AUTO: &str = "auto";

/// Checks the names that engine.yaml, agents and tools take from one another.
pub fn check_library(library: &Library) -> Vec<Diagnostic> {
    let mut found = check_names(library);
    found.retain(|found| !library.hides(found.code));
    found
}

fn check_names(library: &Library) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    if let Some(project) = &library.project {
        let Project { default_model, judge, .. } = &project.value;
        for (name, place) in [(default_model, "/default_model"), (judge, "/judge")] {
            let Some(name) = name else { continue };
            if !library.model_names().contains(&name.as_str()) {
                diagnostics.push(
                    Diagnostic::new("unknown-model", format!("unknown model `{name}`"))
                        .help(library.model_meant(name.as_str()))
                        .at(&project.file, project.span_of(place)),
                );
            }
        }
    }
    if let Some(project) = &library.project
        && let Some(name) = &project.value.ask.agent
        && library.agent(name).is_none()
    {
        diagnostics.push(
            Diagnostic::new("unknown-agent", format!("unknown agent `{name}`"))
                .help(library.agent_meant(name.as_str()))
                .at(&project.file, project.span_of("/ask/agent")),
        );
    }
    if let Some(project) = &library.project
        && let Some(LastMonth { tool, field }) = &project.value.ask.last_month
    {
        let fields = [("field", Some(field.as_str()))];
        let found = check_asked(library, tool, &fields, Returns::Row, "/ask/last_month");
        diagnostics.extend(found.map(|(fault, at)| fault.at(&project.file, project.span_of(&at))));
    }
    for document in library.agents.values() {
        check_agent(library, document, &mut diagnostics);
    }
    for document in &library.tool_files {
        for (index, tool) in document.value.tools.iter().enumerate() {
            // Nothing is known of it but its name.
            if document.lost(&format!("/tools/{index}")) {
                continue;
            }
            check_tool(library, document, index, tool, &mut diagnostics);
        }
    }
    diagnostics
}

/// What is said of a tool among those of an agent that no model is offered.
pub(super) fn not_offered(tool: &ToolName) -> String {
    format!("no model is offered tool `{tool}`, because it writes")
}

/// How a tool that writes is used instead.
pub(super) const OFFER_INSTEAD: &str = "let a step of kind `tool` call it, behind an approval; with --allow-write models are offered it";

fn check_agent(library: &Library, document: &Document<Agent>, diagnostics: &mut Vec<Diagnostic>) {
    let agent = &document.value;
    let texts = [&agent.role, &agent.goal, &agent.instructions];
    diagnostics.extend(template_in_agent::check(document, "", texts.map(Option::as_deref)));
    let mut fault = |code, message: String, help: String, pointer: &str| {
        diagnostics.push(
            Diagnostic::new(code, message).help(help).at(&document.file, document.span_of(pointer)),
        );
    };
    for (key, tools) in [("tools", &agent.tools), ("overview", &agent.overview)] {
        for (index, name) in tools.iter().enumerate() {
            let pointer = format!("/{key}/{index}");
            match library.tool(name) {
                None => {
                    let help = suggest(name.as_str(), library.tool_names(), "tools");
                    fault("unknown-tool", format!("unknown tool `{name}`"), help, &pointer);
                }
                Some(tool)
                    if key == "overview" && tool.params.values().any(|p| p.default.is_none()) =>
                {
                    let message =
                        format!("tool `{name}` has required params, so it cannot be an overview");
                    fault(
                        "overview-needs-params",
                        message,
                        "name tools that run without arguments".to_owned(),
                        &pointer,
                    );
                }
                Some(tool) if key == "overview" && tool.writes() => fault(
                    "write-without-approval",
                    format!("tool `{name}` changes something, so it cannot be an overview"),
                    "name tools that only read".to_owned(),
                    &pointer,
                ),
                Some(tool) if tool.writes() && !library.allow_write => {
                    fault("without-effect", not_offered(name), OFFER_INSTEAD.to_owned(), &pointer);
                }
                Some(_) => {}
            }
        }
    }
    for (index, name) in agent.consult.iter().enumerate() {
        let pointer = format!("/consult/{index}");
        if *name == agent.name {
            fault(
                "consults-itself",
                format!("agent `{name}` consults itself"),
                "remove it".to_owned(),
                &pointer,
            );
        } else if library.agent(name).is_none() {
            let help = library.agent_meant(name.as_str());
            fault("unknown-agent", format!("unknown agent `{name}`"), help, &pointer);
        }
    }
    if let Some(models) = &agent.model {
        let known = library.model_names();
        for (index, name) in models.names().iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let many = matches!(models, crate::document::ModelList::Many(_));
                let pointer = if many { format!("/model/{index}") } else { "/model".to_owned() };
                let help = library.model_meant(name.as_str());
                fault("unknown-model", format!("unknown model `{name}`"), help, &pointer);
            }
        }
    }
}

fn check_tool(
    library: &Library,
    document: &Document<ToolFile>,
    index: usize,
    tool: &Tool,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if let ToolKind::Sql(sql) = &tool.kind {
        let place = document.span_of(&format!("/tools/{index}/sql/source"));
        let unknown = unknown_source(library, sql);
        diagnostics.extend(unknown.map(|found| found.at(&document.file, place)));
    }
    if let ToolKind::Mcp(mcp) = &tool.kind {
        let place = document.span_of(&format!("/tools/{index}/mcp/server"));
        let unknown = unknown_server(library, mcp);
        diagnostics.extend(unknown.map(|found| found.at(&document.file, place)));
    }
    for (field, unit) in &tool.units {
        if let Some(help) = params::unit_meant(unit) {
            diagnostics.push(
                Diagnostic::new("invalid-value", format!("`{unit}` is no unit")).help(help).at(
                    &document.file,
                    document.span_of(&format!("/tools/{index}/units/{}", pointer_segment(field))),
                ),
            );
        }
    }
    for (name, param) in &tool.params {
        let pointer = format!("/tools/{index}/params/{name}");
        let is_open = document.lacks(&format!("{pointer}/type"));
        let found = params::check(name, param, &pointer).into_iter().filter(|_| !is_open);
        diagnostics
            .extend(found.map(|(diagnostic, place)| {
                diagnostic.at(&document.file, document.span_of(&place))
            }));
        diagnostics.extend(check_values(library, param, &pointer).map(|(diagnostic, pointer)| {
            diagnostic.at(&document.file, document.span_of(&pointer))
        }));
    }
}

fn unknown_server(library: &Library, mcp: &Mcp) -> Option<Diagnostic> {
    let servers = library.project.as_ref().map(|project| &project.value.mcp);
    if servers.is_some_and(|servers| servers.contains_key(&mcp.server)) {
        return None;
    }
    let names = servers.into_iter().flat_map(|servers| servers.keys().map(ServerName::as_str));
    let help = suggest(mcp.server.as_str(), names, "servers");
    let message = format!("unknown server `{}`", mcp.server);
    Some(Diagnostic::new("unknown-server", message).help(help))
}

fn unknown_source(library: &Library, sql: &Sql) -> Option<Diagnostic> {
    let sources = library.project.as_ref().map(|project| &project.value.sources);
    if sources.is_some_and(|sources| sources.contains_key(&sql.source)) {
        return None;
    }
    let help = library.source_meant(sql.source.as_str());
    let message = format!("unknown source `{}`", sql.source);
    Some(Diagnostic::new("unknown-source", message).help(help))
}

/// Checks the tool that a param takes its values from; the place is given as a pointer below `pointer`.
pub(super) fn check_values(
    library: &Library,
    param: &crate::document::Param,
    pointer: &str,
) -> Option<(Diagnostic, String)> {
    let values = param.values.as_ref()?;
    let fields = [("field", Some(values.field.as_str())), ("label", values.label.as_deref())];
    check_asked(library, &values.tool, &fields, Returns::Rows, &format!("{pointer}/values"))
}

/// Checks a tool that is asked before anything runs, without arguments, and the fields that are read of what it gives.
fn check_asked(
    library: &Library,
    name: &ToolName,
    fields: &[(&str, Option<&str>)],
    returns: Returns,
    pointer: &str,
) -> Option<(Diagnostic, String)> {
    let place = format!("{pointer}/tool");
    let Some(tool) = library.tool(name) else {
        let diagnostic = Diagnostic::new("unknown-tool", format!("unknown tool `{name}`"))
            .help(suggest(name.as_str(), library.tool_names(), "tools"));
        return Some((diagnostic, place));
    };
    if library.lacks(name, "") {
        return None;
    }
    if tool.writes() {
        let message = format!("tool `{name}` changes something, and is asked for values");
        let diagnostic =
            Diagnostic::new("write-without-approval", message).help("name a tool that only reads");
        return Some((diagnostic, place));
    }
    if returns == Returns::Rows && tool.returns != Returns::Rows {
        let diagnostic = Diagnostic::new(
            "values-need-rows",
            format!("tool `{name}` gives no rows to choose from"),
        )
        .help("name a tool with `returns: rows`");
        return Some((diagnostic, place));
    }
    if let Some(columns) = library.columns.get(name) {
        let names = || columns.iter().map(|(name, _)| name.as_str());
        for (key, field) in fields {
            if let Some(field) = field.filter(|field| !names().any(|name| name == *field)) {
                let message = format!("tool `{name}` gives no `{field}`");
                let diagnostic = Diagnostic::new("unknown-field", message).help(suggest(
                    field,
                    names(),
                    "fields",
                ));
                return Some((diagnostic, format!("{pointer}/{key}")));
            }
        }
    }
    if tool.params.values().any(|param| param.default.is_none()) {
        let diagnostic =
            Diagnostic::new("values-need-params", format!("tool `{name}` has required params"))
                .help("values come from a tool that runs without arguments");
        return Some((diagnostic, place));
    }
    None
}
