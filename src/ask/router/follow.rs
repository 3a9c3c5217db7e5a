//! Questions that only change what the one before was about: `What about Instagram?`, `And in 2024?`, `With 250 grand?`

use std::collections::BTreeSet;

use super::amounts::Unit;
use super::answer::Missing;
use super::factors::multiple;
use super::index::Index;
use super::params::{Filled, fill, is_required_number, number};
use super::reading::{How, Sense, Text, is_slot, is_year};
use super::slant::{is_less, is_negated};
use super::target::{Entry, Target};
use super::values::ParamValues;
use crate::ask::Known;
use crate::id::WorkflowName;
use crate::value::{Object, Value};

/// The params of a workflow that a question changes from what they were `before`; none where it changes nothing or is about
/// anything more. Of several values that it may mean, the one that is most like the value before is taken: after a campaign of
/// the holidays of 2025, `Instagram` is that of Instagram.
pub fn changed(
    index: &Index,
    workflow: &WorkflowName,
    before: &Object,
    question: &str,
) -> Option<Object> {
    let target = Target::Workflow(workflow.clone());
    let text = index.text(question);
    let (entry, told) = index.read(&target, &text)?;
    if let Some(scaled) = scaled(entry, &text, before) {
        return Some(scaled);
    }
    let turns_away = is_negated(&text.tokens) || is_less(&text.tokens) || is_relative(&text);
    if text.asks_number() || turns_away || is_about_more(entry, &text, &told) {
        return None;
    }
    let Filled { mut params, wrong_period, .. } = fill(entry, &text, &told, index.last);
    let asked = stems(&told, &text);
    for values in &entry.values {
        if !params.contains_key(&values.param)
            && let Some(old) = before.get(&values.param)
            && let Some(value) = nearest(values, old, &asked, &text.years())
        {
            params.insert(values.param.clone(), value);
        }
    }
    params.retain(|name, value| before.get(name) != Some(value));
    // A year that is a part of a value is no period.
    let dated = params.keys().any(|name| entry.values.iter().any(|values| values.param == *name));
    (!params.is_empty() && (dated || !wrong_period)).then_some(params)
}

/// The amount before, as often as a question says that says nothing else: `half of it`, `twice that`, `20% less`.
fn scaled(entry: &Entry, text: &Text, before: &Object) -> Option<Object> {
    let mut required = entry.params.iter().filter(|(_, param)| is_required_number(param));
    let ((name, param), None) = (required.next()?, required.next()) else { return None };
    let amount = before.get(name)?.as_f64()?;
    let has = |words: &[&str]| text.tokens.iter().any(|token| token.is(words));
    if !text.periods.is_empty() || has(&["again", "not"]) {
        return None;
    }
    let said = text.content().map(|at| text.stems.get(at).and_then(Option::as_ref));
    let factors = said.map(|stem| multiple(stem?));
    let shares = text.amounts.iter().map(|amount| {
        let share = (amount.unit == Unit::Percent).then_some(amount.value / 100.0)?;
        match (has(&["more", "higher"]), has(&["less", "lower"]), has(&["of"])) {
            (true, false, false) => Some(1.0 + share),
            (false, true, false) => Some(1.0 - share),
            (false, false, true) => Some(share),
            _ => None,
        }
    });
    let factors: Option<Vec<f64>> = factors.chain(shares).collect();
    let factors = factors?;
    let [factor] = factors.as_slice() else { return None };
    // Hundredths are what an amount has.
    let value = number((amount * factor * 100.0).round() / 100.0);
    param.bound_broken(&value).is_none().then(|| Object::from_iter([(name.clone(), value)]))
}

/// Whether an amount is told by the one before: `$100K more`.
fn is_relative(text: &Text) -> bool {
    let more =
        text.tokens.iter().any(|token| token.is(&["more", "extra", "additional", "another"]));
    more && text.amounts.iter().any(|amount| amount.unit == Unit::Dollars)
}

/// The params of a workflow of which a question that says nothing else names several values; those are all that is open.
pub fn narrowed(index: &Index, workflow: &WorkflowName, question: &str) -> Vec<Missing> {
    let text = index.text(question);
    let read = index.read(&Target::Workflow(workflow.clone()), &text);
    let Some((entry, told)) = read.filter(|(entry, told)| !is_about_more(entry, &text, told))
    else {
        return Vec::new();
    };
    let missing = fill(entry, &text, &told, index.last).missing.into_iter();
    missing.filter(|missing| !missing.is_unnamed() && !missing.values.is_empty()).collect()
}

/// Whether a question says nothing but a period.
pub fn names_only_time(index: &Index, question: &str) -> bool {
    let text = index.text(question);
    !text.periods.is_empty() && text.amounts.is_empty() && text.idle.iter().all(|idle| *idle)
}

pub(super) fn stems(told: &[(Sense, f64)], text: &Text) -> BTreeSet<String> {
    told.iter().filter_map(|(sense, _)| sense.stem.clone()).chain(text.numbers()).collect()
}

/// Whether any word is about something else than values, or than the params that hold them.
fn is_about_more(entry: &Entry, text: &Text, told: &[(Sense, f64)]) -> bool {
    let named: BTreeSet<String> =
        entry.params.iter().flat_map(|(name, _)| name.split('_')).map(str::to_owned).collect();
    let is_value =
        |sense: &Sense| matches!(sense.how, How::Value | How::Amount) || is_slot(&sense.term);
    let said = |at: usize| {
        told.iter().any(|(sense, _)| sense.span.contains(&at) && is_value(sense))
            || text.tokens.get(at).is_some_and(|token| named.contains(&token.text))
    };
    text.idle.iter().enumerate().any(|(at, idle)| !idle && !said(at))
}

/// The value that a question means by a part of it, the rest being as it was.
fn nearest(
    values: &ParamValues,
    old: &Value,
    asked: &BTreeSet<String>,
    years: &BTreeSet<String>,
) -> Option<Value> {
    let before = values.terms_of(old)?;
    let meant = values.meant(asked, years).values;
    if !meant.is_empty() {
        let like = |known: &Known| {
            values.terms_of(&known.value).map_or(0, |terms| terms.intersection(before).count())
        };
        let most = meant.iter().map(like).max()?;
        let mut best = meant.iter().filter(|known| like(known) == most);
        let one = best.next()?;
        return best.next().is_none().then(|| one.value.clone());
    }
    // A year alone is the same in that year.
    if years.is_empty() {
        return None;
    }
    let same: BTreeSet<String> = before.iter().filter(|term| !is_year(term)).cloned().collect();
    let meant = values.meant(&same, years);
    let [one] = meant.values.as_slice() else { return None };
    values.terms_of(&one.value).filter(|terms| !terms.is_disjoint(years))?;
    Some(one.value.clone())
}
