//! What a step waits for: the steps that its texts read, and those it names.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use crate::document::Needs;
use crate::expression::{Analysis, Root};
use crate::id::StepId;
use crate::plan::Need;

/// What the texts of a step read of other steps.
#[derive(Default)]
pub(super) struct Edges {
    /// By step: whether every read of it copes with it being undefined.
    reads: IndexMap<StepId, bool>,
    /// Steps that `when` copes with.
    pub(super) when_guards: BTreeSet<StepId>,
}

impl Edges {
    pub(super) fn add(&mut self, analysis: &Analysis) {
        for read in analysis.reads.iter().filter(|read| read.root == Root::Steps) {
            let Some(id) = read.path.first() else { continue };
            *self.reads.entry(StepId::from(id.as_str())).or_insert(true) &= read.guarded;
        }
    }

    pub(super) fn add_all(&mut self, analyses: &[Analysis]) {
        for analysis in analyses {
            self.add(analysis);
        }
    }

    /// All steps to be waited for, those written among them.
    pub(super) fn needs(self, written: &Needs) -> Vec<Need> {
        let mut needs: IndexMap<StepId, bool> = self.reads.clone();
        for step in &written.required {
            needs.insert(step.clone(), false);
        }
        for step in &written.optional {
            needs.insert(step.clone(), true);
        }
        needs
            .into_iter()
            .map(|(step, tolerant)| Need {
                tolerant: tolerant || self.when_guards.contains(&step),
                optional: written.optional.contains(&step),
                unguarded: written.optional.contains(&step)
                    && self.reads.get(&step).is_some_and(|guarded| !guarded),
                step,
            })
            .collect()
    }
}
