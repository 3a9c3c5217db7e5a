//! Templates and expressions in YAML files: minijinja, strict, with fuel.
//!
//! [`analyse_template`] and [`analyse_expression`] tell what a text reads before anything runs;
//! [`Template`] is a checked text ready to be rendered. Text that came from tools or models is
//! never rendered as a template; in a prompt it stands inside a fence ([`fence`]).

mod address;
mod analysis;
mod arguments;
mod citation;
mod constant;
mod environment;
pub mod fence;
pub mod filters;
mod guide;
mod infer;
mod missing;
mod numbers;
mod parse;
mod plain;
mod quoted;
mod scope;
mod syntax;
mod template;
#[cfg(test)]
mod tests;
mod types;
mod written;

pub use analysis::{Analysis, Problem, Read, Root, analyse_expression, analyse_template};
pub use citation::{Citation, FILTERS as CITATION_FILTERS, citations, unfinished};
pub use constant::constant_condition;
pub use guide::{FilterHelp, filter_help};
pub use infer::{infer_expression, infer_template};
pub use numbers::numbers;
pub use scope::{Scope, View, view};
pub use template::{Template, evaluate, evaluate_condition, is_template};
pub use types::{Type, Unit};
pub use written::Written;
