//! What is secret in a text: keys by their form, and values by the names and addresses that they stand in.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::names::is_secret_name;

/// How keys of well-known services begin, and how many characters follow at least. Sources: the services' own
/// descriptions of their keys, as secret scanners use them.
const KEYS: &[(&str, usize)] = &[
    ("sk-", 20),
    ("sk_live_", 16),
    ("sk_test_", 16),
    ("rk_live_", 16),
    ("gsk_", 30),
    ("pplx-", 30),
    ("xai-", 30),
    ("r8_", 30),
    ("tvly-", 20),
    ("AKIA", 16),
    ("ASIA", 16),
    ("ghp_", 30),
    ("gho_", 30),
    ("ghs_", 30),
    ("ghu_", 30),
    ("ghr_", 30),
    ("github_pat_", 30),
    ("glpat-", 20),
    ("npm_", 30),
    ("pypi-", 60),
    ("dop_v1_", 40),
    ("shpat_", 30),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("xoxa-", 20),
    ("xapp-", 20),
    ("hooks.slack.com/services/", 20),
    ("AIza", 30),
    ("ya29.", 20),
    ("hf_", 30),
    ("SG.", 40),
    ("Bearer ", 20),
    (BASIC, 12),
];

/// What stands before a name and a password in base64; in a text it is a word like others.
const BASIC: &str = "Basic ";

/// How a JSON Web Token begins: `{"` in base64.
const WEB_TOKEN: &str = "eyJ";

/// How a key in the form of a file begins, and how it ends.
const BLOCK: (&str, &str) = ("-----BEGIN ", "-----END ");

/// As far as a value is followed, how far before it an address is looked for, and the longest name, in bytes. A text that is made of
/// nothing but names of secrets takes no longer than others.
const LONGEST_VALUE: usize = 16 << 10;
const LONGEST_ADDRESS: usize = 2 << 10;
const LONGEST_NAME: usize = 100;

/// Something secret in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Secret {
    /// What is wrong, without what is secret.
    pub(super) message: String,
    /// Where it stands, in bytes, with what tells its kind.
    pub(super) place: Range<usize>,
    /// What of it is to be shown nowhere.
    pub(super) hidden: Range<usize>,
}

/// Everything that is secret in a text, keys first.
pub(super) fn secrets(text: &str) -> Vec<Secret> {
    let mut found = keys(text);
    found.extend(web_tokens(text));
    found.extend(blocks(text));
    found.extend(passwords(text));
    found.extend(named(text));
    found
}

/// Whether a character may stand in a key.
fn part(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '+' | '=')
}

/// What stands from a byte on, as long as it may belong to a key.
fn body(text: &str, from: usize) -> &str {
    let rest = text.get(from..).unwrap_or_default();
    rest.split(|c| !part(c)).next().unwrap_or_default()
}

/// What stands from a byte on, as far as a value is followed.
fn stretch(text: &str, from: usize) -> &str {
    let end = text.floor_char_boundary(from.saturating_add(LONGEST_VALUE));
    text.get(from..end).unwrap_or_default()
}

fn is_base64(text: &str) -> bool {
    text.len().is_multiple_of(4)
        && !text.contains(['-', '_', '.'])
        && text.bytes().any(|b| b.is_ascii_uppercase())
        && text.bytes().any(|b| b.is_ascii_lowercase())
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit())
}

/// Whether no longer word goes on at a byte.
fn is_beginning(text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|text| text.chars().next_back());
    !before.is_some_and(|c| c.is_ascii_alphanumeric())
}

/// All beginnings of keys at once: every text of every file is looked at. None of them may begin within another one.
static BEGINNINGS: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(KEYS.iter().map(|(start, _)| start)).ok());

/// What is secret behind these beginnings, each with a number of its own. Looking at one tells, too, where to go on: what it was held
/// against begins nothing else, so that a text made of nothing but beginnings is read once.
fn behind(
    text: &str,
    starts: impl Iterator<Item = (usize, usize)>,
    look: impl Fn(usize, usize) -> Option<(usize, Option<Secret>)>,
) -> Vec<Secret> {
    let (mut found, mut from) = (Vec::new(), 0);
    for (at, number) in starts {
        if at >= from
            && is_beginning(text, at)
            && let Some((end, secret)) = look(at, number)
        {
            from = end;
            found.extend(secret);
        }
    }
    found
}

fn keys(text: &str) -> Vec<Secret> {
    let starts = BEGINNINGS.iter().flat_map(|all| all.find_iter(text));
    let starts = starts.map(|found| (found.start(), found.pattern().as_usize()));
    behind(text, starts, |at, number| {
        let (start, least) = KEYS.get(number)?;
        let body = body(text, at + start.len());
        let end = at + start.len() + body.len();
        // Words joined by hyphens have no digit; keys do.
        let is_key = body.len() >= *least && has_digit(body);
        let secret = (is_key && (*start != BASIC || is_base64(body))).then(|| Secret {
            message: format!("a key stands here (it begins with `{}`)", start.trim()),
            place: at..end,
            hidden: at + start.len()..end,
        });
        Some((end, secret))
    })
}

