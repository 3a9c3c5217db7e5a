//! Percentages whose words tell what they are made of: `41.5% of revenue`, `3.0% over its budget`, `up 31 %`.
//!
//! Such words leave so few formulas that one may be right however roughly the figure is rounded.

use super::clause::Clause;
use super::formulas::{CHANGE, DECLINE, Formula, GROWTH, Operation};
use super::numbers::{Figure, Sign};
use super::operands::{Class, Operand, same_thing};
use super::sentence::{Sentence, words_of};
use super::spoken::Spoken;
use super::units::ONES;

/// Words for more than something.
const MORE: &[&str] = &[
    "over",
    "above",
    "beyond",
    "more",
    "higher",
    "larger",
    "greater",
    "better",
    "overspent",
    "overspend",
    "overran",
    "overrun",
    "overshot",
    "exceeded",
    "exceeds",
    "exceed",
    "exceeding",
    "beats",
    "beat",
    "tops",
    "topped",
    "ahead",
];

/// Words for less.
const LESS: &[&str] = &[
    "under",
    "below",
    "less",
    "lower",
    "smaller",
    "fewer",
    "cheaper",
    "short",
    "behind",
    "left",
    "remaining",
    "remains",
    "remain",
    "unspent",
    "underspent",
    "within",
    "spare",
];

/// Words farther ahead of the figure do not compare it, and farther behind.
const AHEAD: usize = 6;
const BEHIND: usize = 3;

/// So few words lead from one figure to another that says the same.
const AGAIN: usize = 3;

/// Words between a verb and its figure: `rose by about 3 %`.
const BETWEEN: &[&str] =
    &["by", "about", "around", "roughly", "nearly", "almost", "some", "another", "over", "only"];

/// Times over which something changes.
const TIMES: &[&str] =
    &["year", "years", "quarter", "quarters", "month", "months", "week", "weeks", "period", "time"];

fn changes(word: &str) -> bool {
    [GROWTH, DECLINE, CHANGE].iter().any(|words| words.contains(&word))
}

/// Percentages that are told as a difference of two.
const POINTS: &[&str] = &["point", "pp", "bp", "basis"];

/// Whether a word compares one thing with another.
pub(super) fn compares(word: &str) -> bool {
    MORE.contains(&word) || LESS.contains(&word)
}

/// The formulas that the words around a percentage tell; none where they tell nothing of it.
pub(super) fn percentages<'o>(
    text: &str,
    clause: &Clause<'_>,
    figure: &Figure,
    spoken: &'o Spoken<'o>,
    operands: &'o [Operand],
) -> Option<Vec<Formula<'o>>> {
    let written = text.get(figure.range.clone()).unwrap_or_default().to_lowercase();
    if POINTS.iter().any(|points| written.contains(points)) || spoken.sentence.has(&["points"]) {
        return None;
    }
    if let Some(whole) = whole(text, clause, figure) {
        return Some(shares(&Sentence::of(whole), spoken));
    }
    let mut found = comparison(clause).map(|is_more| compared(is_more, spoken, operands));
    let (own, all) =
        (Sentence::of(&format!("{} {}", clause.nearest(), clause.right)), &spoken.sentence);
    let tells = |sentence: &Sentence| [GROWTH, DECLINE, CHANGE].map(|words| sentence.has(words));
    // Of what is compared only its own words tell a growth: `on 24 % more spend`.
    let told = tells(&own);
    let told = if found.is_some() || told.contains(&true) { told } else { tells(all) };
    let [up, down, change] = match figure.sign {
        Sign::None => told,
        Sign::Plus => [true, false, false],
        Sign::Minus => [false, true, false],
    };
    if up || down || change {
        let growth = growth(up || change, down || change, spoken, operands);
        found.get_or_insert_default().extend(growth);
    }
    found
}

/// What a percentage is said to be of: behind it, or at the beginning of its sentence.
fn whole<'t>(text: &'t str, clause: &Clause<'t>, figure: &Figure) -> Option<&'t str> {
    const ENDS: &[&str] = &[
        ", ", "; ", " (", ")", " while ", " and ", " but ", " on ", " is ", " was ", " are ", " — ",
    ];
    let until = |text: &'t str| {
        let end = ENDS.iter().filter_map(|mark| text.find(mark)).min();
        end.and_then(|end| text.get(..end)).unwrap_or(text)
    };
    let from = figure.range.end;
    let start = clause.sentence.as_ptr() as usize - text.as_ptr() as usize;
    let behind = text.get(from..start + clause.sentence.len())?.trim_start_matches(['*', '_', ' ']);
    if let Some(of) = behind.strip_prefix("of ") {
        return Some(until(of));
    }
    ["Of ", "Out of "]
        .iter()
        .find_map(|of| clause.sentence.trim_start().strip_prefix(of))
        .map(until)
}

