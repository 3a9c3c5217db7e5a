//! Questions that a file holds word for word, up to what one of its kind may name otherwise: values, amounts, a period.

use super::amounts::{Amount, Unit};
use super::lift::BEFORE_PERIOD;
use super::months::Period;
use super::reading::{How, Sense, Text, is_year};
use super::typos::slips;
use super::words::Kind;

/// A stretch of a question.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    /// A word, also one that every question has.
    Word(String),
    /// A value of a param, or the place for one.
    Value(String),
    /// A number of something.
    Number(f64, Unit),
    /// The place for the number of a param.
    AnyNumber(String),
    /// Months; none beyond the data.
    Period(Option<Period>),
    /// The place for months.
    AnyPeriod,
}

/// The stretches of a text, given what a document made of its words.
pub(super) fn pieces(text: &Text, told: &[(Sense, f64)]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut at = 0;
    while let Some(token) = text.tokens.get(at) {
        let value = told.iter().find(|(sense, tells)| {
            sense.how == How::Value && *tells > 0.0 && sense.span.start == at
        });
        let number = text.amounts.iter().find(|amount| amount.span.start == at);
        let behind_value = matches!(pieces.last(), Some(Piece::Value(_)));
        if let Some((sense, _)) = value {
            let param = sense.term.trim_matches(['{', '}']).to_owned();
            if pieces.last() != Some(&Piece::Value(param.clone())) {
                pieces.push(Piece::Value(param));
            }
            at = sense.span.end;
        } else if behind_value && is_year(&token.text) {
            // `facebook holiday 2025`: the year is the value's own.
            at += 1;
        } else if let Some(found) = text.periods.iter().find(|found| found.span.start == at) {
            add_period(&mut pieces, Piece::Period(found.period));
            at = found.span.end;
        } else if let Some(Amount { value, unit, span }) = number {
            pieces.push(Piece::Number(*value, *unit));
            at = span.end;
        } else {
            if token.kind != Kind::Mark {
                pieces.push(Piece::Word(token.text.clone()));
            }
            at += 1;
        }
    }
    pieces
}

/// Adds a period without the words that only lead to it.
pub(super) fn add_period(pieces: &mut Vec<Piece>, period: Piece) {
    while let Some(Piece::Word(word)) = pieces.last()
        && BEFORE_PERIOD.contains(&word.as_str())
    {
        pieces.pop();
    }
    pieces.push(period);
}

/// What may differ from a question that a file holds, and asks the same of whoever answers.
#[derive(Clone, Copy)]
pub(super) struct Free {
    pub(super) numbers: bool,
    pub(super) periods: bool,
}

/// The numbers that a question gives for params where it is one that a file holds; none where it is another one.
pub(super) fn given(asked: &[Piece], held: &[Piece], free: Free) -> Option<Vec<(String, f64)>> {
    let same = |(asked, held): (&Piece, &Piece)| match (asked, held) {
        (Piece::Word(asked), Piece::Word(held)) => asked == held || slips(asked, held).is_some(),
        (Piece::Number(..), Piece::AnyNumber(_)) | (Piece::Period(_), Piece::AnyPeriod) => true,
        (Piece::Number(..), Piece::Number(..)) => free.numbers || asked == held,
        (Piece::Period(_), Piece::Period(_)) => free.periods || asked == held,
        (asked, held) => asked == held,
    };
    let pairs = asked.iter().zip(held);
    if asked.is_empty() || asked.len() != held.len() || !pairs.clone().all(same) {
        return None;
    }
    let number = |(asked, held): (&Piece, &Piece)| match (asked, held) {
        (Piece::Number(value, Unit::Dollars | Unit::Count), Piece::AnyNumber(param)) => {
            Some((param.clone(), *value))
        }
        _ => None,
    };
    Some(pairs.filter_map(number).collect())
}
