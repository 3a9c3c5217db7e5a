//! Questions that have the words of a workflow and ask for something else: for the opposite, for what was (`Did we spend ...?`),
//! for a reason, or about somebody else. Words alone do not tell what those want.

use std::collections::BTreeSet;

use super::amounts::Unit;
use super::answer::Missing;
use super::index::Scored;
use super::params::Filled;
use super::reading::{Text, is_slot};
use super::target::Entry;
use super::terms::Stems;
use super::verbatim::Piece;
use super::words::{Kind, Token, tokens};

/// What a question begins with, where that tells what kind of answer it wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lead {
    /// `Did`, `was`: what happened.
    Past,
    /// A reason.
    Why,
    /// A person.
    Who,
    /// A time.
    When,
    /// A way, or an extent.
    How,
    /// A place.
    Where,
    /// A thing, or one of several.
    Which,
}

/// Words before a question that are no part of it.
const OPENERS: &[&str] = &[
    "and", "but", "so", "ok", "okay", "please", "pls", "hey", "hi", "hello", "then", "also",
    "well", "now", "just", "quick", "question", "tell", "me", "us", "i", "wonder", "show", ",",
    "-", ":", "\"", "'",
];

/// Small words for less or for something else, where a workflow is asked with an amount for more.
const LESS: &[&str] = &["away", "back", "less", "fewer", "lower", "instead", "rather"];

/// Before a word that is asked of whoever answers: `Can you check if ...?`
const ADDRESSES: &[&str] = &["you", "please", "pls"];

/// Between these and a noun stands nothing that is done: `room for catering`.
const OF: &[&str] = &["of", "for", "on", "in", "to", "into"];

/// Words for what was, ought to be, can be and would be.
const MOODS: &[&[&str]] = &[
    &["did", "was", "were"],
    &["should", "shall", "must", "ought"],
    &["can", "could", "may", "might"],
    &["will", "would"],
];

/// Words that say no.
const NOT: &[&str] = &["not", "never", "neither", "nor", "cannot", "without"];

/// Such words whose mark was left out.
const BARE: &[&str] =
    &["dont", "cant", "shouldnt", "isnt", "wasnt", "doesnt", "didnt", "wont", "couldnt"];

/// Before these `don't` asks; before a verb it commands.
const SUBJECTS: &[&str] = &["we", "they", "our", "the", "it", "you", "i"];

/// Words for any of several, or all.
const ANY: &[&str] = &["any", "every", "each", "all", "none"];

impl Lead {
    /// What a question begins with; none where that leaves open what it wants (`Can we ...?`, `Is it ...?`).
    fn of(tokens: &[Token], stems: &Stems) -> Option<Self> {
        let mut rest = tokens.iter().skip_while(|token| token.is(OPENERS));
        let (first, second) = (rest.next()?, rest.next());
        let second_is = |words: &[&str]| second.is_some_and(|token| token.is(words));
        match first.text.as_str() {
            "did" | "was" | "were" => Some(Self::Past),
            "why" => Some(Self::Why),
            "who" | "whose" | "whom" => Some(Self::Who),
            "when" => Some(Self::When),
            // `How profitable was ...` asks whether it was.
            "how" if second.is_some_and(|token| stems.is_idle(token)) => Some(Self::How),
            "where" => Some(Self::Where),
            // `What about $50K?` asks nothing of its own.
            "what" | "which" if !second_is(&["about"]) => Some(Self::Which),
            _ => None,
        }
    }
}

/// What the sentences of the examples of a workflow begin with.
pub(super) fn leads(examples: &[String], stems: &Stems) -> BTreeSet<Lead> {
    examples.iter().flat_map(|example| leads_of(&tokens(example), stems)).collect()
}

fn leads_of(tokens: &[Token], stems: &Stems) -> BTreeSet<Lead> {
    let ends = |token: &Token| token.kind == Kind::Mark && token.is(&["?", "!", "."]);
    tokens.split(ends).filter_map(|sentence| Lead::of(sentence, stems)).collect()
}

