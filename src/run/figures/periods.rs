//! Figures of another period than the one that their clause names: `Email made $71,318 in Q3`, which is what it made in Q4.
//!
//! The period of a value is told by the times beside it, else by those that its tool was asked for. A figure is accused only where
//! the same value of the named period is in the evidence, and nothing in the sentence leads to another time.

use std::ops::Range;

use super::clause::Clause;
use super::context::{MONTHS, is_year};
use super::naming::is;
use super::numbers::Figure;
use super::operands::Operand;
use super::sentence::{Sentence, words_of};

/// Words that lead to another time than the one that is named.
const LEADS: &[&str] = &[
    "previous",
    "previously",
    "prior",
    "before",
    "earlier",
    "ago",
    "last",
    "since",
    "until",
    "then",
    "average",
    "averaged",
    "each",
    "every",
    "total",
    "overall",
    "altogether",
    "together",
    "combined",
    "cumulative",
    "annual",
    "yearly",
];

/// Words before a figure behind which another time is spoken of without a name: `$495,697, after $428,687`.
const ELSEWHERE: &[&str] = &[
    "after", "from", "than", "versus", "vs", "against", "compared", "to", "up", "down", "over",
    "above", "below",
];

/// Times without a name: `at the end of the year`.
const UNNAMED: &[&str] =
    &["year", "quarter", "month", "end", "beginning", "half", "now", "today", "currently"];

/// Words before a period that bind it to the figure before them.
const BINDS: &[&str] = &["in", "for", "of", "during", "at"];

/// Months from the year 0 on: the first and the last.
pub(super) type Span = (u32, u32);

/// A value of another period than the one that is named.
pub(super) struct OtherTime<'o> {
    pub(super) found: &'o Operand,
    /// The same value of the period that is named.
    pub(super) meant: &'o Operand,
}

/// Finds whether the figure is of another period than the one its clause names. `figures` are where the figures of the text
/// stand, in order.
pub(super) fn other_time<'o>(
    text: &str,
    figure: &Figure,
    figures: &[Range<usize>],
    operands: &'o [Operand],
) -> Option<OtherTime<'o>> {
    let found: Vec<&Operand> = operands.iter().filter(|operand| is(operand, figure)).collect();
    let first = *found.first()?;
    let spans: Vec<Span> = found.iter().map(|operand| operand.span).collect::<Option<_>>()?;
    let clause = Clause::around(text, figure, figures);
    if Sentence::of(clause.sentence).has(LEADS) {
        return None;
    }
    // An aside in brackets right behind it is its own.
    let (left, right) = (clause.left, clause.aside.unwrap_or(clause.right));
    let binds = clause.aside.is_some()
        || words_of(right).first().is_some_and(|word| BINDS.contains(&word.as_str()));
    let (behind, ahead) = (periods(right), periods(left));
    // Where its own part of the sentence names none, one that another figure stands beside is not its.
    let unnamed = Sentence::of(&format!("{left} {right}")).has(UNNAMED);
    let leads_on = Sentence::of(left).has(ELSEWHERE) || unnamed || !clause.is_first;
    let named = match (behind.as_slice(), ahead.as_slice()) {
        ([one], _) if binds => vec![*one],
        ([], [one]) => vec![*one],
        _ if leads_on => return None,
        _ => periods(clause.sentence),
    };
    if named.is_empty() || spans.iter().any(|span| named.iter().any(|period| period.is(*span))) {
        return None;
    }
    let meant = operands.iter().find(|operand| {
        operand.words == first.words
            && !operand.total
            && operand.span.is_some_and(|span| named.iter().any(|period| period.is(span)))
            && row(operand) == row(first)
    });
    meant.map(|meant| OtherTime { found: first, meant })
}

/// What a row is of, but for its time.
fn row(operand: &Operand) -> Vec<&String> {
    operand.labels.iter().filter(|label| of_label(label).is_none()).collect()
}

/// From the first to the last time among texts.
pub(super) fn hull<'t>(texts: impl Iterator<Item = &'t str>) -> Option<Span> {
    texts.filter_map(of_label).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}

