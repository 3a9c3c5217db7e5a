//! Questions that are longer than a model reads: how long they are and what the limit is, read from what servers say.

use crate::value::Value;

/// A question that is too long. What the server does not tell is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Overflow {
    /// Tokens of the question, with what is kept for the answer where the server counts it in.
    asked: Option<u64>,
    /// Tokens that the model reads at most.
    limit: Option<u64>,
    /// Whether it is the room for the answer that is too much.
    answer: bool,
}

/// Whether an error says that the question is too long.
pub(super) fn is_overflow(error: &Value, said: &str) -> bool {
    const CODES: [&str; 3] =
        ["context_length_exceeded", "exceed_context_size_error", "request_too_large"];
    const WORDS: [&str; 7] = [
        "prompt is too long",
        "maximum context length",
        "context window",
        "exceed context limit",
        "available context size",
        "input token count",
        "input is too long",
    ];
    let said = said.to_lowercase();
    let codes = ["code", "type"].iter().filter_map(|key| error.get(key)?.as_str());
    codes.into_iter().any(|code| CODES.contains(&code))
        || WORDS.iter().any(|words| said.contains(words))
}

impl Overflow {
    /// What an error says about it.
    pub(super) fn read(error: &Value, said: &str) -> Self {
        let number = |key: &str| error.get(key).and_then(Value::as_u64);
        let (asked, limit) = (number("n_prompt_tokens"), number("n_ctx"));
        if asked.is_some() || limit.is_some() {
            return Self { asked, limit, answer: false };
        }
        let said = said.to_lowercase();
        // `197000 + 8192 > 200000`, `9 tokens > 8 maximum`.
        if let Some((before, after)) = said.split_once(" > ") {
            let (sum, parts) = match before.split_once(" + ") {
                Some((one, other)) => {
                    let one = numbers(one).last().copied();
                    let sum = one.zip(numbers(other).first().copied());
                    (sum.map(|(one, other)| one.saturating_add(other)), true)
                }
                None => (numbers(before).last().copied(), false),
            };
            return Self { asked: sum, limit: numbers(after).first().copied(), answer: parts };
        }
        // `maximum context length is 8192 tokens. However, you requested 9000 tokens (8000 in the messages, 1000 in the
        // completion)`: the limit comes first, and the whole of it before its parts.
        let found = numbers(&said);
        let (limit, asked) = match said.split_once("maximum context length") {
            Some((_, after)) => {
                let found = numbers(after);
                (found.first().copied(), found.get(1).copied())
            }
            // `The input token count (9000) exceeds the maximum number of tokens allowed (8192)`.
            None if said.contains("input token count") => {
                (found.get(1).copied(), found.first().copied())
            }
            None => (None, None),
        };
        Self { asked, limit, answer: said.contains("in the completion") }
    }

    /// How long and how long at most, as far as it is known; follows the name of the model.
    pub(super) fn told(&self) -> String {
        match (self.asked, self.limit) {
            (Some(asked), Some(limit)) => {
                format!("reads at most {limit} tokens and was sent {asked}")
            }
            (None, Some(limit)) => format!("reads at most {limit} tokens and was sent more"),
            (Some(asked), None) => format!("was sent {asked} tokens, which is more than it reads"),
            (None, None) => "was sent more than it reads".to_owned(),
        }
    }

    /// How to mend it.
    pub(super) fn help(&self) -> String {
        let over = self.asked.zip(self.limit).and_then(|(asked, limit)| asked.checked_sub(limit));
        let less = over.filter(|over| *over > 0).map_or_else(
            || "pass less data to the prompt".to_owned(),
            |over| format!("pass {over} tokens less to the prompt"),
        );
        let answer = if self.answer { ", lower `max_tokens`, which counts as well" } else { "" };
        format!(
            "{less} (fewer rows or fields){answer}, or name a model that reads more, as the step's or after this one in its list"
        )
    }
}

/// The whole numbers of a text, in order; `8,192` is one.
fn numbers(text: &str) -> Vec<u64> {
    let plain: String = text
        .split(|c: char| !(c.is_ascii_digit() || c == ','))
        .map(|part| part.trim_matches(',').replace(',', ""))
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    plain.split(' ').filter_map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_lengths_are_found_in_the_words_of_every_server() {
        for (error, asked, limit, answer) in [
            (
                json!({"message": "This model's maximum context length is 8192 tokens. However, your messages resulted in 9100 tokens. Please reduce the length of the messages.", "code": "context_length_exceeded"}),
                Some(9100),
                Some(8192),
                false,
            ),
            (
                json!({"message": "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 in the messages, 1000 in the completion)."}),
                Some(5000),
                Some(4096),
                true,
            ),
            (
                json!({"message": "prompt is too long: 208310 tokens > 200000 maximum"}),
                Some(208_310),
                Some(200_000),
                false,
            ),
            (
                json!({"message": "input length and `max_tokens` exceed context limit: 197000 + 8192 > 200000, decrease input length or `max_tokens` and try again"}),
                Some(205_192),
                Some(200_000),
                true,
            ),
            (
                json!({"message": "the request exceeds the available context size, try increasing it", "type": "exceed_context_size_error", "n_prompt_tokens": 3000, "n_ctx": 2048}),
                Some(3000),
                Some(2048),
                false,
            ),
            (
                json!({"message": "The input token count (1,048,577) exceeds the maximum number of tokens allowed (1,048,576)."}),
                Some(1_048_577),
                Some(1_048_576),
                false,
            ),
            (json!({"message": "too much", "code": "context_length_exceeded"}), None, None, false),
        ] {
            let said = error["message"].as_str().unwrap_or_default();
            assert!(is_overflow(&error, said), "{error}");
            assert_eq!(Overflow::read(&error, said), Overflow { asked, limit, answer }, "{error}");
        }
        for said in ["max_tokens is too large: 99999", "unknown field `context`", "", "> +", " > "]
        {
            assert!(!is_overflow(&json!({"message": said}), said), "{said}");
            Overflow::read(&json!({}), said);
        }
    }
}
