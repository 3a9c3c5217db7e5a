//! Texts of data on terminals.

use std::borrow::Cow;

/// A text that changes nothing of a terminal but the colour of its letters: data may hold sequences that set its title, move
/// its cursor, turn the direction of a line, or hold letters that nobody sees. What would do so is shown instead.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let harms = |c: char| {
        c.is_control() && !matches!(c, '\n' | '\t')
            || matches!(
                c,
                '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}'
            )
    };
    if !text.contains(harms) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if harms(c) && !begins_colour(text.get(at..).unwrap_or_default()) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out.into()
}

/// Whether a text begins with a sequence that does no more than set the colour or weight of letters.
fn begins_colour(text: &str) -> bool {
    let inside = text.strip_prefix("\u{1b}[");
    let end = inside.and_then(|rest| rest.find(|c: char| !c.is_ascii_digit() && c != ';'));
    inside
        .zip(end)
        .is_some_and(|(rest, end)| rest.get(end..).is_some_and(|rest| rest.starts_with('m')))
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn data_sets_no_title_and_turns_no_line() {
        let hostile = "a\u{1b}]0;owned\u{7}\u{1b}[31mred\u{1b}[0m\u{1b}[2J\u{9b}1A\u{202e}z\r\n\tb";
        assert_eq!(
            harmless(hostile),
            "a\\u{1b}]0;owned\\u{7}\u{1b}[31mred\u{1b}[0m\\u{1b}[2J\\u{9b}1A\\u{202e}z\\u{d}\n\tb"
        );
        assert_eq!(harmless("plain é\n"), "plain é\n");
    }
}
