//! Misspelt words for periods: `last qarter`, `Febuary`.

use super::super::terms::Stems;
use super::super::typos::slips;
use super::super::words::{Kind, Token};
use super::points::NAMES;

/// Words that periods are made of, besides the names of months. `march` is also a verb, and near to too many words.
const WORDS: &[&str] = &[
    "month", "months", "quarter", "quarters", "year", "years", "since", "until", "through",
    "between", "previous", "prior", "current", "latest", "recent", "trailing", "upcoming",
    "fiscal", "calendar", "first", "second", "third", "fourth",
];

/// The tokens with misspelt words for periods as they are meant. Whatever the project's files hold (`is_own`), every question
/// has, or is another form of such a word (`quarterly`) is meant as it stands.
pub(in super::super) fn mended(
    tokens: &[Token],
    stems: &Stems,
    is_own: impl Fn(&str) -> bool,
) -> Vec<Token> {
    let vocabulary =
        || NAMES.iter().copied().filter(|name| *name != "march").chain(WORDS.iter().copied());
    let mend = |token: &Token| {
        let stays = token.kind != Kind::Word
            || is_own(&token.text)
            || stems.is_stop_word(token)
            || vocabulary().any(|word| word == token.text);
        let near = vocabulary().filter_map(|word| Some((slips(&token.text, word)?, word)));
        let near = near.filter(|(_, word)| !stays && !stems.are_forms(word, &token.text));
        let nearest = near.min();
        let text = nearest.map_or_else(|| token.text.clone(), |(_, word)| word.to_owned());
        Token { text, ..token.clone() }
    };
    tokens.iter().map(mend).collect()
}
