//! Tools: named calls to the outside with typed arguments. This module knows nothing of steps and graphs.

mod arguments;
mod csv;
mod error;
mod sql;
mod sqlite;
mod toolbox;

pub use arguments::{check_param, check_params};
pub use error::ToolError;
pub use toolbox::Toolbox;
