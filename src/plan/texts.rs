//! The templates and expressions of a workflow, wherever they stand.

use crate::document::Workflow;
use crate::expression::{Analysis, analyse_expression, analyse_template};
use crate::value::{Value, each_text, pointer_segment};

/// How a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Text with `{{ ... }}` in it.
    Template,
    /// One expression.
    Expression,
}

/// A text that reads params and steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<'w> {
    /// JSON pointer of its place.
    pub pointer: String,
    /// What is written there.
    pub source: &'w str,
    /// How it is read.
    pub language: Language,
}

impl Text<'_> {
    /// What it reads.
    pub fn analyse(&self) -> Analysis {
        match self.language {
            Language::Template => analyse_template(self.source),
            Language::Expression => analyse_expression(self.source),
        }
    }
}

/// All texts of a workflow that [`compile`](super::compile()) looks into.
pub fn texts(workflow: &Workflow) -> Vec<Text<'_>> {
    let mut found = Vec::new();
    for (number, step) in workflow.steps.iter().enumerate() {
        let at = format!("/steps/{number}");
        let mut one = |key: &str, source, language| {
            found.push(Text { pointer: format!("{at}/{key}"), source, language });
        };
        if let Some(prompt) = &step.prompt {
            one("prompt", prompt, Language::Template);
        }
        if let Some(planning) = &step.plan {
            one("plan/goal", &planning.goal, Language::Template);
        }
        if let Some(approval) = &step.approval {
            one("approval/message", &approval.message, Language::Template);
        }
        if let Some(when) = &step.when {
            one("when", when, Language::Expression);
        }
        for (name, value) in step.compute.iter().flatten() {
            if let Value::String(source) = value {
                one(&format!("compute/{}", pointer_segment(name)), source, Language::Expression);
            }
        }
        for (name, value) in step.with.iter().flatten() {
            templates(value, &format!("{at}/with/{}", pointer_segment(name)), &mut found);
        }
        if let Some(for_each) = &step.for_each {
            templates(for_each, &format!("{at}/for_each"), &mut found);
        }
        if let Some(default) = &step.default {
            templates(default, &format!("{at}/default"), &mut found);
        }
    }
    for (name, value) in &workflow.outputs {
        templates(value, &format!("/outputs/{}", pointer_segment(name)), &mut found);
    }
    found
}

/// Every text of a value that is written as templates.
fn templates<'w>(value: &'w Value, pointer: &str, found: &mut Vec<Text<'w>>) {
    each_text(value, pointer, &mut |source, pointer| {
        found.push(Text { pointer: pointer.to_owned(), source, language: Language::Template });
    });
}
