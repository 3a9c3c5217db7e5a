//! Answers that end because their greatest length was reached: at how many tokens, and what raises the limit.

use super::Request;
use super::anthropic::LONGEST_ANSWER;
use super::endpoint::Endpoint;
use crate::document::Provider;
use crate::event::Usage;

/// Where an answer was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Tokens of the answer; none where neither the limit nor the length is known.
    tokens: Option<u64>,
    /// How to mend it.
    help: String,
}

impl Cut {
    /// Where the answer to a request was cut.
    pub(super) fn of(endpoint: &Endpoint, request: &Request, usage: Usage) -> Self {
        let name = endpoint.name();
        let limit = endpoint.longest_answer(request).or(match endpoint.provider() {
            Provider::Anthropic => Some(LONGEST_ANSWER),
            Provider::Openai => None,
        });
        let limit = limit.map(u64::from);
        let counted = Some(usage.output_tokens).filter(|tokens| *tokens > 0);
        // A server may stop before our own limit, where question and answer together fill what it reads.
        let earlier = counted.zip(limit).is_some_and(|(counted, limit)| counted < limit);
        let help = match (request.max_tokens, limit) {
            _ if earlier => format!(
                "the server of model `{name}` stopped before `max_tokens`: pass less data to the prompt, or give the server a larger context"
            ),
            (Some(_), _) => "raise the step's `max_tokens`, or ask for a shorter answer".to_owned(),
            (None, _) => format!(
                "raise `max_tokens` of model `{name}` in engine.yaml or of the step, or ask for a shorter answer"
            ),
        };
        Self { tokens: if earlier { counted } else { limit.or(counted) }, help }
    }

    /// Where, in words.
    pub fn at(&self) -> String {
        match self.tokens {
            Some(tokens) => format!("at {tokens} tokens"),
            None => "at its greatest length".to_owned(),
        }
    }

    /// How to mend it.
    pub fn help(&self) -> &str {
        &self.help
    }
}
