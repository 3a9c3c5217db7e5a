//! Fills in the citations of a text from the evidence.

use std::ops::Range;

use super::evidence::{Evidence, Origin, Scalar};
use super::verify::unsourced;
use crate::expression::filters::format;
use crate::expression::{Citation, citations};
use crate::value::{Value, type_name};

/// A text with its citations filled in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filled {
    /// The new text; a faulty citation stands as `[unknown: path]`.
    pub text: String,
    /// Citations that were filled in from data.
    pub cited: u64,
    /// What needs no look-up in the new text, in bytes: values filled in, and `[unknown: path]`.
    pub ranges: Vec<Range<usize>>,
    /// Citations that could not be, or should not have been, filled in.
    pub faults: Vec<CitationFault>,
    /// Every citation, in order.
    pub(super) citations: Vec<Filling>,
    /// Where each piece between the citations begins: in the new text, and in the old one.
    pieces: Vec<(usize, usize)>,
}

impl Filled {
    /// Appends a piece of the old text, which stood there at `old`.
    fn piece(&mut self, old: usize, piece: &str) {
        let new = push(&mut self.text, piece);
        self.pieces.push((new, old));
    }

    /// Where a place of the new text was in the old one.
    pub(super) fn before(&self, at: usize) -> usize {
        let piece = self.pieces.iter().rfind(|(new, _)| *new <= at);
        piece.map_or(at, |(new, old)| old + (at - new))
    }
}

/// A citation, filled in or not.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Filling {
    /// Where it stands in the new text.
    pub(super) range: Range<usize>,
    pub(super) path: String,
    pub(super) value: Option<Value>,
    pub(super) unit: Option<String>,
    /// Why it is at fault.
    pub(super) reason: Option<String>,
}

/// A citation at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CitationFault {
    /// What stands in the new text.
    pub text: String,
    /// The citation as written.
    pub citation: String,
    /// What is wrong with it.
    pub reason: String,
    /// The path that may be meant.
    pub suggestion: Option<String>,
}

/// Writes a value by a filter, else by its unit; or says why it cannot be written so.
pub type Format<'f> = dyn Fn(&Value, Option<&str>, Option<&str>) -> Result<String, String> + 'f;

/// Fills in the citations of a text, with the filters of templates.
pub fn fill(text: &str, evidence: &Evidence) -> Filled {
    fill_with(text, evidence, &format)
}

/// Fills in the citations of a text. Filling the result again changes nothing: no value becomes a citation.
pub fn fill_with(text: &str, evidence: &Evidence, format: &Format<'_>) -> Filled {
    let mut filled = Filled::default();
    let mut at = 0;
    for citation in citations(text) {
        filled.piece(at, text.get(at..citation.range.start).unwrap_or_default());
        at = citation.range.end;
        let mut found = None;
        let (written, fault, settled) = match cite(&citation, evidence, format) {
            Ok(Cited { written, by, value, unit }) => {
                found = Some((value, unit));
                let reason =
                    if by == By::ModelNumber { unsourced(&written, evidence) } else { None };
                filled.cited += u64::from(reason.is_none());
                (written, reason.map(|reason| (reason, None)), by != By::ModelText)
            }
            Err(fault) => (format!("[unknown: {}]", citation.path), Some(fault), true),
        };
        let start = push(&mut filled.text, &written);
        if settled {
            let (value, unit) = found.unzip();
            filled.citations.push(Filling {
                range: start..filled.text.len(),
                path: citation.path.clone(),
                value,
                unit: unit.flatten(),
                reason: fault.as_ref().map(|(reason, _)| reason.clone()),
            });
        }
        if let Some((reason, suggestion)) = fault {
            let citation = citation.text.to_owned();
            filled.faults.push(CitationFault { text: written, citation, reason, suggestion });
        }
        if settled {
            filled.ranges.push(start..filled.text.len());
        }
    }
    filled.piece(at, text.get(at..).unwrap_or_default());
    filled
}

/// What a model is told about its citations, to write the answer again; empty without faults.
pub fn repair_message(faults: &[CitationFault]) -> String {
    if faults.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = faults
        .iter()
        .map(|fault| {
            let meant = fault.suggestion.as_ref();
            let meant = meant.map_or_else(String::new, |path| format!(" Did you mean [[{path}]]?"));
            format!("- {}: {}.{meant}", fault.citation, fault.reason)
        })
        .collect();
    format!(
        "Your answer has citations that cannot be filled in:\n{}\nWrite the whole answer again. Cite only paths of the \
         list, as [[path | filter]].",
        lines.join("\n")
    )
}

