//! `type-mismatch` and `mixed-units`: values whose types cannot fit where they are used.

use crate::diagnostic::{Diagnostic, suggest};
use crate::document::{Param, Step};
use crate::expression::{Root, Type, infer_expression, infer_template, is_template};
use crate::plan::types;
use crate::value::{Value, pointer_segment, unquoted};

use super::Checked;

/// Steps are looked at in the order in which they can run, so that the types of what they read are known.
pub(super) fn check(checked: &mut Checked<'_>) -> Vec<Diagnostic> {
    let workflow = &checked.document.value;
    let mut found = defaults_of_params(checked);
    for number in checked.graph.order() {
        let Some(step) = workflow.steps.get(number) else { continue };
        let texts = Texts { checked, locals: Vec::new(), found: Vec::new() };
        let (of_step, compute) = texts.step(number, step);
        found.extend(of_step);
        if let Some(compute) = compute {
            checked.types.insert(step.id.as_str(), compute);
        }
    }
    let mut texts = Texts { checked, locals: Vec::new(), found: Vec::new() };
    for (name, value) in &workflow.outputs {
        texts.value(value, &format!("/outputs/{}", pointer_segment(name)));
    }
    found.extend(texts.found);
    found
}

/// A param's `default` is one of its values.
fn defaults_of_params(checked: &Checked<'_>) -> Vec<Diagnostic> {
    let params = &checked.document.value.params;
    let faulty = params.iter().filter_map(|(name, param)| {
        let default = param.default.as_ref()?;
        let fault = misfit(name, param, &Type::of(default), Some(default))?;
        Some(checked.at(fault, &format!("/params/{}/default", pointer_segment(name))))
    });
    faulty.collect()
}

/// Why a value cannot be a param's, if it cannot.
fn misfit(name: &str, param: &Param, found: &Type, value: Option<&Value>) -> Option<Diagnostic> {
    if !types::fits(param, found) {
        let message =
            format!("`{name}` needs {}, this is {}", param.kind.describe(), found.describe());
        let help = match (found, value) {
            (Type::Text, Some(_)) => "numbers and booleans go without quotes",
            (Type::Text, None) => "a value that is one whole `{{ ... }}` keeps its type",
            (Type::Number(_), Some(_)) => "put it into quotes",
            (Type::Number(_), None) => "write it with a filter: `{{ value | string }}`",
            _ => "give a value of that type",
        };
        return Some(Diagnostic::error("type-mismatch", message).help(help));
    }
    let value = value?;
    if let Some(bound) = param.bound_broken(value) {
        let message = format!("`{name}` is {value}, {bound}");
        let help = format!("give {}", bound.limit());
        return Some(Diagnostic::error("invalid-value", message).help(help));
    }
    let refused = !param.choices.is_empty() && !param.choices.contains(value);
    refused.then(|| {
        let text = unquoted(value);
        let choices = param.choices.iter().filter_map(Value::as_str);
        Diagnostic::error("invalid-value", format!("`{name}` cannot be {value}"))
            .help(suggest(&text, choices, "values"))
    })
}

/// The texts of one step, or of the outputs.
struct Texts<'c, 'w> {
    checked: &'c Checked<'w>,
    /// Names computed before.
    locals: Vec<(String, Type)>,
    found: Vec<Diagnostic>,
}

