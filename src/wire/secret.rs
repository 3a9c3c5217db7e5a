//! Secrets that servers echo.

use secrecy::{ExposeSecret, SecretString};

/// Secrets shorter than this are placeholders (`none`, `ollama`) and words of ordinary texts: to
/// scrub them would garble what they protect nobody from.
const SHORTEST: usize = 7;

/// A text of a server without a secret, should it have echoed it; `mark` stands in its place.
pub(crate) fn scrubbed(text: String, secret: &SecretString, mark: &str) -> String {
    let secret = secret.expose_secret();
    if secret.len() < SHORTEST {
        return text;
    }
    let without = |text: String, form: &str| {
        if text.contains(form) { text.replace(form, mark) } else { text }
    };
    let text = without(text, secret);
    other_forms(secret).iter().fold(text, |text, form| without(text, form))
}

/// A secret as addresses write it (RFC 3986, with capital and small digits) and as JSON in a text does, where that is
/// another form.
fn other_forms(secret: &str) -> Vec<String> {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    if secret.bytes().all(plain) {
        return Vec::new();
    }
    let encoded = |small: bool| -> String {
        let byte = |byte: u8| match (plain(byte), small) {
            (true, _) => char::from(byte).to_string(),
            (false, true) => format!("%{byte:02x}"),
            (false, false) => format!("%{byte:02X}"),
        };
        secret.bytes().map(byte).collect()
    };
    let json = serde_json::Value::from(secret).to_string();
    let json = json.get(1..json.len() - 1).unwrap_or_default().to_owned();
    let mut forms = vec![encoded(false), encoded(true)];
    forms.extend((json != secret).then_some(json));
    forms
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
    fn a_secret_is_found_however_it_is_echoed() {
        let secret = SecretString::from("ab/c+d\"e==");
        for text in [
            "is ab/c+d\"e== it",
            "is ab%2Fc%2Bd%22e%3D%3D it",
            "is ab%2fc%2bd%22e%3d%3d it",
            "is ab/c+d\\\"e== it",
        ] {
            assert_eq!(scrubbed(text.to_owned(), &secret, "[key]"), "is [key] it");
        }
    }

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
