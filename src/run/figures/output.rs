//! The figures of a whole output: all texts of an answer, plain or structured.

use std::ops::Range;

use super::evidence::Evidence;
use super::fill::{CitationFault, Filling, Format, fill_with};
use super::made::{self, Made};
use super::verify::{Checked, Fate, Given, check};
use crate::event::{FigureCount, FigureEntry, Place, Tracing, Unverified};
use crate::expression::Written;
use crate::id::StepPath;
use crate::value::{Object, Value, each_text, pointer_segment};

/// An output whose figures were traced.
#[derive(Clone, Debug, PartialEq)]
pub struct Traced {
    /// The output with its citations filled in.
    pub output: Value,
    /// What became of its figures.
    pub figures: FigureCount,
    /// Citations for the repair turn.
    pub faults: Vec<CitationFault>,
}

/// Fills in the citations of all texts of an output and looks up their other figures.
///
/// Numbers that are JSON numbers are left alone: as evidence of later steps they are a model's.
pub fn trace_output(
    step: &StepPath,
    output: Value,
    evidence: &Evidence,
    given: Given<'_>,
    format: &Format<'_>,
) -> Traced {
    let mut ledger = Ledger::new(step, evidence);
    let mut faults = Vec::new();
    let output = texts(output, "", &mut |pointer, text| {
        let filled = fill_with(&text, evidence, format);
        let checked = check(&filled.text, &filled.ranges, evidence, given);
        ledger.enter(pointer, &filled.text, filled.citations, checked, Vec::new());
        faults.extend(filled.faults);
        filled.text
    });
    Traced { output, figures: ledger.figures, faults }
}

/// Fills in the citations of all texts of a `default`, and follows what its templates wrote: `written` by the texts as they
/// came. Its other figures are its author's.
pub fn fill_output(
    step: &StepPath,
    output: Value,
    written: &[Written],
    evidence: &Evidence,
    format: &Format<'_>,
) -> Traced {
    let mut ledger = Ledger::new(step, evidence);
    let mut faults = Vec::new();
    let output = texts(output, "", &mut |pointer, text| {
        let filled = fill_with(&text, evidence, format);
        let made = Made {
            text: &filled.text,
            filled: &filled.ranges,
            written: written.iter().filter(|written| written.pointer == pointer).collect(),
        };
        let made = made::entries(&made, evidence, |at| filled.before(at));
        ledger.enter(pointer, &filled.text, filled.citations, Vec::new(), made);
        faults.extend(filled.faults);
        filled.text
    });
    Traced { output, figures: ledger.figures, faults }
}

/// The figures of all texts that the template of an output made, below `pointer`. `passed` are texts of models in it, whose
/// figures their steps tell.
pub fn made_output(
    step: &StepPath,
    (output, pointer): (&Value, &str),
    (written, passed): (&[Written], &[Written]),
    evidence: &Evidence,
) -> FigureCount {
    let mut ledger = Ledger::new(step, evidence);
    each_text(output, pointer, &mut |text, pointer| {
        let here = |written: &&Written| written.pointer == pointer;
        let filled: Vec<Range<usize>> =
            passed.iter().filter(here).map(|written| written.range.clone()).collect();
        let written = written.iter().filter(here).collect();
        let made = Made { text, filled: &filled, written };
        let made = made::entries(&made, evidence, |at| at);
        ledger.enter(pointer, text, Vec::new(), Vec::new(), made);
    });
    ledger.figures
}

/// Looks up the figures of all texts of an output that cites nothing.
pub fn check_output(
    step: &StepPath,
    output: &Value,
    evidence: &Evidence,
    given: Given<'_>,
) -> FigureCount {
    let mut ledger = Ledger::new(step, evidence);
    // The texts are given back as they are.
    drop(texts(output.clone(), "", &mut |pointer, text| {
        let checked = check(&text, &[], evidence, given);
        ledger.enter(pointer, &text, Vec::new(), checked, Vec::new());
        text
    }));
    ledger.figures
}

