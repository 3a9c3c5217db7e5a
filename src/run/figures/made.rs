//! Figures that the engine wrote itself by a template of the workflow: each is followed to the value that its `{{ ... }}` read, or to
//! the expression that made it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::claims::claims;
use super::evidence::{Evidence, Origin};
use super::index::{Fit, Paths, matches};
use super::numbers::{Figure, all_figures};
use crate::event::{FigureEntry, Tracing};
use crate::expression::{Root, Written, analyse_expression};
use crate::value::Value;

/// No more figures than these are traced in a text that a template made; a table may have any number of rows.
const MOST: usize = 1_000;

/// A text that a template made.
pub(super) struct Made<'m> {
    /// The text as it is shown.
    pub(super) text: &'m str,
    /// Where that has been filled in since it was rendered.
    pub(super) filled: &'m [Range<usize>],
    /// What the `{{ ... }}` of the template wrote into this text.
    pub(super) written: Vec<&'m Written>,
}

/// The figures of a text that a template made, without what was filled in, in order. `before` tells where a place of the text
/// was when it was rendered.
pub(super) fn entries(
    made: &Made<'_>,
    evidence: &Evidence,
    before: impl Fn(usize) -> usize,
) -> Vec<FigureEntry> {
    // What no data is needed to see.
    if all_figures(made.text).is_empty() {
        return Vec::new();
    }
    let found = claims(made.text, made.filled, evidence, &[]);
    let mut places = Places::default();
    let entries = found.iter().take(MOST).filter_map(|figure| {
        let at = before(figure.range.start);
        let by = made.written.iter().find(|written| written.range.contains(&at));
        let (text, at) = (made.text.get(figure.range.clone())?, figure.range.start);
        let entry = match by {
            // The author of the workflow wrote it.
            None => FigureEntry { how: Tracing::Given, ..FigureEntry::default() },
            Some(written) => traced(figure, &written.expression, evidence, &mut places)?,
        };
        Some(FigureEntry { text: text.to_owned(), at, ..entry })
    });
    entries.collect()
}

/// Where a figure comes from that an expression wrote; none where it stands in a text of a model, whose step tells it.
fn traced(
    figure: &Figure,
    expression: &str,
    evidence: &Evidence,
    places: &mut Places,
) -> Option<FigureEntry> {
    let reads: Vec<String> = analyse_expression(expression)
        .reads
        .into_iter()
        .filter_map(|read| match read.root {
            Root::Steps => Some(format!("steps.{}", read.path.join("."))),
            Root::Params => Some(format!("params.{}", read.path.join("."))),
            Root::Local(_) => None,
        })
        .collect();
    let cited = FigureEntry { how: Tracing::Cited, ..FigureEntry::default() };
    let of = |path: String| {
        let scalar = evidence.find(&path);
        let unit = scalar.as_ref().and_then(|scalar| scalar.unit).map(str::to_owned);
        let value = scalar.map(|scalar| scalar.value.clone());
        FigureEntry { value, unit, path: Some(path), ..cited.clone() }
    };
    // What it reads, if that is one value.
    if let [path] = reads.as_slice()
        && let Some(scalar) = evidence.find(path).filter(|scalar| scalar.value.is_number())
    {
        let only_written = expression.split('|').next().is_some_and(|name| name.trim() == path);
        if only_written && scalar.origin == Origin::Model {
            let reason = format!("only a model wrote it ({path})");
            let entry = of(path.clone());
            return Some(FigureEntry { how: Tracing::Unverified, reason: Some(reason), ..entry });
        }
        if only_written {
            return Some(of(path.clone()));
        }
    }
    match places.look_up(figure, evidence, &reads) {
        Some((path, Origin::Data)) => Some(of(path)),
        Some((_, Origin::Model)) => None,
        None => {
            let formula = Some(format!("= {expression}"));
            Some(FigureEntry { formula, operands: reads, ..cited })
        }
    }
}

/// The paths of the values of each piece of evidence, made when the first of them is asked for: a table has thousands.
#[derive(Default)]
struct Places(BTreeMap<*const Evidence, Paths>);

impl Places {
    /// The nearest value that is a figure: of data where there is one, below what was read where there is one, a number rather than
    /// one in a text.
    fn look_up(
        &mut self,
        figure: &Figure,
        evidence: &Evidence,
        reads: &[String],
    ) -> Option<(String, Origin)> {
        let mut found: Vec<(u8, String, Origin)> = Vec::new();
        for node in evidence.nodes() {
            for (known, fit) in matches(node.numbers(), figure) {
                if fit != Fit::Is {
                    continue;
                }
                let key = std::ptr::from_ref(node);
                let paths = self.0.entry(key).or_insert_with(|| Paths::of(node.own()));
                let (path, is_text) = paths.get(known);
                let is_read = reads.is_empty() || reads.iter().any(|read| path.starts_with(read));
                let rank = match (known.origin, is_read, is_text) {
                    (Origin::Data, true, false) => return Some((path.to_owned(), Origin::Data)),
                    (Origin::Data, false, false) => 1,
                    (Origin::Data, _, true) => 2,
                    (Origin::Model, _, _) => 3,
                };
                if found.iter().all(|(least, _, _)| rank < *least) {
                    found.push((rank, path.to_owned(), known.origin));
                }
            }
        }
        found.pop().map(|(_, path, origin)| (path, origin))
    }
}

/// The entry of a bare number that an expression gave.
pub fn made_number(value: &Value, expression: &str) -> FigureEntry {
    let expression = expression.trim();
    let is_path = expression.starts_with("steps.") || expression.starts_with("params.");
    let is_path =
        is_path && expression.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_'));
    let entry = FigureEntry {
        text: value.to_string(),
        how: Tracing::Cited,
        value: Some(value.clone()),
        ..FigureEntry::default()
    };
    if is_path {
        return FigureEntry { path: Some(expression.to_owned()), ..entry };
    }
    let reads = analyse_expression(expression).reads.into_iter();
    let reads = reads.filter(|read| matches!(read.root, Root::Steps));
    FigureEntry {
        formula: Some(format!("= {expression}")),
        operands: reads.map(|read| format!("steps.{}", read.path.join("."))).collect(),
        ..entry
    }
}
