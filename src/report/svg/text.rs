//! Texts of a drawing: how wide they are, what fits, and what XML allows.

/// Widths of the printable ASCII characters in a bold Helvetica, in thousandths of the font's size.
#[rustfmt::skip]
const WIDTHS: [u16; 95] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, // space to /
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611, // 0 to ?
    975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778, // @ to O
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556, // P to _
    333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611, // ` to o
    611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,      // p to ~
];

/// Room for the fonts that stand in for Helvetica where it is missing.
const ALLOWANCE: f64 = 1.18;

/// The most that a text of a font size takes.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(thousandths).sum::<f64>() * size * ALLOWANCE / 1000.0
}

fn thousandths(character: char) -> f64 {
    let ascii = usize::try_from(u32::from(character)).ok().and_then(|code| code.checked_sub(32));
    if let Some(known) = ascii.and_then(|code| WIDTHS.get(code)) {
        return f64::from(*known);
    }
    match u32::from(character) {
        // Combining marks, joiners and variation selectors.
        0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0.0,
        // Scripts and pictures that fill a square.
        0x1100..=0x11ff | 0x2e80..=0xd7ff | 0xf900..=0xfaff | 0xff00..=0xff60 | 0x1f000.. => 1050.0,
        _ => 720.0,
    }
}

/// A text, cut off with an ellipsis where it is wider than the room.
pub(super) fn fit(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut left = room - width("…", size);
    let mut kept: String = text
        .chars()
        .take_while(|character| {
            left -= thousandths(*character) * size * ALLOWANCE / 1000.0;
            left >= 0.0
        })
        .collect();
    kept.truncate(kept.trim_end_matches([' ', ',', '_', '-', '.']).len());
    kept.push('…');
    kept
}

/// Names that are told apart: as [`fit_name`] cuts them, and those that would look the same from the word on in which they
/// differ.
pub(super) fn fit_names(names: &[&str], size: f64, room: f64) -> Vec<String> {
    let cuts: Vec<String> = names.iter().map(|name| fit_name(name, size, room)).collect();
    let told_apart = |(name, cut): (&&str, &String)| {
        let twins = names.iter().zip(&cuts).filter(|(other, it)| *it == cut && *other != name);
        let shared = twins.map(|(other, _)| shared(name, other)).min()?;
        let word = name.get(..shared)?.rfind(['_', '-']).map_or(0, |at| at + 1);
        let rest = name.get(word..)?;
        Some(format!("…{}", fit(rest, size, room - width("…", size))))
    };
    names.iter().zip(&cuts).map(|it| told_apart(it).unwrap_or_else(|| it.1.clone())).collect()
}

/// How many bytes two names begin with alike.
fn shared(one: &str, other: &str) -> usize {
    let alike = one.chars().zip(other.chars()).take_while(|(a, b)| a == b);
    alike.map(|(character, _)| character.len_utf8()).sum()
}

/// A name, of which the middle is left out where it is wider than the room: names of a kind often differ at their end.
fn fit_name(name: &str, size: f64, room: f64) -> String {
    if width(name, size) <= room {
        return name.to_owned();
    }
    let room = room - width("…", size);
    let part = |characters: &mut dyn Iterator<Item = char>, mut left: f64| -> Vec<char> {
        characters
            .take_while(|character| {
                left -= thousandths(*character) * size * ALLOWANCE / 1000.0;
                left >= 0.0
            })
            .collect()
    };
    let begin: String = part(&mut name.chars(), room / 2.0).into_iter().collect();
    let end = part(&mut name.chars().rev(), room / 2.0);
    let end: String = end.into_iter().rev().collect();
    format!("{}…{}", begin.trim_end_matches(['_', '-']), end.trim_start_matches(['_', '-']))
}

/// A text as it is written in XML; what XML cannot hold is replaced.
pub(in crate::report) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' => out.push(character),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            control if control.is_control() => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_ends_in_an_ellipsis() {
        assert_eq!(fit("metrics", 13.0, 100.0), "metrics");
        let cut = fit("a_very_long_name_of_a_step", 13.0, 100.0);
        assert!(cut.ends_with('…') && width(&cut, 13.0) <= 100.0, "{cut}");
        assert_eq!(fit("預算預算預算預算", 10.0, 40.0), "預算…");
        assert_eq!(fit("abc", 10.0, 0.0), "…");
    }

    #[test]
    fn names_keep_both_ends() {
        assert_eq!(fit_name("metrics", 13.0, 100.0), "metrics");
        for number in ["1", "12"] {
            let cut = fit_name(&format!("collect_the_numbers_of_region_{number}"), 13.0, 130.0);
            assert!(cut.starts_with("collect") && cut.ends_with(number), "{cut}");
            assert!(width(&cut, 13.0) <= 130.0, "{cut}");
        }
        assert_eq!(fit_name("abc", 10.0, 0.0), "…");
    }

    #[test]
    fn names_that_differ_in_the_middle_are_told_apart() {
        let names =
            ["numbers_of_region_north_for_report", "numbers_of_region_south_for_report", "sum"];
        let cuts = fit_names(&names, 13.0, 130.0);
        assert_eq!(cuts, ["…north_for_rep…", "…south_for_rep…", "sum"]);
        assert!(cuts.iter().all(|cut| width(cut, 13.0) <= 130.0), "{cuts:?}");
    }

    #[test]
    fn markup_and_control_characters_are_escaped() {
        assert_eq!(escape("a&b<c>\"\u{1}\n"), "a&amp;b&lt;c&gt;&quot;\u{fffd}\n");
    }
}
