//! The numbers of the evidence, ordered so that a figure finds its value without reading all of them.

use super::evidence::{Entry, Origin};
use super::numbers::{Figure, Kind, Sign, given_figures};
use super::units::Unit;
use crate::value::Value;

/// A number of one node of the evidence.
#[derive(Clone, Debug)]
pub(super) struct Known {
    magnitude: f64,
    negative: bool,
    /// Whether it is written as a whole number.
    whole: bool,
    unit: Unit,
    pub(super) origin: Origin,
    /// Which entry of the node, and what of it: the path is only made where it is told.
    entry: usize,
    place: Place,
}

/// What of an entry a number is.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// One of its single values.
    Scalar(usize),
    /// How many rows one of its lists has.
    Rows(usize),
}

/// The numbers of entries by magnitude, those in their texts included ("Black Friday: 20% off"), and how many rows their
/// lists have.
pub(super) fn index(entries: &[Entry]) -> Vec<Known> {
    let mut numbers = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let mut scalar = 0;
        entry.walk(&mut |_, field, value| {
            let known = |magnitude, negative, whole, unit| Known {
                magnitude,
                negative,
                whole,
                unit,
                origin: entry.origin,
                entry: at,
                place: Place::Scalar(scalar),
            };
            match value {
                Value::Number(number) => {
                    let n = number.as_f64().unwrap_or_default();
                    let unit = Unit::named(entry.unit(field));
                    numbers.push(known(n.abs(), n < 0.0, !number.is_f64(), unit));
                }
                Value::String(text) => {
                    numbers.extend(given_figures(text).into_iter().map(|figure| {
                        let unit = match figure.kind {
                            Kind::Plain if figure.of_things => Unit::Count,
                            Kind::Plain => Unit::named(entry.unit(field)),
                            Kind::Money(_) | Kind::Percent | Kind::Ratio => Unit::from(figure.kind),
                        };
                        let whole = figure.value.fract() == 0.0;
                        known(figure.value, figure.sign == Sign::Minus, whole, unit)
                    }));
                }
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {}
            }
            scalar += 1;
        });
        if entry.origin == Origin::Data {
            let mut list = 0;
            entry.lists(&mut |_, rows| {
                numbers.push(Known {
                    magnitude: rows,
                    negative: false,
                    whole: true,
                    unit: Unit::Count,
                    origin: entry.origin,
                    entry: at,
                    place: Place::Rows(list),
                });
                list += 1;
            });
        }
    }
    numbers.sort_by(|a, b| a.magnitude.total_cmp(&b.magnitude));
    numbers
}

/// The paths of all numbers of some entries.
pub(super) struct Paths {
    /// By entry: its single values, each with whether it is a text.
    scalars: Vec<Vec<(String, bool)>>,
    /// By entry: its lists.
    lists: Vec<Vec<String>>,
}

impl Paths {
    pub(super) fn of(entries: &[Entry]) -> Self {
        let scalars = |entry: &Entry| {
            let mut found = Vec::new();
            entry.walk(&mut |path, _, value| found.push((path.to_owned(), value.is_string())));
            found
        };
        let lists = |entry: &Entry| {
            let mut found = Vec::new();
            entry.lists(&mut |path, _| found.push(format!("{path} | length")));
            found
        };
        Self {
            scalars: entries.iter().map(scalars).collect(),
            lists: entries.iter().map(lists).collect(),
        }
    }

    /// The path of a number of these entries, and whether it stands in a text.
    pub(super) fn get(&self, known: &Known) -> (&str, bool) {
        let found = match known.place {
            Place::Scalar(at) => {
                let scalar = self.scalars.get(known.entry).and_then(|found| found.get(at));
                scalar.map(|(path, is_text)| (path.as_str(), *is_text))
            }
            Place::Rows(at) => {
                let list = self.lists.get(known.entry).and_then(|found| found.get(at));
                list.map(|path| (path.as_str(), false))
            }
        };
        found.unwrap_or_default()
    }
}

/// How a number compares with a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// Rounded to the digits shown, it is that figure.
    Is,
    /// It would be, with the other sign.
    OtherSign,
}

/// The numbers that are this figure, or would be with the other sign.
pub(super) fn matches<'k>(
    numbers: &'k [Known],
    figure: &Figure,
) -> impl Iterator<Item = (&'k Known, Fit)> {
    Reading::all(figure.kind).iter().flat_map(move |reading| {
        let (below, above) = figure.reach();
        let (low, high) = (figure.value - below * 2.0, figure.value + above * 2.0);
        let start = numbers.partition_point(|known| reading.of(known.magnitude) < low);
        let near = numbers.get(start..).unwrap_or_default();
        near.iter()
            .take_while(move |known| reading.of(known.magnitude) <= high)
            .filter(|known| known.reads(figure, *reading))
            .filter_map(|known| Some((known, known.fit(figure, *reading)?)))
    })
}

