//! What a text says, to hold against it what a model takes for said: numbers in any form, months, values.

use std::collections::BTreeSet;
use std::ops::Range;

use super::amounts::{Amount, Unit};
use super::factors::factors;
use super::follow::stems;
use super::index::Index;
use super::months::{Month, Period};
use super::reading::Text;
use super::target::Target;
use super::values::ParamValues;
use super::words::{Kind, Token};
use crate::ask::Known;
use crate::value::unquoted;

/// How far, as a share, a written fraction may be from the one that is meant: 0.33 is a third.
const ROUNDED: f64 = 0.011;

/// Words for one of something.
const ONE: &[&str] = &["a", "an", "another", "single"];

/// How many words may stand between such a word and the name of what there is one of.
const BETWEEN: usize = 2;

/// Words before a number that says how many answers are wanted.
const RANKS: &[&str] = &["top", "best", "worst", "first", "bottom"];

/// What a text says, as a project's files read it.
pub struct Spoken<'i> {
    index: &'i Index,
    text: Text,
    /// Dollars and counts.
    plain: Vec<f64>,
    /// What percentages, other amounts and periods may stand for.
    other: Vec<f64>,
    /// What a reckoning may hold for words that say by how much.
    factors: Vec<f64>,
}

impl<'i> Spoken<'i> {
    /// Reads a question, with whatever was said before it.
    pub fn of(index: &'i Index, said: &str) -> Self {
        let text = index.text(said);
        let is_plain = |amount: &&Amount| matches!(amount.unit, Unit::Dollars | Unit::Count);
        let plain = text.amounts.iter().filter(is_plain).map(|amount| amount.value).collect();
        let amounts = text.amounts.iter().filter(|amount| !is_plain(amount));
        let mut other: Vec<f64> = amounts.flat_map(meanings).collect();
        // `18` of the past 18 months, and how many months a quarter has.
        let spans = text.periods.iter().flat_map(|found| found.span.clone());
        let written = spans.filter_map(|at| text.tokens.get(at)?.text.parse::<f64>().ok());
        let lengths = text.periods.iter().filter_map(|found| found.period?.months());
        other.extend(written.chain(lengths.map(f64::from)));
        let factors = factors(&text);
        Self { index, text, plain, other, factors }
    }

    /// Whether it says a number of dollars or of things, in digits or in words.
    pub fn says_plainly(&self, value: f64) -> bool {
        self.plain.iter().any(|number| is_same(*number, value))
    }

    /// Whether it says a number, be it as a percentage or as the length of a period.
    pub fn says_number(&self, value: f64) -> bool {
        self.says_plainly(value) || self.other.iter().any(|number| is_same(*number, value))
    }

    /// Whether it says that there is one of something that a value names: `a recruiter`, `another sales rep`.
    pub fn says_one(&self) -> bool {
        let named = |at: usize| {
            let stem = self.text.stems.get(at).and_then(Option::as_ref);
            let lists = self.index.entries.iter().flat_map(|entry| &entry.values);
            stem.is_some_and(|stem| lists.flat_map(ParamValues::terms).any(|term| term == stem))
        };
        let mut articles = self.text.tokens.iter().enumerate();
        articles.any(|(at, token)| token.is(ONE) && (at + 1..=at + 1 + BETWEEN).any(named))
    }

    /// Whether it says by how much or for how long something comes, so that a reckoning holds this number: `double`, `a third`,
    /// `over three years`.
    pub fn says_factor(&self, value: f64) -> bool {
        // A third is written with as many digits as somebody likes.
        self.factors.iter().any(|factor| (factor - value).abs() <= factor * ROUNDED)
    }

    /// The amounts that it says, as written.
    pub fn amounts(&self) -> Vec<String> {
        self.text.amounts.iter().map(|amount| written(&self.text, &amount.span)).collect()
    }

    /// Whether a month follows from a period that it says: it lies in it, in the one before, or in the same ones a year
    /// earlier, which it may be compared with.
    pub fn says_month(&self, month: Month) -> bool {
        let period = |period: Period| {
            let Some(length) = period.months() else { return month <= period.to };
            [0, -length, -12, -12 - length].iter().any(|shift| {
                let moved = period.shifted(*shift);
                moved.from.is_some_and(|from| from <= month) && month <= moved.to
            })
        };
        self.text.periods.iter().any(|found| match found.period {
            Some(known) => period(known),
            // Beyond the data any month of a year that it writes.
            None => written(&self.text, &found.span).contains(&month.year().to_string()),
        })
    }