/// Whether the words around the figure compare it with something, as more than that or as less.
fn comparison(clause: &Clause<'_>) -> Option<bool> {
    let tells = |word: &String| {
        let is = |list: &[&str]| list.contains(&word.as_str());
        if is(MORE) { Some(true) } else { is(LESS).then_some(false) }
    };
    let (left, right) = (words_of(clause.since), words_of(clause.right));
    // `over the year` tells a time, and `rose 3 %` a change.
    let is_time = right.iter().take(BEHIND + 1).any(|word| TIMES.contains(&word.as_str()));
    let last = left.iter().rev().find(|word| !BETWEEN.contains(&word.as_str()));
    let is_change = last.is_some_and(|word| !compares(word) && changes(word));
    if is_change {
        return None;
    }
    let behind = right.iter().take(BEHIND).find_map(tells).filter(|_| !is_time);
    let ahead = || left.iter().rev().take(AHEAD).find_map(tells);
    // `$72,378 over its budget, that is 3.9%`: the figure says again what another one said.
    let again = || {
        let until = clause.since.as_ptr() as usize - clause.sentence.as_ptr() as usize;
        let before = clause.sentence.get(..until).unwrap_or_default();
        let is_again = left.len() <= AGAIN || clause.since.trim_end().ends_with('(');
        words_of(before).iter().rev().find_map(tells).filter(|_| is_again)
    };
    behind.or_else(ahead).or_else(again)
}

/// Values as shares of the one that is named behind `of`.
fn shares<'o>(whole: &Sentence, spoken: &'o Spoken<'o>) -> Vec<Formula<'o>> {
    let wholes: Vec<&Operand> = spoken
        .named
        .iter()
        .chain(&spoken.totals)
        .copied()
        .filter(|one| is_in(whole, one))
        .collect();
    // What stands beside the whole may be named by some of its words: `media took` of a `media_spend`.
    let beside = |one: &&&Operand| {
        !spoken.named.iter().any(|named| named.path == one.path)
            && wholes.iter().any(|all| all.object == one.object)
    };
    let partly = spoken.partly.iter().filter(beside).copied();
    let parts = spoken.all().chain(partly);
    let mut found = Vec::new();
    for part in parts.filter(|part| !part.total) {
        for all in &wholes {
            let is_part = if all.total {
                part.list() == all.list() && part.words == all.words
            } else {
                !(part.is_row()
                    && all.is_row()
                    && part.list() == all.list()
                    && part.object != all.object)
                    || (part.words == all.words && whole.names_row(all))
            };
            let alike = part.class != Class::Share && part.class.is_like(all.class);
            if is_part && alike && part.path != all.path {
                let value = part.value.abs() / all.value.abs() * 100.0;
                found.push(Formula {
                    value,
                    operation: Operation::Share,
                    operands: vec![part, *all],
                });
            }
        }
    }
    found.retain(|formula| formula.value.is_finite());
    found
}

/// Whether a part of a sentence names a value that the sentence names: by its field, or by its row alone (`that of email`).
fn is_in(part: &Sentence, operand: &Operand) -> bool {
    operand.words.iter().all(|word| part.says(word))
        || part.has_initials(&operand.words)
        || (operand.is_row() && part.names_row(operand))
}

/// Values as so many times the one that is named or stated behind the figure.
pub(super) fn multiples<'o>(clause: &Clause<'_>, spoken: &'o Spoken<'o>) -> Vec<Formula<'o>> {
    /// `three times the extra $3.8M`
    const BETWEEN: usize = 3;
    let behind = Sentence::of(clause.right);
    let is_near = behind.words().len() <= BETWEEN;
    let is_stated =
        |one: &Operand| is_near && spoken.stated.iter().any(|stated| stated.path == one.path);
    let bases: Vec<&Operand> =
        spoken.all().filter(|one| is_in(&behind, one) || is_stated(one)).collect();
    ratios(spoken, &bases)
}

