//! Steps into columns, long edges into bends, and the order within each column.

use crate::plan::Graph;

/// How many bends a drawing may have. Edges that would need more are drawn straight, behind the
/// boxes, so that the work stays bounded.
const BENDS: usize = 20_000;

/// How much work goes into taking crossings away: nodes and edges times sweeps.
const WORK: usize = 250_000;
const SWEEPS: usize = 24;

/// Steps and bends in columns. A bend is where an edge passes through a column; the edges of one
/// step share their bends, so they part as late as they can.
pub(super) struct Columns {
    /// The column of each node. The first nodes are the steps, the rest are bends.
    pub(super) level: Vec<usize>,
    /// The nodes of each column, from top to bottom.
    pub(super) order: Vec<Vec<usize>>,
    /// The bends of each step, from left to right.
    pub(super) trunks: Vec<Vec<usize>>,
    /// Neighbours in the column before and in the one after.
    pub(super) before: Vec<Vec<usize>>,
    pub(super) after: Vec<Vec<usize>>,
}

/// The item at a place, or what stands for none.
pub(super) fn at<T: Copy + Default>(items: &[T], place: usize) -> T {
    items.get(place).copied().unwrap_or_default()
}

/// The list at a place.
pub(super) fn list(lists: &[Vec<usize>], place: usize) -> &[usize] {
    lists.get(place).map_or(&[], Vec::as_slice)
}

impl Columns {
    /// Columns by the longest chain before each step, in an order with few crossings.
    pub(super) fn of(graph: &Graph, successors: &[Vec<usize>]) -> Self {
        let mut columns = Self::unordered(graph.levels(), successors);
        let edges: usize = columns.after.iter().map(Vec::len).sum();
        let sweeps = (WORK / (columns.level.len() + edges).max(1)).min(SWEEPS);
        columns.uncross(sweeps);
        columns
    }

    fn unordered(level: Vec<usize>, successors: &[Vec<usize>]) -> Self {
        let steps = level.len();
        let mut columns = Self {
            level,
            order: Vec::new(),
            trunks: vec![Vec::new(); steps],
            before: vec![Vec::new(); steps],
            after: vec![Vec::new(); steps],
        };
        // Short edges come first, so where bends run out it is the longest that go without.
        let mut edges: Vec<(usize, usize, usize)> = Vec::new();
        for (from, to) in successors
            .iter()
            .enumerate()
            .flat_map(|(from, all)| all.iter().map(move |to| (from, *to)))
        {
            let span = at(&columns.level, to).saturating_sub(at(&columns.level, from));
            edges.push((span, from, to));
        }
        edges.sort_unstable();
        for (span, from, to) in edges {
            if let Some(last) = columns.reach(from, span, steps) {
                columns.join(last, to);
            }
        }
        let depth = columns.level.iter().max().map_or(0, |last| last + 1);
        columns.order = vec![Vec::new(); depth];
        for (node, level) in columns.level.iter().enumerate() {
            if let Some(column) = columns.order.get_mut(*level) {
                column.push(node);
            }
        }
        columns
    }

    /// The node from which an edge of a span takes its last leg; makes the bends before it.
    fn reach(&mut self, from: usize, span: usize, steps: usize) -> Option<usize> {
        let needed = span.saturating_sub(1);
        let mut trunk = std::mem::take(self.trunks.get_mut(from)?);
        let missing = needed.saturating_sub(trunk.len());
        let affordable = self.level.len() - steps + missing <= BENDS;
        if affordable {
            for _ in 0..missing {
                let bend = self.level.len();
                let last = trunk.last().copied().unwrap_or(from);
                self.level.push(at(&self.level, last) + 1);
                self.before.push(Vec::new());
                self.after.push(Vec::new());
                self.join(last, bend);
                trunk.push(bend);
            }
        }
        let last = needed.checked_sub(1).map_or(Some(from), |bend| trunk.get(bend).copied());
        if let Some(slot) = self.trunks.get_mut(from) {
            *slot = trunk;
        }
        last
    }