    /// Whether a year follows from a period that it says.
    pub fn says_year(&self, year: i32) -> bool {
        (1..=12).any(|month| self.says_month(Month::new(year, month)))
    }

    /// Whether it names a value of a param, in the way of any file that knows the param: by a word of it or of its label.
    pub fn names(&self, param: &str, known: &Known) -> bool {
        let raw: BTreeSet<String> = self.text.stems.iter().flatten().cloned().collect();
        let mut is_known = false;
        for entry in &self.index.entries {
            let Some(values) = entry.values.iter().find(|values| values.param == *param) else {
                continue;
            };
            is_known |= values.terms_of(&known.value).is_some();
            let told = self.index.read(&entry.target, &self.text);
            let mut asked = told.map_or_else(BTreeSet::new, |(_, told)| stems(&told, &self.text));
            // A word that a file takes for another one may still name a value.
            asked.extend(raw.iter().cloned());
            if values.is_touched(known, &asked) {
                return true;
            }
        }
        // A value that no file lists: by any word of it.
        let own = self.index.text(&unquoted(&known.value));
        !is_known && own.stems.iter().flatten().any(|stem| raw.contains(stem))
    }

    /// Whether a value is a field of the company that an agent's file says it covers (marketing), and no thing among others.
    pub fn is_field(&self, known: &Known) -> bool {
        let own = self.index.text(&unquoted(&known.value));
        let terms: Vec<&String> = own.stems.iter().flatten().collect();
        let agents =
            self.index.entries.iter().filter(|entry| matches!(entry.target, Target::Agent(_)));
        let mut covers = agents.map(|entry| &entry.covers);
        !terms.is_empty() && covers.any(|covers| terms.iter().all(|term| covers.contains(*term)))
    }

    /// What a model's own text says that this one does not, as written: amounts, years, and how many there are of what this
    /// one speaks of.
    pub fn unsaid(&self, text: &str) -> Vec<String> {
        let other = self.index.text(text);
        let amounts = other.amounts.iter().filter(|amount| {
            let counted =
                amount.unit != Unit::Count || self.speaks_of_counted(&other, &amount.span);
            counted && !meanings(amount).any(|value| self.says_number(value))
        });
        let amounts = amounts.map(|amount| &amount.span);
        let years = other.periods.iter().filter(|found| {
            let year = |token: &Token| token.whole().filter(|_| token.text.len() == 4);
            let tokens = other.tokens.get(found.span.clone()).unwrap_or_default();
            tokens.iter().filter_map(year).any(|year| !self.says_year(year))
        });
        let unsaid = amounts.chain(years.map(|found| &found.span));
        unsaid.map(|span| written(&other, span)).collect()
    }

    /// Whether a count in another text is of something that this text speaks of: engineers, but not the top 3 of them.
    fn speaks_of_counted(&self, other: &Text, span: &Range<usize>) -> bool {
        let before = span.start.checked_sub(1).and_then(|at| other.tokens.get(at));
        let ranks = before.is_some_and(|token| token.is(RANKS));
        let mut behind = (span.end..other.tokens.len())
            .take_while(|at| other.tokens.get(*at).is_some_and(|token| token.kind == Kind::Word));
        let counted = behind.find(|at| other.idle.get(*at) == Some(&false));
        let stem = counted.and_then(|at| other.stems.get(at)?.as_ref());
        !ranks && stem.is_some_and(|stem| self.text.stems.iter().flatten().any(|own| own == stem))
    }
}

fn is_same(one: f64, other: f64) -> bool {
    (one - other).abs() <= other.abs() * 1e-9
}

/// The numbers that an amount may stand for: 20% is 20, 0.2, and 1.2 or 0.8 of what was.
/// What can be read in several ways stands for none.
fn meanings(amount: &Amount) -> impl Iterator<Item = f64> {
    let value = Some(amount.value).filter(|_| amount.unit != Unit::Unclear);
    let share = value.filter(|_| amount.unit == Unit::Percent).map(|percent| percent / 100.0);
    let shares = share.into_iter().flat_map(|share| [share, 1.0 + share, 1.0 - share]);
    value.into_iter().chain(shares)
}

fn written(text: &Text, span: &Range<usize>) -> String {
    let mut out = String::new();
    for token in text.tokens.get(span.clone()).unwrap_or_default() {
        if !out.is_empty() && !token.glued {
            out.push(' ');
        }
        out.push_str(&token.text);
    }
    out
}
