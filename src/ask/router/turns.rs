//! The words by which a question takes up the one before it, and which say nothing of their own: `no, I meant Instagram`,
//! `for sales instead`, `make it 500k`.

use super::words::{Kind, Token, tokens};

/// What such a question begins with.
const OPENERS: &[&[&str]] = &[
    &["what", "about"],
    &["how", "about"],
    &["what", "if"],
    &["i", "mean"],
    &["i", "meant"],
    &["make", "it"],
    &["make", "that"],
    &["actually"],
    &["sorry"],
    &["oops"],
    &["wait"],
    &["rather"],
    &["well"],
    &["okay"],
    &["ok"],
    &["nope"],
    &["and"],
    &["but"],
];

/// What it ends with.
const CLOSERS: &[&[&str]] = &[&["instead"], &["rather"], &["then"], &["please"], &["this", "time"]];

/// A question without the words that only take up the one before it.
pub fn taken_up(question: &str) -> &str {
    let tokens = tokens(question);
    let mut rest = tokens.as_slice();
    loop {
        let words = match rest {
            [mark, ..] if mark.kind == Kind::Mark && !mark.is(&["$", "€", "£"]) => 1,
            // `no marketing` is another matter than `no, marketing`.
            [no, behind @ ..] if no.is(&["no"]) && (begins_with_mark(behind) || opens(behind)) => 1,
            _ => OPENERS.iter().find(|words| begins(rest, words)).map_or(0, |words| words.len()),
        };
        if words == 0 {
            break;
        }
        rest = rest.get(words..).unwrap_or_default();
    }
    while let Some((last, before)) = rest.split_last() {
        let words = CLOSERS.iter().find(|words| {
            let at = rest.len().checked_sub(words.len());
            at.and_then(|at| rest.get(at..)).is_some_and(|end| begins(end, words))
        });
        rest = match words {
            Some(words) => rest.get(..rest.len() - words.len()).unwrap_or_default(),
            None if last.is(&["?", "!", ".", ","]) => before,
            None => break,
        };
    }
    let (Some(first), Some(last)) = (rest.first(), rest.last()) else { return question };
    question.get(first.span.start..last.span.end).unwrap_or(question)
}

fn begins_with_mark(tokens: &[Token]) -> bool {
    tokens.first().is_some_and(|token| token.is(&[",", ".", "-", "–", "—"]))
}

fn opens(tokens: &[Token]) -> bool {
    OPENERS.iter().any(|words| begins(tokens, words))
}

fn begins(tokens: &[Token], words: &[&str]) -> bool {
    tokens.len() >= words.len()
        && tokens.iter().zip(words).all(|(token, word)| is_meant(token, word))
}

/// Whether a token is a word, with one slip where the word is long enough to bear it.
fn is_meant(token: &Token, word: &str) -> bool {
    token.text == word
        || token.kind == Kind::Word
            && word.len() >= 5
            && strsim::osa_distance(&token.text, word) == 1
            && token.text.chars().next() == word.chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_only_take_up_what_was_said_are_left_out() {
        for (question, rest) in [
            ("no, I meant Instagram", "Instagram"),
            ("no i meant instagram!", "instagram"),
            ("what abuot instagram?", "instagram"),
            ("for sales instead", "for sales"),
            ("And $20K?", "$20K"),
            ("make it 500k, please", "500k"),
            ("Sorry, rather the one of Google then?", "the one of Google"),
            ("no marketing at all", "no marketing at all"),
            ("How much is it?", "How much is it"),
            ("what about?", "what about?"),
            ("", ""),
        ] {
            assert_eq!(taken_up(question), rest, "{question}");
        }
    }
}
