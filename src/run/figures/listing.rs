//! The evidence as a model reads it: a line for each value that can be cited.

use std::collections::BTreeSet;

use super::evidence::{Entry, Evidence, Origin};
use crate::expression::filters::format;
use crate::value::{Value, unquoted};

/// The most values that are listed.
const LISTED: usize = 200;

/// A longer text is nothing to cite.
const LONGEST_TEXT: usize = 120;

impl Evidence {
    /// The values that can be cited, a line each: `path = value (unit)`, nearest first.
    ///
    /// At most 200; a last line counts the rest. Where there are more, each output has an equal share first, so that
    /// a long table does not push out the three values computed from it. Numbers that only a model wrote are left
    /// out: citing one would be reported. Of what the agent of another step looked up, only what its answer says is
    /// listed: the rest was weighed by it, and can be cited all the same. The text holds data: it belongs into a fence.
    pub fn listing(&self) -> String {
        let answers: Vec<(String, String)> = self.entries().filter_map(answer).collect();
        let said = |entry: &Entry| {
            let of = answers.iter().find(|(looked_up, _)| entry.path.starts_with(looked_up));
            of.map(|(_, text)| text.as_str())
        };
        let lines = self.entries().map(|entry| lines(entry, said(entry)));
        let outputs: Vec<Vec<String>> = lines.filter(|lines| !lines.is_empty()).collect();
        let sizes: Vec<usize> = outputs.iter().map(Vec::len).collect();
        let left_out = sizes.iter().sum::<usize>().saturating_sub(LISTED);
        let mut listed: Vec<String> = outputs
            .into_iter()
            .zip(shares(&sizes))
            .flat_map(|(lines, share)| lines.into_iter().take(share))
            .collect();
        if left_out > 0 {
            listed.push(format!("... and {left_out} more"));
        }
        listed.join("\n")
    }
}

/// How many values of each output are listed: an equal share each, then what is left of it, nearest first.
fn shares(sizes: &[usize]) -> Vec<usize> {
    let equal = LISTED / sizes.len().max(1);
    let mut shares: Vec<usize> = sizes.iter().map(|size| *size.min(&equal)).collect();
    let mut left = LISTED - shares.iter().sum::<usize>();
    for (share, size) in shares.iter_mut().zip(sizes) {
        let more = left.min(size - *share);
        *share += more;
        left -= more;
    }
    shares
}

/// Where the results stand that the agent of a step looked up, and what it answered.
fn answer(entry: &Entry) -> Option<(String, String)> {
    let step = entry.path.strip_suffix(".output").filter(|_| entry.origin == Origin::Model)?;
    Some((format!("{step}.tools."), unquoted(&entry.value)))
}

/// The values of an entry. Where an answer was made of it: those that it says, with what names their rows.
fn lines(entry: &Entry, answer: Option<&str>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rows = BTreeSet::new();
    entry.walk(&mut |path, field, value| {
        let Some(written) = written(value, entry.origin) else { return };
        let unit = entry.unit(field);
        let row = path.rsplit_once('.').map_or(path, |(row, _)| row).to_owned();
        let is_said = answer.is_none_or(|answer| value.is_number() && says(answer, value, unit));
        if is_said {
            rows.insert(row.clone());
        }
        let unit = unit.map_or_else(String::new, |unit| format!(" ({unit})"));
        lines.push((is_said || !value.is_number(), row, format!("{path} = {written}{unit}")));
    });
    let listed = lines.into_iter().filter(|(may_be, row, _)| *may_be && rows.contains(row));
    listed.map(|(_, _, line)| line).collect()
}

/// Whether a text says a value, in any way that a citation writes it.
fn says(text: &str, value: &Value, unit: Option<&str>) -> bool {
    let filters = [None, Some("usd"), Some("number"), Some("percent"), Some("ratio")];
    let mut written = filters.into_iter().filter_map(|filter| format(value, filter, unit).ok());
    written.any(|written| text.contains(&written))
}

/// A value as the list shows it: whole numbers without a point. None where there is nothing to cite.
fn written(value: &Value, origin: Origin) -> Option<String> {
    match (value, value.as_f64()) {
        (Value::Number(_), _) if origin == Origin::Model => None,
        (Value::Number(_), Some(n)) if n.fract() == 0.0 && n.abs() < 1e15 => {
            Some(format!("{n:.0}"))
        }
        (Value::Number(_) | Value::Bool(_), _) => Some(value.to_string()),
        (Value::String(text), _) => {
            let short = !text.trim().is_empty() && text.chars().count() <= LONGEST_TEXT;
            (short && !text.contains(['\n', '\r'])).then(|| text.clone())
        }
        (Value::Null | Value::Array(_) | Value::Object(_), _) => None,
    }
}
