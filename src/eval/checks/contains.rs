//! `contains` and `icontains`: the answer holds texts.

use super::{Found, nothing, short, told};
use crate::document::Texts;
use crate::eval::given::Given;

pub(super) fn look(texts: &Texts, given: &Given, read: fn(&str) -> String) -> Found {
    if given.outcome.is_none() {
        return nothing(given);
    }
    let answer = given.text();
    let there = read(&answer);
    let missing: Vec<String> = texts
        .all()
        .iter()
        .filter(|text| !there.contains(&read(text)))
        .map(|text| format!("`{text}`"))
        .collect();
    if missing.is_empty() {
        return told(true, format!("the answer is: {}", short(&answer)));
    }
    told(false, format!("{} is not in the answer: {}", missing.join(", "), short(&answer)))
}
