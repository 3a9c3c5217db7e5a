//! The graph of a plan: order, cycles, levels and paths, by petgraph.

use std::collections::{BTreeMap, VecDeque};

use petgraph::algo::{kosaraju_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};

use crate::id::StepId;

use super::Plan;

/// Who waits for whom; steps are numbered in the order written.
#[derive(Clone, Debug)]
pub struct Graph {
    graph: DiGraph<(), ()>,
}

impl Graph {
    /// The graph of a checked plan.
    pub fn of(plan: &Plan) -> Self {
        let numbers: BTreeMap<&StepId, usize> =
            plan.steps.iter().enumerate().map(|(number, step)| (&step.id, number)).collect();
        let edges = plan.steps.iter().enumerate().flat_map(|(number, step)| {
            let numbers = &numbers;
            step.needs.iter().filter_map(move |need| Some((*numbers.get(&need.step)?, number)))
        });
        Self::new(plan.steps.len(), edges)
    }

    /// A graph of `steps` steps; an edge leads from a step to one that waits for it.
    pub fn new(steps: usize, edges: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut graph = DiGraph::with_capacity(steps, steps);
        for _ in 0..steps {
            graph.add_node(());
        }
        for (from, to) in edges {
            graph.add_edge(NodeIndex::new(from), NodeIndex::new(to), ());
        }
        Self { graph }
    }

    /// The steps that wait for a step, in the order written.
    pub fn successors(&self, step: usize) -> Vec<usize> {
        let mut successors: Vec<usize> =
            self.graph.neighbors(NodeIndex::new(step)).map(NodeIndex::index).collect();
        successors.sort_unstable();
        successors
    }

    /// The steps that a step waits for, in the order written.
    pub fn predecessors(&self, step: usize) -> Vec<usize> {
        let mut predecessors: Vec<usize> = self
            .graph
            .neighbors_directed(NodeIndex::new(step), petgraph::Direction::Incoming)
            .map(NodeIndex::index)
            .collect();
        predecessors.sort_unstable();
        predecessors
    }

    /// An order in which every step comes after those it waits for; empty where there is a cycle.
    pub fn order(&self) -> Vec<usize> {
        toposort(&self.graph, None).unwrap_or_default().into_iter().map(NodeIndex::index).collect()
    }

    /// The shortest cycle of each group of steps that wait for one another: `a, b, a`.
    pub fn cycles(&self) -> Vec<Vec<usize>> {
        if toposort(&self.graph, None).is_ok() {
            return Vec::new();
        }
        let mut cycles: Vec<Vec<usize>> = kosaraju_scc(&self.graph)
            .into_iter()
            .filter_map(|group| self.cycle_in(&group))
            .collect();
        cycles.sort();
        cycles
    }

    /// A shortest cycle through the first-written step of a strongly connected group.
    fn cycle_in(&self, group: &[NodeIndex]) -> Option<Vec<usize>> {
        let start = *group.iter().min()?;
        let members: std::collections::BTreeSet<NodeIndex> = group.iter().copied().collect();
        let mut came_from: BTreeMap<NodeIndex, NodeIndex> = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            for next in self.graph.neighbors(node).filter(|next| members.contains(next)) {
                if next == start {
                    let mut cycle = vec![start.index()];
                    let mut at = node;
                    while at != start {
                        cycle.push(at.index());
                        at = *came_from.get(&at)?;
                    }
                    cycle.push(start.index());
                    cycle.reverse();
                    return Some(cycle);
                }
                if let std::collections::btree_map::Entry::Vacant(e) = came_from.entry(next) {
                    e.insert(node);
                    queue.push_back(next);
                }
            }
        }
        None
    }

    /// For each step the length of the longest chain of steps before it.
    pub fn levels(&self) -> Vec<usize> {
        let mut levels = vec![0; self.graph.node_count()];
        for step in self.order() {
            let level = self
                .predecessors(step)
                .iter()
                .filter_map(|p| levels.get(*p))
                .max()
                .map_or(0, |l| l + 1);
            if let Some(slot) = levels.get_mut(step) {
                *slot = level;
            }
        }
        levels
    }

    /// The path that takes longest, given what each step takes, and its length.
    pub fn critical_path(&self, weights: &[f64]) -> (Vec<usize>, f64) {
        let mut longest: Vec<(f64, Option<usize>)> = vec![(0.0, None); self.graph.node_count()];
        let length =
            |longest: &[(f64, Option<usize>)], step: usize| longest.get(step).map_or(0.0, |l| l.0);
        for step in self.order() {
            let before = self
                .predecessors(step)
                .into_iter()
                .max_by(|a, b| length(&longest, *a).total_cmp(&length(&longest, *b)));
            let weight = weights.get(step).copied().unwrap_or_default();
            let total = before.map_or(0.0, |p| length(&longest, p)) + weight;
            if let Some(slot) = longest.get_mut(step) {
                *slot = (total, before);
            }
        }
        let last = (0..longest.len())
            .max_by(|a, b| length(&longest, *a).total_cmp(&length(&longest, *b)).then(b.cmp(a)));
        let total = last.map_or(0.0, |step| length(&longest, step));
        let mut path: Vec<usize> =
            std::iter::successors(last, |step| longest.get(*step).and_then(|(_, before)| *before))
                .collect();
        path.reverse();
        (path, total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_is_the_path_that_closes_it() {
        let graph = Graph::new(5, [(0, 1), (1, 2), (2, 3), (3, 1), (3, 4)]);
        assert_eq!(graph.cycles(), [[1, 2, 3, 1]]);
        assert_eq!(Graph::new(1, [(0, 0)]).cycles(), [[0, 0]]);
        assert!(Graph::new(3, [(0, 1), (1, 2), (0, 2)]).cycles().is_empty());
    }

    #[test]
    fn the_critical_path_follows_the_slowest_predecessor() {
        let graph = Graph::new(4, [(0, 2), (1, 2), (2, 3)]);
        let (path, length) = graph.critical_path(&[1.0, 5.0, 2.0, 1.0]);
        assert_eq!(path, [1, 2, 3]);
        assert!((length - 8.0).abs() < f64::EPSILON);
        assert_eq!(graph.levels(), [0, 0, 1, 2]);
    }

    #[test]
    fn a_chain_of_100_000_steps_needs_no_deep_stack() {
        let edges = (1..100_000).map(|n| (n - 1, n));
        let graph = Graph::new(100_000, edges.chain([(99_999, 50_000)]));
        assert_eq!(graph.cycles().len(), 1);
    }
}
