//! The evidence as a model reads it: a line for each value that can be cited.

use std::collections::BTreeSet;

use super::evidence::{Entry, Evidence, Origin};
use crate::expression::filters::format;
use crate::value::{Value, told, unquoted};

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
        let mut told = BTreeSet::new();
        let lines = self.entries().map(|entry| match said(entry) {
            Some(answer) => said_lines(entry, answer, &mut told),
            None => lines(entry).into_iter().map(|line| line.text).collect(),
        });
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

/// A value that can be cited.
struct Line<'e> {
    /// The path of what holds it.
    row: String,
    field: Option<&'e str>,
    value: &'e Value,
    unit: Option<&'e str>,
    /// `path = value (unit)`.
    text: String,
}

fn lines(entry: &Entry) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    entry.walk(&mut |path, field, value| {
        let Some(written) = written(value, entry.origin) else { return };
        // The prompt says it; a name is told all the same, since a citation may be asked for.
        if entry.is_params() && written.contains(' ') {
            return;
        }
        let row = path.rsplit_once('.').map_or(path, |(row, _)| row).to_owned();
        let unit = entry.unit(field);
        let counts = unit.map_or_else(String::new, |unit| format!(" ({unit})"));
        lines.push(Line { row, field, value, unit, text: format!("{path} = {written}{counts}") });
    });
    lines
}

/// The values of an entry that an answer says, with the texts that tell their rows from others. A value that another result told
/// already (`told`) is not told again: one path is enough to cite it.
fn said_lines(entry: &Entry, answer: &str, told: &mut BTreeSet<String>) -> Vec<String> {
    let lines = lines(entry);
    let name = |line: &Line<'_>| format!("{} {}", line.value, line.unit.unwrap_or_default());
    let is_said = |line: &&Line<'_>| line.value.is_number() && says(answer, line.value, line.unit);
    let said: Vec<&Line<'_>> =
        lines.iter().filter(is_said).filter(|line| !told.contains(&name(line))).collect();
    told.extend(said.iter().map(|line| name(line)));
    let rows: BTreeSet<&str> = said.iter().map(|line| line.row.as_str()).collect();
    let everywhere = |line: &Line<'_>| {
        let mut others =
            lines.iter().filter(|other| other.field == line.field && other.row != line.row);
        let first = others.next();
        first.is_some_and(|first| first.value == line.value)
            && others.all(|other| other.value == line.value)
    };
    let listed = lines.iter().filter(|line| {
        said.iter().any(|said| std::ptr::eq(*said, *line))
            || (!line.value.is_number() && rows.contains(line.row.as_str()) && !everywhere(line))
    });
    listed.map(|line| line.text.clone()).collect()
}

/// Whether a text says a value, in any way that a citation writes it, and not as a part of a longer number.
fn says(text: &str, value: &Value, unit: Option<&str>) -> bool {
    let filters = [None, Some("usd"), Some("number"), Some("percent"), Some("ratio")];
    let mut written = filters.into_iter().filter_map(|filter| format(value, filter, unit).ok());
    written.any(|written| {
        text.match_indices(&written).any(|(at, _)| {
            let (before, rest) = text.split_at(at);
            let behind = rest.get(written.len()..).unwrap_or_default();
            !goes_on(before.chars().rev()) && !goes_on(behind.chars())
        })
    })
}

/// Whether a number goes on with these characters.
fn goes_on(mut next: impl Iterator<Item = char>) -> bool {
    match next.next() {
        Some('.' | ',') => next.next().is_some_and(|c| c.is_ascii_digit()),
        Some(c) => c.is_ascii_digit(),
        None => false,
    }
}

/// A value as the list shows it: whole numbers without a point. None where there is nothing to cite.
fn written(value: &Value, origin: Origin) -> Option<String> {
    match (value, value.as_f64()) {
        (Value::Number(_), _) if origin == Origin::Model => None,
        (Value::Number(_), Some(n)) if n.fract() == 0.0 && n.abs() < 1e15 => {
            Some(format!("{n:.0}"))
        }
        (Value::Number(_) | Value::Bool(_), _) => Some(told(value).to_string()),
        (Value::String(text), _) => {
            let short = !text.trim().is_empty() && text.chars().count() <= LONGEST_TEXT;
            (short && !text.contains(['\n', '\r'])).then(|| text.clone())
        }
        (Value::Null | Value::Array(_) | Value::Object(_), _) => None,
    }
}
