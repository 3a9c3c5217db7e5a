//! What a name says of its value: `CRM_API_KEY`, `--db-password` and `clientSecret` carry secrets, `max_tokens` and
//! `token_url` do not.

/// Words that follow the one that counts and change nothing of it: `API_KEY_PROD`, `PASSWORD_2`.
const BESIDE: &[&str] = &[
    "prod",
    "production",
    "dev",
    "staging",
    "test",
    "live",
    "value",
    "plain",
    "raw",
    "base64",
    "b64",
    "pem",
    "default",
    "old",
    "new",
];

/// Last words of names that carry secrets, also as the end of one (`PGPASSWORD`).
const SECRET: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "authkey",
    "authorization",
];

/// What makes a `key` one that is to be kept; other keys sort and join.
const KEPT: &[&str] = &[
    "access",
    "account",
    "admin",
    "api",
    "app",
    "application",
    "auth",
    "client",
    "encryption",
    "hmac",
    "jwt",
    "license",
    "master",
    "private",
    "secret",
    "service",
    "session",
    "shared",
    "signing",
    "ssh",
    "subscription",
    "webhook",
];

/// What makes a `key` one of data.
const OF_DATA: &[&str] = &[
    "cache",
    "column",
    "field",
    "foreign",
    "group",
    "hash",
    "hot",
    "idempotency",
    "index",
    "join",
    "object",
    "order",
    "partition",
    "primary",
    "public",
    "range",
    "routing",
    "row",
    "sort",
    "table",
];

/// What makes a `token` a place in a list, or a piece of text.
const OF_TEXT: &[&str] = &[
    "bos",
    "continuation",
    "cursor",
    "eos",
    "max",
    "next",
    "pad",
    "page",
    "pagination",
    "per",
    "sep",
    "special",
    "stop",
    "sync",
    "unk",
];

/// Whether a name says that its value is secret, wherever it stands.
pub(in crate::document) fn is_secret_name(name: &str) -> bool {
    let words = words(name);
    let Some((last, before)) = words.split_last() else { return false };
    let qualified = |by: &[&str]| before.last().is_some_and(|word| by.contains(&word.as_str()));
    match last.as_str() {
        "pwd" => true,
        "token" => !qualified(OF_TEXT),
        "key" => qualified(KEPT),
        other => SECRET.iter().any(|secret| other.ends_with(secret)),
    }
}

/// The same for headers and for variables of programs, whose names are no columns of data: `STRIPE_KEY`, `Cookie`.
pub(in crate::document) fn carries_secret(name: &str) -> bool {
    let words = words(name);
    let Some((last, before)) = words.split_last() else { return false };
    is_secret_name(name)
        || match last.as_str() {
            "auth" | "cookie" | "credential" | "credentials" | "pat" => true,
            "key" => before.last().is_some_and(|word| !OF_DATA.contains(&word.as_str())),
            _ => false,
        }
}

/// The words of a name in lower case, up to the one that counts.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let (mut before, mut rest) = (None, name.chars().peekable());
    while let Some(c) = rest.next() {
        let begins = c.is_uppercase()
            && (before.is_some_and(char::is_lowercase)
                || before.is_some_and(char::is_uppercase)
                    && rest.peek().is_some_and(|next| next.is_lowercase()));
        if begins || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if let (Some(word), true) = (words.last_mut(), c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        before = Some(c);
    }
    words.retain(|word| !word.is_empty());
    let counts = |word: &String| {
        !BESIDE.contains(&word.as_str()) && !word.chars().all(|c| c.is_ascii_digit())
    };
    let end = words.iter().rposition(counts).map_or(0, |at| at + 1);
    words.truncate(end);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_told_from_names_of_data() {
        for name in [
            "CRM_API_KEY",
            "DB_PASSWORD",
            "ACCESS_TOKEN",
            "PRIVATE_KEY",
            "AWS_SECRET_ACCESS_KEY",
            "PGPASSWORD",
            "MYSQL_PWD",
            "clientSecret",
            "apiKey",
            "APIKey",
            "OPENAI_APIKEY",
            "--db-password",
            "token",
            "api_key_2",
            "SECRET_PROD",
            "Authorization",
            "X-Api-Key",
        ] {
            assert!(is_secret_name(name) && carries_secret(name), "{name}");
        }
        for name in ["STRIPE_KEY", "GITHUB_PAT", "Cookie", "X-Auth", "APP_CREDENTIALS"] {
            assert!(carries_secret(name) && !is_secret_name(name), "{name}");
        }
        for name in [
            "MAX_TOKENS",
            "PRIMARY_KEY",
            "TOKENIZER",
            "AUTHOR",
            "sort_key",
            "API_KEY_FILE",
            "TOKEN_URL",
            "PASSWORD_LENGTH",
            "SECRETARY",
            "next_page_token",
            "key",
            "KEYBOARD",
            "X-Idempotency-Key",
            "",
            "__",
            "2024",
        ] {
            assert!(!carries_secret(name), "{name}");
        }
    }
}
