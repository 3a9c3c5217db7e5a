//! stub
use super::*;
use crate::plan::AgentStep;
use crate::id::StepId;
pub(super) enum Judged { Good(Done), Faulty { usable: Option<Done>, fault: Fault, repair: String } }
pub(super) fn fill(_: &StepId, v: Value, _: &Evidence) -> (Value, FigureCount) { (v, FigureCount::default()) }
pub(super) fn citation_rule(_: &Evidence) -> String { String::new() }
pub(super) fn judge(_: &Step, _: &AgentStep, answer: &crate::model::Answer, _: &str, _: &Evidence) -> Judged { Judged::Good(Done::of(answer.text.clone().into())) }
