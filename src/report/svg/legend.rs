//! What the signs of a drawing mean; only those that it has.

use std::fmt::Write as _;

use super::card::Card;
use super::draw::{SMALL, glyph, mark, text, timed};
use super::layout::Point;
use super::look::{self, INK, LOOKS, MARKS, PAPER, SOFT};
use super::text::width;

const ROW: f64 = 24.0;
const BETWEEN: f64 = 16.0;

/// A sign and its meaning.
struct Entry {
    /// The sign in a square of 18, or wider.
    sign: String,
    room: f64,
    meaning: String,
}

/// Draws the legend in rows at most as wide as the room; gives its height.
pub(super) fn legend(out: &mut String, cards: &[Card<'_>], axis: Option<String>, room: f64) -> f64 {
    let (mut x, mut y) = (0.0, 0.0);
    for entry in entries(cards, axis) {
        let long = entry.room + 7.0 + 0.88 * width(&entry.meaning, SMALL);
        if x > 0.0 && x + long > room {
            (x, y) = (0.0, y + ROW);
        }
        let _ = write!(out, "<g transform=\"translate({x} {y})\">\n{}", entry.sign);
        let place = Point { x: entry.room + 7.0, y: 13.0 };
        text(out, place, SMALL, ("normal", SOFT), &entry.meaning);
        out.push_str("</g>\n");
        x += (long + BETWEEN).round();
    }
    y + 18.0
}

fn entries(cards: &[Card<'_>], axis: Option<String>) -> Vec<Entry> {
    let middle = Point { x: 9.0, y: 9.0 };
    let mut entries = Vec::new();
    let mut entry = |room: f64, meaning: &str, draw: &dyn Fn(&mut String)| {
        let mut sign = String::new();
        draw(&mut sign);
        entries.push(Entry { sign, room, meaning: meaning.to_owned() });
    };
    for look in LOOKS {
        if cards.iter().any(|card| look::of_kind(card.kind()).name == look.name) {
            entry(20.0, look.name, &|out| {
                let round = look.radius.min(6.0);
                let _ = writeln!(
                    out,
                    "<rect width=\"20\" height=\"18\" rx=\"{round}\" fill=\"{}\"/>\n<g transform=\"translate(10 9) scale(.8)\">",
                    look.colour
                );
                glyph(out, look, Point::default());
                out.push_str("</g>\n");
            });
        }
    }
    if cards.iter().any(Card::is_conditional) {
        entry(24.0, "only under its condition", &|out| {
            let _ = writeln!(
                out,
                "<rect x=\".5\" y=\"2.5\" width=\"23\" height=\"13\" rx=\"4\" fill=\"{PAPER}\" stroke=\"{SOFT}\" stroke-dasharray=\"5 3\"/>"
            );
        });
    }
    for found in MARKS {
        let has = |card: &Card<'_>| {
            card.status().and_then(look::of_status).is_some_and(|mark| mark.name == found.name)
        };
        if cards.iter().any(has) {
            entry(18.0, found.name, &|out| mark(out, found, middle));
        }
    }
    if cards.iter().any(Card::is_critical) {
        entry(26.0, "the chain that took longest", &|out| {
            let _ = writeln!(out, "<path stroke=\"{INK}\" stroke-width=\"2.5\" d=\"M0 9H26\"/>");
        });
    }
    if let Some(axis) = axis {
        entry(44.0, &axis, &|out| timed(out, Point { x: 0.0, y: 7.0 }, 44.0, (12.0, 18.0), SOFT));
    }
    entries
}
