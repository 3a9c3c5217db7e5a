//! Where everything stands: boxes, and the ways of the edges between them.

use crate::plan::Graph;

use super::columns::{Columns, at};
use super::place::{Extent, place};

/// A place on the page.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// The measures of a box; all boxes are alike, so that columns and times can be compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) width: f64,
    pub(super) height: f64,
    /// What stands below a box and belongs to it.
    pub(super) foot: f64,
}

/// A drawing without its looks. Its left upper corner is (0, 0).
pub(super) struct Layout {
    /// The left upper corner of each step's box.
    pub(super) boxes: Vec<Point>,
    /// The edges of each step.
    pub(super) routes: Vec<Route>,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// The ways from one step to all that wait for it: a trunk, and branches off it.
pub(super) struct Route {
    pub(super) start: Point,
    /// Where the trunk enters each column that it passes through.
    pub(super) trunk: Vec<Point>,
    /// The step at the end of each branch, how many bends come before, and where it ends.
    pub(super) branches: Vec<(usize, usize, Point)>,
}

/// Between two boxes of a column.
const BETWEEN: f64 = 26.0;
/// What an edge keeps clear of, above and below.
const LANE: f64 = 9.0;
/// The least and the greatest distance of two columns; steep edges need more room.
const GAP: (f64, f64) = (52.0, 150.0);
const STEEPNESS: f64 = 0.16;

impl Layout {
    /// Lays out a graph whose edges are given by the successors of each step.
    pub(super) fn of(graph: &Graph, successors: &[Vec<usize>], size: Size) -> Self {
        let net = Columns::of(graph, successors);
        let half = size.height / 2.0;
        let step = Extent { above: half + BETWEEN / 2.0, below: half + size.foot + BETWEEN / 2.0 };
        let bend = Extent { above: LANE, below: LANE };
        let middles = place(&net, [step, bend]);
        let top = middles
            .iter()
            .enumerate()
            .map(|(node, y)| y - reach(&net, node, half))
            .fold(f64::MAX, f64::min);
        let middles: Vec<f64> = middles.iter().map(|y| (y - top).round()).collect();
        let bottom = middles
            .iter()
            .enumerate()
            .map(|(node, y)| y + reach(&net, node, half + size.foot))
            .fold(0.0, f64::max);
        let lefts = lefts(&net, &middles, size.width);
        let point =
            |node: usize| Point { x: at(&lefts, at(&net.level, node)), y: at(&middles, node) };
        let boxes = (0..successors.len())
            .map(|step| Point { x: point(step).x, y: point(step).y - half })
            .collect();
        let routes = successors
            .iter()
            .zip(&net.trunks)
            .enumerate()
            .map(|(from, (targets, trunk))| {
                let branch = |to: &usize| {
                    let span = at(&net.level, *to).saturating_sub(at(&net.level, from));
                    let bends = span.saturating_sub(1);
                    // An edge that got no bends goes straight.
                    (*to, if bends <= trunk.len() { bends } else { 0 }, point(*to))
                };
                Route {
                    start: Point { x: point(from).x + size.width, y: point(from).y },
                    trunk: trunk.iter().map(|bend| point(*bend)).collect(),
                    branches: targets.iter().map(branch).collect(),
                }
            })
            .collect();
        let width = lefts.last().map_or(0.0, |left| left + size.width);
        Self { boxes, routes, width, height: bottom }
    }
}

/// How far a node reaches from its middle.
fn reach(net: &Columns, node: usize, step: f64) -> f64 {
    if node < net.trunks.len() { step } else { 0.0 }
}

/// The left side of each column.
fn lefts(net: &Columns, middles: &[f64], width: f64) -> Vec<f64> {
    let mut left = 0.0;
    net.order
        .iter()
        .map(|column| {
            let own = left;
            let steepest = column
                .iter()
                .flat_map(|node| {
                    net.after.get(*node).into_iter().flatten().map(move |to| (node, to))
                })
                .map(|(from, to)| (at(middles, *from) - at(middles, *to)).abs())
                .fold(0.0, f64::max);
            let gap = (GAP.0 + (steepest - 60.0).max(0.0) * STEEPNESS).min(GAP.1);
            left += width + gap.round();
            own
        })
        .collect()
}
