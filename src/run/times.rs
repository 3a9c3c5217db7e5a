//! How long the units of a run worked, and how long they only waited: for a person, or for a process to go on with the run.

use std::ops::Range;

use super::frame::Unit;
use super::state::RunState;

/// From one moment to another, in microseconds since the Unix epoch.
pub type Span = Range<i64>;

/// How long a unit took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Time {
    /// Microseconds in which something was done.
    pub worked_us: i64,
    /// Microseconds in which a person was waited for, or in which no process drove the run.
    pub waited_us: i64,
}

/// What was going on inside of a unit.
#[derive(Default)]
struct Inside {
    worked: Vec<Span>,
    /// When a person was waited for.
    asked: Vec<Span>,
}

impl RunState {
    /// How long a unit took; none where it did not start. Of one that is open, up to the run's last event.
    pub fn time(&self, unit: Unit) -> Option<Time> {
        let state = self.step(unit)?;
        let started = state.started_us?;
        let whole = started..state.ended_us.unwrap_or(self.ended_us()).max(started);
        let mut inside = Inside::default();
        self.look_into(unit, &mut inside);
        let mut waits = self.idle().to_vec();
        if !inside.asked.is_empty() {
            waits.extend(without(inside.asked, inside.worked));
        }
        let waits = joined(waits);
        let waited_us = waits.iter().map(|wait| overlap(wait, &whole)).sum();
        Some(Time { worked_us: whole.end - whole.start - waited_us, waited_us })
    }

    /// Microseconds from the start of the run to a moment, without the time in which no process drove it.
    pub fn elapsed_us(&self, at_us: i64) -> i64 {
        let whole = self.started_us()..at_us.max(self.started_us());
        let idle: i64 = self.idle().iter().map(|idle| overlap(idle, &whole)).sum();
        whole.end - whole.start - idle
    }

    fn look_into(&self, unit: Unit, inside: &mut Inside) {
        let Some(state) = self.step(unit) else { return };
        if !state.items.is_empty() {
            for item in 0..state.items.len() {
                self.look_into(Unit { item: Some(item), ..unit }, inside);
            }
        } else if let Some(frame) = state.frame {
            let steps = self.frames().get(frame).map_or(0, |found| found.steps().len());
            for step in 0..steps {
                self.look_into(Unit { frame, step, item: None }, inside);
            }
        } else if let Some(started) = state.started_us {
            let ended = state.ended_us.unwrap_or(self.ended_us());
            let asked = state.asked_us.unwrap_or(ended);
            inside.worked.push(started..asked);
            if asked < ended {
                inside.asked.push(asked..ended);
            }
        }
    }
}

/// Microseconds that two spans share.
fn overlap(one: &Span, other: &Span) -> i64 {
    (one.end.min(other.end) - one.start.max(other.start)).max(0)
}

/// Spans in order, those that meet made one.
fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| span.start);
    let mut joined: Vec<Span> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => joined.push(span),
        }
    }
    joined
}

/// What of some spans lies in none of the others.
fn without(spans: Vec<Span>, others: Vec<Span>) -> Vec<Span> {
    let mut left = Vec::new();
    let others = joined(others);
    for Span { mut start, end } in joined(spans) {
        for other in &others {
            if other.end <= start || other.start >= end {
                continue;
            }
            if other.start > start {
                left.push(start..other.start);
            }
            start = start.max(other.end);
        }
        if start < end {
            left.push(start..end);
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_cover_is_left_out() {
        let left = without(vec![0..10, 8..20, 30..40], vec![2..4, 3..5, 18..32, 39..50]);
        assert_eq!(left, [0..2, 5..18, 32..39]);
        assert_eq!(without(vec![5..6, 8..9], Vec::new()), [5..6, 8..9]);
        assert_eq!(without(vec![5..6, 8..9], vec![0..7, 7..9]), Vec::<Span>::new());
    }
}
