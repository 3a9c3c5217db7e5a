//! The DAG as a picture: a layered drawing from left to right that stands on its own as a slide.
//! It carries no script, style sheet or font, and has a white ground, so it looks alike everywhere.
//!
//! ```text
//! Plan, Outcome -> cards (what boxes say) ---------------\
//! Graph -> columns (order) -> place (heights) -> layout --+--> draw, legend
//! ```

mod card;
mod columns;
mod draw;
mod layout;
mod legend;
mod look;
mod place;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::event::RunStatus;
use crate::plan::{Graph, Plan};
use crate::run::Outcome;

use self::card::{Card, cards, whole};
use self::layout::{Layout, Point};
use self::look::{INK, PAPER, SOFT};
pub(super) use self::text::escape;
use self::text::width;
use super::summary::{duration, price, saved};

const MARGIN: f64 = 28.0;
/// From the upper edge of the page to the boxes.
const HEAD: f64 = 92.0;
const TITLE: f64 = 20.0;
const SUBTITLE: f64 = 12.0;
/// Narrower drawings leave no room for heading and legend.
const NARROWEST: f64 = 480.0;

/// Draws a plan; with an outcome, what became of each step, and when it ran, is drawn too.
pub(super) fn svg(plan: &Plan, outcome: Option<&Outcome>) -> String {
    let graph = Graph::of(plan);
    let successors: Vec<Vec<usize>> = (0..plan.steps.len())
        .map(|step| {
            let mut successors = graph.successors(step);
            successors.dedup();
            successors
        })
        .collect();
    let cards = cards(plan, outcome);
    let size = draw::size(&cards);
    let layout = Layout::of(&graph, &successors, size);

    let name = plan.workflow.as_str();
    let subtitle = subtitle(&cards, outcome);
    let heading = width(name, TITLE).max(width(&subtitle, SUBTITLE)).min(1200.0);
    let inner = layout.width.max(heading).max(NARROWEST).ceil();
    let mut signs = String::new();
    let axis = outcome.map(whole).filter(|whole| *whole > 0.0);
    let axis = axis.map(|whole| format!("when it ran, from 0 to {}", duration(whole)));
    let legend = legend::legend(&mut signs, &cards, axis, inner);
    let below = HEAD + layout.height.ceil() + 34.0;
    let (wide, high) = (inner + 2.0 * MARGIN, below + legend + MARGIN);

    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"{wide}\" height=\"{high}\" \
         viewBox=\"0 0 {wide} {high}\" role=\"img\" \
         font-family=\"Helvetica, Arial, 'Liberation Sans', sans-serif\">\n\
         <title>{}</title>\n<desc>{}</desc>\n\
         <rect width=\"{wide}\" height=\"{high}\" rx=\"12\" fill=\"{PAPER}\"/>\n",
        escape(name),
        escape(&description(plan, &subtitle, outcome)),
    );
    let fitting = |text: &str, size: f64| text::fit(text, size, inner);
    draw::text(&mut out, Point { x: MARGIN, y: 44.0 }, TITLE, ("bold", INK), &fitting(name, TITLE));
    let place = Point { x: MARGIN, y: 65.0 };
    draw::text(&mut out, place, SUBTITLE, ("normal", SOFT), &fitting(&subtitle, SUBTITLE));
    // Writing to a string cannot fail.
    let _ = writeln!(out, "<g transform=\"translate({MARGIN} {HEAD})\">");
    draw::edges(&mut out, &layout, &cards, &critical_edges(plan, outcome), size);
    for ((card, name), corner) in cards.iter().zip(draw::names(&cards, size)).zip(&layout.boxes) {
        draw::card(&mut out, card, &name, *corner, size);
    }
    let _ =
        writeln!(out, "</g>\n<g transform=\"translate({MARGIN} {below})\">\n{signs}</g>\n</svg>");
    out
}

/// The edges of the chain that took longest, as places in the plan.
fn critical_edges(plan: &Plan, outcome: Option<&Outcome>) -> Vec<(usize, usize)> {
    let places: BTreeMap<_, _> =
        plan.steps.iter().enumerate().map(|(place, step)| (&step.id, place)).collect();
    let path: Vec<usize> = outcome
        .into_iter()
        .flat_map(|outcome| &outcome.timing.critical_path)
        .filter_map(|id| places.get(id).copied())
        .collect();
    path.iter().copied().zip(path.iter().copied().skip(1)).collect()
}

/// The totals of a run, or what the workflow is made of.
fn subtitle(cards: &[Card<'_>], outcome: Option<&Outcome>) -> String {
    let Some(outcome) = outcome else {
        let kinds: Vec<String> = look::LOOKS
            .into_iter()
            .map(|look| {
                (look.name, cards.iter().filter(|card| card.step.kind_name() == look.name).count())
            })
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("{count} {name}"))
            .collect();
        let steps = if cards.len() == 1 { "step" } else { "steps" };
        return format!("{} {steps}: {}", cards.len(), kinds.join(", "));
    };
    let status = match outcome.status {
        RunStatus::Succeeded => "succeeded",
        RunStatus::Partial => "partial",
        RunStatus::Failed => "failed",
        RunStatus::Waiting => "waiting",
        RunStatus::Cancelled => "cancelled",
    };
    let mut parts = vec![format!("{status} in {}", duration(outcome.timing.wall_ms))];
    match outcome.usage.model_calls {
        0 => parts.push("no model calls".to_owned()),
        1 => parts.push(format!("1 model call, {}", price(outcome))),
        calls => parts.push(format!("{calls} model calls, {}", price(outcome))),
    }
    parts.extend(saved(&outcome.timing));
    if outcome.degraded {
        parts.push("worded without a model".to_owned());
    }
    parts.join("  ·  ")
}

fn description(plan: &Plan, subtitle: &str, outcome: Option<&Outcome>) -> String {
    let mut lines: Vec<String> = plan.description.iter().cloned().collect();
    lines.extend(outcome.map(|outcome| format!("Run {}.", outcome.run_id)));
    lines.push(format!("{subtitle}. An arrow leads from a step to one that waits for it."));
    lines.join("\n")
}
