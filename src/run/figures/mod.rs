//! Figures: where the numbers of a text come from.
//!
//! ```text
//! params, outputs, tool results --> Evidence --listing--> what a model may cite
//!                                       |
//!             text with citations ---- fill ----> text --- check ---> matched, derived, given or unverified
//! ```
//!
//! [`Evidence`] is what a step was given. [`fill`] replaces the citations of a text by values of it; [`check`] looks up
//! every other figure, and tries what two values make where none is it; [`trace_output`] does both in all texts of an
//! output. Pure: nothing here asks a model or knows of runs.

mod evidence;
mod listing;
mod units;

mod fill;

mod context;
mod folded;
mod locale;
mod multiples;
mod numbers;
mod parts;
mod scan;
mod words;
mod years;

mod clause;
mod index;
mod operands;
mod sentence;
mod spoken;

mod claims;
mod derive;
mod flows;
mod formulas;
mod glue;
mod naming;
mod periods;
mod placed;
mod rows;
mod signs;
mod sources;
mod tables;
mod told;
mod verify;

mod made;
mod output;
#[cfg(test)]
mod tests;

pub use evidence::{Evidence, Origin};
pub use fill::{CitationFault, Filled, Format, fill, fill_with, repair_message};
pub use made::made_number;
pub use naming::{is_named_alike, name_of};
pub use numbers::{Figure, Kind, Lean, Sign, figures};
pub use output::{Traced, check_output, fill_output, made_output, trace_output};
pub use units::Currency;
pub use verify::{Checked, Fate, Given, check};
