//! Evals: cases are made of what files say, run by whoever can run them, and judged.
//!
//! ```text
//! document::Eval --expand--> Case --Runner--> Given --checks--> Verdict --report--> Report
//!      rows of files, tools, SQL     |                              baseline --> Comparison
//!                              cli runs and asks
//! ```
//!
//! Nothing here reads files or calls models: a [`Runner`] does, in the same way as `engine run` and `engine ask`.

mod statistics;

mod given;
mod rows;

mod case;
mod expand;

mod checks;

mod report;
mod run;

mod baseline;

pub use baseline::{Bounds, Comparison, compare};
pub use case::{Ask, Case, Turn};
pub use expand::{Data, Source, expand};
pub use given::{Given, Route};
pub use report::{Attempt, CaseReport, FileReport, Judged, Report, Routing, Status, Totals};
pub use rows::{of_value, parse as parse_rows};
pub use run::{Limits, Runner, run};
pub use statistics::{median, percentile_95, wilson};
