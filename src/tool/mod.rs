//! Tools: named calls to the outside with typed arguments. This module knows nothing of steps and graphs.

mod arguments;
mod check;
mod csv;
mod error;
mod query;
mod source;
#[cfg(test)]
mod tests;
mod toolbox;

pub use arguments::{MISSING, check_params, parse_param};
pub use check::check_queries;
pub use error::ToolError;
pub use toolbox::Toolbox;