/// The number that is the same as another one to the last digit, and of a unit that the figure cannot have.
pub(super) fn contradicting<'k>(
    numbers: &'k [Known],
    same_as: &Known,
    figure: &Figure,
) -> Option<&'k Known> {
    if !is_telling(same_as.magnitude) {
        return None;
    }
    let start = numbers.partition_point(|known| known.magnitude < same_as.magnitude);
    let same = numbers.get(start..).unwrap_or_default().iter();
    let mut same = same.take_while(|known| known.magnitude <= same_as.magnitude);
    same.find(|known| {
        let reads = |reading: &Reading| known.reads(figure, *reading);
        !known.is_of_unknown_unit()
            && known.origin == Origin::Data
            && matches!(known.place, Place::Scalar(_))
            && !Reading::all(figure.kind).iter().any(reads)
    })
}

/// Whether a value has so many digits that two values are not the same by chance.
fn is_telling(magnitude: f64) -> bool {
    const DIGITS: usize = 4;
    let text = magnitude.to_string();
    let digits = text.trim_start_matches(['0', '.']).trim_end_matches('0');
    digits.bytes().filter(u8::is_ascii_digit).count() >= DIGITS
}

/// The number nearest to a figure among those that it could stand for, as the figure would write it, with its distance.
pub(super) fn nearest<'k>(numbers: &'k [Known], figure: &Figure) -> Option<(&'k Known, f64, f64)> {
    /// How far from the right place one of the right unit is looked for.
    const AROUND: usize = 8;
    let candidates = Reading::all(figure.kind).iter().flat_map(|reading| {
        let middle = numbers.partition_point(|known| reading.of(known.magnitude) < figure.value);
        let around = middle.saturating_sub(AROUND)..numbers.len().min(middle + AROUND);
        let near = numbers.get(around).unwrap_or_default();
        near.iter()
            .filter(|known| known.origin == Origin::Data && known.reads(figure, *reading))
            .map(move |known| {
                let value = reading.of(known.magnitude);
                (known, known.signed(value), (value - figure.value).abs())
            })
    });
    candidates.min_by(|a, b| a.2.total_cmp(&b.2))
}

/// How a number stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    AsItIs,
    /// A ratio of 0.584 as 58.4 %.
    RatioInPercent,
    /// 231 % as 2.31x.
    PercentAsRatio,
}

impl Reading {
    fn all(kind: Kind) -> &'static [Self] {
        match kind {
            Kind::Percent => &[Self::AsItIs, Self::RatioInPercent],
            Kind::Ratio => &[Self::AsItIs, Self::PercentAsRatio],
            Kind::Money(_) | Kind::Plain => &[Self::AsItIs],
        }
    }

    fn of(self, magnitude: f64) -> f64 {
        match self {
            Self::AsItIs => magnitude,
            Self::RatioInPercent => magnitude * 100.0,
            Self::PercentAsRatio => magnitude / 100.0,
        }
    }
}

impl Known {
    /// A magnitude with the sign of this number.
    pub(super) fn signed(&self, magnitude: f64) -> f64 {
        if self.negative { -magnitude } else { magnitude }
    }

    /// Whether a figure of this kind may stand for the number, read so.
    ///
    /// Without a unit, a number is a percentage where it is more than one or whole, and a ratio where it is not whole
    /// or at most one: a thousand customers are not 100,000 %.
    fn reads(&self, figure: &Figure, reading: Reading) -> bool {
        match (figure.kind, self.unit, reading) {
            (Kind::Money(_), Unit::Ratio, Reading::AsItIs) => figure.per_dollar,
            (Kind::Plain, Unit::Money(_) | Unit::Percent, _) => !figure.of_things,
            (Kind::Plain, _, _)
            | (Kind::Percent, Unit::Percent, Reading::AsItIs)
            | (Kind::Percent, Unit::Ratio, Reading::RatioInPercent)
            | (Kind::Ratio, Unit::Percent, Reading::PercentAsRatio)
            | (Kind::Ratio, Unit::Ratio, Reading::AsItIs)
            | (Kind::Money(_) | Kind::Ratio, Unit::Unknown, Reading::AsItIs) => true,
            (Kind::Money(figure), Unit::Money(value), _) => figure == value,
            (Kind::Percent, Unit::Unknown, Reading::AsItIs) => self.magnitude > 1.0 || self.whole,
            (Kind::Percent, Unit::Unknown, Reading::RatioInPercent) => {
                !self.whole || self.magnitude <= 1.0
            }
            (Kind::Money(_) | Kind::Percent | Kind::Ratio, _, _) => false,
        }
    }

    /// Whether nobody said what it counts.
    pub(super) fn is_of_unknown_unit(&self) -> bool {
        self.unit == Unit::Unknown
    }

    /// Whether the number, read so and rounded to the digits shown, is the figure.
    fn fit(&self, figure: &Figure, reading: Reading) -> Option<Fit> {
        let value = reading.of(self.magnitude);
        // A half may be rounded either way; the slack is that of the arithmetic itself.
        let slack = figure.quantum * 1e-9 + value * 1e-14;
        let (below, above) = figure.reach();
        let near = figure.value - below - slack <= value && value <= figure.value + above + slack;
        // A zero has no sign of its own.
        let signed = match figure.sign {
            Sign::None => true,
            Sign::Minus => self.negative || figure.value <= 0.0,
            Sign::Plus => !self.negative || figure.value <= 0.0,
        };
        near.then_some(if signed { Fit::Is } else { Fit::OtherSign })
    }
}
