//! Evals: their files, and whoever runs their cases in the same way as `engine run` and `engine ask`.

mod arguments;
mod files;
mod judges;
mod queries;
mod runner;

pub(super) use arguments::{Eval, EvalCommand, Judge};
pub(super) use files::{File, check, find, read};
pub(super) use judges::Judges;
pub(super) use queries::{Queries, Rowing};
pub(super) use runner::{Bench, Setting};
