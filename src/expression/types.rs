//! What is known of a value before anything runs: its type and, where someone said so, its unit.

use std::collections::{BTreeMap, BTreeSet};

/// The type of a value, as far as it can be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Type {
    /// Anything.
    #[default]
    Any,
    /// Nothing.
    Null,
    /// A text.
    Text,
    /// A text that is one of these.
    Words(BTreeSet<String>),
    /// true or false.
    Boolean,
    /// A number, and what it counts where that is known.
    Number(Option<Unit>),
    /// A map with exactly these names.
    Fields(BTreeMap<String, Self>),
    /// A list of such values.
    List(Box<Self>),
}

/// What a number counts: `usd`, `percent`, `ratio`, `months`… Any word a tool's `units` says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unit(String);

impl Unit {
    /// The unit of a word; none for `number`, which says nothing but that it is one.
    pub fn new(word: &str) -> Option<Self> {
        (word != "number").then(|| Self(word.to_owned()))
    }

    /// Its word.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it scales other numbers without changing what they count.
    pub(super) fn is_ratio(&self) -> bool {
        self.0 == "ratio"
    }

    pub(super) fn ratio() -> Self {
        Self("ratio".to_owned())
    }
}

impl Type {
    /// A number of unknown unit.
    pub const NUMBER: Self = Self::Number(None);

    /// The type of a written value.
    pub fn of(value: &crate::value::Value) -> Self {
        use crate::value::Value;
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(_) => Self::NUMBER,
            Value::String(_) => Self::Text,
            Value::Array(items) => Self::List(Box::new(Self::any_of(items.iter().map(Self::of)))),
            Value::Object(object) => Self::Fields(
                object.iter().map(|(key, value)| (key.clone(), Self::of(value))).collect(),
            ),
        }
    }

    /// What has one of these types.
    pub(super) fn any_of(types: impl IntoIterator<Item = Self>) -> Self {
        types.into_iter().reduce(Self::or).unwrap_or_default()
    }

    /// The same without the words that a text is one of.
    pub(super) fn widened(self) -> Self {
        match self {
            Self::Words(_) => Self::Text,
            Self::List(items) => Self::List(Box::new(items.widened())),
            other => other,
        }
    }

    /// What has this type or the other. What may be null is its other type: it is that where it is used.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Null, one) | (one, Self::Null) => one,
            (Self::Number(a), Self::Number(b)) => Self::Number(if a == b { a } else { None }),
            (Self::List(a), Self::List(b)) => Self::List(Box::new(a.or(*b))),
            (Self::Words(a), Self::Words(b)) => Self::Words(a.into_iter().chain(b).collect()),
            (Self::Words(_), Self::Text) | (Self::Text, Self::Words(_)) => Self::Text,
            (Self::Fields(a), Self::Fields(b)) if a.keys().eq(b.keys()) => {
                let both = a.into_iter().zip(b.into_values());
                Self::Fields(both.map(|((name, a), b)| (name, a.or(b))).collect())
            }
            (a, b) if a == b => a,
            _ => Self::Any,
        }
    }

    /// The type at the end of a path; `Any` where it leads nowhere that is known.
    #[must_use]
    pub fn at(&self, path: &[String]) -> Self {
        let mut found = self;
        for segment in path {
            found = match found {
                Self::Fields(fields) => match fields.get(segment) {
                    Some(field) => field,
                    None => return Self::Any,
                },
                Self::List(items) if segment.parse::<usize>().is_ok() => items,
                _ => return Self::Any,
            };
        }
        found.clone()
    }

    /// The first segment of `path` that the type has no place for, by index, and what is there instead.
    pub fn missing(&self, path: &[String]) -> Option<(usize, &Self)> {
        let mut found = self;
        for (index, segment) in path.iter().enumerate() {
            found = match found {
                Self::Any => return None,
                Self::Fields(fields) => match fields.get(segment) {
                    Some(field) => field,
                    None => return Some((index, found)),
                },
                Self::List(items) if segment.parse::<usize>().is_ok() => items,
                Self::Null
                | Self::Text
                | Self::Words(_)
                | Self::Boolean
                | Self::Number(_)
                | Self::List(_) => {
                    return Some((index, found));
                }
            };
        }
        None
    }

    /// Whether it is a text.
    pub(super) fn is_text(&self) -> bool {
        matches!(self, Self::Text | Self::Words(_))
    }

    /// How a message calls it.
    pub fn describe(&self) -> String {
        match self {
            Self::Any => "a value".to_owned(),
            Self::Null => "null".to_owned(),
            Self::Text | Self::Words(_) => "a text".to_owned(),
            Self::Boolean => "true or false".to_owned(),
            Self::Number(None) => "a number".to_owned(),
            Self::Number(Some(unit)) => format!("a number ({})", unit.as_str()),
            Self::Fields(_) => "a map".to_owned(),
            Self::List(_) => "a list".to_owned(),
        }
    }
}
