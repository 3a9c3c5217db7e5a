//! Misspellings: which words are near enough to be meant.

/// How many slips turn a word into one that was meant; none where it is another word. It has five letters or more, starts with
/// the same letter and is one slip away, or two for eight letters or more.
pub(super) fn slips(word: &str, meant: &str) -> Option<usize> {
    let most = match word.chars().count() {
        0..5 => return None,
        5..8 => 1,
        _ => 2,
    };
    if word.chars().next() != meant.chars().next() {
        return None;
    }
    Some(strsim::osa_distance(meant, word)).filter(|slips| *slips <= most)
}