    fn join(&mut self, left: usize, right: usize) {
        if let Some(after) = self.after.get_mut(left) {
            after.push(right);
        }
        if let Some(before) = self.before.get_mut(right) {
            before.push(left);
        }
    }

    /// Sweeps to and fro, moving each node to the middle of its neighbours in the column just
    /// passed, and keeps the best order met.
    fn uncross(&mut self, sweeps: usize) {
        let mut best = (self.crossings(), self.order.clone());
        for sweep in 0..sweeps {
            if best.0 == 0 {
                break;
            }
            let rightwards = sweep % 2 == 0;
            let mut place = self.places();
            let neighbours = if rightwards { &self.before } else { &self.after };
            let sort = |column: &mut Vec<usize>| {
                sort_by_neighbours(column, neighbours, &place);
                for (number, node) in column.iter().enumerate() {
                    if let Some(slot) = place.get_mut(*node) {
                        *slot = number;
                    }
                }
            };
            if rightwards {
                self.order.iter_mut().for_each(sort);
            } else {
                self.order.iter_mut().rev().for_each(sort);
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.order.clone());
            }
        }
        self.order = best.1;
    }

    /// The number of each node within its column.
    fn places(&self) -> Vec<usize> {
        let mut places = vec![0; self.level.len()];
        for (number, node) in self.order.iter().flat_map(|column| column.iter().enumerate()) {
            if let Some(place) = places.get_mut(*node) {
                *place = number;
            }
        }
        places
    }

    /// How many pairs of edges cross.
    pub(super) fn crossings(&self) -> usize {
        let places = self.places();
        self.order
            .iter()
            .map(|column| {
                let ends: Vec<usize> = column
                    .iter()
                    .flat_map(|node| {
                        let mut ends: Vec<usize> =
                            list(&self.after, *node).iter().map(|to| at(&places, *to)).collect();
                        ends.sort_unstable();
                        ends
                    })
                    .collect();
                inversions(&ends)
            })
            .sum()
    }
}

/// Sorts a column by the mean place of each node's neighbours; a node without any stays.
fn sort_by_neighbours(column: &mut [usize], neighbours: &[Vec<usize>], place: &[usize]) {
    let mut movable: Vec<(f64, usize)> = column
        .iter()
        .filter(|node| !list(neighbours, **node).is_empty())
        .map(|node| (mean(list(neighbours, *node), place), *node))
        .collect();
    movable.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut movable = movable.into_iter();
    for slot in column.iter_mut().filter(|node| !list(neighbours, **node).is_empty()) {
        if let Some((_, node)) = movable.next() {
            *slot = node;
        }
    }
}

fn mean(nodes: &[usize], place: &[usize]) -> f64 {
    let total: usize = nodes.iter().map(|node| at(place, *node)).sum();
    float(total) / float(nodes.len().max(1))
}

/// A count as a coordinate.
pub(super) fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// How many pairs stand in the wrong order, by a Fenwick tree: n log n.
fn inversions(numbers: &[usize]) -> usize {
    let size = numbers.iter().max().map_or(0, |max| max + 1);
    let mut tree = vec![0_usize; size + 1];
    let mut crossed = 0;
    for (seen, number) in numbers.iter().enumerate() {
        let mut not_greater = 0;
        let mut node = number + 1;
        while node > 0 {
            not_greater += at(&tree, node);
            node &= node - 1;
        }
        crossed += seen - not_greater;
        let mut node = number + 1;
        while let Some(count) = tree.get_mut(node) {
            *count += 1;
            node += node & node.wrapping_neg();
        }
    }
    crossed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inversions_are_pairs_in_the_wrong_order() {
        assert_eq!(inversions(&[0, 1, 2]), 0);
        assert_eq!(inversions(&[2, 1, 0]), 3);
        assert_eq!(inversions(&[1, 1, 0, 0]), 4);
    }

    #[test]
    fn crossings_that_need_not_be_are_taken_away() {
        let successors = vec![vec![3], vec![2], vec![], vec![]];
        let graph = Graph::new(4, [(0, 3), (1, 2)]);
        assert_eq!(Columns::of(&graph, &successors).crossings(), 0);
    }
}
