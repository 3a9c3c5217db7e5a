//! A text as one document reads it: its words through the document's synonyms, its values and its slots.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::amounts::{Amount, Unit, amounts};
use super::months::Month;
use super::periods::{self, Found, periods};
use super::terms::Stems;
use super::words::{Kind, Token, tokens};

/// The term that stands for an amount of money.
pub(super) const AMOUNT: &str = "{amount}";

/// Whether a term stands for a param or an amount.
pub(super) fn is_slot(term: &str) -> bool {
    term.starts_with('{')
}

/// A text, read as far as no document is needed.
#[derive(Clone)]
pub(super) struct Text {
    pub(super) tokens: Vec<Token>,
    pub(super) stems: Vec<Option<String>>,
    pub(super) idle: Vec<bool>,
    /// How many words it has that every question has.
    pub(super) stopped: usize,
    pub(super) periods: Vec<Found>,
    /// Misspelt words of the periods with what they were taken for, by their place.
    pub(super) misspelt: BTreeMap<usize, String>,
    pub(super) amounts: Vec<Amount>,
}

impl Text {
    /// A word that is one of the project's own (`is_own`) is no misspelt word for a period.
    pub(super) fn new(
        text: &str,
        stems: &Stems,
        last: Month,
        is_own: impl Fn(&str) -> bool,
    ) -> Self {
        let tokens = tokens(text);
        let meant = periods::mended(&tokens, stems, is_own);
        let periods = periods(&meant, last);
        let within = periods.iter().flat_map(|found| found.span.clone());
        let misspelt = within.filter_map(|at| {
            let meant = meant.get(at)?;
            (tokens.get(at)?.text != meant.text).then(|| (at, meant.text.clone()))
        });
        let misspelt = misspelt.collect();
        let taken: Vec<Range<usize>> = periods.iter().map(|found| found.span.clone()).collect();
        let amounts = amounts(&tokens, &taken);
        let stemmed = tokens.iter().map(|token| stems.stem(token)).collect();
        let mut idle: Vec<bool> = tokens.iter().map(|token| stems.is_idle(token)).collect();
        // `don't`: what the mark stands behind is no word of its own.
        let parts = tokens.windows(3).enumerate().filter(|(_, three)| {
            matches!(three, [_, mark, t] if mark.is(&["'"]) && mark.glued && t.is(&["t"]) && t.glued)
        });
        let taken_apart = parts.map(|(at, _)| at..at + 1);
        let spans = taken
            .into_iter()
            .chain(taken_apart)
            .chain(amounts.iter().map(|amount| amount.span.clone()));
        for at in spans.flatten() {
            if let Some(idle) = idle.get_mut(at) {
                *idle = true;
            }
        }
        let stopped = tokens.iter().filter(|token| stems.is_stop_word(token)).count();
        Self { tokens, stems: stemmed, idle, stopped, periods, misspelt, amounts }
    }

    /// The amounts that a param for money could mean, rightly or not.
    pub(super) fn money(&self) -> impl Iterator<Item = &Amount> {
        self.amounts.iter().filter(|amount| amount.unit != Unit::Count || amount.value >= 1000.0)
    }

    /// The places of the words that tell what it is about.
    pub(super) fn content(&self) -> impl Iterator<Item = usize> {
        self.idle.iter().enumerate().filter(|(_, idle)| !**idle).map(|(at, _)| at)
    }

    /// Whether it asks for a number, so that it cannot give it.
    pub(super) fn asks_number(&self) -> bool {
        let pairs = self.tokens.iter().zip(self.tokens.iter().skip(1));
        pairs.into_iter().any(|(how, much)| how.is(&["how"]) && much.is(&["much", "many"]))
    }

    /// The numbers that it holds, as written.
    pub(super) fn numbers(&self) -> impl Iterator<Item = String> {
        self.tokens
            .iter()
            .filter(|token| token.kind == Kind::Number)
            .map(|token| token.text.clone())
    }

