//! An answer for whoever listens while it comes: its citations are filled in before they are shown.

use std::sync::{Arc, Mutex, PoisonError};

use crate::expression::unfinished;
use crate::model::Watcher;
use crate::run::figures::{Evidence, fill};

/// The longest citation that is waited for, in bytes: what is longer is none.
const LONGEST: usize = 400;

/// Passes an answer on as it comes. What may become a citation is held back until it is one.
pub(super) struct Aloud<'a> {
    listener: &'a dyn Watcher,
    evidence: Arc<Evidence>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: String,
    /// Whether anything was passed on of this answer.
    spoke: bool,
}

impl<'a> Aloud<'a> {
    /// For an answer that may cite this evidence.
    pub(super) fn new(listener: &'a dyn Watcher, evidence: Arc<Evidence>) -> Self {
        Self { listener, evidence, state: Mutex::default() }
    }
}

impl Watcher for Aloud<'_> {
    fn began(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
        self.listener.began();
    }

    fn said(&self, piece: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.held.push_str(piece);
        if !state.spoke {
            let space = state.held.len() - state.held.trim_start().len();
            state.held.drain(..space);
        }
        let ready = ready(&state.held);
        if ready > 0 {
            let rest = state.held.split_off(ready);
            let text = std::mem::replace(&mut state.held, rest);
            state.spoke = true;
            self.listener.said(&fill(&text, &self.evidence).text);
        }
    }
}

/// How many bytes of a text can be shown: no citation that is open, and no space that may be the end of all.
fn ready(text: &str) -> usize {
    // A citation stands on one line.
    let line = text.rfind('\n').map_or(0, |at| at + 1);
    let open = unfinished(text.get(line..).unwrap_or_default()).map(|at| line + at);
    let open = open.filter(|at| text.len() - at <= LONGEST);
    text.get(..open.unwrap_or(text.len())).unwrap_or_default().trim_end().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::figures::Origin;
    use indexmap::IndexMap;
    use proptest::prelude::*;
    use serde_json::json;

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl Watcher for Heard {
        fn began(&self) {
            self.0.lock().unwrap().clear();
        }

        fn said(&self, piece: &str) {
            self.0.lock().unwrap().push(piece.to_owned());
        }
    }

    fn evidence() -> Arc<Evidence> {
        let value = Arc::new(json!({"profit": 1200, "share": 0.25}));
        let units = IndexMap::new();
        let path = "steps.a.output".to_owned();
        Evidence::of_output(path, &value, &units, Origin::Data, &Arc::default())
    }

    fn heard(pieces: &[&str]) -> Vec<String> {
        let heard = Heard::default();
        let aloud = Aloud::new(&heard, evidence());
        aloud.began();
        for piece in pieces {
            aloud.said(piece);
        }
        heard.0.into_inner().unwrap()
    }

    #[test]
    fn a_citation_is_shown_when_it_is_whole_and_filled_in() {
        let said = heard(&[
            "\n It made ",
            "[",
            "[steps.a.out",
            "put.profit | usd]",
            "]",
            " in all",
            ".\n",
        ]);
        assert_eq!(said, ["It made", " $1,200 in all", "."]);
        assert_eq!(heard(&["a [b] c[", "d]"]), ["a [b] c", "[d]"]);
    }

    #[test]
    fn what_is_too_long_for_a_citation_is_not_waited_for() {
        let long = "x".repeat(LONGEST);
        assert_eq!(heard(&["[[", &long]).concat(), format!("[[{long}"));
    }

    proptest! {
        /// However an answer is cut into pieces, nothing that was shown differs from the answer that is checked, and only
        /// brackets that do not close are left to be shown with it.
        #[test]
        fn pieces_make_the_whole(
            words in prop::collection::vec("[a-z é\\[\\].\n]{0,6}|\\[\\[steps\\.a\\.output\\.(profit|share|none)( \\| usd)?\\]\\]", 0..8),
            sizes in prop::collection::vec(1usize..7, 1..40),
        ) {
            let text = format!("{}.", words.concat());
            let mut pieces = Vec::new();
            let mut rest: Vec<char> = text.chars().collect();
            for size in sizes.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let after = rest.split_off((*size).min(rest.len()));
                pieces.push(rest.into_iter().collect::<String>());
                rest = after;
            }
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            let (shown, whole) = (heard(&pieces).concat(), fill(text.trim(), &evidence()).text);
            prop_assert!(whole.starts_with(&shown), "{shown:?} of {whole:?}");
            let last = text.trim_end().rsplit('\n').next().unwrap_or_default();
            let open = unfinished(last).is_some();
            prop_assert!(open || shown == whole, "{shown:?} of {whole:?}");
        }
    }
}
