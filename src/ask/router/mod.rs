//! Finds what answers a question by its words alone: a workflow with its params, one agent or several, or nothing here.
//!
//! A pure function of the project's documents and the question. It decides only where it is sure and otherwise
//! says [`Kind::Unsure`], so that a model can be asked; docs/routing.md tells the whole of it.
//!
//! ```text
//! question -> words -> periods, amounts -> senses by each document -> scores -> decision
//! ```

mod words;

mod numbers;

mod amounts;
mod months;
mod periods;

mod terms;
mod typos;

mod reading;
mod values;
mod verbatim;

mod target;

mod index;

mod params;
mod scope;
mod slant;
mod team;

mod answer;
mod decide;
mod factors;
mod follow;
mod lift;
mod nameless;
mod refer;
mod spoken;
mod turns;

pub use answer::{Candidate, Kind, Match, Missing, Route};
pub use decide::{Thresholds, route, route_by};
pub use follow::{changed, names_only_time, narrowed};
pub use index::Index;
pub use lift::{Named, Said, names_time, said};
pub use months::{Month, Period};
pub use reading::How;
pub use refer::{
    has_pronoun, needs_period, nouns, period_from, period_of, rewritten, telling, with_noun,
};
pub use spoken::Spoken;
pub use target::Target;
pub use turns::taken_up;
pub use values::Values;