    /// The calendar years that it names.
    pub(super) fn years(&self) -> BTreeSet<String> {
        let spans = self.periods.iter().filter_map(|found| found.period);
        let within = spans.filter_map(|period| {
            let year = period.to.year();
            (period.from?.year() == year).then(|| year.to_string())
        });
        let written = self.tokens.iter().filter(|token| is_year(&token.text));
        // `the holiday of 25`, `fb holiday 25`: two digits with which a question ends, behind a word.
        let words = self.tokens.iter().filter(|token| token.kind != Kind::Mark);
        let mut last = words.rev();
        let short = last.next().filter(|token| token.text.len() == 2).and_then(Token::whole);
        let behind_word = last.next().is_some_and(|token| token.kind == Kind::Word);
        let short = short.filter(|year| behind_word && (20..40).contains(year));
        let short = short.map(|year| (2000 + year).to_string());
        within.chain(written.map(|token| token.text.clone())).chain(short).collect()
    }
}

/// Whether a text is the number of a year.
pub(super) fn is_year(text: &str) -> bool {
    text.len() == 4 && text.parse().is_ok_and(|year: i32| (1900..2100).contains(&year))
}

/// How a word of a question was found in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// Word for word, in any of its forms.
    Word,
    /// As a synonym that the document gives.
    Synonym,
    /// As a misspelling.
    Typo,
    /// As a value of a param, or a part of one.
    Value,
    /// As an amount of money.
    Amount,
}

/// A term that a stretch of a text stands for.
#[derive(Clone, Debug)]
pub(super) struct Sense {
    pub(super) term: String,
    /// The stem behind a term that stands for a param.
    pub(super) stem: Option<String>,
    pub(super) span: Range<usize>,
    pub(super) how: How,
    /// It is spelled wrong, as far as is known.
    pub(super) mended: bool,
}

/// Phrases with the terms they stand for; longest first.
#[derive(Default)]
pub(super) struct Synonyms {
    phrases: Vec<(Vec<String>, Vec<String>)>,
}

impl Synonyms {
    pub(super) fn add(&mut self, phrase: Vec<String>, terms: Vec<String>) {
        if !phrase.is_empty() && !terms.is_empty() {
            self.phrases.push((phrase, terms));
            self.phrases.sort_by_key(|(phrase, _)| std::cmp::Reverse(phrase.len()));
        }
    }

    fn at(&self, stems: &[Option<String>]) -> Option<(usize, &[String])> {
        let starts = |phrase: &[String]| {
            stems.len() >= phrase.len()
                && phrase.iter().zip(stems).all(|(word, stem)| stem.as_ref() == Some(word))
        };
        let (phrase, terms) = self.phrases.iter().find(|(phrase, _)| starts(phrase))?;
        Some((phrase.len(), terms))
    }
}

/// The senses of a text by a document's synonyms and by the mended misspellings (position to term).
/// Words that every question has give none, unless a synonym holds them.
pub(super) fn senses(
    text: &Text,
    synonyms: &Synonyms,
    mended: &BTreeMap<usize, String>,
) -> Vec<Sense> {
    let stems: Vec<Option<String>> = text
        .stems
        .iter()
        .enumerate()
        .map(|(at, stem)| mended.get(&at).cloned().or_else(|| stem.clone()))
        .collect();
    let mut senses = Vec::new();
    let mut at = 0;
    while let Some(stem) = stems.get(at) {
        let how = if mended.contains_key(&at) { How::Typo } else { How::Word };
        if let Some((length, terms)) = synonyms.at(stems.get(at..).unwrap_or_default()) {
            let span = at..at + length;
            senses.extend(terms.iter().map(|term| Sense {
                term: term.clone(),
                stem: Some(term.clone()),
                span: span.clone(),
                how: How::Synonym,
                mended: false,
            }));
            at += length;
            continue;
        }
        if let Some(term) = stem
            && text.idle.get(at) == Some(&false)
        {
            senses.push(Sense {
                term: term.clone(),
                stem: Some(term.clone()),
                span: at..at + 1,
                how,
                mended: how == How::Typo,
            });
        }
        at += 1;
    }
    let money = text.money();
    senses.extend(money.map(|amount| Sense {
        term: AMOUNT.to_owned(),
        stem: None,
        span: amount.span.clone(),
        how: How::Amount,
        mended: false,
    }));
    senses
}
