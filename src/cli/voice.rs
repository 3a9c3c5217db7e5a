//! An answer that is shown while it comes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::printer::Printer;
use crate::model::Watcher;
use crate::report::harmless;

/// Shows an answer on standard output while it comes. It may still change: the answer that counts is told at the end.
#[derive(Default)]
pub(super) struct Voice {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The text on the screen that belongs to the answer under way.
    shown: String,
    /// What gives way to the first word.
    before: Option<Box<dyn FnOnce() + Send>>,
    spoke: bool,
}

impl Voice {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has something done before the first word.
    pub(super) fn before(&self, clear: impl FnOnce() + Send + 'static) {
        self.state().before = Some(Box::new(clear));
    }

    /// Whether a word was said.
    pub(super) fn spoke(&self) -> bool {
        self.state().spoke
    }

    /// Ends an answer that was stopped: what was shown is all there is.
    pub(super) fn stop(&self, printer: &Printer) {
        printer.out(if self.state().shown.is_empty() { "" } else { "\n" });
    }

    /// Prints what is still missing of a text; all of it, with a word about it, where it is not as it was shown.
    pub(super) fn end(&self, text: &str, printer: &Printer) {
        let state = self.state();
        if let Some(rest) = text.strip_prefix(state.shown.as_str()) {
            printer.out(rest);
        } else {
            printer.out("\n");
            printer.err("(the answer was checked and is not as it was shown; this is it)\n");
            printer.out(text);
        }
    }
}

impl Watcher for Voice {
    fn began(&self) {
        let mut state = self.state();
        if !state.shown.is_empty() {
            state.shown.clear();
            tell(&mut std::io::stdout(), "\n");
            tell(&mut std::io::stderr(), "(that is not all yet; the answer begins again)\n");
        }
    }

    fn said(&self, piece: &str) {
        let mut state = self.state();
        if let Some(clear) = state.before.take() {
            clear();
        }
        state.spoke = true;
        state.shown.push_str(piece);
        tell(&mut std::io::stdout(), &harmless(piece));
    }
}

/// A reader that went away is no fault.
fn tell(out: &mut impl std::io::Write, text: &str) {
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}
