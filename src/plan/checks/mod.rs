//! Checks of a workflow whose names are resolved: what each file looks for is its rule. They run when nothing else
//! is wrong, so that one mistake is told once.

mod budget;
mod citations;
mod conditions;
mod defaults;
mod prompts;
mod skips;
mod types;
mod unused;
mod workflows;
mod writes;

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Diagnostic;
use crate::document::{Document, Workflow};
use crate::expression::Type;

use super::{Graph, Library, Plan, compile, types as own};

pub use unused::check_use;
pub use workflows::check_names;

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
}

/// Runs all checks.
pub(super) fn check(mut checked: Checked<'_>) -> Vec<Diagnostic> {
    let mut found = types::check(&mut checked);
    found.extend(defaults::check(&checked));
    found.extend(citations::check(&checked));
    found.extend(conditions::check(&checked));
    found.extend(skips::check(&checked));
    found.extend(unused::check(&checked));
    found.extend(budget::check(&checked));
    found.extend(prompts::check(&checked));
    found.extend(writes::check(&checked));
    found
}

/// The type of every step's output, by id: what its own keys tell, and, where the workflow has no faults, what
/// follows from what it reads.
pub fn output_types(document: &Document<Workflow>, library: &Library) -> BTreeMap<String, Type> {
    let steps = &document.value.steps;
    let types = steps.iter().map(|step| (step.id.as_str(), own::of_step(step, library))).collect();
    let params_read = BTreeSet::new();
    let plan = compile(document, library).0;
    let graph = plan.as_ref().map(Graph::of);
    let types = match (&plan, &graph) {
        (Some(plan), Some(graph)) => {
            let params_read = &params_read;
            let mut checked = Checked { document, library, plan, graph, params_read, types };
            types::check(&mut checked);
            checked.types
        }
        _ => types,
    };
    types.into_iter().map(|(id, found)| (id.to_owned(), found)).collect()
}

impl Checked<'_> {
    /// A diagnostic at a place of the file.
    fn at(&self, diagnostic: Diagnostic, pointer: &str) -> Diagnostic {
        diagnostic.at(&self.document.file, self.document.span_of(pointer))
    }
}
