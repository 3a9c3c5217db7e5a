//! How often questions go to the agents that they take.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::{CaseReport, share};
use super::statistics::wilson;
use crate::id::AgentName;

/// Who answers a question, and whom it takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Selection {
    /// The agents that it takes.
    pub needed: Vec<AgentName>,
    /// The agents that answer.
    pub chosen: Vec<AgentName>,
    /// Who chose them: `lexical`, `model` or `session`.
    pub by: String,
}

/// How often the agents of questions were chosen rightly, with one model and by one way of choosing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Selecting {
    /// The model of the cases.
    pub model: String,
    /// Who chose: `lexical`, `model` or `session`.
    pub by: String,
    /// Questions.
    pub questions: usize,
    /// Those that got every agent they take; others may be among the chosen.
    pub complete: usize,
    /// Those that got these agents and no other.
    pub exact: usize,
    /// The share of all that got every agent they take.
    pub share: f64,
    /// Where the true share lies with 95 % confidence (Wilson).
    pub interval: [f64; 2],
}

impl Selecting {
    /// Of all attempts whose case says whom it takes, in the order of the cases.
    pub fn of(cases: &[CaseReport]) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for case in cases {
            for chosen in case.attempts.iter().filter_map(|attempt| attempt.selection.as_ref()) {
                let same = |one: &&mut Self| one.model == case.model && one.by == chosen.by;
                if let Some(found) = all.iter_mut().find(same) {
                    found.count(chosen);
                    continue;
                }
                let mut one = Self::nothing(&case.model, &chosen.by);
                one.count(chosen);
                all.push(one);
            }
        }
        for one in &mut all {
            one.share = share(one.complete, one.questions).unwrap_or_default();
            one.interval = wilson(one.complete, one.questions);
        }
        all
    }

    fn nothing(model: &str, by: &str) -> Self {
        Self {
            model: model.to_owned(),
            by: by.to_owned(),
            questions: 0,
            complete: 0,
            exact: 0,
            share: 0.0,
            interval: [0.0, 1.0],
        }
    }

    fn count(&mut self, selection: &Selection) {
        let Selection { needed, chosen, .. } = selection;
        let complete = needed.iter().all(|agent| chosen.contains(agent));
        self.questions += 1;
        self.complete += usize::from(complete);
        self.exact += usize::from(complete && chosen.iter().all(|agent| needed.contains(agent)));
    }

    /// It in words, as reports show it.
    pub fn line(&self) -> String {
        let who = match self.by.as_str() {
            "lexical" => "words",
            "session" => "the conversation",
            _ => self.model.as_str(),
        };
        format!(
            "agents chosen by {who}: {} of {} questions got all that they take, {} of them nobody else",
            self.complete, self.questions, self.exact
        )
    }
}