/// Appends a piece without making double brackets where it meets what is there; gives where it begins.
fn push(text: &mut String, piece: &str) -> usize {
    let meets = |bracket| text.ends_with(bracket) && piece.starts_with(bracket);
    if meets('[') || meets(']') {
        text.push(' ');
    }
    let start = text.len();
    text.push_str(piece);
    start
}

/// The text of a citation, and who made the value.
struct Cited {
    written: String,
    by: By,
    value: Value,
    unit: Option<String>,
}

/// Who made a cited value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Data,
    /// It is filled in, and reported unless data holds it too.
    ModelNumber,
    /// Its figures are looked up like those of the answer itself.
    ModelText,
}

/// Why a citation cannot be filled in, and the path that may be meant.
type Unfillable = (String, Option<String>);

fn cite(
    citation: &Citation<'_>,
    evidence: &Evidence,
    format: &Format<'_>,
) -> Result<Cited, Unfillable> {
    if !citation.well_formed {
        let form = "it is no citation: [[path | filter]] is one, with a path of the evidence";
        return Err((form.to_owned(), suggest(citation, evidence)));
    }
    let path = citation.path.as_str();
    let Some(Scalar { value, unit, origin, .. }) = evidence.find(path) else {
        return Err((format!("the evidence holds no `{path}`"), suggest(citation, evidence)));
    };
    let written = match value {
        // As in templates.
        Value::Null => Ok("n/a".to_owned()),
        Value::Array(_) | Value::Object(_) => {
            let kind = type_name(value);
            let inside = format!("{path}.");
            let first =
                evidence.scalars().map(|scalar| scalar.path).find(|path| path.starts_with(&inside));
            return Err((format!("`{path}` is an {kind}; cite a single value of it"), first));
        }
        // A value in percent is not to be multiplied by a hundred once more.
        Value::Number(number) if unit == Some("percent") && is_percent(citation.filter) => {
            let ratio = number.as_f64().map_or(Value::Null, |n| Value::from(n / 100.0));
            format(&ratio, citation.filter, None)
        }
        Value::Number(_) | Value::Bool(_) | Value::String(_) => {
            format(value, citation.filter, unit)
        }
    };
    let written = written.map_err(|reason| (reason, None))?;
    let by = match (origin, value) {
        (Origin::Model, Value::Number(_)) => By::ModelNumber,
        (Origin::Model, Value::String(_)) => By::ModelText,
        _ => By::Data,
    };
    Ok(Cited { written: single(&written), by, value: value.clone(), unit: unit.map(str::to_owned) })
}

fn is_percent(filter: Option<&str>) -> bool {
    filter
        .is_some_and(|filter| filter.split('(').next().is_some_and(|name| name.trim() == "percent"))
}

/// A value whose double brackets are taken apart: data is never read as a citation.
fn single(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    for c in written.chars() {
        if matches!(c, '[' | ']') && text.ends_with(c) {
            text.push(' ');
        }
        text.push(c);
    }
    text
}

/// The path that may be meant: like it in all and in its last part, which is the one that models remember.
fn suggest(citation: &Citation<'_>, evidence: &Evidence) -> Option<String> {
    /// More values than these are not compared; the nearest come first.
    const COMPARED: usize = 2000;
    const LIKE: f64 = 0.75;
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_lowercase();
    let wanted = citation.path.to_lowercase();
    let field = last(&wanted);
    let fits = |value: &Value| match citation.filter {
        Some("month") => value.is_string(),
        Some(_) => value.is_number(),
        None => !value.is_null(),
    };
    evidence
        .scalars()
        .take(COMPARED)
        .filter(|scalar| fits(scalar.value))
        .map(|scalar| {
            let whole = strsim::jaro_winkler(&wanted, &scalar.path.to_lowercase());
            let other = last(&scalar.path);
            // `profit` for `net_profit`.
            let like = strsim::jaro_winkler(&field, &other);
            let part =
                if other.split('_').any(|word| word == field) { like.max(0.95) } else { like };
            (whole * 0.4 + part * 0.6, scalar.path)
        })
        .filter(|(likeness, _)| *likeness >= LIKE)
        // Of equals the first, which is the nearest.
        .reduce(|best, one| if one.0 > best.0 { one } else { best })
        .map(|(_, path)| path)
}
