//! Citations: `[[steps.roi.output.net_profit | usd]]` in a text, filled in from the evidence.

use std::ops::Range;

use super::evidence::{Evidence, Origin};
use super::verify::{Verified, look_up};
use crate::diagnostic::nearest;
use crate::expression::filters::format;
use crate::value::Value;

/// A text with its citations filled in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filled {
    /// The new text; a faulty citation stands as `[unknown: path]`.
    pub text: String,
    /// Citations that were filled in.
    pub cited: u64,
    /// Where they stand in the new text, in bytes.
    pub ranges: Vec<Range<usize>>,
    /// Citations that could not be, or should not have been, filled in.
    pub faults: Vec<CitationFault>,
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

/// Fills in the citations of a text.
pub fn fill(text: &str, evidence: &Evidence) -> Filled {
    let mut filled = Filled::default();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("[[") {
        let Some((inside, behind)) = after.split_once("]]") else { break };
        // The innermost pair counts: `[[ a [[b]]` cites `b`.
        let inner = inside.rfind("[[").map_or(0, |at| at + 2);
        let (outside, inside) = inside.split_at(inner);
        filled.text.push_str(before);
        if !outside.is_empty() {
            filled.text.push_str("[[");
            filled.text.push_str(outside.strip_suffix("[[").unwrap_or(outside));
        }
        let start = filled.text.len();
        match cite(inside, evidence) {
            Ok((written, fault)) => {
                filled.text.push_str(&written);
                filled.cited += 1;
                filled.ranges.push(start..filled.text.len());
                filled.faults.extend(fault);
            }
            Err(fault) => {
                filled.text.push_str(&fault.text);
                filled.ranges.push(start..filled.text.len());
                filled.faults.push(fault);
            }
        }
        rest = behind;
    }
    filled.text.push_str(rest);
    filled
}

/// The text of a citation, with a fault where the value is only a model's; or why there is none.
fn cite(
    inside: &str,
    evidence: &Evidence,
) -> Result<(String, Option<CitationFault>), CitationFault> {
    let (path, filter) = match inside.split_once('|') {
        Some((path, filter)) => (path.trim(), Some(filter.trim())),
        None => (inside.trim(), None),
    };
    let fault = |reason: String, suggestion: Option<String>| CitationFault {
        text: format!("[unknown: {path}]"),
        citation: format!("[[{inside}]]"),
        reason,
        suggestion,
    };
    let Some(found) = evidence.find(path) else {
        let paths: Vec<String> = evidence.scalars().into_iter().map(|scalar| scalar.path).collect();
        let suggestion = nearest(path, paths.iter().map(String::as_str)).map(str::to_owned);
        return Err(fault(format!("the evidence holds no `{path}`"), suggestion));
    };
    if found.value.is_null() && filter.is_none_or(|filter| !filter.is_empty()) {
        return Ok(("n/a".to_owned(), None));
    }
    let written = format(found.value, filter, found.unit).map_err(|reason| fault(reason, None))?;
    let only_a_models = match (found.origin, found.value) {
        (Origin::Model, Value::Number(_)) => match look_up(&written, evidence) {
            Verified::Unverified(reason) => Some(CitationFault {
                text: written.clone(),
                citation: format!("[[{inside}]]"),
                reason,
                suggestion: None,
            }),
            Verified::Matched => None,
        },
        _ => None,
    };
    Ok((written, only_a_models))
}
