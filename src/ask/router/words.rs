//! A question as tokens: words in lower case, numbers and marks, with what stood glued together.

use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters; `r&d` is one word.
    Word,
    /// Digits, with the commas and the point inside them.
    Number,
    /// Any other character.
    Mark,
}

/// A piece of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// As written, in lower case.
    pub(super) text: String,
    pub(super) kind: Kind,
    /// No space stands before it: `500k` is `500` and a glued `k`.
    pub(super) glued: bool,
    /// A capital begins it where none must stand: within a sentence.
    pub(super) name: bool,
    /// Where it stands in the text, in bytes.
    pub(super) span: Range<usize>,
}

impl Token {
    /// Whether it is one of these words or marks.
    pub(super) fn is(&self, texts: &[&str]) -> bool {
        texts.contains(&self.text.as_str())
    }

    /// The whole number that it is, written without a point or commas.
    pub(super) fn whole(&self) -> Option<i32> {
        (self.kind == Kind::Number).then(|| self.text.parse().ok()).flatten()
    }
}

/// The tokens of a text. Letters part from digits, `_` parts words, and a possessive `'s` is dropped.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().map(plain).collect();
    let bytes: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let byte = |index: usize| bytes.get(index).copied().unwrap_or(text.len());
    let at = |index: usize| chars.get(index).copied();
    let mut tokens: Vec<Token> = Vec::new();
    let (mut index, mut glued) = (0, false);
    while let Some(first) = at(index) {
        let start = index;
        let kind = match first {
            // `.5` is a number where nothing stands before it that its point could end.
            '.' if !before_point(start.checked_sub(1).and_then(at))
                && at(start + 1).is_some_and(|next| next.is_ascii_digit()) =>
            {
                Kind::Number
            }
            _ => kind_of(first),
        };
        index += 1;
        if first.is_whitespace() || first == '_' {
            glued = false;
            continue;
        }
        if kind != Kind::Mark {
            while at(index).is_some_and(|next| continues(kind, next, at(index + 1))) {
                index += 1;
            }
        }
        let span = byte(start)..byte(index);
        let letters = chars.get(start..index).unwrap_or_default().iter();
        let text: String = letters.flat_map(|letter| letter.to_lowercase()).collect();
        let starts = tokens.last().is_none_or(|last| last.is(&[".", "?", "!", ":", "\"", "'"]));
        let possessive = text == "s" && glued && tokens.last().is_some_and(is_apostrophe);
        if possessive {
            tokens.pop();
        } else {
            tokens.push(Token { text, kind, glued, name: first.is_uppercase() && !starts, span });
        }
        glued = true;
    }
    tokens
}

fn before_point(before: Option<char>) -> bool {
    before.is_some_and(char::is_alphanumeric)
}

/// Typographic quotes and dashes as keyboards have them.
fn plain(letter: char) -> char {
    match letter {
        '\u{2018}' | '\u{2019}' | '`' => '\'',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other,
    }
}

fn kind_of(letter: char) -> Kind {
    if letter.is_ascii_digit() {
        Kind::Number
    } else if letter.is_alphabetic() {
        Kind::Word
    } else {
        Kind::Mark
    }
}

/// Whether a character goes on with a word or number, given the one after it.
fn continues(kind: Kind, next: char, after: Option<char>) -> bool {
    let joins = match kind {
        Kind::Word => next == '&',
        Kind::Number => next == ',' || next == '.',
        Kind::Mark => false,
    };
    kind_of(next) == kind || (joins && after.is_some_and(|after| kind_of(after) == kind))
}

fn is_apostrophe(token: &Token) -> bool {
    token.text == "'"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_digits_and_marks_part() {
        for (text, expected) in [
            ("Can we afford $1,250.50?", "can we afford $ 1,250.50 ?"),
            ("Q3 FY25, 500K", "q 3 fy 25 , 500 k"),
            ("R&D's facebook_holiday_2025", "r&d facebook holiday 2025"),
            ("What\u{2019}s up\u{2014}now", "what up - now"),
            ("2025-03.", "2025 - 03 ."),
            ("", ""),
        ] {
            let texts: Vec<String> = tokens(text).into_iter().map(|token| token.text).collect();
            assert_eq!(texts.join(" "), expected, "{text}");
        }
    }
}
