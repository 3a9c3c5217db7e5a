//! Text to a positioned tree, read once. A tree knows where every key and value stands; it knows nothing of what
//! they mean.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Error, Location, Spanned, budget};

use crate::diagnostic::{Diagnostic, Span};
use crate::value::{Object, Value, pointer_segment};

/// A value and its place.
#[derive(Debug)]
pub(super) struct Node {
    /// Where it stands. Of lists and maps only the beginning is exact.
    pub(super) span: Span,
    pub(super) kind: Kind,
    /// Where its text begins in the file, in bytes; scalars only.
    pub(super) offset: Option<usize>,
}

/// What a node holds.
#[derive(Debug)]
pub(super) enum Kind {
    Scalar(Value),
    List(Vec<Node>),
    /// Entries in the order written, repeated keys included.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Span,
    pub(super) value: Node,
}

/// Reads a YAML document: the tree, or why there is none.
pub(super) fn read(text: &str) -> Result<Node, Box<Diagnostic>> {
    if text.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#')) {
        return Err(Box::new(Diagnostic::new("empty-file", "the file is empty").help(
            "`engine schema` prints what each kind of file holds, `engine init` writes examples",
        )));
    }
    parse(text).map_err(|error| Box::new(super::syntax::diagnostic(text, &error)))
}

/// The tree of a YAML document, or the parser's word.
pub(super) fn parse(text: &str) -> Result<Node, Error> {
    // Files are written by people: these bounds stop bombs and stay far above what anybody writes.
    let options = serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        reject_unsupported_tags: true,
        with_snippet: false,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 100_000 },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        budget: budget! {
            max_depth: 64,
            flow_nesting_limit: 64,
            max_events: 5_000_000,
            max_nodes: 2_000_000,
            max_total_scalar_bytes: 64 << 20,
            max_recorded_anchor_events: 100_000,
        },
    };
    serde_saphyr::from_str_with_options::<Spanned<Raw>>(text, options)
        .map(|raw| node(raw.value, raw.referenced))
}

impl Node {
    /// The plain JSON value; of a repeated key the first value counts.
    pub(super) fn lower(&self) -> Value {
        match &self.kind {
            Kind::Scalar(value) => value.clone(),
            Kind::List(items) => items.iter().map(Self::lower).collect(),
            Kind::Map(entries) => {
                let mut object = Object::new();
                for entry in entries {
                    object.entry(entry.key.clone()).or_insert_with(|| entry.value.lower());
                }
                Value::Object(object)
            }
        }
    }

    /// The node at a JSON pointer, with the place of its key; where the pointer leads nowhere, its nearest ancestor.
    pub(super) fn at(&self, pointer: &str) -> (&Self, Option<Span>) {
        let (mut node, mut key) = (self, None);
        for segment in pointer.split('/').skip(1) {
            let segment = segment.replace("~1", "/").replace("~0", "~");
            match &node.kind {
                Kind::Map(entries) => {
                    let Some(entry) = entries.iter().find(|entry| entry.key == segment) else {
                        break;
                    };
                    (node, key) = (&entry.value, Some(entry.key_span));
                }
                Kind::List(items) => {
                    let Some(item) = segment.parse().ok().and_then(|index: usize| items.get(index))
                    else {
                        break;
                    };
                    (node, key) = (item, None);
                }
                Kind::Scalar(_) => break,
            }
        }
        (node, key)
    }

    /// The JSON pointer of the key that stands at a place.
    pub(super) fn pointer_of(&self, key: Span) -> Option<String> {
        match &self.kind {
            Kind::Scalar(_) => None,
            Kind::List(items) => (0..).zip(items).find_map(|(number, item): (usize, _)| {
                Some(format!("/{number}{}", item.pointer_of(key)?))
            }),
            Kind::Map(entries) => entries.iter().find_map(|entry| {
                let below = if entry.key_span == key {
                    String::new()
                } else {
                    entry.value.pointer_of(key)?
                };
                Some(format!("/{}{below}", pointer_segment(&entry.key)))
            }),
        }
    }

    /// Keys that stand twice in one map, with the place of the first: `(key, second, first)`.
    pub(super) fn repeated_keys(&self) -> Vec<(String, Span, Span)> {
        let mut found = Vec::new();
        let mut open = vec![self];
        while let Some(node) = open.pop() {
            match &node.kind {
                Kind::Scalar(_) => {}
                Kind::List(items) => open.extend(items),
                Kind::Map(entries) => {
                    let mut seen = std::collections::BTreeMap::new();
                    for entry in entries {
                        if let Some(first) = seen.get(&entry.key) {
                            found.push((entry.key.clone(), entry.key_span, *first));
                        } else {
                            seen.insert(&entry.key, entry.key_span);
                        }
                    }
                    open.extend(entries.iter().map(|entry| &entry.value));
                }
            }
        }
        found
    }
}

/// A node as serde gives it.
enum Raw {
    Scalar(Value),
    List(Vec<Spanned<Self>>),
    Map(Vec<(Spanned<String>, Spanned<Self>)>),
}

fn node(raw: Raw, at: Location) -> Node {
    let scalar = matches!(raw, Raw::Scalar(_));
    let kind = match raw {
        Raw::Scalar(value) => Kind::Scalar(value),
        Raw::List(items) => {
            Kind::List(items.into_iter().map(|item| node(item.value, item.referenced)).collect())
        }
        Raw::Map(entries) => Kind::Map(
            entries
                .into_iter()
                .map(|(key, value)| Entry {
                    key_span: span(key.referenced, true),
                    key: key.value,
                    value: node(value.value, value.referenced),
                })
                .collect(),
        ),
    };
    let offset = at.span().byte_offset().and_then(|offset| usize::try_from(offset).ok());
    Node { span: span(at, scalar), kind, offset: offset.filter(|_| scalar) }
}

fn span(at: Location, scalar: bool) -> Span {
    let size = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).max(1);
    let width = if scalar { size(at.span().len()) } else { 1 };
    Span::on_line(size(at.line()), size(at.column()), width)
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Raw, E> {
        match serde_json::Number::from_f64(value) {
            Some(number) => Ok(Raw::Scalar(Value::Number(number))),
            None => Err(E::custom("not a finite number")),
        }
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}
