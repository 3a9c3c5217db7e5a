//! `template-in-agent`: a text of an agent reads a value as a template would, and is sent as it stands.

use std::ops::Range;

use crate::diagnostic::Diagnostic;
use crate::document::Document;

const HELP: &str = "an agent is the same in every workflow: write the value into the `prompt` of the step that asks it";

/// The keys of an agent whose texts are sent.
const KEYS: [&str; 3] = ["role", "goal", "instructions"];

/// The first such place of each text of an agent that is written at a JSON pointer.
pub(in crate::plan) fn check<T>(
    document: &Document<T>,
    pointer: &str,
    texts: [Option<&str>; KEYS.len()],
) -> Vec<Diagnostic> {
    let told = KEYS.iter().zip(texts).filter_map(|(key, text)| {
        let text = text?;
        let range = read(text)?;
        let found = text.get(range.clone())?;
        let before = text.get(..range.start)?;
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let place = format!("{pointer}/{key}");
        let span = document.place(&place, line, column, found.chars().count());
        let message = format!("`{found}` is sent to the model as it stands");
        Some(Diagnostic::new("template-in-agent", message).help(HELP).at(&document.file, span))
    });
    told.collect()
}

/// Where a text reads a value: `{{ params.topic }}`, or `{topic}` as other tools have it.
fn read(text: &str) -> Option<Range<usize>> {
    let braces = text.match_indices('{').find_map(|(start, _)| {
        let inside = text.get(start..)?.trim_start_matches('{');
        let opened = text.len() - start - inside.len();
        let end = inside.find('}')?;
        let name = inside.get(..end)?;
        let is_name = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
        };
        let closed = inside.get(end..)?.chars().take_while(|c| *c == '}').take(opened).count();
        let reads = match opened {
            1 => is_name(name),
            2 => name.trim().starts_with(|c: char| c.is_ascii_alphabetic()),
            _ => false,
        };
        (reads && closed == opened).then_some(start..start + opened + end + closed)
    });
    let block = || {
        let start = text.find("{%")?;
        Some(start..start + text.get(start..)?.find("%}")? + 2)
    };
    braces.or_else(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_reads_a_value_is_one() {
        let found = |text: &'static str| read(text).and_then(|range| text.get(range));
        assert_eq!(found("Report on {{ params.topic }} only."), Some("{{ params.topic }}"));
        assert_eq!(found("a {topic} researcher"), Some("{topic}"));
        assert_eq!(found("{% if a %}x{% endif %}"), Some("{% if a %}"));
        for plain in ["Answer as {\"topic\": 1}.", "{}", "{ }", "a {1, 2} set", "}{", "{topic"] {
            assert_eq!(found(plain), None, "{plain}");
        }
    }
}
