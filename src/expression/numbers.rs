//! Numbers that are written out in a template or expression.

use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;

/// Filters whose arguments say how a value is written.
const WRITING: &[&str] = &["round", "usd", "number", "percent", "ratio"];

/// The numbers that stand in an expression, or in the `{{ ... }}` of a template, in order. Places in lists (`[0]`) and
/// the digits that a value is rounded to (`round(2)`) are left out: they are no values. Of a text that cannot be read, what
/// stands before the fault.
pub fn numbers(source: &str, is_expression: bool) -> Vec<f64> {
    let tokens = tokenize(source, is_expression, SyntaxConfig::default()).map_while(Result::ok);
    let tokens: Vec<Token<'_>> = tokens.map(|(token, _)| token).collect();
    let mut found = Vec::new();
    // How many brackets are open inside of such arguments.
    let mut inside = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        let before = |back: usize| at.checked_sub(back).and_then(|at| tokens.get(at));
        match token {
            Token::ParenOpen if inside > 0 => inside += 1,
            Token::ParenOpen if is_writing(before(2), before(1)) => inside = 1,
            Token::ParenClose => inside = inside.saturating_sub(1),
            _ if inside > 0 => {}
            Token::Int(_) if is_place(&tokens, at) => {}
            #[expect(clippy::cast_precision_loss, reason = "people write fewer digits")]
            Token::Int(number) => found.push(*number as f64),
            #[expect(clippy::cast_precision_loss, reason = "nobody says such a number")]
            Token::Int128(number) => found.push(**number as f64),
            Token::Float(number) => found.push(*number),
            Token::Str(text) => found.extend(number_in(text)),
            Token::String(text) => found.extend(number_in(text)),
            _ => {}
        }
    }
    found
}

/// The number that a quoted text is, or that its digits make where they are many: a filter may take it for one. Months and years are
/// names of times.
fn number_in(text: &str) -> Option<f64> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_time = digits.len() == 4 && digits.len() == text.len()
        || text.get(4..5) == Some("-") && !text.contains(char::is_alphabetic);
    let number = text.trim().replace(['_', ','], "").parse().ok();
    let made = || (digits.len() > 4).then(|| digits.parse().ok()).flatten();
    if is_time { None } else { number.or_else(made) }
}

fn is_writing(pipe: Option<&Token<'_>>, name: Option<&Token<'_>>) -> bool {
    matches!((pipe, name), (Some(Token::Pipe), Some(Token::Ident(name))) if WRITING.contains(name))
}

/// Whether a number is a place in a list: it stands alone in brackets behind a name.
fn is_place(tokens: &[Token<'_>], at: usize) -> bool {
    let token = |place: Option<usize>| place.and_then(|place| tokens.get(place));
    matches!(token(at.checked_sub(1)), Some(Token::BracketOpen))
        && matches!(token(at.checked_add(1)), Some(Token::BracketClose))
        && matches!(token(at.checked_sub(2)), Some(Token::Ident(_) | Token::BracketClose))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_from_places_and_settings() {
        for (source, found) in [
            ("steps.cash.output.cash_usd - 500000", vec![500_000.0]),
            ("a * 1.15 + [3, 4][0]", vec![1.15, 3.0, 4.0]),
            ("steps.rows.output[2].spend_usd | round(2)", vec![]),
            ("(a | default(7)) * -20", vec![7.0, 20.0]),
            ("p1 + q3_2025 + '2025' + '2025-03'", vec![]),
            ("'1234567' | int + ('x9' ~ \"\\u0031234567\")", vec![1_234_567.0, 1_234_567.0]),
            ("{'a': '88_888'}['a'] | int", vec![88_888.0]),
        ] {
            assert_eq!(numbers(source, true), found, "{source}");
        }
        assert_eq!(numbers("12 of {{ steps.a.output * 3 }} or 4", false), [3.0]);
    }
}
