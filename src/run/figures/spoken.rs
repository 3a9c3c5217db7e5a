//! What a sentence speaks of: values that it names in full, values that its other figures are, what the question is about, and sums of
//! the rows that it names.

use std::collections::BTreeMap;

use super::derive::TRIED;
use super::naming::{fits, is};
use super::numbers::{Figure, all_figures, given_figures};
use super::operands::Operand;
use super::periods::periods;
use super::sentence::{Sentence, sentence_around};
use super::signs::{is_named_by_side, tells_a_side};
use super::verify::Given;

/// A figure that may be more values than these says nothing of any.
const STATED: usize = 8;

/// A question that names more values than these asks about none of them.
const ASKED: usize = 20;

/// More sums than these are none that anybody speaks of.
const GROUPS: usize = 100;

/// Words that a sentence begins with which goes on about what the one before named.
const PRONOUNS: &[&str] = &["it", "its", "they", "their", "this", "that", "these", "those"];

/// The values that a formula may be made of.
pub(super) struct Spoken<'o> {
    pub(super) sentence: Sentence,
    /// All words of their fields are said, and their rows.
    pub(super) named: Vec<&'o Operand>,
    /// Half of the words of their fields are said, and their rows.
    pub(super) partly: Vec<&'o Operand>,
    /// Sums of columns whose words are said, beside a row as well.
    pub(super) totals: Vec<&'o Operand>,
    /// Other figures of the sentence.
    pub(super) stated: Vec<&'o Operand>,
    /// Of what is asked.
    pub(super) asked: Vec<&'o Operand>,
    /// Sums of rows and a column that are named, and values as many times as the sentence or the question says.
    pub(super) groups: Vec<Operand>,
    /// Sums of rows that are named, of columns that are not.
    pub(super) loose: Vec<Operand>,
    /// The rows that are named: the paths of their objects.
    pub(super) rows: Vec<&'o str>,
}

impl<'o> Spoken<'o> {
    pub(super) fn of(
        text: &str,
        figure: &Figure,
        operands: &'o [Operand],
        given: Given<'_>,
    ) -> Self {
        let place = sentence_around(text, figure.range.start);
        let own = text.get(place.clone()).unwrap_or_default();
        let mut sentence = Sentence::of(own);
        if sentence.begins_with(PRONOUNS) {
            let earlier = text.get(..place.start).unwrap_or_default().trim_end();
            let last = sentence_around(earlier, earlier.len().saturating_sub(1));
            let last = earlier.get(last).unwrap_or_default();
            sentence = Sentence::of(&format!("{last} {own}"));
        }
        let mut found = Found::of(&sentence, own, operands);
        let totals = found.named.iter().filter(|o| o.total).copied().collect();
        // The sum of a column is not spoken of beside one of its rows.
        let all = sentence.has(ALL);
        let columns: Vec<(&str, &str)> =
            found.named.iter().filter(|o| !o.total).map(|o| (o.list(), o.field())).collect();
        found.named.retain(|o| all || !o.total || !columns.contains(&(o.list(), o.field())));
        let mut stated = Vec::new();
        let others = all_figures(own).into_iter();
        let own_range = figure.range.start - place.start..figure.range.end - place.start;
        for other in
            others.filter(|o| o.range.end <= own_range.start || o.range.start >= own_range.end)
        {
            let fitting: Vec<&Operand> =
                operands.iter().filter(|o| fits(o, &other) && is(o, &other)).collect();
            let named: Vec<&Operand> =
                fitting.iter().filter(|o| sentence.names(o)).copied().collect();
            let some = if named.is_empty() { fitting } else { named };
            if some.len() <= STATED {
                stated.extend(some);
            }
        }
        let (asked, factor) = asked(&sentence, operands, given);
        let mut groups = found.groups;
        if let Some(factor) = factor {
            let times = found.named.iter().chain(&asked).map(|operand| operand.times(factor));
            groups.extend(times.collect::<Vec<_>>());
        }
        Self {
            named: found.named,
            partly: found.partly,
            totals,
            stated,
            asked,
            groups,
            loose: found.loose,
            rows: found.rows,
            sentence,
        }
    }

    /// All but what only the question speaks of.
    pub(super) fn all(&'o self) -> impl Iterator<Item = &'o Operand> {
        self.named.iter().chain(&self.stated).copied().chain(&self.groups)
    }
}

/// Words for all rows of a list.
pub(super) const ALL: &[&str] = &[
    "all",
    "total",
    "overall",
    "whole",
    "combined",
    "together",
    "altogether",
    "every",
    "entire",
    "sum",
    "blended",
    "across",
    "average",
    "each",
];

/// Words for what is not so yet.
const WOULD: &[&str] =
    &["would", "will", "could", "then", "after", "extra", "another", "additional", "means", "if"];

/// The factor that a sentence tells of something that is to be: `double`, `halving`.
pub(super) fn factor(sentence: &Sentence) -> Option<f64> {
    const FACTORS: &[(&[&str], f64)] = &[
        (&["double", "doubled", "doubles", "doubling", "twice"], 2.0),
        (&["triple", "tripled", "triples", "tripling", "thrice"], 3.0),
        (&["halve", "halved", "halves", "halving"], 0.5),
    ];
    FACTORS.iter().find_map(|(words, factor)| sentence.has(words).then_some(*factor))
}

/// What the texts that need no source speak of, and the factor that they or the sentence tell.
fn asked<'o>(
    sentence: &Sentence,
    operands: &'o [Operand],
    given: Given<'_>,
) -> (Vec<&'o Operand>, Option<f64>) {
    let texts: Vec<Sentence> = given.texts.iter().map(|text| Sentence::of(text)).collect();
    let asks = || texts.iter().find_map(factor).filter(|_| sentence.has(WOULD));
    let factor = factor(sentence).or_else(asks);
    let numbers: Vec<Figure> = given.texts.iter().flat_map(|text| given_figures(text)).collect();
    let is_asked = |operand: &&Operand| {
        !operand.total
            && (texts.iter().any(|text| text.names_wholly(operand))
                || numbers.iter().any(|number| {
                    number.value >= 2.0 && fits(operand, number) && is(operand, number)
                }))
    };
    let asked: Vec<&Operand> = operands.iter().filter(is_asked).take(ASKED + 1).collect();
    (if asked.len() > ASKED { Vec::new() } else { asked }, factor)
}

