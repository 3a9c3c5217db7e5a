//! `similar` and `llm-rubric`: what an answer is measured by, with the least that will do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A text that an answer is like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Similar {
    /// The text; the usual likeness will do.
    To(String),
    /// The text and the least likeness.
    With(SimilarTo),
}

/// A text, and how like it an answer must be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SimilarTo {
    /// The text.
    #[schemars(example = &"The campaign lost money once margin is counted.")]
    pub to: String,
    /// The least likeness, from 0 (no pair of letters in common) to 1.
    #[serde(default = "usual_likeness")]
    #[schemars(range(min = 0, max = 1), example = &0.8)]
    pub threshold: f64,
}

/// Above what two texts have in common that are about different things, and below what two wordings of one thing have.
fn usual_likeness() -> f64 {
    0.75
}

impl Similar {
    /// The text.
    pub fn text(&self) -> &str {
        match self {
            Self::To(text) => text,
            Self::With(similar) => &similar.to,
        }
    }

    /// The least likeness.
    pub fn threshold(&self) -> f64 {
        match self {
            Self::To(_) => usual_likeness(),
            Self::With(similar) => similar.threshold,
        }
    }
}

/// What a judge holds an answer against.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Rubric {
    /// What must be so of the answer; the judge says whether it is.
    Text(String),
    /// The same, with the least score.
    With(ScoredRubric),
}

/// A rubric, and the least score that will do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoredRubric {
    /// What must be so of the answer.
    #[schemars(example = &"Names a risk and says how large it is.")]
    pub rubric: String,
    /// The least score that the judge gives, from 0 to 1; what it says about passing counts as well.
    #[schemars(range(min = 0, max = 1), example = &0.7)]
    pub threshold: f64,
}

impl Rubric {
    /// What must be so.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::With(scored) => &scored.rubric,
        }
    }

    /// The least score; 0 where none is asked for.
    pub fn threshold(&self) -> f64 {
        match self {
            Self::Text(_) => 0.0,
            Self::With(scored) => scored.threshold,
        }
    }
}
