//! The two streams: standard output is the answer or data, standard error everything else.

use std::borrow::Cow;
use std::io::{IsTerminal, Stderr, Stdout, Write};

use serde::Serialize;

use super::exit::Failure;
use crate::report::Screen;

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
        let text = if self.stdout.is_terminal() { harmless(text) } else { text.into() };
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
        let text = if self.stderr.is_terminal() { harmless(text) } else { text.into() };
        drop(self.stderr.lock().write_all(text.as_bytes()));
    }
}

/// A text that changes nothing of a terminal but the colour of its letters: data may hold sequences that set its title, move
/// its cursor or turn the direction of a line. What would do so is shown instead.
pub(super) fn harmless(text: &str) -> Cow<'_, str> {
    let harms = |c: char| {
        c.is_control() && !matches!(c, '\n' | '\t')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(harms) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if harms(c) && !begins_colour(text.get(at..).unwrap_or_default()) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out.into()
}

/// Whether a text begins with a sequence that does no more than set the colour or weight of letters.
fn begins_colour(text: &str) -> bool {
    let inside = text.strip_prefix("\u{1b}[");
    let end = inside.and_then(|rest| rest.find(|c: char| !c.is_ascii_digit() && c != ';'));
    inside
        .zip(end)
        .is_some_and(|(rest, end)| rest.get(end..).is_some_and(|rest| rest.starts_with('m')))
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn data_sets_no_title_and_turns_no_line() {
        let hostile = "a\u{1b}]0;owned\u{7}\u{1b}[31mred\u{1b}[0m\u{1b}[2J\u{9b}1A\u{202e}z\r\n\tb";
        assert_eq!(
            harmless(hostile),
            "a\\u{1b}]0;owned\\u{7}\u{1b}[31mred\u{1b}[0m\\u{1b}[2J\\u{9b}1A\\u{202e}z\\u{d}\n\tb"
        );
        assert_eq!(harmless("plain é\n"), "plain é\n");
    }
}
