//! When steps ran, as bars.

use std::fmt::Write as _;

use indexmap::IndexMap;

use super::steps::StepLine;
use super::summary::duration;
use crate::id::StepPath;
use crate::value::millis;

/// Where something is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Characters of a line.
    pub width: usize,
    /// Whether it shows more than plain characters.
    pub drawn: bool,
    /// Whether it shows colours.
    pub colour: bool,
}

impl Screen {
    /// Anything that is no terminal.
    pub const PLAIN: Self = Self { width: 80, drawn: false, colour: false };
}

/// A name longer than this is cut.
const LONGEST_NAME: usize = 24;

/// Room for a time behind a bar.
const TIME: usize = 8;

/// Draws a bar for each step that started, on the microseconds from the run's first event to its last.
pub(super) fn timeline(
    steps: &IndexMap<StepPath, StepLine>,
    whole_us: i64,
    screen: Screen,
) -> String {
    let names: Vec<String> = steps.keys().map(|id| shortened(id.as_str(), screen)).collect();
    let name_width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
    let room = screen.width.saturating_sub(name_width + TIME + 5).max(10);
    let whole = whole_us.max(1);
    let mut out = String::new();
    for (name, line) in names.iter().zip(steps.values()) {
        let Some(started) = line.started_us else { continue };
        let ended = line.ended_us.unwrap_or(whole).max(started);
        let bar = bar(started, ended, whole, room, screen, line.status);
        let time = duration(millis(line.worked_us.unwrap_or_default()));
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{name:<name_width$}  {bar} {time:>TIME$}");
    }
    out
}

/// A bar between two times of a whole, in `room` characters; never shorter than one.
fn bar(from: i64, to: i64, whole: i64, room: usize, screen: Screen, status: &str) -> String {
    let at = |time: i64| {
        let cells = i64::try_from(room).unwrap_or_default();
        usize::try_from(time.clamp(0, whole).saturating_mul(cells) / whole).unwrap_or_default()
    };
    let first = at(from).min(room - 1);
    let length = at(to).saturating_sub(first).max(1);
    let cell = match (screen.drawn, status) {
        (true, _) => "█",
        (false, "failed") => "x",
        (false, _) => "#",
    };
    let colour = match status {
        _ if !screen.colour => "",
        "failed" => "\u{1b}[31m",
        "defaulted" | "skipped" => "\u{1b}[33m",
        "succeeded" | "cached" => "\u{1b}[32m",
        _ => "\u{1b}[36m",
    };
    let end = if colour.is_empty() { "" } else { "\u{1b}[0m" };
    let rest = room.saturating_sub(first + length);
    format!("|{}{colour}{}{end}{}|", " ".repeat(first), cell.repeat(length), " ".repeat(rest))
}

/// A name that fits; of a nested one the end tells more.
fn shortened(name: &str, screen: Screen) -> String {
    let count = name.chars().count();
    let longest = LONGEST_NAME.min(screen.width / 3).max(8);
    if count <= longest {
        return name.to_owned();
    }
    let mark = if screen.drawn { "…" } else { "~" };
    let end: String = name.chars().skip(count - longest + 1).collect();
    format!("{mark}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> IndexMap<StepPath, StepLine> {
        let line = |status, from: i64, to: i64| StepLine {
            status,
            started_us: Some(from * 1000),
            ended_us: Some(to * 1000),
            worked_us: Some((to - from) * 1000),
            ..StepLine::default()
        };
        IndexMap::from([
            ("metrics".into(), line("succeeded", 0, 50)),
            ("margins".into(), line("failed", 0, 100)),
            ("regions[12]/a_step_with_a_long_name".into(), line("succeeded", 100, 200)),
            ("instant".into(), line("succeeded", 200, 200)),
            ("never".into(), StepLine { status: "skipped", ..StepLine::default() }),
        ])
    }

    #[test]
    fn bars_show_what_ran_when() {
        let screen = Screen { width: 60, ..Screen::PLAIN };
        let wanted = "\
metrics               |######                     |     50ms
margins               |xxxxxxxxxxxxx              |    100ms
~ep_with_a_long_name  |             ##############|    100ms
instant               |                          #|    0.0ms
";
        assert_eq!(timeline(&lines(), 200_000, screen), wanted, "what never started has no bar");
    }

    #[test]
    fn however_narrow_a_terminal_is_there_are_bars() {
        for width in [0, 1, 20, 200] {
            let screen = Screen { width, drawn: true, colour: true };
            assert!(timeline(&lines(), 200_000, screen).contains('█'));
        }
    }
}
