//! Tools: named calls to the outside with typed arguments. This module knows nothing of steps and graphs.

mod arguments;
mod check;
mod clean;
mod csv;
mod error;
mod filters;
mod http;
mod kept;
mod loading;
mod mcp;
mod online;
mod postgres;
mod query;
mod source;
mod sums;
#[cfg(test)]
mod tests;
mod toolbox;

pub use arguments::{MISSING, check_params, parse_param};
pub use check::{Databases, check_tools};
pub use csv::{check_quotes, csv_rows};
pub use error::{ToolError, UNREACHABLE};
pub use http::{Secrets, secret_names};
pub use loading::{Loading, Watcher};
pub use mcp::Offer;
pub use online::check_online;
pub use postgres::{Copied, copy};
pub use toolbox::Toolbox;

/// More rows are a call that forgot to ask for less: agents cannot read them.
const MOST_ROWS: usize = 10_000;