/// What one walk over the operands finds.
struct Found<'o> {
    named: Vec<&'o Operand>,
    partly: Vec<&'o Operand>,
    groups: Vec<Operand>,
    loose: Vec<Operand>,
    rows: Vec<&'o str>,
}

impl<'o> Found<'o> {
    fn of(sentence: &Sentence, own: &str, operands: &'o [Operand]) -> Self {
        let periods = periods(own);
        let (mut named, mut partly, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        let mut columns: BTreeMap<usize, Column> = BTreeMap::new();
        let mut groups: BTreeMap<(Group, bool, String), Vec<&Operand>> = BTreeMap::new();
        let mut row: (&str, bool) = ("", false);
        for operand in operands {
            // The values of a row follow one another.
            if operand.is_row() && row.0 != operand.object {
                row = (&operand.object, sentence.names_row_wholly(operand));
                rows.extend(Some(row.0).filter(|_| row.1 && rows.len() < TRIED));
            }
            let Column { is_named, is_partly, is_told } =
                *columns.entry(operand.column).or_insert_with(|| Column::of(operand, sentence));
            let is_said = !operand.is_row() || row.1;
            if is_named && is_said && named.len() < TRIED {
                named.push(operand);
            } else if is_partly && is_said && partly.len() < TRIED {
                partly.push(operand);
            }
            if !operand.is_row() {
                continue;
            }
            let mut add = |group: Group| {
                let column = format!("{}.*.{}", operand.list(), operand.field());
                groups.entry((group, is_named, column)).or_default().push(operand);
            };
            if row.1 {
                add(Group::Named);
            }
            for (at, period) in periods.iter().enumerate().filter(|_| is_named) {
                if operand.span.is_some_and(|span| period.holds(span)) {
                    add(Group::Within(at));
                }
            }
            if is_told {
                add(if operand.value < 0.0 { Group::Below } else { Group::Above });
            }
        }
        let (mut whole, mut loose) = (Vec::new(), Vec::new());
        // Rows that are all of one period are not told apart by it.
        let is_apart = |(group, _, _): &(Group, bool, String), rows: &[&Operand]| {
            let spans = || {
                rows.windows(2)
                    .any(|two| two.first().map(|one| one.span) != two.last().map(|one| one.span))
            };
            rows.len() > 1 && (!matches!(group, Group::Within(_)) || spans())
        };
        for ((_, is_named, _), rows) in groups.into_iter().filter(|(key, rows)| is_apart(key, rows))
        {
            let group = if is_named { &mut whole } else { &mut loose };
            if group.len() < GROUPS {
                group.extend(Operand::sum_of(&rows));
            }
        }
        Self { named, partly, groups: whole, loose, rows }
    }
}

/// How a sentence speaks of a field.
#[derive(Clone, Copy)]
struct Column {
    is_named: bool,
    is_partly: bool,
    /// By a word that tells the side of zero it is on.
    is_told: bool,
}

impl Column {
    fn of(operand: &Operand, sentence: &Sentence) -> Self {
        let count = operand.words.iter().filter(|word| sentence.says(word)).count();
        Self {
            is_named: count == operand.words.len()
                || sentence.has_initials(&operand.words)
                || is_named_by_side(operand, sentence),
            is_partly: count > 0 && count * 2 >= operand.words.len(),
            is_told: sentence.words().iter().any(|word| tells_a_side(operand, word)),
        }
    }
}

/// Rows that are spoken of together.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    /// Each is named.
    Named,
    /// Those of a period, by its place in the sentence.
    Within(usize),
    /// Those above and below zero, of a value that is named for one side: `the departments under plan`.
    Above,
    Below,
}

impl Sentence {
    /// Whether it names a value by all words of its field, and the row it stands in.
    pub(super) fn names_wholly(&self, operand: &Operand) -> bool {
        let is_named = operand.words.iter().all(|word| self.says(word));
        (is_named || self.has_initials(&operand.words))
            && (!operand.is_row() || self.names_row_wholly(operand))
    }

    /// Whether it names a row by a text that tells it from the others.
    fn names_row_wholly(&self, operand: &Operand) -> bool {
        operand.telling.iter().any(|label| self.labels(label))
    }
}
