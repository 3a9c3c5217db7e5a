//! What is known where a cursor stands: the file as far as it can be read, and the project around it.

use std::collections::BTreeMap;
use std::rc::Rc;

use indexmap::IndexMap;

use crate::document::{Document, Kind, Param, Step, Tool, Workflow};
use crate::expression::Type;
use crate::id::{ToolName, WorkflowName};
use crate::plan;

use super::buffer::Buffer;
use super::outline::{Cursor, Outline, Word, path};
use super::position::{Lines, Place};
use super::workspace::{Surroundings, Workspace};

/// What is known where a cursor stands.
pub(super) struct Knowledge<'b> {
    pub(super) buffer: &'b Buffer,
    pub(super) kind: Kind,
    pub(super) lines: Lines<'b>,
    pub(super) place: Place,
    pub(super) cursor: Option<Cursor>,
    pub(super) outline: Outline,
    pub(super) surroundings: Rc<Surroundings>,
    /// The workflow, where the file is one and could ever be read.
    pub(super) workflow: Option<Rc<Document<Workflow>>>,
    /// What each step gives, and is done for, as far as it can be told.
    types: plan::Known,
}

impl<'b> Knowledge<'b> {
    /// What is known at a position of an open file; none where it is no file of a project.
    pub(super) fn at(
        workspace: &'b mut Workspace,
        uri: &str,
        position: lsp_types::Position,
    ) -> Option<Self> {
        let root = workspace.buffer(uri)?.root.clone();
        let surroundings = workspace.surroundings(root.as_deref());
        let workspace = &*workspace;
        let buffer = workspace.buffer(uri)?;
        let kind = buffer.kind()?;
        let lines = Lines::of(&buffer.text, workspace.encoding);
        let place = lines.place(position);
        let workflow =
            if kind == Kind::Workflow { workspace.workflow(uri, place.line) } else { None };
        let types = workflow
            .as_ref()
            .map(|document| plan::known(document, &surroundings.library))
            .unwrap_or_default();
        Some(Self {
            buffer,
            kind,
            place,
            cursor: Outline::cursor(lines.iter(), place),
            outline: Outline::read(lines.iter()),
            lines,
            surroundings,
            workflow,
            types,
        })
    }

    /// A step as it was last read.
    pub(super) fn step(&self, id: &str) -> Option<&Step> {
        self.workflow.as_ref()?.value.steps.iter().find(|step| step.id.as_str() == id)
    }

    /// What a step gives.
    pub(super) fn type_of(&self, id: &str) -> Type {
        if let Some(known) = self.types.outputs.get(id) {
            return known.clone();
        }
        // A step that is new since the file could be read.
        let number =
            self.outline.steps().find(|(_, word)| word.text == id).map(|(number, _)| number);
        let Some(number) = number else { return Type::Any };
        let compute = Outline::of_step(number, "compute");
        let names: BTreeMap<String, Type> =
            self.outline.keys(&compute).map(|key| (key.text.clone(), Type::Any)).collect();
        if names.is_empty() { Type::Any } else { Type::Fields(names) }
    }

    /// The name by which the texts of a step with `for_each` read the item, and where it is given.
    pub(super) fn item_of_step(&self, number: usize) -> Option<(&str, &Word)> {
        let for_each = self.outline.at(&Outline::of_step(number, "for_each"))?;
        match self.outline.scalar(&Outline::of_step(number, "as")) {
            Some(name) => Some((name.text.as_str(), name)),
            None => Some((plan::ITEM, for_each.key.as_ref()?)),
        }
    }

    /// The type of the item of a step.
    pub(super) fn type_of_item(&self, number: usize) -> Type {
        let id = self.outline.scalar(&Outline::of_step(number, "id"));
        let found = id.and_then(|id| self.types.items.get(&id.text));
        found.cloned().unwrap_or_default()
    }

    /// The ids of all steps, in the order written.
    pub(super) fn steps(&self) -> Vec<String> {
        self.outline.steps().map(|(_, word)| word.text.clone()).collect()
    }

    /// The params of the workflow, with what is known of them.
    pub(super) fn params(&self) -> Vec<(String, Option<&Param>)> {
        let read = self.workflow.as_ref().map(|document| &document.value.params);
        let at = path(["params"]);
        self.outline
            .keys(&at)
            .map(|key| (key.text.clone(), read.and_then(|params| params.get(&key.text))))
            .collect()
    }

    pub(super) fn tool(&self, name: &str) -> Option<&Tool> {
        self.surroundings.library.tool(&ToolName::from(name))
    }

    /// The params of what a step calls: a tool, or a workflow.
    pub(super) fn params_of_call(&self, number: usize) -> Option<&IndexMap<String, Param>> {
        if let Some(tool) = self.tool_of_step(number) {
            return Some(&tool.params);
        }
        let name = self.outline.scalar(&Outline::of_step(number, "workflow"))?;
        let name = WorkflowName::from(name.text.as_str());
        Some(&self.surroundings.library.workflow(&name)?.value.params)
    }

    /// The tool that a step calls.
    pub(super) fn tool_of_step(&self, number: usize) -> Option<&Tool> {
        self.tool(&self.outline.scalar(&Outline::of_step(number, "tool"))?.text)
    }
}
