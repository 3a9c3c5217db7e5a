//! What can be asked here: the project's workflows, agents and tools, and the values that params may have.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::document::{Document, Param, Returns, Tool, Workflow};
use crate::expression::Type;
use crate::id::{AgentName, WorkflowName};
use crate::plan::{self, Library, Plan};
use crate::value::{Value, one_line, unquoted};

use super::held::Held;
use super::router::{Index, Month, Spoken, Target, Values};

/// Values of a param that a model is told; the data may hold more.
const MOST_VALUES: usize = 60;

/// What can be asked.
pub struct Catalog {
    /// Agents, tools and the project's settings.
    pub library: Arc<Library>,
    /// The workflows.
    pub documents: Vec<Arc<Document<Workflow>>>,
    /// Values that exist in the data.
    pub(super) values: Values,
    /// All of it by its words.
    pub(super) index: Index,
}

/// A value that exists.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// As params take it.
    pub value: Value,
    /// As people call it.
    pub label: Option<String>,
}

impl Catalog {
    /// What a project can be asked. `values` exist in its data, which ends with `last`.
    pub fn new(
        library: Arc<Library>,
        documents: Vec<Arc<Document<Workflow>>>,
        values: Values,
        last: Month,
    ) -> Self {
        let agents = library.agents().map(|document| &document.value);
        let workflows = documents.iter().map(|document| &document.value);
        let index = Index::new(workflows, agents, &values, last);
        Self { library, documents, values, index }
    }

    /// The workflows.
    pub fn workflows(&self) -> impl Iterator<Item = &Workflow> {
        self.documents.iter().map(|document| &document.value)
    }

    /// A workflow by name.
    pub fn workflow(&self, name: &WorkflowName) -> Option<&Workflow> {
        self.workflows().find(|workflow| workflow.name == *name)
    }

    /// The plan of a workflow.
    pub fn plan(&self, name: &WorkflowName) -> Option<Plan> {
        let document = self.documents.iter().find(|document| document.value.name == *name)?;
        plan::compile(document, &self.library).0
    }

    /// Values that exist for a param; none where it is not tied to any.
    pub fn known(&self, workflow: &WorkflowName, param: &str) -> &[Known] {
        let owner = Target::Workflow(workflow.clone());
        self.values.get(&(owner, param.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// What is declared of a param of a workflow, or of a tool of an agent.
    pub(super) fn param_of(&self, target: &Target, param: &str) -> Option<&Param> {
        match target {
            Target::Workflow(name) => self.workflow(name)?.params.get(param),
            Target::Agent(name) => {
                let mut tools = self.library.agent(name)?.tools.iter();
                let declared = |tool| self.library.tool(tool)?.params.get(param);
                tools.find_map(|tool| declared(tool).filter(|param| param.values.is_some()))
            }
        }
    }

    /// What values of a model are held against: `said` is the question, with what was said before it.
    pub(super) fn held(&self, said: &str) -> Held<'_> {
        let said = Spoken::of(&self.index, said);
        Held { library: &self.library, values: &self.values, said }
    }

    /// The agents' names.
    pub fn agents(&self) -> impl Iterator<Item = &AgentName> {
        self.library.agents().map(|agent| &agent.value.name)
    }

    /// It as a text for a model. The same files give the same text, so that providers can keep it.
    pub fn describe(&self) -> String {
        let mut out = String::from("Workflows:\n");
        for workflow in self.workflows() {
            let about = one_line(workflow.description.as_deref().unwrap_or_default());
            // Writing to a string cannot fail.
            let _ = writeln!(out, "- {}: {about}", workflow.name);
            for (name, param) in &workflow.params {
                let _ = writeln!(out, "  - param {name}{}", self.param(workflow, name, param));
            }
        }
        out.push_str(&specialists(&self.library, |_| true));
        out
    }

    fn param(&self, workflow: &Workflow, name: &str, param: &Param) -> String {
        let known = self.known(&workflow.name, name);
        let mut out = words(param);
        if !known.is_empty() {
            let shown = known.iter().take(MOST_VALUES).map(Known::told);
            let more = if known.len() > MOST_VALUES { ", ..." } else { "" };
            let _ = write!(out, " One of: {}{more}", shown.collect::<Vec<_>>().join(", "));
        }
        out
    }
}

impl Known {
    /// The value, with the name that people give it.
    fn words(&self) -> String {
        let value = unquoted(&self.value);
        match &self.label {
            Some(label) if *label != value => format!("{value} ({label})"),
            Some(_) | None => value,
        }
    }

    /// It without a name that says the same in another spelling.
    pub fn told(&self) -> String {
        let value = unquoted(&self.value);
        match &self.label {
            Some(label) if plain(label) == plain(&value) => value,
            Some(_) | None => self.words(),
        }
    }
}

/// A name without what only spelling adds: `Facebook Holiday` says no more than `facebook_holiday`.
fn plain(name: &str) -> String {
    name.to_lowercase().replace(['_', '-'], " ")
}

/// The agents that may be asked, and all tools that only read, as a text for a model.
pub(super) fn specialists(library: &Library, may: impl Fn(&AgentName) -> bool) -> String {
    let mut out = String::from("Agents:\n");
    for agent in library.agents().map(|document| &document.value).filter(|one| may(&one.name)) {
        let covers = agent.covers.as_deref().or(agent.goal.as_deref()).unwrap_or_default();
        let role = agent.role.as_deref().unwrap_or("agent");
        // Writing to a string cannot fail.
        let _ = writeln!(out, "- {} ({role}): {}", agent.name, one_line(covers));
    }
    out.push_str("Tools:\n");
    let mut lists = Vec::new();
    for tool in library.tools().filter(|tool| !tool.writes()) {
        let mut required =
            tool.params.iter().filter(|(_, param)| param.default.is_none()).peekable();
        // Arithmetic names the fields of a row; rows are for agents to read, and agents see all of their tools.
        let gives = match tool.returns {
            Returns::Rows if required.peek().is_none() => {
                lists.push(tool.name.as_str());
                continue;
            }
            Returns::Rows => " Gives rows.".to_owned(),
            Returns::Row => format!(" Gives one row{}", fields(library, tool)),
            Returns::Value => " Gives one value.".to_owned(),
        };
        let about = one_line(first_sentence(&tool.description));
        let _ = writeln!(out, "- {}: {about}{gives}", tool.name);
        // What may be left out mostly is, and costs words in every request.
        for (name, param) in required {
            let _ = writeln!(out, "  - param {name}{}", words(param));
        }
    }
    if !lists.is_empty() {
        let _ = writeln!(out, "- Give rows: {}", lists.join(", "));
    }
    out
}

/// What a description says first: enough to choose by.
fn first_sentence(text: &str) -> &str {
    let end = text.find(". ").or_else(|| text.find(".\n")).map_or(text.len(), |at| at + 1);
    text.get(..end).unwrap_or(text)
}

fn fields(library: &Library, tool: &Tool) -> String {
    let columns: &[(String, Type)] = library.columns.get(&tool.name).map_or(&[], Vec::as_slice);
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    if names.is_empty() { ".".to_owned() } else { format!(" of {}.", names.join(", ")) }
}

/// Type, need and meaning of a param.
fn words(param: &Param) -> String {
    let need = if param.default.is_some() { "optional" } else { "required" };
    let about = one_line(param.description.as_deref().unwrap_or_default());
    format!(" ({}, {need}): {about}", param.kind.describe())
}
