//! Steps that call something with arguments: kinds `tool` and `workflow`.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{Compiler, Edges};
use crate::diagnostic::{Diagnostic, nearest, suggest};
use crate::document::{self, Param};
use crate::expression::Template;
use crate::id::{ToolName, WorkflowName};
use crate::plan::{Kind, ToolStep, WorkflowStep};
use crate::value::{Value, pointer_segment};

type With = IndexMap<String, Value>;

/// Workflows that may run one another: nobody follows more, and each takes room on the stack.
const DEEPEST: usize = 32;

impl Compiler<'_> {
    pub(super) fn tool(
        &mut self,
        step: &document::Step,
        name: &ToolName,
        pointer: &str,
        edges: &mut Edges,
    ) -> Option<Kind> {
        let (with, _) = self.with(step, pointer, edges);
        let Some(tool) = self.library.tool(name) else {
            if self.document.lost(&format!("{pointer}/tool")) {
                return None;
            }
            let called = name.as_str().split_once('(').map(|(called, _)| called.trim());
            let known = called.filter(|called| self.library.tool_names().any(|one| one == *called));
            let help = match known {
                Some(called) => format!("write `{called}`: arguments stand below `with:`"),
                None => suggest(name.as_str(), self.library.tool_names(), "tools"),
            };
            let message = format!("unknown tool `{name}`");
            self.error("unknown-tool", message, help, &format!("{pointer}/tool"));
            return None;
        };
        let library = self.library;
        let lost = |part: &str| library.lost(name, part);
        self.arguments("tool", name.as_str(), &tool.params, &with, pointer, &lost);
        self.tools.insert(name.clone());
        Some(Kind::Tool(ToolStep { tool: name.clone(), with: templates(&with) }))
    }

    pub(super) fn workflow(
        &mut self,
        step: &document::Step,
        name: &WorkflowName,
        pointer: &str,
        edges: &mut Edges,
    ) -> Option<Kind> {
        let (with, told) = self.with(step, pointer, edges);
        let place = format!("{pointer}/workflow");
        let Some(document) = self.library.workflow(name) else {
            let own = self.document.value.name.as_str();
            let help = self.library.workflow_meant(name.as_str(), own);
            self.error("unknown-workflow", format!("unknown workflow `{name}`"), help, &place);
            return None;
        };
        let lost = |part: &str| document.lost(part);
        self.arguments("workflow", name.as_str(), &document.value.params, &with, pointer, &lost);
        let mut above = self.above.clone();
        above.push(self.document.value.name.clone());
        if let Some(start) = above.iter().position(|workflow| workflow == name) {
            let round = above.split_off(start);
            self.diagnostics.push(self.circle(round, &place));
            return None;
        }
        if above.len() > DEEPEST {
            let message = format!("workflows run one another more than {DEEPEST} deep");
            let help = "let one workflow run several steps instead of one that runs the next";
            self.error("workflow-cycle", message, help.to_owned(), &place);
            return None;
        }
        if !self.workflows.contains_key(name) {
            let (plan, found) = super::compile_within(document, self.library, above).usable();
            self.diagnostics.extend(found.into_iter().filter(Diagnostic::is_error));
            let mut plan = plan?;
            self.workflows.append(&mut plan.workflows);
            self.workflows.insert(name.clone(), Arc::new(plan));
        }
        Some(Kind::Workflow(WorkflowStep { workflow: name.clone(), with: templates(&with), told }))
    }

    /// The fault of workflows that run one another, each the next and the last the first. It begins with the first of them by name,
    /// and stands where that one runs the next: whichever of them is compiled, it is the same fault, told once.
    fn circle(&self, mut round: Vec<WorkflowName>, place: &str) -> Diagnostic {
        let least = (0..round.len()).min_by_key(|at| round.get(*at)).unwrap_or_default();
        round.rotate_left(least);
        round.extend(round.first().cloned());
        let path: Vec<&str> = round.iter().map(WorkflowName::as_str).collect();
        let message = format!("workflows run one another without end: {}", path.join(" -> "));
        let found = Diagnostic::new("workflow-cycle", message).help("remove one of these steps");
        let runs_next = || {
            let [first, next, ..] = round.as_slice() else { return None };
            let document = self.library.workflow(first)?;
            let mut steps = document.value.steps.iter();
            let step = steps.position(|step| step.workflow.as_ref() == Some(next))?;
            Some((document, document.span_of(&format!("/steps/{step}/workflow"))))
        };
        match runs_next() {
            Some((document, span)) => found.at(&document.file, span),
            None => found.at(&self.document.file, self.document.span_of(place)),
        }
    }

    /// The arguments written, their texts checked, and the names of those that may come from a model.
    fn with(
        &mut self,
        step: &document::Step,
        pointer: &str,
        edges: &mut Edges,
    ) -> (With, Vec<String>) {
        let with = step.with.clone().unwrap_or_default();
        let mut told = Vec::new();
        for (argument, value) in &with {
            let place = format!("{pointer}/with/{}", pointer_segment(argument));
            let analyses = self.templates(value, &place, Some(&step.id), &[]);
            edges.add_all(&analyses);
            if self.told(&analyses) {
                told.push(argument.clone());
            }
        }
        (with, told)
    }

    /// Holds arguments against the params of what is called, of which parts at fault are `lost`.
    fn arguments(
        &mut self,
        kind: &str,
        name: &str,
        params: &IndexMap<String, Param>,
        with: &With,
        pointer: &str,
        lost: &dyn Fn(&str) -> bool,
    ) {
        let unknown: Vec<&String> = with
            .keys()
            .filter(|argument| !params.contains_key(*argument))
            .filter(|argument| !lost(&format!("/params/{}", pointer_segment(argument))))
            .collect();
        let given = !self.document.lacks(&format!("{pointer}/with"));
        let names = || params.keys().map(String::as_str);
        for argument in &unknown {
            let place = format!("{pointer}/with/{}", pointer_segment(argument));
            let message = format!("{kind} `{name}` has no param `{argument}`");
            self.diagnostics.push(
                Diagnostic::new("unknown-argument", message)
                    .help(suggest(argument, names(), "params"))
                    .at(&self.document.file, self.document.key_span(&place)),
            );
        }
        let is_required = |param: &String| params.get(param).is_some_and(|p| p.default.is_none());
        for (argument, _) in
            with.iter().filter(|(name, value)| value.is_null() && is_required(name))
        {
            let place = format!("{pointer}/with/{}", pointer_segment(argument));
            let help = "write a value behind the colon, such as `\"{{ params.NAME }}\"`";
            self.diagnostics.push(
                Diagnostic::new("missing-argument", format!("`{argument}` has no value"))
                    .help(help)
                    .at(&self.document.file, self.document.key_span(&place)),
            );
        }
        let missing = params
            .iter()
            .filter(|(param, p)| given && p.default.is_none() && !with.contains_key(*param))
            .filter(|(param, _)| !lost(&format!("/params/{}/default", pointer_segment(param))))
            // An argument that is this one mistyped was told already.
            .filter(|(param, _)| {
                !unknown.iter().any(|written| nearest(written, names()) == Some(param.as_str()))
            });
        for (param, _) in missing {
            let help = format!("add `{param}:` below `with:`");
            let message = format!("{kind} `{name}` needs `{param}`");
            self.error("missing-argument", message, help, &format!("{pointer}/{kind}"));
        }
    }
}

fn templates(with: &With) -> IndexMap<String, Template> {
    with.iter().map(|(argument, value)| (argument.clone(), Template::new(value))).collect()
}
