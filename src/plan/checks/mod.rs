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

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Diagnostic;
use crate::document::{Document, Workflow};
use crate::expression::Type;

use super::{Graph, Library, Plan};

pub use unused::check_use;

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
    found
}

impl Checked<'_> {
    /// A diagnostic at a place of the file.
    fn at(&self, diagnostic: Diagnostic, pointer: &str) -> Diagnostic {
        diagnostic.at(&self.document.file, self.document.span_of(pointer))
    }
}
