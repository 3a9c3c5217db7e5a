//! What a user sees of the command line. Model servers are scripted, and what they are asked is asserted.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    reason = "a test fails by panicking, and a table of cases is long"
)]

#[path = "../support/mod.rs"]
mod support;

mod agents;
mod ask;
mod breaker;
mod chat;
mod compiler;
mod conflicts;
mod consult;
mod coordination;
mod costs;
mod cuts;
mod demo;
mod early;
mod eval;
mod evals;
mod faults;
mod figures;
mod flow;
mod full_disk;
mod hedge;
mod heldout;
mod history;
mod http;
mod injection;
mod interval;
mod judging;
mod keep;
mod lasting;
mod literals;
mod mcp;
mod operators;
mod outages;
mod patterns;
mod planned;
mod plans;
mod planted;
mod prices;
mod project;
mod quiet;
mod recordings;
mod refused;
mod rules;
mod sessions;
mod streams;
mod strict;
mod tools;
mod waits;
mod worded;
mod writes;
