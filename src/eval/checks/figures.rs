//! `no-unverified-figures`: every figure of the answer comes from the data.

use super::{Found, told};
use crate::eval::given::Given;

pub(super) fn look(wanted: bool, given: &Given) -> Found {
    let Some(outcome) = &given.outcome else {
        return told(wanted, "nothing was said, so no figure either");
    };
    let lost: Vec<String> = outcome
        .figures
        .unverified
        .iter()
        .map(|figure| format!("`{}` of step `{}`: {}", figure.text, figure.step, figure.reason))
        .collect();
    let what = if lost.is_empty() { "all figures were traced".to_owned() } else { lost.join("; ") };
    told(lost.is_empty() == wanted, what)
}