impl Texts<'_, '_> {
    /// The faults of a step and, where it computes, the type of its output.
    fn step(mut self, number: usize, step: &Step) -> (Vec<Diagnostic>, Option<Type>) {
        let pointer = format!("/steps/{number}");
        self.item(step, &pointer);
        if let Some(prompt) = &step.prompt {
            self.template(prompt, &format!("{pointer}/prompt"));
        }
        if let Some(when) = &step.when {
            self.expression(when, &format!("{pointer}/when"));
        }
        if let Some(default) = &step.default {
            self.value(default, &format!("{pointer}/default"));
        }
        if let Some(planning) = &step.plan {
            self.template(&planning.goal, &format!("{pointer}/plan/goal"));
        }
        if let Some(approval) = &step.approval {
            self.template(&approval.message, &format!("{pointer}/approval/message"));
        }
        let library = self.checked.library;
        let tool = step.tool.as_ref().and_then(|name| library.tool(name));
        let workflow = step.workflow.as_ref().and_then(|name| library.workflow(name));
        let params = tool.map(|tool| &tool.params).or(workflow.map(|w| &w.value.params));
        for (name, value) in step.with.iter().flatten() {
            let place = format!("{pointer}/with/{}", pointer_segment(name));
            let found = self.value(value, &place);
            let written = !value.as_str().is_some_and(|text| text.contains("{{"));
            if let Some(param) = params.and_then(|params| params.get(name))
                && let Some(fault) = misfit(name, param, &found, written.then_some(value))
            {
                self.found.push(self.checked.at(fault, &place));
            }
        }
        let item = self.locals.len();
        let computed = step.compute.as_ref().map(|compute| {
            for (name, value) in compute {
                let place = format!("{pointer}/compute/{}", pointer_segment(name));
                let found = match value.as_str() {
                    Some(text) => self.expression(text, &place),
                    None => Type::of(value),
                };
                self.locals.push((name.clone(), found));
            }
            let fields = Type::Fields(self.locals.split_off(item).into_iter().collect());
            if step.for_each.is_some() { Type::List(Box::new(fields)) } else { fields }
        });
        (self.found, computed)
    }

    /// What a step is repeated for is a list; its items are what the texts of the step read.
    fn item(&mut self, step: &Step, pointer: &str) {
        let Some(for_each) = &step.for_each else { return };
        let place = format!("{pointer}/for_each");
        let item = match self.value(for_each, &place) {
            Type::List(item) => *item,
            Type::Any => Type::Any,
            other @ (Type::Null
            | Type::Text
            | Type::Boolean
            | Type::Number(_)
            | Type::Fields(_)) => {
                let message = format!("`for_each` needs a list, this is {}", other.describe());
                let fault = Diagnostic::error("type-mismatch", message)
                    .help("give it the output of a tool that returns rows, or a list");
                self.found.push(self.checked.at(fault, &place));
                Type::Any
            }
        };
        self.locals.push((types::item_name(step).to_owned(), item));
    }

    fn value(&mut self, value: &Value, pointer: &str) -> Type {
        match value {
            Value::String(text) => self.template(text, pointer),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, &format!("{pointer}/{index}"));
                }
                Type::List(Box::default())
            }
            Value::Object(object) => Type::Fields(
                object
                    .iter()
                    .map(|(key, item)| {
                        (
                            key.clone(),
                            self.value(item, &format!("{pointer}/{}", pointer_segment(key))),
                        )
                    })
                    .collect(),
            ),
            other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => Type::of(other),
        }
    }

    fn template(&mut self, text: &str, pointer: &str) -> Type {
        if !is_template(text) {
            return Type::Text;
        }
        let (found, problems) = infer_template(text, &|root, path| self.lookup(root, path));
        self.found.extend(
            problems.iter().map(|problem| self.checked.document.diagnostic(problem, pointer)),
        );
        found
    }

    fn expression(&mut self, text: &str, pointer: &str) -> Type {
        let (found, problems) = infer_expression(text, &|root, path| self.lookup(root, path));
        self.found.extend(
            problems.iter().map(|problem| self.checked.document.diagnostic(problem, pointer)),
        );
        found
    }

    fn lookup(&self, root: &Root, path: &[String]) -> Type {
        let (first, rest) = match path.split_first() {
            Some((first, rest)) => (first.as_str(), rest),
            None => ("", path),
        };
        match root {
            Root::Params => {
                let param = self.checked.document.value.params.get(first);
                param.map(types::of_param).unwrap_or_default().at(rest)
            }
            Root::Steps => match rest.split_first() {
                Some((field, rest)) if field == "output" => {
                    self.checked.types.get(first).map(|found| found.at(rest)).unwrap_or_default()
                }
                Some((field, _)) if field == "status" => Type::Text,
                Some(_) | None => Type::Any,
            },
            Root::Local(name) => {
                let known = self.locals.iter().rev().find(|(local, _)| local == name);
                known.map(|(_, found)| found.at(path)).unwrap_or_default()
            }
        }
    }
}
