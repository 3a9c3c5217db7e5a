//! A reading of YAML that copes with text being typed: what stands where, by lines and indentation.
//!
//! It knows the YAML that people write in such files (maps, lists, scalars of all styles, lists and maps in brackets)
//! and never fails; of what it cannot make out it keeps what it can. What is right and wrong is not its business.

mod flow;
mod read;

use super::position::Place;

/// One step on the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Key(String),
    Item(usize),
}

/// A word of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Without its quotes.
    pub(super) text: String,
    pub(super) at: Place,
}

impl Word {
    pub(super) fn width(&self) -> usize {
        self.text.chars().count()
    }
}

/// A key, or an item of a list, with the scalar on its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: Vec<Segment>,
    pub(super) key: Option<Word>,
    pub(super) value: Option<Word>,
}

/// What a cursor stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The way to the value, or, where a key may begin, to its map.
    pub(super) path: Vec<Segment>,
    pub(super) at: At,
}

/// What is at a cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// A key, or a word that may become one.
    Word {
        /// What stands before the cursor.
        typed: String,
        /// All of it.
        word: Word,
        /// Whether a colon follows.
        keyed: bool,
    },
    /// A value.
    Value {
        /// Its text before the cursor, lines and all.
        before: String,
        /// Its text behind the cursor, on the same line.
        after: String,
        /// Whether it is more than a word: in quotes, a block, several lines.
        text: bool,
    },
}

/// What stands where in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outline {
    pub(super) entries: Vec<Entry>,
}

impl Outline {
    pub(super) fn read<'t>(lines: impl Iterator<Item = &'t str>) -> Self {
        Self { entries: read::read(lines, None).0 }
    }

    /// What a cursor stands in; none in a comment and the like.
    pub(super) fn cursor<'t>(lines: impl Iterator<Item = &'t str>, place: Place) -> Option<Cursor> {
        read::read(lines, Some(place)).1
    }

    /// The entry at a path.
    pub(super) fn at(&self, path: &[Segment]) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.path == path)
    }

    /// The scalar at a path.
    pub(super) fn scalar(&self, path: &[Segment]) -> Option<&Word> {
        self.at(path)?.value.as_ref()
    }

    /// What stands directly below a path.
    pub(super) fn below<'o>(&'o self, path: &'o [Segment]) -> impl Iterator<Item = &'o Entry> {
        self.entries
            .iter()
            .filter(move |entry| entry.path.len() == path.len() + 1 && entry.path.starts_with(path))
    }

    /// The keys of a map.
    pub(super) fn keys<'o>(&'o self, path: &'o [Segment]) -> impl Iterator<Item = &'o Word> {
        self.below(path).filter_map(|entry| entry.key.as_ref())
    }

    /// The steps that have an id: number and id.
    pub(super) fn steps(&self) -> impl Iterator<Item = (usize, &Word)> {
        self.entries.iter().filter_map(|entry| match entry.path.as_slice() {
            [Segment::Key(steps), Segment::Item(number), Segment::Key(id)]
                if steps == "steps" && id == "id" =>
            {
                Some((*number, entry.value.as_ref()?))
            }
            _ => None,
        })
    }

    /// The path of a step's key.
    pub(super) fn of_step(number: usize, key: &str) -> Vec<Segment> {
        path(["steps"])
            .into_iter()
            .chain([Segment::Item(number), Segment::Key(key.to_owned())])
            .collect()
    }
}

/// A path of keys.
pub(super) fn path<const N: usize>(keys: [&str; N]) -> Vec<Segment> {
    keys.into_iter().map(|key| Segment::Key(key.to_owned())).collect()
}

#[cfg(test)]
mod tests;