/// Counts figures and keeps where each comes from.
struct Ledger<'l> {
    step: &'l StepPath,
    evidence: &'l Evidence,
    figures: FigureCount,
}

impl<'l> Ledger<'l> {
    fn new(step: &'l StepPath, evidence: &'l Evidence) -> Self {
        Self { step, evidence, figures: FigureCount::default() }
    }

    /// Enters the figures of a text, in its order.
    fn enter(
        &mut self,
        pointer: &str,
        text: &str,
        cited: Vec<Filling>,
        checked: Vec<Checked>,
        made: Vec<FigureEntry>,
    ) {
        let written = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default().to_owned();
        let cited = cited.into_iter().map(|filling| FigureEntry {
            value: filling.value,
            unit: filling.unit,
            path: Some(filling.path),
            reason: filling.reason.clone(),
            ..entry(
                written(&filling.range),
                pointer,
                filling.range.start,
                if filling.reason.is_some() { Tracing::Unverified } else { Tracing::Cited },
            )
        });
        let mut entries: Vec<FigureEntry> = cited.collect();
        entries.extend(checked.into_iter().map(|checked| self.looked_up(pointer, checked)));
        entries.extend(
            made.into_iter().map(|entry| FigureEntry { pointer: pointer.to_owned(), ..entry }),
        );
        entries.sort_by_key(|entry| entry.at);
        for entry in &entries {
            match entry.how {
                Tracing::Cited => self.figures.cited += 1,
                Tracing::Matched => self.figures.matched += 1,
                Tracing::Derived => self.figures.derived += 1,
                Tracing::Given => {}
                Tracing::Unverified => self.report(entry),
            }
        }
        self.figures.ledger.extend(entries);
    }

    /// Reports a figure once, with every place where it stands.
    fn report(&mut self, entry: &FigureEntry) {
        let place = Place { pointer: entry.pointer.clone(), at: entry.at };
        let reason = entry.reason.as_deref().unwrap_or_default();
        let mut reported = self.figures.unverified.iter_mut();
        match reported.find(|one| one.text == entry.text && one.reason == reason) {
            Some(one) => one.places.push(place),
            None => self.figures.unverified.push(Unverified {
                text: entry.text.clone(),
                step: self.step.clone(),
                reason: reason.to_owned(),
                places: vec![place],
            }),
        }
    }

    fn looked_up(&self, pointer: &str, checked: Checked) -> FigureEntry {
        let blank = |how| entry(checked.text.clone(), pointer, checked.range.start, how);
        match checked.fate {
            Fate::Matched { path, alike } => {
                let found = self.evidence.find(&path);
                let unit = found.as_ref().and_then(|found| found.unit).map(str::to_owned);
                let value = found.map(|found| found.value.clone());
                FigureEntry { value, unit, path: Some(path), alike, ..blank(Tracing::Matched) }
            }
            Fate::Derived { formula, value, operands } => FigureEntry {
                value: Some(value.into()),
                formula: Some(formula),
                operands,
                ..blank(Tracing::Derived)
            },
            Fate::Given => blank(Tracing::Given),
            Fate::Unverified { reason } => {
                FigureEntry { reason: Some(reason), ..blank(Tracing::Unverified) }
            }
        }
    }
}

fn entry(text: String, pointer: &str, at: usize, how: Tracing) -> FigureEntry {
    FigureEntry { text, pointer: pointer.to_owned(), at, how, ..FigureEntry::default() }
}

/// Replaces every text of a value, given its JSON pointer.
fn texts(value: Value, pointer: &str, replace: &mut impl FnMut(&str, String) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(replace(pointer, text)),
        Value::Array(items) => items
            .into_iter()
            .enumerate()
            .map(|(at, item)| texts(item, &format!("{pointer}/{at}"), replace))
            .collect(),
        Value::Object(object) => Value::Object(
            object
                .into_iter()
                .map(|(key, item)| {
                    let below = format!("{pointer}/{}", pointer_segment(&key));
                    let item = texts(item, &below, replace);
                    (key, item)
                })
                .collect::<Object>(),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}
