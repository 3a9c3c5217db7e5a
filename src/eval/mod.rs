//! Evals: cases are made of what files say, run by whoever can run them, and judged.
//!
//! ```text
//! document::Eval --expand--> Case --Runner--> Given --checks--> Verdict --report--> Report
//!      rows of files, tools, SQL     |                              baseline --> Comparison
//!                              cli runs and asks
//! ```
//!
//! Nothing here reads files or calls models: a [`Runner`] does, in the same way as `engine run` and `engine ask`.

mod spent;
mod statistics;

mod given;
mod rows;

mod case;
mod expand;

pub mod judge;

mod checks;

mod report;
mod run;
mod selection;

mod agreement;
mod baseline;

pub use agreement::{AgreementReport, Confusion, JudgedExample};
pub use baseline::{Bounds, Comparison, compare, probability};
pub use case::{Ask, Case, Turn};
pub use expand::{Data, Source, expand};
pub use given::{Given, Route};
pub use judge::{Inquiry, Judgement, Verdict};
pub use report::{
    Attempt, CaseReport, FileReport, Judged, Judging, Replayed, Report, Routing, Status, Totals,
};
pub use rows::{of_value, parse as parse_rows};
pub use run::{Limits, Runner, run};
pub use selection::{Selecting, Selection};
pub use spent::Spent;
pub use statistics::{median, percentile_95, wilson};
