//! What a user sees of the command line. Model servers are scripted, and what they are asked is asserted.

#[path = "../support/mod.rs"]
mod support;

mod agents;
mod demo;
mod faults;
mod figures;
mod flow;
mod project;