/// Why it is not sure that a question which has the words of a workflow asks for it; none where nothing speaks against it.
pub(super) fn slant(text: &Text, it: &Scored<'_>, stems: &Stems) -> Option<&'static str> {
    let entry = it.entry;
    if is_negated(&text.tokens) {
        return Some("it asks for what is not");
    }
    if compares(text) {
        return Some("it compares one thing with another");
    }
    if is_other(text, it) {
        return Some("it does not ask what the only question of the closest workflow asks");
    }
    if has_other_numbers(text, entry) {
        return Some("it gives other numbers than those of the closest workflow");
    }
    let mut leads = leads_of(&text.tokens, stems);
    leads.extend(text.tokens.iter().any(|token| token.is(&["why"])).then_some(Lead::Why));
    if !leads.is_subset(&entry.leads) {
        return Some("it begins like none of the questions that are known");
    }
    if !entry.takes_amount() {
        return None;
    }
    let unknown = text.tokens.iter().enumerate().filter(|(at, _)| !it.knows(*at));
    let unknown: Vec<Token> = unknown.map(|(_, token)| token.clone()).collect();
    if is_less(&unknown) {
        return Some("it speaks of less, or of something instead");
    }
    if is_target(text) {
        return Some("it says what an amount is to become");
    }
    if recurs(&text.tokens) {
        return Some("it speaks of what is spent again and again");
    }
    unknown.iter().any(|token| token.is(&["already"])).then_some("it asks about what is over")
}

/// Whether one thing is compared with another one, and not with an amount.
fn compares(text: &Text) -> bool {
    let mut thans = (0..).zip(&text.tokens).filter(|(_, token)| token.is(&["than"]));
    thans.any(|(at, _)| !text.amounts.iter().any(|amount| amount.span.start == at + 1))
}

/// Whether it speaks of less, or of something instead, in small words.
pub(super) fn is_less(tokens: &[Token]) -> bool {
    let mut pairs = tokens.iter().zip(tokens.iter().skip(1));
    let gives_up = pairs.any(|(one, other)| one.is(&["give", "giving"]) && other.is(&["up"]));
    gives_up || tokens.iter().any(|token| token.is(LESS))
}

/// Whether an amount is what another one is to become (`raise the budget to $4M`).
fn is_target(text: &Text) -> bool {
    text.amounts.iter().filter(|amount| amount.unit == Unit::Dollars).any(|amount| {
        let before =
            |by: usize| amount.span.start.checked_sub(by).and_then(|at| text.tokens.get(at));
        let limits = before(2).is_some_and(|token| token.is(&["up", "yes", "commit"]));
        before(1).is_some_and(|token| token.is(&["to"])) && !limits
    })
}

/// Whether something is done each month, or for each of several.
fn recurs(tokens: &[Token]) -> bool {
    let mut pairs = tokens.iter().zip(tokens.iter().skip(1));
    pairs.any(|(one, other)| {
        let times = ["day", "week", "month", "quarter", "year", "head", "person"];
        one.is(&["every", "each", "per"]) && other.is(&times)
            || one.is(&["a"]) && other.is(&["head"])
    })
}

/// The places of words, other than those that every question has, that the file of a workflow does not hold in any form: such a
/// word may turn the question into its opposite (`Should we fire 10 engineers?`), whatever else of it is known. A noun may stand
/// for a value that is asked back for (`$50K of catering`).
pub(super) fn more(text: &Text, it: &Scored<'_>, filled: &Filled) -> Vec<usize> {
    let mut open = filled.missing.iter().filter(|missing| !missing.values.is_empty());
    let asks_back = open.any(Missing::is_unnamed);
    let is_more = |at: &usize| {
        let before = at.checked_sub(1).and_then(|at| text.tokens.get(at));
        let before_is = |words: &[&str]| before.is_some_and(|word| word.is(words));
        let behind_is = |word: &str| text.tokens.get(at + 1).is_some_and(|it| it.is(&[word]));
        let inquires = behind_is("whether") || behind_is("if") && before_is(ADDRESSES);
        !(inquires || asks_back && before_is(OF))
    };
    loose(text, it).filter(is_more).collect()
}

/// The places of words that a file does not hold in any form.
pub(super) fn loose(text: &Text, it: &Scored<'_>) -> impl Iterator<Item = usize> {
    text.content().filter(|at| {
        let stem = text.stems.get(*at).and_then(Option::as_ref);
        !it.knows(*at) && !stem.is_some_and(|stem| it.entry.says(stem))
    })
}

/// Whether a question leaves out a word of the only question that a workflow's file has, or asks in another mood: with nothing to
/// tell in what other ways it is asked, `Should we keep 10 engineers?` is not `Should we hire 10 engineers?`, and `What should we
/// spend?` is not `What did we spend?`
fn is_other(text: &Text, it: &Scored<'_>) -> bool {
    let ([only], [written]) = (it.entry.examples.as_slice(), it.entry.verbatim()) else {
        return false;
    };
    let asked = |term: &String| it.told.iter().any(|(sense, _)| sense.term == *term);
    let less = only.iter().any(|term| !is_slot(term) && !asked(term));
    let holds = |word: &str| written.iter().any(|piece| *piece == Piece::Word(word.to_owned()));
    let mut asked = MOODS.iter().filter(|words| text.tokens.iter().any(|token| token.is(words)));
    less || asked.any(|words| !words.iter().any(|word| holds(word)))
}

/// Whether a question gives a number where all that a workflow's questions say are others, which are no params of it.
fn has_other_numbers(text: &Text, entry: &Entry) -> bool {
    let held = || entry.verbatim().iter().flatten();
    let fixed =
        |unit: Unit| held().any(|piece| matches!(piece, Piece::Number(_, of) if *of == unit));
    text.amounts.iter().any(|amount| {
        let same = Piece::Number(amount.value, amount.unit);
        fixed(amount.unit) && !held().any(|piece| *piece == same)
    })
}

/// Whether a question is about any or all of the values that a param has, and not about one of them: `Which campaigns ...?`,
/// `any campaign`. `param` is its name, in words that `_` joins.
pub(super) fn is_about_several(text: &Text, param: &str, stems: &Stems) -> bool {
    let nouns: Vec<(Token, Option<String>)> =
        tokens(param).into_iter().map(|token| (token.clone(), stems.stem(&token))).collect();
    text.tokens.iter().enumerate().any(|(at, token)| {
        let stem = text.stems.get(at).and_then(Option::as_ref);
        let noun = nouns.iter().find(|(_, noun)| stem.is_some() && noun.as_ref() == stem);
        let before = at.checked_sub(1).and_then(|at| text.tokens.get(at));
        noun.is_some_and(|(noun, _)| {
            noun.text != token.text || before.is_some_and(|word| word.is(ANY))
        })
    })
}

/// Whether a question is negated. `Profitable or not?` and `Isn't it profitable?` ask the same as without.
pub(super) fn is_negated(tokens: &[Token]) -> bool {
    tokens.iter().enumerate().any(|(at, token)| {
        let before = at.checked_sub(1).and_then(|at| tokens.get(at));
        let before_is = |words: &[&str]| before.is_some_and(|word| word.is(words));
        let asks = tokens.get(at + 1).is_some_and(|word| word.is(SUBJECTS));
        if token.text == "t" && token.glued && before_is(&["'"]) {
            let commands = tokens.first().is_some_and(|word| word.is(&["don"])) && !asks;
            return at > 2 || commands;
        }
        let is_not = token.is(NOT) && !before_is(&["or"]);
        is_not || token.is(BARE) && (at > 0 || token.is(&["dont"]) && !asks)
    })
}
