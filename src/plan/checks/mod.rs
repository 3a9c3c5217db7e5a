//! Checks of a workflow whose names are resolved, one file a rule, which it is named for. Those that need the whole plan run
//! when nothing else is wrong, so that one mistake is told once.

mod budget_too_small;
mod constant_condition;
mod cycle;
mod default_breaks_schema;
mod duplicate_step;
mod duplicate_workflow;
mod may_be_skipped;
mod prompt_too_long;
pub(super) mod template_in_agent;
mod texts;
pub(super) mod type_mismatch;
mod unknown_citation;
mod unknown_filter;
pub(super) mod unknown_value;
mod untrusted_write;
mod unused_agent;
mod unused_param;
mod unused_step;
mod unused_tool;
mod write_without_approval;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use crate::diagnostic::Diagnostic;
use crate::document::{Document, Workflow};
use crate::expression::Type;
use crate::id::StepId;

use super::{Graph, Library, Plan, Step};

pub use duplicate_workflow::check_names;

pub(super) use cycle::check as check_cycles;
pub(super) use duplicate_step::check as check_ids;

/// What a check works with.
pub(super) struct Checked<'w> {
    pub(super) document: &'w Document<Workflow>,
    pub(super) library: &'w Library,
    pub(super) plan: &'w Plan,
    /// Who waits for whom in the plan.
    pub(super) graph: &'w Graph,
    /// Params that some text reads.
    pub(super) params_read: &'w BTreeSet<String>,
    /// The type of every step's output, by id.
    pub(super) types: BTreeMap<&'w str, Type>,
    /// The type of an item, by the id of the step that is done for each.
    pub(super) items: BTreeMap<&'w str, Type>,
    /// What its params count, as far as it says so.
    pub(super) params: IndexMap<String, String>,
    /// The type of what the workflow gives back.
    pub(super) outputs: Type,
    /// Steps of which nobody can tell what they give, by id.
    pub(super) open: BTreeSet<&'w str>,
    /// Steps at fault, and those that wait for one, by number.
    pub(super) unsound: BTreeSet<usize>,
}

/// Checks what can be told of single texts and values, whatever else is wrong.
pub(super) fn check_texts(checked: &mut Checked<'_>) -> Vec<Diagnostic> {
    let mut found = texts::check(checked);
    found.extend(default_breaks_schema::check(checked));
    found.extend(constant_condition::check(checked));
    found.extend(unknown_value::check(checked));
    found
}

/// Checks what a step tells together with those that it waits for. Steps at fault are left out, with all that wait for them.
pub(super) fn check_steps(checked: &Checked<'_>) -> Vec<Diagnostic> {
    let mut found = unknown_citation::check(checked);
    found.extend(may_be_skipped::check(checked));
    found.extend(prompt_too_long::check(checked));
    found.extend(unknown_filter::check(checked));
    found.extend(write_without_approval::check(checked));
    found.extend(untrusted_write::check(checked));
    found
}

/// Checks what only a workflow without faults can tell.
pub(super) fn check_whole(checked: &Checked<'_>) -> Vec<Diagnostic> {
    let mut found = unused_param::check(checked);
    found.extend(unused_step::check(checked));
    found.extend(budget_too_small::check(checked));
    found
}

/// Agents and tools of a project that nothing uses.
pub fn check_use<'w>(
    library: &Library,
    workflows: impl IntoIterator<Item = &'w Document<Workflow>>,
) -> Vec<Diagnostic> {
    let workflows: Vec<_> = workflows.into_iter().collect();
    let mut found = unused_agent::check(library, &workflows);
    found.extend(unused_tool::check(library, &workflows));
    found
}

impl Checked<'_> {
    /// Finds the steps at fault by the lines that faults stand in, and those that wait for one.
    pub(super) fn find_unsound(&mut self, diagnostics: &[Diagnostic]) {
        let here = |found: &&Diagnostic| {
            found.is_error() && found.file.as_ref() == Some(&self.document.file)
        };
        let found = diagnostics.iter().filter(here).filter_map(|found| found.span);
        let lines: BTreeSet<usize> =
            found.chain(self.document.told().iter().copied()).map(|span| span.line).collect();
        if lines.is_empty() {
            return;
        }
        let line = |number: usize| self.document.span_of(&format!("/steps/{number}")).line;
        let steps = self.plan.steps.len();
        let is_at_fault = |number: &usize| {
            let end = if number + 1 < steps { line(number + 1) } else { usize::MAX };
            lines.range(line(*number)..end.max(line(*number) + 1)).next().is_some()
        };
        let mut open: Vec<usize> = (0..steps).filter(is_at_fault).collect();
        while let Some(number) = open.pop() {
            if self.unsound.insert(number) {
                open.extend(self.graph.successors(number));
            }
        }
    }

    /// The steps that are sound, with their numbers.
    pub(super) fn sound(&self) -> impl Iterator<Item = (usize, &Step)> {
        self.plan.steps.iter().enumerate().filter(|(number, _)| !self.unsound.contains(number))
    }

    /// The steps as the document numbers them, those last that are part of a circle or of no plan.
    fn order(&self) -> Vec<usize> {
        let steps = &self.document.value.steps;
        let numbers: BTreeMap<&StepId, usize> =
            (0..).zip(steps).map(|(n, step)| (&step.id, n)).collect();
        let planned = self.graph.order().into_iter().filter_map(|n| self.plan.steps.get(n));
        let mut order: Vec<usize> =
            planned.filter_map(|step| numbers.get(&step.id).copied()).collect();
        let known: BTreeSet<usize> = order.iter().copied().collect();
        order.extend((0..steps.len()).filter(|number| !known.contains(number)));
        order
    }

    /// A diagnostic at a place of the file.
    fn at(&self, diagnostic: Diagnostic, pointer: &str) -> Diagnostic {
        diagnostic.at(&self.document.file, self.document.span_of(pointer))
    }
}
