//! Secrets that servers echo.

use secrecy::{ExposeSecret, SecretString};

/// Secrets shorter than this are placeholders (`none`, `ollama`) and words of ordinary texts: to
/// scrub them would garble what they protect nobody from.
const SHORTEST: usize = 7;

/// A text of a server without a secret, should it have echoed it; `mark` stands in its place.
pub(crate) fn scrubbed(text: String, secret: &SecretString, mark: &str) -> String {
    let secret = secret.expose_secret();
    if secret.len() >= SHORTEST && text.contains(secret) {
        text.replace(secret, mark)
    } else {
        text
    }
}

/// How many bytes at the end of a text that is still to go on may be the beginning of a secret.
pub(crate) fn held_back(text: &str, secret: &SecretString) -> usize {
    let secret = secret.expose_secret();
    if secret.len() < SHORTEST {
        return 0;
    }
    // What belongs to a whole one is scrubbed, so it begins no other.
    let rest = text.rsplit_once(secret).map_or(text, |(_, rest)| rest);
    let beginnings = secret.char_indices().rev().filter_map(|(end, _)| secret.get(..end));
    beginnings.filter(|part| rest.ends_with(part)).map(str::len).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_begin_a_secret_is_held_back() {
        let secret = SecretString::from("abcabcx");
        for (text, held) in [
            ("", 0),
            ("so", 0),
            ("so a", 1),
            ("abcabc", 6),
            ("abcabca", 4),
            ("abcabcx", 0),
            ("abcabcxab", 2),
        ] {
            assert_eq!(held_back(text, &secret), held, "{text}");
        }
        assert_eq!(held_back("no", &SecretString::from("none")), 0, "a placeholder is none");
    }
}
