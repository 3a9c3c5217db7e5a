//! The figures of a whole output: all texts of an answer, plain or structured.

use super::evidence::Evidence;
use super::fill::{CitationFault, Format, fill_with};
use super::verify::{Given, verify};
use crate::event::{FigureCount, Unverified};
use crate::id::StepPath;
use crate::value::{Object, Value};

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
    let (mut figures, mut faults) = (FigureCount::default(), Vec::new());
    let output = texts(output, &mut |text| {
        let filled = fill_with(&text, evidence, format);
        let (matched, unverified) = verify(&filled.text, &filled.ranges, evidence, given);
        figures.cited += filled.cited;
        figures.matched += matched;
        let cited = filled.faults.iter().map(|fault| (fault.text.clone(), fault.reason.clone()));
        figures.unverified.extend(report(step, cited.chain(unverified)));
        faults.extend(filled.faults);
        filled.text
    });
    Traced { output, figures, faults }
}

/// Looks up the figures of all texts of an output that cites nothing.
pub fn check_output(
    step: &StepPath,
    output: &Value,
    evidence: &Evidence,
    given: Given<'_>,
) -> FigureCount {
    let mut figures = FigureCount::default();
    // The texts are given back as they are.
    drop(texts(output.clone(), &mut |text| {
        let (matched, unverified) = verify(&text, &[], evidence, given);
        figures.matched += matched;
        figures.unverified.extend(report(step, unverified));
        text
    }));
    figures
}

fn report(
    step: &StepPath,
    found: impl IntoIterator<Item = (String, String)>,
) -> impl Iterator<Item = Unverified> {
    found.into_iter().map(|(text, reason)| Unverified { text, step: step.clone(), reason })
}

/// Replaces every text of a value.
fn texts(value: Value, replace: &mut impl FnMut(String) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(replace(text)),
        Value::Array(items) => items.into_iter().map(|item| texts(item, replace)).collect(),
        Value::Object(object) => Value::Object(
            object.into_iter().map(|(key, item)| (key, texts(item, replace))).collect::<Object>(),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}
