//! What people see: events and outcomes as text and JSON. Nothing here decides anything.

// A new kind of event, step or state must be looked at everywhere.
#![warn(clippy::wildcard_enum_match_arm)]

mod ask;
mod batch;
mod cast;
mod comparison;
mod costs;
mod diagnostics;
mod eval;
mod figures;
mod fold;
mod graph;
mod harmless;
mod history;
mod interval;
mod money;
mod plan;
mod problems;
mod progress;
pub mod schemas;
mod show;
mod steps;
mod summary;
mod svg;
mod timeline;
mod tools;

pub use ask::{AskReport, RecallReport, can_be_asked, day_and_time, recalled, route};
pub use batch::{BatchReport, batch};
pub use cast::Cast;
pub use comparison::comparison;
pub use costs::{By as CostsBy, Cost, CostReport, CostRow, Shape, ShapeCost, Spread};
pub use diagnostics::{Checkout, Format as DiagnosticFormat, Manner, diagnostics};
pub use eval::{
    agreement as eval_agreement, html as eval_html, junit as eval_junit, markdown as eval_markdown,
    text as eval,
};
pub use figures::figures;
pub use graph::{Format as GraphFormat, graph};
pub use harmless::harmless;
pub use history::{pruned, runs};
pub use money::{costs, of_budget};
pub use plan::{PlanReport, plan};
pub use problems::problems;
pub use progress::{Live, Plain, Progress};
pub use show::{Shown, is_about, show, step_names};
pub use steps::is_within;
pub use summary::{answer, ended, marked, summary};
pub use timeline::Screen;
pub use tools::{OfferLine, ToolLine, ToolsReport, tools};
