//! What a run works with: models, tools and the clock.

use std::sync::Arc;

use super::planner::Planner;
use super::pool::Pool;
use crate::model::Models;
use crate::tool::Toolbox;

/// Microseconds since the Unix epoch. The clock comes from outside, so that runs can be replayed.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What a run works with; shared by all runs of a process.
#[derive(Clone)]
pub struct Context {
    /// The models that can be asked.
    pub models: Arc<Models>,
    /// The tools that can be called.
    pub tools: Arc<Toolbox>,
    /// Who plans what steps of kind `plan` do; none outside of a project.
    pub planner: Option<Arc<dyn Planner>>,
    /// The clock.
    pub clock: Clock,
    /// Steps that run at the same time.
    pub max_parallel: usize,
    /// What its runs spend together.
    pub pool: Arc<Pool>,
    /// Whether models are ruled out.
    pub offline: bool,
    /// Whether tools may write where nobody consents.
    pub allow_write: bool,
}

impl Context {
    /// The same, with models ruled out.
    #[must_use]
    pub fn without_models(&self) -> Self {
        Self { offline: true, ..self.clone() }
    }
}
