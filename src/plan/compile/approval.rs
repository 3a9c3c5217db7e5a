//! Steps of kind `approval`.

use super::{Compiler, Edges};
use crate::diagnostic::suggest;
use crate::document::{self, Approval};
use crate::expression::Template;
use crate::plan::{ApprovalStep, Kind};
use crate::value::Value;

impl Compiler<'_> {
    pub(super) fn approval(
        &mut self,
        step: &document::Step,
        approval: &Approval,
        pointer: &str,
        edges: &mut Edges,
    ) -> Kind {
        let Approval { message, choices, timeout, on_timeout } = approval;
        let place = format!("{pointer}/approval/message");
        edges.add(&self.template(message, &place, Some(&step.id), &[]));
        if message.trim().is_empty() {
            let help = "say what is to be decided".to_owned();
            self.error("empty", "`message` is empty".to_owned(), help, &place);
        }
        for (index, choice) in choices.iter().enumerate() {
            if choices.iter().take(index).any(|earlier| earlier == choice) {
                let place = format!("{pointer}/approval/choices/{index}");
                let message = format!("choice `{choice}` exists twice");
                self.error("invalid-value", message, "remove one of them".to_owned(), &place);
            }
        }
        if let Some(choice) = on_timeout {
            let place = format!("{pointer}/approval/on_timeout");
            if !choices.contains(choice) {
                let help = suggest(choice, choices.iter().map(String::as_str), "choices");
                let message = format!("`{choice}` is none of the choices");
                self.error("invalid-value", message, help, &place);
            } else if timeout.is_none() {
                let message = "`on_timeout` means nothing without `timeout`".to_owned();
                self.error("misplaced-key", message, "add `timeout: 2d`".to_owned(), &place);
            }
        }
        Kind::Approval(ApprovalStep {
            message: Template::new(&Value::String(message.clone())),
            choices: choices.clone(),
            timeout: *timeout,
            on_timeout: on_timeout.clone(),
        })
    }
}
