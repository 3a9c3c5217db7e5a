//! The commands, one file each.

pub(super) mod approve;
pub(super) mod ask;
pub(super) mod batch;
pub(super) mod cancel;
pub(super) mod chat;
pub(super) mod completions;
pub(super) mod costs;
pub(super) mod data;
pub(super) mod eval;
pub(super) mod explain;
pub(super) mod graph;
pub(super) mod history;
pub(super) mod init;
pub(super) mod judge;
pub(super) mod lsp;
pub(super) mod plan;
pub(super) mod rerun;
pub(super) mod resume;
pub(super) mod run;
pub(super) mod schema;
pub(super) mod sessions;
pub(super) mod tools;
pub(super) mod validate;