/// Web tokens: two parts of base64 at least, the second a map as well.
fn web_tokens(text: &str) -> Vec<Secret> {
    let starts = text.match_indices(WEB_TOKEN).map(|(at, _)| (at, 0));
    behind(text, starts, |at, _| {
        let body = body(text, at);
        let end = at + body.len();
        let second = body.split('.').nth(1).unwrap_or_default();
        let secret = (body.len() >= 30 && second.starts_with(WEB_TOKEN)).then(|| Secret {
            message: format!("a web token stands here (it begins with `{WEB_TOKEN}`)"),
            place: at..end,
            hidden: at + WEB_TOKEN.len()..end,
        });
        Some((end, secret))
    })
}

/// Keys as files hold them, several lines long.
fn blocks(text: &str) -> Vec<Secret> {
    let (begin, end) = BLOCK;
    let starts = text.match_indices(begin).map(|(at, _)| (at, 0));
    behind(text, starts, |at, _| {
        let rest = text.get(at..)?;
        let head = rest.get(begin.len()..)?.split(['\n', '\\']).next()?;
        let head = head.split_inclusive("-----").next()?;
        if !head.contains("PRIVATE KEY") {
            return None;
        }
        let head = begin.len() + head.len();
        let hidden = at + head..at + rest.find(end).unwrap_or(rest.len());
        let message = format!("a key stands here (it begins with `{}`)", begin.trim());
        Some((hidden.end, Some(Secret { message, place: at..at + head, hidden })))
    })
}

/// Passwords of addresses: `postgres://user:password@host`.
fn passwords(text: &str) -> impl Iterator<Item = Secret> {
    text.match_indices("://").filter_map(|(at, mark)| {
        let from = at + mark.len();
        let rest = text.get(from..)?;
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '`'));
        let authority = rest.get(..end.unwrap_or(rest.len()))?;
        let (user, _) = authority.rsplit_once('@')?;
        let (name, password) = user.split_once(':')?;
        let place = from + name.len() + 1..from + user.len();
        is_written_out(password).then(|| Secret {
            message: "a password stands in this address".to_owned(),
            place: place.clone(),
            hidden: place,
        })
    })
}

/// Values behind names of secrets: `password=...` of connection strings, command lines and queries of addresses,
/// `token = '...'` of SQL, `api_key: ...` of whatever was pasted.
fn named(text: &str) -> impl Iterator<Item = Secret> {
    text.match_indices(['=', ':']).filter_map(|(at, sign)| {
        let before = text.get(..at)?;
        let spaced = before.len() != before.trim_end().len();
        let before = before.trim_end().trim_end_matches(['"', '\'']);
        let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let name = before.rsplit(|c| !word(c)).next().filter(|name| name.len() <= LONGEST_NAME)?;
        if !is_secret_name(name) {
            return None;
        }
        let behind = text.get(at + 1..)?;
        let value = behind.trim_start_matches([' ', '\t']);
        let apart = spaced || value.len() != behind.len();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let from = text.len() - value.len() + quote.map_or(0, char::len_utf8);
        let closes = |c: char| match quote {
            Some(quote) => c == quote,
            None => {
                c.is_whitespace()
                    || matches!(c, '"' | '\'' | '`' | '&' | ';' | ',' | ')' | ']' | '>' | '}' | '#')
            }
        };
        let value = stretch(text, from).split(closes).next()?;
        // What is joined to its name is a value; what stands apart from it may as well be a word of a sentence, or a comparison.
        let random = || {
            value.len() >= 8 && has_digit(value) && value.bytes().any(|b| b.is_ascii_alphabetic())
        };
        let joined = sign == "=" && !apart;
        let is_value =
            joined || quote.is_some() && random() || sign == ":" && !spaced && apart && random();
        (is_value && is_written_out(value) && !value.contains(char::is_whitespace)).then(|| {
            Secret {
                message: if in_query(text, at) {
                    "a secret stands in the query of this address".to_owned()
                } else {
                    format!("`{name}` carries a secret, which never stands in a file")
                },
                place: from..from + value.len(),
                hidden: from..from + value.len(),
            }
        })
    })
}

/// Whether a byte stands in the query of an address.
fn in_query(text: &str, at: usize) -> bool {
    let from = text.floor_char_boundary(at.saturating_sub(LONGEST_ADDRESS));
    let before = text.get(from..at).unwrap_or_default();
    let word = before.rsplit(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')).next();
    word.is_some_and(|word| word.contains("://") && word.contains('?'))
}

/// What a name of a secret is set to where it switches something.
const SETTINGS: &[&str] =
    &["true", "false", "yes", "no", "on", "off", "none", "null", "fetch", "required", "0", "1"];

/// Whether a value is neither a switch, nor a template, nor a variable, nor a word that stands for one (`YOUR_KEY`).
pub(in crate::document) fn is_written_out(value: &str) -> bool {
    let stands_for = |c: char| c.is_ascii_uppercase() || matches!(c, '_' | '.');
    !value.is_empty()
        && !SETTINGS.contains(&value.to_ascii_lowercase().as_str())
        && !value.chars().all(stands_for)
        && !value.to_ascii_lowercase().starts_with("your")
        && !value.contains(['{', '<', '$', '*'])
        && !value.starts_with(['?', ':', '@', '=', '%'])
}
