//! Looks the figures of a text up in the evidence.

use std::cell::OnceCell;
use std::ops::Range;

use super::claims::{claims, counted};
use super::derive::{Derived, derive};
use super::evidence::{Evidence, Origin};
use super::index::{Fit, Known, Paths, contradicting, matches, nearest};
use super::naming::{is, misnamed};
use super::numbers::{Figure, Kind, given_figures};
use super::operands::{Operand, operands};
use super::placed::placed;
use super::sentence::Sentence;
use super::sources::{Source, source};
use super::spoken::factor;
use super::units::Currency;

/// Texts whose numbers need no source: what the author or the user wrote, without the data fenced in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given<'g> {
    /// The texts.
    pub texts: &'g [&'g str],
}

/// A figure, looked up.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// The figure as it stands in the text.
    pub text: String,
    /// Where it stands, in bytes.
    pub range: Range<usize>,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a figure.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// A value of the evidence, rounded to the digits shown, is that figure.
    Matched {
        /// The path of the value that the sentence speaks of, else of the nearest one.
        path: String,
        /// Others that it may be as well, where the sentence names none of them.
        alike: Vec<String>,
    },
    /// Two values of the evidence make it.
    Derived {
        /// `= steps.a.output.x - steps.b.output.y`.
        formula: String,
        /// What it gives, unrounded.
        value: f64,
        /// The paths of what it is made of.
        operands: Vec<String>,
    },
    /// A text that needs no source holds it.
    Given,
    /// None of both.
    Unverified {
        /// Why, and what is nearest.
        reason: String,
    },
}

impl Fate {
    /// The one value at a path.
    pub(super) fn matched(path: String) -> Self {
        Self::Matched { path, alike: Vec::new() }
    }
}

/// Looks up every figure of a text outside `filled`, which is what the engine filled in itself.
///
/// The evidence is read nearest first and only as far as it takes.
pub fn check(
    text: &str,
    filled: &[Range<usize>],
    evidence: &Evidence,
    given: Given<'_>,
) -> Vec<Checked> {
    let found = claims(text, filled, evidence, given.texts);
    if found.is_empty() {
        return Vec::new();
    }
    let said: Vec<Figure> = given.texts.iter().flat_map(|text| given_figures(text)).collect();
    let traces = look_up(&found, evidence);
    // `doubled`, where the question is about that.
    let times = given.texts.iter().find_map(|text| factor(&Sentence::of(text)));
    let is_said = |figure: &Figure| {
        let is_word = || {
            !text
                .get(figure.range.clone())
                .unwrap_or_default()
                .contains(|c: char| c.is_ascii_digit())
        };
        let is_times = figure.kind == Kind::Ratio && times == Some(figure.value) && is_word();
        is_times || said.iter().any(|said| same(said, figure))
    };
    let mut places: Vec<Range<usize>> = found.iter().map(|figure| figure.range.clone()).collect();
    places.extend(filled.iter().cloned());
    places.sort_by_key(|range| range.start);
    let (mut near, mut made_of) = (None, None);
    let mut fate = |figure: &Figure, trace: Trace| match trace.data {
        _ if figure.counts() => {
            let operands = near.get_or_insert_with(|| operands(evidence, SPOKEN_OF));
            let mut named = counted(text, figure, operands).peekable();
            let first = named.peek().copied();
            let found = named.find(|operand| is(operand, figure));
            match (found, first) {
                (Some(Operand { path, .. }), _) => Fate::matched(path.clone()),
                _ if is_said(figure) => Fate::Given,
                (None, Some(first)) => Fate::Unverified { reason: counts_else(first, figure.kind) },
                (None, None) => Fate::Unverified { reason: trace.reason(figure) },
            }
        }
        Some(path) => {
            let all = made_of.get_or_insert_with(|| operands(evidence, MADE_OF));
            let Source { path, alike } = source(text, figure, &places, all, path);
            let operands = near.get_or_insert_with(|| operands(evidence, SPOKEN_OF));
            // What the prompt says is never accused.
            if is_said(figure) {
                return Fate::Matched { path, alike };
            }
            let at_its_place = (all.len() < MADE_OF)
                .then(|| placed(text, figure, &places, all, &path, given))
                .flatten();
            match (at_its_place, misnamed(text, figure, &places, operands)) {
                (Some(fate), _) => fate,
                (None, Some(named)) => {
                    Fate::Unverified { reason: speaks_of("sentence", named, figure.kind, &path) }
                }
                (None, None) => Fate::Matched { path, alike },
            }
        }
        None if is_said(figure) => Fate::Given,
        None => {
            let operands = made_of.get_or_insert_with(|| operands(evidence, MADE_OF));
            // What is there with the other sign is no difference of two other values.
            match derive(text, figure, &places, operands, given)
                .filter(|_| trace.other_sign.is_none())
            {
                Some(Derived { formula, value, paths }) => {
                    Fate::Derived { formula, value, operands: paths }
                }
                None => Fate::Unverified { reason: trace.reason(figure) },
            }
        }
    };
    found
        .iter()
        .zip(traces)
        .map(|(figure, trace)| Checked {
            text: text.get(figure.range.clone()).unwrap_or_default().to_owned(),
            range: figure.range.clone(),
            fate: fate(figure, trace),
        })
        .collect()
}

