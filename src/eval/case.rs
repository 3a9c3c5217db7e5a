//! A case that is ready to be run: nothing in it is a template any more.

use crate::document::{Assertion, ExpectedSql};
use crate::id::WorkflowName;
use crate::value::Object;

/// A case.
#[derive(Clone, Debug)]
pub struct Case {
    /// The eval it is of; an index into the files that were expanded.
    pub file: usize,
    /// Unique among the cases of its file.
    pub name: String,
    /// Words by which it is picked.
    pub tags: Vec<String>,
    /// What is done, one after another.
    pub turns: Vec<Turn>,
}

/// One thing that is done, and what must hold of it.
#[derive(Clone, Debug)]
pub struct Turn {
    /// What is done.
    pub ask: Ask,
    /// What must hold.
    pub assert: Vec<Assertion>,
}

/// What is done.
#[derive(Clone, Debug)]
pub enum Ask {
    /// A workflow is run.
    Run {
        /// The workflow.
        workflow: WorkflowName,
        /// Values of its params.
        params: Object,
    },
    /// A question is asked.
    Question {
        /// The question.
        question: String,
        /// Whether only its way is looked for.
        route_only: bool,
    },
}

impl Turn {
    /// The values that a query reads from: its own, or the params of the workflow.
    pub fn values_of(&self, sql: &ExpectedSql) -> Object {
        match &self.ask {
            Ask::Run { params, .. } if sql.with.is_empty() => params.clone(),
            Ask::Run { .. } | Ask::Question { .. } => {
                sql.with.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
            }
        }
    }
}
