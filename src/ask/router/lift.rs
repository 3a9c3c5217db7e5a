//! What a question names that another of its kind may name otherwise: values of params, amounts, a period.

use std::collections::BTreeSet;
use std::ops::Range;

use super::amounts::{Amount, Unit};
use super::follow::stems;
use super::index::Index;
use super::months::Period;
use super::params::number;
use super::reading::{Text, is_year};
use super::target::Target;
use crate::ask::Known;
use crate::value::Value;

/// Words that may stand between the words of one value.
const GAP: usize = 1;

/// Words that stand before a period and go with it.
pub(super) const BEFORE_PERIOD: &[&str] = &["in", "during", "for", "over", "within", "from", "the"];

/// Something that a question names.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// Where it stands in the question, in bytes.
    pub range: Range<usize>,
    /// What it is.
    pub what: Said,
}

/// What a question may name.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// A value that exists for a param of a workflow, or of a tool of an agent.
    Value {
        /// Whose param it is.
        target: Target,
        /// The param.
        param: String,
        /// The value.
        known: Known,
    },
    /// US dollars.
    Money(Value),
    /// A number of things.
    Count(Value),
    /// Months.
    Period(Period),
}

/// What a question names, in its order; nothing stands in two of them.
pub fn said(index: &Index, question: &str) -> Vec<Named> {
    let text = index.text(question);
    let mut found: Vec<(Range<usize>, Said)> = Vec::new();
    for period in &text.periods {
        if let Some(months) = period.period {
            let before = period.span.start.checked_sub(1).and_then(|at| text.tokens.get(at));
            let lead = usize::from(before.is_some_and(|token| token.is(BEFORE_PERIOD)));
            found.push((period.span.start - lead..period.span.end, Said::Period(months)));
        }
    }
    for amount in &text.amounts {
        found.extend(amount_said(amount).map(|said| (amount.span.clone(), said)));
    }
    let mut values = values_said(index, &text);
    // Of two that hold the same words, the longer one is meant, or the one of which they say more: an SDR is a role in sales.
    values.sort_by_key(|(span, _, terms)| std::cmp::Reverse((span.len(), *terms)));
    for (span, value, _) in values {
        let free =
            |taken: &(Range<usize>, Said)| taken.0.end <= span.start || span.end <= taken.0.start;
        // A year may be the value's own rather than a period.
        let within = |taken: &(Range<usize>, Said)| {
            matches!(taken.1, Said::Period(_))
                && span.start <= taken.0.start
                && taken.0.end <= span.end
        };
        if found.iter().all(|taken| free(taken) || within(taken)) {
            found.retain(free);
            found.push((span, value));
        }
    }
    found.sort_by_key(|(span, _)| span.start);
    let named = found.into_iter().filter_map(|(span, what)| {
        let first = text.tokens.get(span.start)?;
        let last = text.tokens.get(span.end.checked_sub(1)?)?;
        Some(Named { range: first.span.start..last.span.end, what })
    });
    named.collect()
}

/// Whether a question names a time that is not a part of a value's name, be it one that the data does not reach.
pub fn names_time(index: &Index, question: &str) -> bool {
    let text = index.text(question);
    let named = said(index, question);
    let mut starts = text.periods.iter().filter_map(|found| text.tokens.get(found.span.start));
    starts.any(|first| {
        let holds = |one: &Named| one.range.contains(&first.span.start);
        !named.iter().any(|one| matches!(one.what, Said::Value { .. }) && holds(one))
    })
}

fn amount_said(amount: &Amount) -> Option<Said> {
    match amount.unit {
        Unit::Dollars => Some(Said::Money(number(amount.value))),
        Unit::Count if amount.value.fract() == 0.0 => Some(Said::Count(number(amount.value))),
        Unit::Count | Unit::OtherMoney | Unit::Rate | Unit::Percent | Unit::Unclear => None,
    }
}

/// The values that are settled by the words of a question, with the words and how many terms of the value they are.
fn values_said(index: &Index, text: &Text) -> Vec<(Range<usize>, Said, usize)> {
    let mut found = Vec::new();
    let mut params = BTreeSet::new();
    // What a workflow takes comes first: its params are what people know.
    let workflows =
        index.entries.iter().filter(|entry| matches!(entry.target, Target::Workflow(_)));
    let agents = index.entries.iter().filter(|entry| matches!(entry.target, Target::Agent(_)));
    for entry in workflows.chain(agents) {
        let Some((_, told)) = index.read(&entry.target, text) else { continue };
        let asked = stems(&told, text);
        for values in &entry.values {
            let meant = values.meant(&asked, &text.years());
            let ([known], true) = (meant.values.as_slice(), meant.settled) else { continue };
            let Some(terms) = values.terms_of(&known.value) else { continue };
            let of_stems = told
                .iter()
                .filter(|(sense, _)| sense.stem.as_ref().is_some_and(|stem| terms.contains(stem)))
                .map(|(sense, _)| sense.span.clone());
            let years = text.tokens.iter().enumerate().filter_map(|(at, token)| {
                (is_year(&token.text) && terms.contains(&token.text)).then_some(at..at + 1)
            });
            let mut spans: Vec<Range<usize>> = of_stems.chain(years).collect();
            spans.sort_by_key(|span| span.start);
            let Some(span) = run(&spans) else { continue };
            if params.insert(values.param.clone()) {
                let (target, param) = (entry.target.clone(), values.param.clone());
                let said = Said::Value { target, param, known: known.clone() };
                found.push((span, said, terms.intersection(&asked).count()));
            }
        }
    }
    found
}

/// The first words that stand together.
fn run(spans: &[Range<usize>]) -> Option<Range<usize>> {
    let first = spans.first()?.clone();
    let together = spans.iter().skip(1).try_fold(first.clone(), |run, span| {
        if span.start <= run.end + GAP { Ok(run.start..run.end.max(span.end)) } else { Err(run) }
    });
    Some(together.unwrap_or_else(|run| run))
}