/// Values for each dollar of the one that is named beside that word: `of each revenue dollar`, `for every dollar of revenue`.
pub(super) fn each<'o>(spoken: &'o Spoken<'o>) -> Vec<Formula<'o>> {
    let words = spoken.sentence.words();
    let Some(at) = words.iter().position(|word| ONES.iter().any(|(one, _)| one == word)) else {
        return Vec::new();
    };
    let near = words.get(at.saturating_sub(1)..words.len().min(at + 5)).unwrap_or_default();
    let near = Sentence::of(&near.join(" "));
    let mut bases: Vec<&Operand> = spoken.all().filter(|one| is_in(&near, one)).collect();
    if bases.is_empty() {
        let is_base = |one: &&Operand| one.words.iter().any(|word| near.says(word));
        bases.extend(spoken.partly.iter().copied().filter(is_base));
    }
    ratios(spoken, &bases)
}

/// What is spoken of over each base.
fn ratios<'o>(spoken: &'o Spoken<'o>, bases: &[&'o Operand]) -> Vec<Formula<'o>> {
    let mut found = Vec::new();
    for one in spoken.all() {
        for base in bases.iter().filter(|base| base.is_apart(one) && base.value != 0.0) {
            if one.class.is_like(base.class) && one.class != Class::Share && one.total == base.total
            {
                let value = one.value.abs() / base.value.abs();
                found.push(Formula {
                    value,
                    operation: Operation::Ratio,
                    operands: vec![one, *base],
                });
            }
        }
    }
    found
}

/// How far values are above others, or below.
fn compared<'o>(
    is_more: bool,
    spoken: &'o Spoken<'o>,
    operands: &'o [Operand],
) -> Vec<Formula<'o>> {
    let mut found = Vec::new();
    let said: Vec<&Operand> = spoken.all().collect();
    let beside = |one: &&Operand| {
        !one.total
            && (said.iter().any(|named| named.object == one.object)
                || spoken.rows.contains(&one.object.as_str()))
    };
    let companions: Vec<&Operand> = operands.iter().filter(beside).collect();
    // `used: 1.03` is 3 % over.
    for used in
        companions.iter().filter(|one| one.class == Class::Share && (0.5..1.5).contains(&one.value))
    {
        let value = (used.value - 1.0) * 100.0;
        if (value > 0.0) == is_more {
            found.push(Formula { value, operation: Operation::Excess, operands: vec![used] });
        }
    }
    for one in &said {
        // What stands beside a value only counts where the sentence names nothing that it may be compared with.
        let is_alone =
            !said.iter().any(|other| other.is_apart(one) && other.class.is_like(one.class));
        let fitting = said
            .iter()
            .chain(companions.iter().filter(|other| is_alone && other.object == one.object));
        for other in fitting.filter(|other| other.is_apart(one) && other.class.is_like(one.class)) {
            let (high, low) = if one.value > other.value { (one, other) } else { (other, one) };
            let (of, base) = if is_more { (high, low) } else { (low, high) };
            if low.value > 0.0 {
                let value = (of.value - base.value) / base.value * 100.0;
                found.push(Formula {
                    value,
                    operation: Operation::Growth,
                    operands: vec![of, base],
                });
            }
        }
    }
    found
}

/// How far values grew since an earlier time, or fell.
fn growth<'o>(
    up: bool,
    down: bool,
    spoken: &'o Spoken<'o>,
    operands: &'o [Operand],
) -> Vec<Formula<'o>> {
    let mut found = Vec::new();
    let said: Vec<&Operand> = spoken
        .named
        .iter()
        .chain(&spoken.stated)
        .copied()
        .filter(|one| one.class != Class::Share)
        .collect();
    for one in &said {
        let is_same = |other: &&&Operand| {
            other.path != one.path
                && other.total == one.total
                && same_thing(one, other)
                && other.class == one.class
        };
        // The same of an earlier time in the same object, or that of the period before.
        let earlier = operands.iter().filter(|other| {
            let before = match (other.span, one.span) {
                (Some(other), Some(one)) => {
                    other.1 + 1 == one.0 && other.1 - other.0 == one.1 - one.0
                }
                _ => false,
            };
            is_same(&other)
                && one.is_earlier(other)
                && (other.object == one.object || (before && one.is_row_of(other)))
        });
        let stated = said.iter().copied().filter(|other| is_same(&other) && one.is_row_of(other));
        for other in earlier.chain(stated) {
            let value = (one.value - other.value) / other.value.abs() * 100.0;
            if value.is_finite() && ((up && value > 0.0) || (down && value < 0.0)) {
                found.push(Formula {
                    value,
                    operation: Operation::Growth,
                    operands: vec![one, other],
                });
            }
        }
    }
    found
}
