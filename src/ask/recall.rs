//! Earlier questions and answers of the project, found by their words.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Turn, router};

/// What is asked for earlier questions with: `what did we say about hiring?`
const ASKED: &[&[&[&str]]] = &[
    &[
        &["what"],
        &["did"],
        &["we", "you", "i", "they"],
        &["say", "ask", "answer", "conclude", "decide", "discuss"],
    ],
    &[
        &["what"],
        &["have"],
        &["we", "you", "i"],
        &["said", "asked", "answered", "concluded", "decided", "discussed"],
    ],
    &[&["what"], &["was"], &["said", "asked", "answered", "concluded", "decided", "discussed"]],
    &[
        &["have", "did"],
        &["we", "i"],
        &["already", "ever"],
        &["ask", "asked", "discuss", "discussed"],
    ],
    &[&["have", "did"], &["we", "i"], &["ask", "asked", "discuss", "discussed", "talk", "talked"]],
    &[&["remind"], &["me", "us"], &["what"]],
];

/// Words between that and the subject.
const LEADS: &[&str] = &["about", "on", "regarding", "concerning", "of"];

/// An earlier question with its answer.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Recalled {
    /// When it was asked, in microseconds since the Unix epoch.
    pub at_us: i64,
    /// The conversation that it belongs to; null where it was asked alone.
    pub session: Option<String>,
    /// The run that answered it; null where nothing ran.
    pub run_id: Option<String>,
    /// The question, in full where it leaned on the one before.
    pub question: String,
    /// The answer; null where there was none.
    pub answer: Option<String>,
}

/// What a question wants to know of earlier ones; none where it asks for anything else. Empty where it wants to know all.
pub fn subject(question: &str) -> Option<String> {
    let lower = question.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let length = ASKED.iter().find_map(|pattern| {
        let fits = pattern.iter().zip(&words).all(|(choices, word)| choices.contains(word));
        (fits && words.len() >= pattern.len()).then_some(pattern.len())
    })?;
    let rest = words.get(length..).unwrap_or_default();
    let lead = rest.iter().position(|word| LEADS.contains(word)).map_or(0, |at| at + 1);
    Some(rest.get(lead..).unwrap_or_default().join(" "))
}

/// The earlier questions that speak of a subject, those that say most of it first and of those the newest.
pub fn recall(
    subject: &str,
    turns: impl IntoIterator<Item = (Option<String>, Turn)>,
) -> Vec<Recalled> {
    let wanted = router::telling(subject);
    let mut found: Vec<(usize, Recalled)> = Vec::new();
    for (session, turn) in turns {
        let Turn { at_us, question, in_full, answer, run_id, .. } = turn;
        let question = in_full.unwrap_or(question);
        let (asked, told) =
            (router::telling(&question), router::telling(answer.as_deref().unwrap_or_default()));
        let said =
            wanted.iter().filter(|word| asked.contains(*word) || told.contains(*word)).count();
        if said * 2 < wanted.len() {
            continue;
        }
        let score = said * 2 + wanted.iter().filter(|word| asked.contains(*word)).count();
        let run_id = run_id.map(|id| id.to_string());
        found.push((score, Recalled { at_us, session, run_id, question, answer }));
    }
    found.sort_by_key(|(score, one)| std::cmp::Reverse((*score, one.at_us)));
    found.into_iter().map(|(_, one)| one).collect()
}

#[cfg(test)]
mod tests {
    use super::subject;

    #[test]
    fn only_questions_about_earlier_ones_are_about_them() {
        for (question, expected) in [
            ("What did we say about hiring?", Some("hiring")),
            ("what have we asked about the marketing budget", Some("the marketing budget")),
            ("Did we already ask about TikTok?", Some("tiktok")),
            ("What was decided on engineers?", Some("engineers")),
            ("What did we say?", Some("")),
            ("What did we spend on marketing?", None),
            ("What was our revenue?", None),
            ("Did we make money on TikTok?", None),
            ("Have we enough cash?", None),
        ] {
            assert_eq!(subject(question).as_deref(), expected, "{question}");
        }
    }
}
