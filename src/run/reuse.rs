//! Outputs of an earlier run that another one takes over.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::event::{Event, FigureCount, LookedUp, Record};
use crate::id::{RunId, StepKey, StepPath};
use crate::value::Value;

/// What an earlier run made, by what it was made of.
#[derive(Debug)]
pub struct Reuse {
    /// The run.
    pub from: RunId,
    kept: BTreeMap<StepKey, Kept>,
    /// Steps of the run's own plan that are done again whatever they are made of.
    again: BTreeSet<String>,
}

/// An output with what is known of it.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// The run that made it.
    pub run: RunId,
    /// The output.
    pub output: Arc<Value>,
    /// The figures of its texts.
    pub figures: FigureCount,
    /// What the reader should know about it.
    pub warnings: Vec<String>,
    /// What its agents looked up.
    pub looked_up: Vec<LookedUp>,
}

impl Reuse {
    /// What the events of a run made. Steps of `again`, and those inside them, are not taken over.
    pub fn of(from: RunId, records: &[Record], again: BTreeSet<String>) -> Self {
        let mut kept = BTreeMap::new();
        let mut calls: BTreeMap<&StepPath, Vec<LookedUp>> = BTreeMap::new();
        for record in records {
            if let Event::ToolCalled { step, call } = &record.event {
                calls.entry(step).or_default().extend(LookedUp::of(call));
            }
            if let Event::StepSucceeded {
                step,
                key: Some(key),
                output,
                defaulted: None,
                figures,
                warnings,
                reused,
                looked_up,
            } = &record.event
            {
                let found = Kept {
                    run: reused.clone().unwrap_or_else(|| from.clone()),
                    output: Arc::clone(output),
                    figures: figures.clone(),
                    warnings: warnings.clone(),
                    looked_up: [calls.remove(step).unwrap_or_default(), looked_up.clone()].concat(),
                };
                kept.insert(key.clone(), found);
            }
        }
        Self { from, kept, again }
    }

    /// What was made of the same, unless the step is to be done again.
    pub(super) fn find(&self, path: &StepPath, key: &StepKey) -> Option<Kept> {
        let step = path.as_str().split(['/', '[']).next().unwrap_or_default();
        if self.again.contains(step) {
            return None;
        }
        self.kept.get(key).cloned()
    }
}
