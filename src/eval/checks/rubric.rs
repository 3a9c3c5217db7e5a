//! `llm-rubric`: a model that judges finds the answer to meet a rubric.

use super::{Found, Known, nothing, told};
use crate::document::Rubric;
use crate::eval::judge::Judgement;

pub(super) fn look(rubric: &Rubric, known: &Known<'_>) -> Found {
    if !known.given.has_answer() {
        return nothing(known.given);
    }
    match known.judgement {
        Some(Judgement::Given(verdict)) => {
            let enough = verdict.score >= rubric.threshold();
            let score = if enough || !verdict.pass {
                format!("score {}", verdict.score)
            } else {
                format!("score {}, less than {}", verdict.score, rubric.threshold())
            };
            told(verdict.pass && enough, format!("{} ({score})", verdict.reason))
        }
        Some(Judgement::Absent(why)) => Found::Open(format!("not judged: {why}")),
        Some(Judgement::Failed(fault, _)) => {
            Found::Nothing(format!("not judged: {}", fault.message))
        }
        None => Found::Nothing("not judged: nobody was asked".to_owned()),
    }
}
