//! Figures: where the numbers of a text come from.
//!
//! [`Evidence`] is what a step was given. [`fill`] replaces the citations of a text by values of it; [`verify`] looks
//! up every other figure. Pure: nothing here asks a model or knows of runs.

mod citation;
mod evidence;
mod numbers;
#[cfg(test)]
mod tests;
mod verify;

pub use citation::{CitationFault, Filled, fill};
pub use evidence::{Evidence, Origin};
pub use verify::{Given, Verified, verify};
