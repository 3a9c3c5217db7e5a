//! Looks the figures of a text up in the evidence.

use std::ops::Range;

use super::evidence::{Evidence, Origin};
use super::numbers::{Figure, Kind, figures};

/// What became of one figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// A value of the evidence, rounded to the digits shown, is that figure.
    Matched,
    /// None is; why, and what is nearest.
    Unverified(String),
}

/// Texts whose numbers are given and so need no source: the question itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given<'g> {
    /// The texts.
    pub texts: &'g [&'g str],
}

/// Looks up every figure of a text outside `filled` (what the engine filled in itself): how many were found, and the
/// others with a reason.
pub fn verify(
    text: &str,
    filled: &[Range<usize>],
    evidence: &Evidence,
    given: Given<'_>,
) -> (u64, Vec<(String, String)>) {
    let found = figures(text);
    let open: Vec<&Figure> = found
        .iter()
        .filter(|figure| {
            !filled
                .iter()
                .any(|range| range.start < figure.range.end && figure.range.start < range.end)
        })
        .collect();
    if open.is_empty() {
        return (0, Vec::new());
    }
    let index = Index::of(evidence);
    let said: Vec<Figure> = given.texts.iter().flat_map(|text| figures(text)).collect();
    let mut matched = 0;
    let mut unverified = Vec::new();
    for figure in open {
        if said.iter().any(|s| same(s, figure)) {
            continue;
        }
        match index.look_up(figure) {
            Verified::Matched => matched += 1,
            Verified::Unverified(reason) => {
                unverified.push((
                    text.get(figure.range.clone()).unwrap_or_default().trim().to_owned(),
                    reason,
                ));
            }
        }
    }
    (matched, unverified)
}

/// Looks up one figure, written on its own.
pub(super) fn look_up(written: &str, evidence: &Evidence) -> Verified {
    // A small whole number on its own is a count in a sentence, but here it is known to be a figure.
    let figure = figures(written).into_iter().next();
    let bare = || {
        let value: f64 = written.replace(',', "").parse().ok()?;
        Some(Figure {
            range: 0..written.len(),
            value: value.abs(),
            quantum: 1.0,
            kind: Kind::Plain,
        })
    };
    match figure.or_else(bare) {
        Some(figure) => Index::of(evidence).look_up(&figure),
        None => Verified::Matched,
    }
}

fn same(a: &Figure, b: &Figure) -> bool {
    let kinds = a.kind == b.kind || a.kind == Kind::Plain || b.kind == Kind::Plain;
    kinds && (a.value - b.value).abs() <= f64::EPSILON * a.value.abs().max(1.0) * 4.0
}

/// The numbers of the evidence.
struct Index {
    numbers: Vec<(f64, String, Origin)>,
}

impl Index {
    fn of(evidence: &Evidence) -> Self {
        let numbers = evidence
            .scalars()
            .into_iter()
            .filter_map(|scalar| Some((scalar.value.as_f64()?.abs(), scalar.path, scalar.origin)))
            .collect();
        Self { numbers }
    }

    fn look_up(&self, figure: &Figure) -> Verified {
        let fits =
            |number: f64| readings(figure.kind, number).any(|value| rounds_to(value, figure));
        let mut models = None;
        for (number, path, origin) in &self.numbers {
            if fits(*number) {
                match origin {
                    Origin::Data => return Verified::Matched,
                    Origin::Model => models = Some(path),
                }
            }
        }
        Verified::Unverified(match (models, self.nearest(figure)) {
            (Some(path), _) => format!("only a model wrote it ({path})"),
            (None, Some(near)) => format!("not in the evidence; the nearest value is {near}"),
            (None, None) => "not in the evidence".to_owned(),
        })
    }

    /// The nearest value of the evidence, where it is near enough to be a slip.
    fn nearest(&self, figure: &Figure) -> Option<String> {
        let distance = |number: f64| {
            readings(figure.kind, number)
                .map(|value| (value - figure.value).abs())
                .fold(f64::INFINITY, f64::min)
        };
        let data = self.numbers.iter().filter(|(_, _, origin)| *origin == Origin::Data);
        let (number, path, _) = data.min_by(|a, b| distance(a.0).total_cmp(&distance(b.0)))?;
        (distance(*number) <= figure.value * 0.25).then(|| format!("{number} ({path})"))
    }
}

/// What a number of the evidence may be written as: a percent figure is right for a ratio and for a percent.
fn readings(kind: Kind, number: f64) -> impl Iterator<Item = f64> {
    let ratio = (kind == Kind::Percent).then_some(number * 100.0);
    ratio.into_iter().chain([number])
}

/// Whether a value, rounded to the digits shown, is the figure; a half may be rounded either way.
fn rounds_to(value: f64, figure: &Figure) -> bool {
    let slack = (value.abs() + figure.quantum) * 1e-9;
    (value - figure.value).abs() <= figure.quantum / 2.0 + slack
}
