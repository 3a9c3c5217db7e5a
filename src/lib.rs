//! `engine` answers business questions with several specialist agents, from YAML files that anyone can edit.
//!
//! The modules stand in the order a workflow passes through them; a module imports only from
//! floors below its own (ARCHITECTURE.md draws the house, `tests/house.rs` holds it):
//!
//! ```text
//! text -> positioned tree -> typed document -> plan -> run -> outcome -> report
//! ```

pub mod id;
pub mod value;

pub mod diagnostic;

pub mod event;
pub mod expression;

pub mod document;

pub mod plan;

mod wire;

pub mod journal;
pub mod model;
pub mod tool;

pub mod run;

pub mod ask;

pub mod eval;

pub mod report;

pub mod lsp;

pub mod cli;
