//! Which agents a question needs together.

use std::collections::BTreeMap;

use super::decide::Thresholds;
use super::index::{Scored, covered};

/// What adds this much less to a group adds about as much.
const AS_MUCH: f64 = 0.1;

/// The smallest group of agents that explains clearly more of a question than a smaller one. It
/// starts from the best; an agent who may ask all others is nobody's peer and joins no group.
pub(super) fn team<'s, 'i>(
    agents: &[&'s Scored<'i>],
    weights: &BTreeMap<usize, f64>,
    sure: &Thresholds,
) -> Vec<&'s Scored<'i>> {
    let mut team: Vec<&Scored<'_>> = agents.first().copied().into_iter().collect();
    let with = |team: &[&'s Scored<'i>], other: &'s Scored<'i>| {
        let larger: Vec<&Scored<'_>> = team.iter().copied().chain([other]).collect();
        together(&larger, weights)
    };
    loop {
        let enough = together(&team, weights) + sure.gain(team.len());
        let peers = agents.iter().filter(|agent| !agent.entry.presides);
        let most = peers.clone().map(|one| with(&team, one)).fold(0.0, f64::max);
        if most < enough {
            break;
        }
        // Of those that add about as much, the one that scores best: it comes first.
        let mut near = peers.filter(|one| with(&team, one) >= enough.max(most - AS_MUCH));
        team.extend(near.next());
    }
    // Whom a later one made needless goes again.
    for at in (0..team.len()).rev() {
        let mut smaller = team.clone();
        smaller.remove(at);
        let loss = together(&team, weights) - together(&smaller, weights);
        if !smaller.is_empty() && loss < sure.gain(smaller.len()) {
            team = smaller;
        }
    }
    team
}

/// How much of a question some agents explain together, 0 to 1.
pub(super) fn together(team: &[&Scored<'_>], weights: &BTreeMap<usize, f64>) -> f64 {
    let mut explained: BTreeMap<usize, f64> = BTreeMap::new();
    for (at, tells) in team.iter().flat_map(|member| &member.explained) {
        let best = explained.entry(*at).or_default();
        *best = best.max(*tells);
    }
    covered(weights, &explained)
}
