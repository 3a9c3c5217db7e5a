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
