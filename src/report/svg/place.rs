//! How high each node of a column stands: close to its neighbours, and clear of the others.

use super::columns::{Columns, at, list};

/// Rounds of moving each column towards its neighbours; the first of them find the shape, the rest
/// straighten what can be straight, ever more strictly.
const ROUNDS: usize = 90;
const SHAPING: usize = 16;
const STRICT: usize = 60;
/// How much work placing may be: nodes and edges times rounds.
const WORK: usize = 2_000_000;

/// The greatest slant that is taken for straight.
const SLANT: f64 = 8.0;

/// What a node takes of its column, above and below its middle.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    pub(super) above: f64,
    pub(super) below: f64,
}

/// The middle of each node.
pub(super) fn place(net: &Columns, extents: [Extent; 2]) -> Vec<f64> {
    let steps = net.trunks.len();
    let is_bend = |node: usize| node >= steps;
    let [step, bend] = extents;
    let extent = |node: usize| if is_bend(node) { bend } else { step };
    // How far below the first node of its column each node stands at least.
    let offsets: Vec<Vec<f64>> = net
        .order
        .iter()
        .map(|column| {
            let mut last: Option<(f64, Extent)> = None;
            column
                .iter()
                .map(|node| {
                    let own = extent(*node);
                    let offset = last.map_or(0.0, |(y, above)| y + above.below + own.above);
                    last = Some((offset, own));
                    offset
                })
                .collect()
        })
        .collect();
    let mut y = vec![0.0; net.level.len()];
    for (column, offsets) in net.order.iter().zip(&offsets) {
        let middle = offsets.last().copied().unwrap_or_default() / 2.0;
        set(&mut y, column, offsets.iter().map(|offset| offset - middle));
    }
    let edges: usize = net.after.iter().map(Vec::len).sum();
    let rounds = (WORK / (y.len() + edges).max(1)).min(ROUNDS);
    for round in 0..rounds {
        let slack = match round {
            ..SHAPING => None,
            SHAPING..STRICT => Some(0.5),
            STRICT.. => Some(0.02),
        };
        let mut settle = |(column, offsets): (&Vec<usize>, &Vec<f64>)| {
            let wishes: Vec<(f64, f64)> =
                column.iter().map(|node| wish(net, &y, *node, is_bend, slack)).collect();
            let placed = spaced(&wishes, offsets);
            set(&mut y, column, placed.into_iter());
        };
        if round % 2 == 0 {
            net.order.iter().zip(&offsets).for_each(&mut settle);
        } else {
            net.order.iter().zip(&offsets).rev().for_each(&mut settle);
        }
    }
    for y in &mut y {
        *y = y.round();
    }
    snap(net, &offsets, &mut y, true);
    snap(net, &offsets, &mut y, false);
    y
}

/// Takes away what is left of slight slants: a node moves level with the nearest neighbour on one
/// side, where its column leaves room. On the way back, what is level on the left stays.
fn snap(net: &Columns, offsets: &[Vec<f64>], y: &mut [f64], rightwards: bool) {
    let mut settle = |(column, offsets): (&Vec<usize>, &Vec<f64>)| {
        let mut ceiling = f64::NEG_INFINITY;
        for (number, node) in column.iter().enumerate() {
            let own = at(y, *node);
            let apart = |number: usize| at(offsets, number + 1) - at(offsets, number);
            let floor =
                column.get(number + 1).map_or(f64::INFINITY, |next| at(y, *next) - apart(number));
            let (before, after) = (list(&net.before, *node), list(&net.after, *node));
            let side = if rightwards { before } else { after };
            let settled = !rightwards && before.iter().any(|other| level(at(y, *other), own));
            let nearest = side
                .iter()
                .map(|other| at(y, *other))
                .filter(|y| !settled && (*y - own).abs() <= SLANT && (ceiling..=floor).contains(y))
                .min_by(|a, b| (a - own).abs().total_cmp(&(b - own).abs()));
            let settled = nearest.unwrap_or(own);
            if let Some(slot) = y.get_mut(*node) {
                *slot = settled;
            }
            ceiling = settled + apart(number);
        }
    };
    if rightwards {
        net.order.iter().zip(offsets).for_each(&mut settle);
    } else {
        net.order.iter().zip(offsets).rev().for_each(&mut settle);
    }
}

fn level(a: f64, b: f64) -> bool {
    (a - b).abs() < 0.5
}

fn set(y: &mut [f64], column: &[usize], values: impl Iterator<Item = f64>) {
    for (node, value) in column.iter().zip(values) {
        if let Some(slot) = y.get_mut(*node) {
            *slot = value;
        }
    }
}

/// Where a node would stand, and how much that matters.
fn wish(
    net: &Columns,
    y: &[f64],
    node: usize,
    is_bend: impl Fn(usize) -> bool,
    slack: Option<f64>,
) -> (f64, f64) {
    let own = at(y, node);
    // A slight pull to the middle keeps together what nothing else does.
    let (mut sum, mut weight) = (0.0, 0.002);
    for neighbour in list(&net.before, node).iter().chain(list(&net.after, node)) {
        let theirs = at(y, *neighbour);
        let mut pull = match (is_bend(node), is_bend(*neighbour)) {
            (true, true) => 6.0,
            (true, false) | (false, true) => 1.5,
            (false, false) => 1.0,
        };
        if let Some(slack) = slack {
            // Least distances, by reweighted least squares: one edge bends so that others need not.
            pull /= (theirs - own).abs() + slack;
        }
        sum += pull * theirs;
        weight += pull;
    }
    (sum / weight, weight)
}

/// The places nearest to the wishes that keep the distances: nodes that would come too near are
/// moved together as one (pool adjacent violators), so it takes linear time.
fn spaced(wishes: &[(f64, f64)], offsets: &[f64]) -> Vec<f64> {
    struct Block {
        sum: f64,
        weight: f64,
        nodes: usize,
    }
    let mut blocks: Vec<Block> = Vec::new();
    for ((wish, weight), offset) in wishes.iter().zip(offsets) {
        let mut block = Block { sum: (wish - offset) * weight, weight: *weight, nodes: 1 };
        while let Some(above) =
            blocks.pop_if(|above| above.sum / above.weight > block.sum / block.weight)
        {
            block.sum += above.sum;
            block.weight += above.weight;
            block.nodes += above.nodes;
        }
        blocks.push(block);
    }
    let tops =
        blocks.iter().flat_map(|block| std::iter::repeat_n(block.sum / block.weight, block.nodes));
    tops.zip(offsets).map(|(top, offset)| top + offset).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_that_wish_the_same_place_share_it() {
        assert_eq!(spaced(&[(0.0, 1.0), (0.0, 1.0)], &[0.0, 10.0]), [-5.0, 5.0]);
        assert_eq!(spaced(&[(0.0, 1.0), (30.0, 1.0)], &[0.0, 10.0]), [0.0, 30.0]);
    }
}
