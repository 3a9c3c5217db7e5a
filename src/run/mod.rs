//! Runs: a plan and values for its params become an outcome.
//!
//! ```text
//! executor --emits--> events --journaled, then applied by--> state --tells--> executor what is ready
//!    \--spawns--> steps (agent, tool, compute), which send events back
//! ```
//!
//! The executor is the only owner of a run's state; steps send messages and share no lock. `state` and
//! `scheduler` are pure: no clock, no I/O, nothing async, so that they replay and serve any executor.

// A new kind of event, step or state must be looked at everywhere.
#![warn(clippy::wildcard_enum_match_arm)]

pub mod figures;

mod allowance;
mod attempts;
mod budget;
mod conflicts;
mod context;
mod data;
mod estimate;
mod executor;
mod frame;
mod inputs;
mod ledger;
mod outcome;
mod outputs;
mod plan_reader;
mod planner;
mod pool;
mod recorder;
mod reuse;
mod scheduler;
mod state;
mod step_state;
mod steps;
#[cfg(test)]
mod tests;
mod times;

pub use allowance::{Allowance, Period, allowances, left};
pub use budget::OVER_BUDGET;
pub use conflicts::{Conflict, ConflictingValue};
pub use context::{Clock, Context};
pub use data::DataReport;
pub use estimate::{
    Doubts, Greatest, LongestWait, StepCost, costs, doubts_of, least, longest_wait,
};
pub use executor::{Decision, Desk, Order, Past, resume, run};
pub use frame::{Frame, Unit};
pub use ledger::{FigureSource, LedgerEntry};
pub use outcome::{
    FigureReport, Outcome, StepOutcome, StepStatus, Timing, UsageReport, took_default,
};
pub use outputs::OUTPUTS;
pub use plan_reader::{Early, PlanReader};
pub use planner::{Made, Planner};
pub use pool::Pool;
pub use reuse::Reuse;
pub use scheduler::{Next, Scheduler};
pub use state::{Change, IllegalEvent, RunState};
pub use step_state::{Asked, Consulted, Phase, StepState};
pub use steps::Ahead;
pub use times::{Span, Time};
