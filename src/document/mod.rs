//! The files people write, as Rust types, and how text becomes them.
//!
//! Text is read once into a positioned tree, lowered to plain JSON, checked by the JSON Schema that
//! is generated from the types here, and only then typed. All faults of a file are found at once,
//! each with its place. This module reads no files and knows no names of other files: `plan` resolves.

use std::path::Path;

mod read;

mod carried;
mod check;
mod evals;
mod foreign;
mod helps;
mod models;
mod places;
mod remains;
mod schema;
mod secrets;
mod steps;
mod stray;
mod syntax;
mod tools;
mod tree;

mod agent;
mod eval;
mod http;
mod mcp;
mod planning;
mod project;
mod repeat;
mod step;
mod tool;
mod workflow;

pub use read::{Document, Kind, Kindred, read, read_as_far, read_object, read_value};
pub use remains::is_unnamed;
pub use schema::{KEYS_OF_FOR_EACH, of as schema};

pub use agent::{Agent, InlineAgent, ModelList};
pub use eval::{
    AgentNames, Assertion, Case, Check, Eval, Example, ExpectedSql, Figure, RouteTo, Rows, Rubric,
    Similar, Texts, Tolerance, Turn, WantedRoute,
};
pub use helps::switch;
pub use http::{FromEnvironment, Header, Http, Method};
pub use mcp::{Mcp, McpServer, Passed, Variable};
pub use planning::Planning;
pub use project::{
    Ask, Budget, CircuitBreaker, Hedge, LastMonth, Limits, Model, OnExceed, Price, Project,
    Provider, Rate, Source, Timeouts,
};
pub use repeat::{Approval, Cache, CacheFor, Needs};
pub use secrets::{masked, masked_file};
pub use step::{AgentRef, Backoff, Figures, OnError, OutputShape, Retry, Step};
pub use tool::{Effect, Returns, Sql, Tool, ToolFile, ToolKind};
pub use workflow::{Bound, Param, ParamType, ParamValues, Workflow};

/// Whether a path ends as files of a project do.
pub fn is_yaml(path: &Path) -> bool {
    has_ending(path, &["yaml", "yml"])
}

/// Whether a path has one of these endings, however it is written.
pub fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|found| endings.iter().any(|ending| found.eq_ignore_ascii_case(ending)))
}
