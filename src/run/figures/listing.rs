//! The evidence as a model reads it: a line for each value that can be cited.

use super::evidence::{Entry, Evidence, Origin};
use crate::value::Value;

/// The most values that are listed.
const LISTED: usize = 200;

/// A longer text is nothing to cite.
const LONGEST_TEXT: usize = 120;

impl Evidence {
    /// The values that can be cited, a line each: `path = value (unit)`, nearest first.
    ///
    /// At most 200; a last line counts the rest. Where there are more, each output has an equal share first, so that
    /// a long table does not push out the three values computed from it. Numbers that only a model wrote are left
    /// out: citing one would be reported. The text holds data: it belongs into a fence.
    pub fn listing(&self) -> String {
        let outputs: Vec<Vec<String>> =
            self.entries().map(lines).filter(|lines| !lines.is_empty()).collect();
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

fn lines(entry: &Entry) -> Vec<String> {
    let mut lines = Vec::new();
    entry.walk(&mut |path, field, value| {
        if let Some(written) = written(value, entry.origin) {
            let unit = entry.unit(field).map_or_else(String::new, |unit| format!(" ({unit})"));
            lines.push(format!("{path} = {written}{unit}"));
        }
    });
    lines
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
