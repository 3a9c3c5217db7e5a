//! What changed against an earlier report of the same cases.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::{Attempt, CaseReport, Report, Status, share};
use super::statistics::{percentile_95, sign_test};
use crate::value::sum;

/// A change that chance alone makes less often is no chance.
const SIGNIFICANT: f64 = 0.05;

/// A difference in cost below this is none, in US dollars a case.
const SLIGHT_USD: f64 = 0.000_1;

/// A difference in time below this is that of the machine.
const SLIGHT_MS: f64 = 250.0;

/// How far cost and time may rise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Cost a case, as a multiple of what it was.
    pub cost: f64,
    /// The time that 95 of 100 cases do not exceed, as a multiple of what it was.
    pub p95: f64,
}

/// What changed in the cases that both reports have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// Cases that both have, with the same model.
    pub common: usize,
    /// The share of them that passed before; those that were undecided do not count.
    pub accuracy_before: Option<f64>,
    /// The share of them that pass now; those that are undecided do not count.
    pub accuracy_now: Option<f64>,
    /// Cases that passed before and fail now.
    pub broke: Vec<String>,
    /// Cases that failed before and pass now.
    pub mended: Vec<String>,
    /// How often chance alone breaks so many of the changed cases: the exact one-sided sign test, which is that of `McNemar`.
    pub p_value: f64,
    /// US dollars a case, before and now.
    pub cost_usd: [f64; 2],
    /// The time that 95 of 100 cases do not exceed, before and now.
    pub p95_ms: [f64; 2],
    /// What got worse by more than it may, in words.
    pub regressions: Vec<String>,
}

/// Holds a report against an earlier one.
pub fn compare(now: &Report, before: &Report, bounds: Bounds) -> Comparison {
    let known: BTreeMap<_, &CaseReport> =
        before.cases.iter().map(|case| (key(case), case)).collect();
    let pairs: Vec<(&CaseReport, &CaseReport)> =
        now.cases.iter().filter_map(|case| Some((*known.get(&key(case))?, case))).collect();
    let changed = |from: Status, to: Status| -> Vec<String> {
        let both = pairs.iter().filter(|(old, new)| old.status == from && new.status == to);
        both.map(|(_, new)| format!("{}/{}", new.file, new.name)).collect()
    };
    let (broke, mended) =
        (changed(Status::Passed, Status::Failed), changed(Status::Failed, Status::Passed));
    let of = |old: bool| pairs.iter().map(move |(a, b)| if old { *a } else { *b });
    let accuracy = |old: bool| {
        let decided = of(old).filter(|case| case.status != Status::Undecided).count();
        share(of(old).filter(|case| case.status == Status::Passed).count(), decided)
    };
    let attempts =
        |old: bool| -> Vec<&Attempt> { of(old).flat_map(|case| &case.attempts).collect() };
    let each = |old: bool| {
        let all = attempts(old);
        let p95 = percentile_95(&all.iter().map(|one| one.duration_ms).collect::<Vec<_>>());
        let usd = sum(all.iter().map(|one| one.cost_usd)) * share(1, all.len()).unwrap_or_default();
        (usd, p95.unwrap_or_default())
    };
    let ((cost_before, p95_before), (cost_now, p95_now)) = (each(true), each(false));
    let p_value = sign_test(broke.len(), broke.len() + mended.len());
    let mut regressions = Vec::new();
    if broke.len() > mended.len() && p_value < SIGNIFICANT {
        regressions.push(format!(
            "accuracy fell: {} cases broke and {} were mended, which chance does with probability {}",
            broke.len(),
            mended.len(),
            probability(p_value)
        ));
    }
    if cost_now > cost_before * bounds.cost && cost_now - cost_before > SLIGHT_USD {
        regressions.push(format!(
            "a case costs ${cost_now:.6}, before ${cost_before:.6}: more than {} times as much",
            bounds.cost
        ));
    }
    if p95_now > p95_before * bounds.p95 && p95_now - p95_before > SLIGHT_MS {
        regressions.push(format!(
            "the 95th percentile of time is {p95_now:.0} ms, before {p95_before:.0} ms: more than {} times as long",
            bounds.p95
        ));
    }
    Comparison {
        common: pairs.len(),
        accuracy_before: accuracy(true),
        accuracy_now: accuracy(false),
        broke,
        mended,
        p_value,
        cost_usd: [cost_before, cost_now],
        p95_ms: [p95_before, p95_now],
        regressions,
    }
}

/// A probability in four digits.
pub fn probability(p: f64) -> String {
    if p < 0.0001 { "less than 0.0001".to_owned() } else { format!("{p:.4}") }
}

fn key(case: &CaseReport) -> (&str, &str, &str) {
    (&case.file, &case.name, &case.model)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(passed: usize, of: usize, ms: f64, usd: f64) -> Report {
        let case = |number: usize| {
            let status = if number < passed { Status::Passed } else { Status::Failed };
            let attempt = Attempt { status, cost_usd: usd, duration_ms: ms, ..Attempt::default() };
            CaseReport {
                file: "f".to_owned(),
                name: number.to_string(),
                tags: Vec::new(),
                model: "auto".to_owned(),
                status,
                pass_rate: None,
                interval: None,
                attempts: vec![attempt],
            }
        };
        Report { cases: (0..of).map(case).collect(), ..Report::default() }
    }

    #[track_caller]
    fn check(now: &Report, before: &Report, words: &[&str]) {
        let found = compare(now, before, Bounds { cost: 1.2, p95: 1.5 }).regressions;
        assert_eq!(found.len(), words.len(), "{found:?}");
        for (found, word) in found.iter().zip(words) {
            assert!(found.starts_with(word), "{found}");
        }
    }

    #[test]
    fn only_what_chance_does_not_do_is_a_regression() {
        let before = report(100, 100, 1000.0, 0.001);
        check(&before, &before, &[]);
        check(&report(96, 100, 1000.0, 0.001), &before, &[]);
        check(&report(95, 100, 1000.0, 0.001), &before, &["accuracy fell: 5 cases broke and 0"]);
        check(&before, &report(90, 100, 1000.0, 0.001), &[]);
        check(&report(100, 100, 1600.0, 0.0013), &before, &["a case costs", "the 95th"]);
        check(&report(100, 100, 1400.0, 0.0011), &before, &[]);
        // Twice a few milliseconds is still nothing.
        check(&report(100, 100, 20.0, 0.0), &report(100, 100, 5.0, 0.0), &[]);
    }
}
