//! Evals: their files, and whoever runs their cases in the same way as `engine run` and `engine ask`.

mod files;
mod queries;
mod runner;

pub(super) use files::{File, check, read};
pub(super) use queries::{Queries, Rowing};
pub(super) use runner::{Bench, Setting};