/// The period that a text of the data is: `2025-10`, `2025-10-31`, `2025`, `2025-Q3`.
fn of_label(label: &str) -> Option<Span> {
    let label = label.to_lowercase();
    let parts: Vec<&str> = label.split(['-', ' ', '/']).filter(|part| !part.is_empty()).collect();
    let year = |text: &str| text.parse::<u32>().ok().filter(|_| is_year(text));
    match parts.as_slice() {
        [one] if year(one).is_some() => year(one).map(|year| (year * 12, year * 12 + 11)),
        [one] => {
            let (head, quarter) = one.split_once('q')?;
            Some(quarter_of(year(head)?, quarter.parse().ok()?)?)
        }
        [a, b] | [a, b, _] => {
            let (y, part) = match (year(a), year(b)) {
                (Some(y), _) => (y, *b),
                (None, Some(y)) => (y, *a),
                (None, None) => return None,
            };
            if let Some(quarter) = part.strip_prefix('q') {
                return quarter_of(y, quarter.parse().ok()?);
            }
            let month = part.parse::<u32>().ok().filter(|month| (1..=12).contains(month))?;
            Some((y * 12 + month - 1, y * 12 + month - 1))
        }
        _ => None,
    }
}

fn quarter_of(year: u32, quarter: u32) -> Option<Span> {
    (1..=4).contains(&quarter).then(|| (year * 12 + quarter * 3 - 3, year * 12 + quarter * 3 - 1))
}

/// A period that a text names, of one year or of any.
#[derive(Clone, Copy, Debug)]
pub(super) struct Period {
    year: Option<u32>,
    /// Months of the year from 0, the first and the last.
    months: (u32, u32),
}

impl Period {
    /// Whether a span is a part of it.
    pub(super) fn holds(self, (first, last): Span) -> bool {
        let year = first / 12;
        self.year.is_none_or(|own| own == year)
            && first >= year * 12 + self.months.0
            && last <= year * 12 + self.months.1
    }

    fn is(self, (first, last): Span) -> bool {
        let year = first / 12;
        self.year.is_none_or(|own| own == year)
            && first == year * 12 + self.months.0
            && last == year * 12 + self.months.1
    }
}

/// The periods that a text names: quarters, months, years.
pub(super) fn periods(text: &str) -> Vec<Period> {
    const ORDINALS: &[&str] = &["first", "second", "third", "fourth"];
    let written: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let words: Vec<String> = written.iter().map(|word| word.to_lowercase()).collect();
    let word = |at: usize| words.get(at).map(String::as_str);
    // It may rain in May.
    let is_name = |at: usize| written.get(at).is_some_and(|w| w.starts_with(char::is_uppercase));
    let year = |at: usize| word(at).filter(|word| is_year(word))?.parse::<u32>().ok();
    let (mut found, mut years_taken) = (Vec::new(), Vec::new());
    for at in 0..words.len() {
        let Some(one) = word(at) else { break };
        let quarter = one.strip_prefix('q').and_then(|n| n.parse::<u32>().ok());
        let spelled = ORDINALS.iter().position(|ordinal| *ordinal == one);
        let spelled = spelled.filter(|_| word(at + 1) == Some("quarter"));
        let spelled = spelled.and_then(|n| u32::try_from(n + 1).ok());
        let month = MONTHS.iter().take(12).position(|month| *month == one).filter(|_| is_name(at));
        let month = month.and_then(|n| u32::try_from(n).ok());
        let (months, end) = match (quarter.filter(|q| (1..=4).contains(q)), spelled, month) {
            (Some(q), _, _) => ((q * 3 - 3, q * 3 - 1), at + 1),
            (None, Some(q), _) => ((q * 3 - 3, q * 3 - 1), at + 2),
            (None, None, Some(m)) => ((m, m), at + 1),
            (None, None, None) => continue,
        };
        let behind = if word(end) == Some("of") { end + 1 } else { end };
        let ahead = at.checked_sub(1).filter(|ahead| !years_taken.contains(ahead));
        let place = Some(behind).filter(|at| year(*at).is_some());
        let place = place.or_else(|| ahead.filter(|at| year(*at).is_some()));
        years_taken.extend(place);
        found.push(Period { year: place.and_then(year), months });
    }
    let years = (0..words.len()).filter(|at| !years_taken.contains(at)).filter_map(year);
    let years: Vec<Period> =
        years.map(|year| Period { year: Some(year), months: (0, 11) }).collect();
    if found.is_empty() { years } else { found }
}
