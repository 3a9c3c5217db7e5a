//! Questions in people's own words: which workflow or which agents answer one, and the plan of a question that no
//! workflow answers. Pure: a plan made here is a workflow document, checked and run like any other.
//!
//! ```text
//! question -> words -> workflow | agent | nothing in our field
//!                 | not sure
//!                 v
//!             Decision (one answer of a model, itself a run) -> draft -> workflow document -> plan -> run
//! ```

mod arriving;
mod catalog;
mod decide;
mod decision;
mod draft;
mod findings;
mod held;
mod keep;
mod kept;
mod overview;
mod planner;
mod recall;
mod route;
pub mod router;
mod session;
mod words;

pub use catalog::{Catalog, Known};
pub use decide::{Decided, Decider};
pub use decision::{Argument, Decision, Part, Verdict};
pub use draft::{ANSWER, Refusal, lexical_draft, text};
pub use keep::{Origin, keep};
pub use kept::missed;
pub use overview::overview;
pub use planner::{Planner, bug, check};
pub use recall::{Recalled, recall, subject};
pub use route::{By, Candidate, Route, RouteKind};
pub use session::{Turn, UNVERIFIED, asks_back, carried, follow_up, in_context, in_full, said};
pub use words::route;

/// The param that holds the question in every workflow made here.
pub const QUESTION: &str = "question";

/// The name of the workflow that decides who answers a question.
pub const INQUIRY: &str = "ask";

/// The name of workflows made for one question.
pub const PLAN: &str = "plan";
