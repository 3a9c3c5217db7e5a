//! Boxes, edges and texts as SVG elements. Looks are attributes and not a style sheet, which some
//! programs that show slides leave out.

use std::fmt::Write as _;

use super::card::{Card, End};
use super::layout::{Layout, Point, Route, Size};
use super::look::{self, INK, LINE, Look, Mark, PAPER, SOFT, TRACK};
use super::text::{escape, fit, fit_names, width};

/// The part of a box that holds the glyph.
const PANEL: f64 = 34.0;
/// From the glyph's part to the texts, and from them to the right side.
const PAD: f64 = 11.0;
pub(super) const BOLD: f64 = 13.0;
pub(super) const SMALL: f64 = 11.0;
/// The bar below a box.
const BAR: f64 = 4.0;
const ARROW: f64 = 7.0;

/// The measures of boxes that hold these cards.
pub(super) fn size(cards: &[Card<'_>]) -> Size {
    let widest = cards
        .iter()
        .flat_map(|card| {
            let took = card.end.as_ref().map_or(0.0, |end| width(&end.took, SMALL));
            [width(card.step.id.as_str(), BOLD), width(&card.calls, SMALL), took]
        })
        .fold(0.0, f64::max);
    let ended = cards.iter().any(|card| card.end.is_some());
    Size {
        width: (widest + PANEL + 2.0 * PAD).clamp(140.0, 260.0).ceil(),
        height: if ended { 64.0 } else { 46.0 },
        foot: if ended { 5.0 + BAR } else { 0.0 },
    }
}

/// The room for texts in a box.
fn room(size: Size) -> f64 {
    size.width - PANEL - 2.0 * PAD
}

/// The names of the cards' steps, as far as boxes have room.
pub(super) fn names(cards: &[Card<'_>], size: Size) -> Vec<String> {
    let names: Vec<&str> = cards.iter().map(|card| card.step.id.as_str()).collect();
    fit_names(&names, BOLD, room(size))
}

/// A text; `weight` is that of CSS.
pub(super) fn text(
    out: &mut String,
    at: Point,
    size: f64,
    (weight, fill): (&str, &str),
    text: &str,
) {
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{}\" font-size=\"{size}\" font-weight=\"{weight}\" fill=\"{fill}\">{}</text>",
        at.x,
        at.y,
        escape(text)
    );
}

/// All edges, and heavier ones over those between two critical steps.
pub(super) fn edges(
    out: &mut String,
    layout: &Layout,
    cards: &[Card<'_>],
    path: &[(usize, usize)],
    size: Size,
) {
    let _ = writeln!(out, "<g fill=\"none\" stroke=\"{LINE}\" stroke-width=\"1.5\">");
    for (route, card) in layout.routes.iter().zip(cards) {
        if !route.branches.is_empty() {
            let title = escape(card.step.id.as_str());
            let _ = writeln!(
                out,
                "<path class=\"edges\" d=\"{}\"><title>{title}</title></path>",
                ways(route, size.width)
            );
        }
    }
    out.push_str("</g>\n");
    let mut tips: Vec<&Point> =
        layout.routes.iter().flat_map(|route| &route.branches).map(|(_, _, end)| end).collect();
    tips.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    tips.dedup();
    if !tips.is_empty() {
        let tips: String = tips.into_iter().map(|tip| arrow(*tip, ARROW)).collect();
        let _ = writeln!(out, "<path fill=\"{LINE}\" d=\"{tips}\"/>");
    }
    for (from, to) in path {
        let Some(route) = layout.routes.get(*from) else { continue };
        for (_, bends, end) in route.branches.iter().filter(|(target, _, _)| target == to) {
            let _ = writeln!(
                out,
                "<path class=\"critical\" fill=\"none\" stroke=\"{INK}\" stroke-width=\"2.5\" d=\"{}\"/>\n<path fill=\"{INK}\" d=\"{}\"/>",
                way(route, *bends, *end, size.width),
                arrow(*end, ARROW + 2.0)
            );
        }
    }
}

/// The trunk up to one of its furthest ends, and each other branch from where it parts.
fn ways(route: &Route, width: f64) -> String {
    let furthest = route.branches.iter().rposition(|(_, bends, _)| *bends == route.trunk.len());
    let mut trunk = String::new();
    let mut parting = String::new();
    for (number, (_, bends, end)) in route.branches.iter().enumerate() {
        if Some(number) == furthest {
            trunk = way(route, *bends, *end, width);
        } else {
            let from = leave(route, *bends, width);
            let _ = write!(parting, "M{} {}{}", from.x, from.y, curve(from, *end, ARROW));
        }
    }
    trunk + &parting
}

/// The whole way to one end.
fn way(route: &Route, bends: usize, end: Point, width: f64) -> String {
    let mut from = route.start;
    let mut out = format!("M{} {}", from.x, from.y);
    for bend in route.trunk.iter().take(bends) {
        let right = bend.x + width;
        let _ = write!(out, "{}H{right}", curve(from, *bend, 0.0));
        from = Point { x: right, y: bend.y };
    }
    out + &curve(from, end, ARROW)
}

/// Where the way past so many bends leaves the column of the last of them.
fn leave(route: &Route, bends: usize, width: f64) -> Point {
    bends
        .checked_sub(1)
        .and_then(|last| route.trunk.get(last))
        .map_or(route.start, |bend| Point { x: bend.x + width, y: bend.y })
}

/// On to a place, leaving and arriving level; it ends `short` of it.
fn curve(from: Point, to: Point, short: f64) -> String {
    let end = to.x - short;
    if (from.y - to.y).abs() < 0.5 {
        return format!("H{end}");
    }
    let middle = f64::midpoint(from.x, end).round();
    format!("C{middle} {} {middle} {} {end} {}", from.y, to.y, to.y)
}

fn arrow(tip: Point, length: f64) -> String {
    let half = length / 2.0;
    format!("M{} {}l-{length} -{half}v{length}z", tip.x - 1.0, tip.y)
}

/// The box of a step and what is in it and below it.
pub(super) fn card(out: &mut String, card: &Card<'_>, name: &str, corner: Point, size: Size) {
    let look = look::of_kind(card.kind());
    let colour = look::colour(card.kind(), card.status());
    let stroke = if card.is_critical() { 2.5 } else { 1.25 };
    let dashes = if card.is_conditional() { " stroke-dasharray=\"5 3\"" } else { "" };
    let _ = writeln!(
        out,
        "<g class=\"step {}\" transform=\"translate({} {})\">\n<title>{}</title>\n\
         <rect width=\"{}\" height=\"{}\" rx=\"{}\" fill=\"{PAPER}\" stroke=\"{colour}\" stroke-width=\"{stroke}\"{dashes}/>",
        look.name,
        corner.x,
        corner.y,
        escape(&card.title),
        size.width,
        size.height,
        look.radius,
    );
    panel(out, look, (colour, stroke), size.height);
    let room = room(size);
    let x = PANEL + PAD;
    let skipped = card.status() == Some(crate::run::StepStatus::Skipped);
    let ink = if skipped { SOFT } else { INK };
    text(out, Point { x, y: 19.0 }, BOLD, ("bold", ink), name);
    text(out, Point { x, y: 35.0 }, SMALL, ("normal", SOFT), &fit(&card.calls, SMALL, room));
    if let Some(end) = &card.end {
        let fill = if skipped { SOFT } else { colour };
        text(out, Point { x, y: 53.0 }, SMALL, ("bold", fill), &fit(&end.took, SMALL, room));
        bar(out, end, colour, size);
    }
    if let Some(found) = card.status().and_then(look::of_status) {
        mark(out, found, Point { x: size.width - 18.0, y: 0.0 });
    }
    out.push_str("</g>\n");
}

/// The coloured left side of a box, with the glyph of the kind.
fn panel(out: &mut String, look: &Look, (colour, stroke): (&str, f64), height: f64) {
    let r = look.radius;
    let _ = writeln!(
        out,
        "<path fill=\"{colour}\" stroke=\"{colour}\" stroke-width=\"{stroke}\" d=\"M{r} 0H{PANEL}V{height}H{r}A{r} {r} 0 0 1 0 {}V{r}A{r} {r} 0 0 1 {r} 0Z\"/>",
        height - r
    );
    glyph(out, look, Point { x: PANEL / 2.0, y: height / 2.0 });
}

pub(super) fn glyph(out: &mut String, look: &Look, middle: Point) {
    let _ = writeln!(
        out,
        "<g transform=\"translate({} {})\" fill=\"none\" stroke=\"{PAPER}\" stroke-width=\"1.6\" stroke-linejoin=\"round\" stroke-linecap=\"round\">{}</g>",
        middle.x, middle.y, look.glyph
    );
}

/// A round mark with a sign in it.
pub(super) fn mark(out: &mut String, mark: &Mark, middle: Point) {
    let _ = writeln!(
        out,
        "<g transform=\"translate({} {})\" stroke=\"{PAPER}\" stroke-width=\"1.6\"><circle r=\"8.5\" fill=\"{}\"/><path fill=\"none\" d=\"{}\"/></g>",
        middle.x, middle.y, mark.colour, mark.sign
    );
}

/// When the step ran, on the time of the whole run.
fn bar(out: &mut String, end: &End, colour: &str, size: Size) {
    let Some((start, length)) = end.span else { return };
    let y = size.height + 5.0;
    let long = (length * size.width).max(3.0);
    let x = (start * size.width).min(size.width - long);
    timed(out, Point { x: 0.0, y }, size.width, (x, long), colour);
}

/// A bar on its track.
pub(super) fn timed(
    out: &mut String,
    at: Point,
    width: f64,
    (start, length): (f64, f64),
    colour: &str,
) {
    let _ = writeln!(
        out,
        "<rect x=\"{}\" y=\"{}\" width=\"{width}\" height=\"{BAR}\" rx=\"2\" fill=\"{TRACK}\"/>\n\
         <rect class=\"bar\" x=\"{:.1}\" y=\"{}\" width=\"{length:.1}\" height=\"{BAR}\" rx=\"1.5\" fill=\"{colour}\"/>",
        at.x,
        at.y,
        at.x + start,
        at.y,
    );
}