/// [`check`] in short: how many figures the evidence holds or makes, and the others with the reason.
#[cfg(test)]
pub(super) fn verify(
    text: &str,
    filled: &[Range<usize>],
    evidence: &Evidence,
    given: Given<'_>,
) -> (u64, Vec<(String, String)>) {
    let mut matched = 0;
    let mut unverified = Vec::new();
    for checked in check(text, filled, evidence, given) {
        match checked.fate {
            Fate::Matched { .. } | Fate::Derived { .. } => matched += 1,
            Fate::Given => {}
            Fate::Unverified { reason } => unverified.push((checked.text, reason)),
        }
    }
    (matched, unverified)
}

/// Why the number that a model wrote, put into a text as `written`, has no source; none where it has one.
pub(super) fn unsourced(written: &str, evidence: &Evidence) -> Option<String> {
    let figure = given_figures(written).into_iter().next()?;
    let trace = look_up(std::slice::from_ref(&figure), evidence).pop()?;
    trace.data.is_none().then(|| trace.reason(&figure))
}

/// Why a figure is not right where it stands: the clause names another value.
pub(super) fn speaks_of(who: &str, named: &Operand, kind: Kind, path: &str) -> String {
    let value = if kind == Kind::Percent { named.value * 100.0 } else { named.value };
    format!("the {who} speaks of {}, which is {}; this is {path}", named.path, written(value, kind))
}

/// Why a figure is not right where it stands: what it counts is another number.
fn counts_else(counted: &Operand, kind: Kind) -> String {
    format!("the sentence speaks of {}, which is {}", counted.path, written(counted.value, kind))
}

fn same(said: &Figure, figure: &Figure) -> bool {
    let kinds = said.kind == figure.kind || said.kind == Kind::Plain || figure.kind == Kind::Plain;
    kinds && (said.value - figure.value).abs() <= said.value * 1e-12
}

/// What the evidence says of a figure.
#[derive(Default)]
struct Trace {
    data: Option<String>,
    /// What `data` is the path of, where nobody said what it counts.
    unsure: Option<Known>,
    /// A value that is the same to the last digit, and counts what the figure does not.
    other_unit: Option<String>,
    other_sign: Option<(String, f64)>,
    model: Option<String>,
    /// Path, value and distance of the nearest value.
    near: Option<(String, f64, f64)>,
}

