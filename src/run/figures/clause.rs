//! The part of a sentence that belongs to a figure rather than to its neighbours.
//!
//! ```text
//! Email made $31,000 in Q3, while TikTok with its two campaigns lost $9,000 (4 %).
//!                    |----| ahead of $9,000: |------------------------|
//!                                                     |---------------| right ahead of it
//! ```

use std::ops::Range;

use super::numbers::Figure;
use super::sentence::sentence_around;

/// The words around a figure, as they are written.
pub(super) struct Clause<'t> {
    pub(super) sentence: &'t str,
    /// Before it: all of the sentence, or what does not belong to the figure before.
    pub(super) left: &'t str,
    /// Before it, since the figure before or since the sentence began.
    pub(super) since: &'t str,
    /// Behind it, up to where another part of the sentence begins.
    pub(super) right: &'t str,
    /// What stands in brackets right behind it, and is no other figure's.
    pub(super) aside: Option<&'t str>,
    /// Whether it is the first figure of its sentence.
    pub(super) is_first: bool,
}

impl<'t> Clause<'t> {
    /// `figures` are where the figures of the text stand, in order.
    pub(super) fn around(text: &'t str, figure: &Figure, figures: &[Range<usize>]) -> Self {
        let at = &figure.range;
        let place = sentence_around(text, at.start);
        let before = figures.iter().rfind(|span| span.end <= at.start && span.end > place.start);
        let behind = figures.iter().find(|span| span.start >= at.end && span.start < place.end);
        let get = |span: Range<usize>| text.get(span).unwrap_or_default();
        let since = get(before.map_or(place.start, |span| span.end)..at.start);
        let left = match (before, separator(since)) {
            (Some(_), Some(cut)) => since.get(cut.end..).unwrap_or_default(),
            (Some(_), None) => "",
            (None, _) => since,
        };
        let right = get(at.end..behind.map_or(place.end, |span| span.start));
        let aside = right.trim_start().strip_prefix('(').and_then(|aside| aside.split_once(')'));
        let aside = aside.map(|(aside, _)| aside);
        let right = separator(right).and_then(|cut| right.get(..cut.start)).unwrap_or(right);
        Self { sentence: get(place), left, since, right, aside, is_first: before.is_none() }
    }

    /// Before the figure, back to where the part of the sentence begins that it stands in.
    pub(super) fn nearest(&self) -> &'t str {
        let mut rest = self.since;
        while let Some(cut) = separator(rest) {
            rest = rest.get(cut.end..).unwrap_or_default();
        }
        rest
    }
}

/// Where the part of a sentence ends that belongs to the figure before.
fn separator(text: &str) -> Option<Range<usize>> {
    const WORDS: &[&str] =
        &[" and ", " but ", " while ", " whereas ", " or ", " against ", " versus ", " vs "];
    let sign = text
        .char_indices()
        .find(|(_, c)| matches!(c, ',' | ';' | '(' | ')' | '—' | '–' | '|'))
        .map(|(at, c)| at..at + c.len_utf8());
    let words = WORDS.iter().filter_map(|word| text.find(word).map(|at| at..at + word.len()));
    words.chain(sign).min_by_key(|range| range.start)
}
