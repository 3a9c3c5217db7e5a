//! The two streams: standard output is the answer or data, standard error everything else.

use std::borrow::Cow;
use std::io::{IsTerminal, Stderr, Stdout, Write};

use serde::Serialize;

use super::exit::Failure;
use crate::report::{Screen, harmless};

/// Where a command prints.
pub(super) struct Printer {
    stdout: Stdout,
    stderr: Stderr,
    colour: bool,
    terminal: bool,
    screen: Screen,
}

impl Printer {
    /// The streams of this process. `NO_COLOR` and `TERM=dumb` turn colours off.
    #[expect(
        clippy::disallowed_methods,
        reason = "colours are wanted before the environment is read as a whole"
    )]
    pub(super) fn for_process() -> Self {
        let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
        let terminal = stderr.is_terminal();
        let set = |name| std::env::var(name).is_ok_and(|value: String| !value.is_empty());
        let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
        let plain = set("NO_COLOR") || dumb;
        let screen = if stdout.is_terminal() && !dumb {
            let size = console::Term::stdout().size_checked();
            let width = size.map_or(Screen::PLAIN.width, |(_, width)| width.into());
            Screen { width, drawn: true, colour: !plain }
        } else {
            Screen::PLAIN
        };
        Self { screen, stdout, stderr, colour: terminal && !plain, terminal: terminal && !dumb }
    }

    /// Whether standard error shows colours.
    pub(super) fn colour(&self) -> bool {
        self.colour
    }

    /// Whether standard error is a terminal that can redraw lines.
    pub(super) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// What standard output can show.
    pub(super) fn screen(&self) -> Screen {
        self.screen
    }

    /// Prints data. A reader that went away (`| head`) is no fault.
    pub(super) fn out(&self, text: &str) {
        drop(self.try_out(text));
    }

    /// Prints data, and says where nobody reads it.
    pub(super) fn try_out(&self, text: &str) -> std::io::Result<()> {
        let text = if self.stdout.is_terminal() { harmless(text) } else { Cow::Borrowed(text) };
        let mut stdout = self.stdout.lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
    }

    /// Prints data as JSON on a line of its own; `what` names it where it cannot be written.
    pub(super) fn json(&self, what: &str, value: &impl Serialize) -> Result<(), Failure> {
        let json = serde_json::to_string(value)
            .map_err(|e| Failure::machine(&format!("cannot write {what}"), &e))?;
        self.out(&format!("{json}\n"));
        Ok(())
    }

    /// Prints anything that is not data.
    pub(super) fn err(&self, text: &str) {
        // Logs and pipes end up on terminals as well.
        drop(self.stderr.lock().write_all(harmless(text).as_bytes()));
    }
}