/// Looks figures up, all in one walk.
fn look_up(figures: &[Figure], evidence: &Evidence) -> Vec<Trace> {
    let mut traces: Vec<Trace> = figures.iter().map(|_| Trace::default()).collect();
    for node in evidence.nodes() {
        if traces.iter().all(Trace::is_sure) {
            break;
        }
        let paths = OnceCell::new();
        let path = |known: &Known| {
            let paths = paths.get_or_init(|| Paths::of(node.own()));
            paths.get(known).0.to_owned()
        };
        for (figure, trace) in figures.iter().zip(&mut traces) {
            if trace.is_sure() {
                continue;
            }
            for (known, fit) in matches(node.numbers(), figure) {
                match (known.origin, fit) {
                    (Origin::Data, Fit::Is) => {
                        trace.data.get_or_insert_with(|| path(known));
                        // The same value may stand elsewhere, with what it counts.
                        if known.is_of_unknown_unit() && figure.kind != Kind::Plain {
                            trace.unsure.get_or_insert_with(|| known.clone());
                        } else {
                            trace.unsure = None;
                            break;
                        }
                    }
                    (Origin::Data, Fit::OtherSign) => {
                        trace
                            .other_sign
                            .get_or_insert_with(|| (path(known), known.signed(figure.value)));
                    }
                    (Origin::Model, _) => {
                        trace.model.get_or_insert_with(|| path(known));
                    }
                }
            }
            if let Some(unsure) = &trace.unsure
                && let Some(other) = contradicting(node.numbers(), unsure, figure)
            {
                trace.other_unit.get_or_insert_with(|| path(other));
            }
            if let Some((known, value, distance)) = nearest(node.numbers(), figure)
                && distance <= figure.value * NEAR
                && trace.near.as_ref().is_none_or(|(_, _, least)| distance < *least)
            {
                trace.near = Some((path(known), value, distance));
            }
        }
    }
    for trace in &mut traces {
        if trace.unsure.is_some() && trace.other_unit.is_some() {
            trace.data = None;
        }
    }
    traces
}

/// No more values than these, the nearest, are taken for what a sentence speaks of.
pub(super) const SPOKEN_OF: usize = 1_000;

/// No more than these for what a figure is made of.
const MADE_OF: usize = 5_000;

/// How far a value may be from a figure to be told as the nearest, as a part of it: a slip, not another value.
const NEAR: f64 = 0.25;

impl Trace {
    /// Whether a value was found that is the figure, and nothing can be said against it.
    fn is_sure(&self) -> bool {
        self.data.is_some() && self.unsure.is_none()
    }

    fn reason(self, figure: &Figure) -> String {
        if figure.value.is_nan() {
            return "it is a number in signs that are not read".to_owned();
        }
        let kind = figure.kind;
        if let Some(path) = self.other_unit {
            return format!("the evidence has these digits with another unit ({path})");
        }
        if let Some((path, value)) = self.other_sign {
            return format!(
                "the evidence has it with the other sign: {} ({path})",
                written(value, kind)
            );
        }
        if let Some(path) = self.model {
            let step = path.split('.').nth(1).unwrap_or_default();
            return format!("only the model of step `{step}` wrote it ({path})");
        }
        match self.near {
            Some((path, value, _)) => {
                format!(
                    "not in the evidence; the nearest value is {} ({path})",
                    written(value, kind)
                )
            }
            None => "not in the evidence".to_owned(),
        }
    }
}

/// A value as a figure of that kind, as exactly as it takes to see the difference.
pub(super) fn written(value: f64, kind: Kind) -> String {
    let text = format!("{:.2}", value.abs());
    let text = match kind {
        Kind::Money(_) => text.strip_suffix(".00").unwrap_or(&text),
        Kind::Percent | Kind::Ratio | Kind::Plain => {
            text.trim_end_matches('0').trim_end_matches('.')
        }
    };
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if value < 0.0 { "-" } else { "" };
    match kind {
        Kind::Money(Currency::Dollar) => format!("{sign}${grouped}{fraction}"),
        Kind::Percent => format!("{sign}{grouped}{fraction}%"),
        Kind::Ratio => format!("{sign}{grouped}{fraction}x"),
        Kind::Money(_) | Kind::Plain => format!("{sign}{grouped}{fraction}"),
    }
}
