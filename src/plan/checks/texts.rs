//! The types of what the texts of a workflow give, and the faults that these tell: `type-mismatch`, `mixed-units`,
//! `unknown-field` and `never-equal`, each a file of `expression::infer` or, for values that are handed on, `type_mismatch`.

use crate::diagnostic::Diagnostic;
use crate::document::{Param, Step};
use crate::expression::{Problem, Root, Type, Unit, infer_expression, infer_template, is_template};
use crate::plan::{params, types};
use crate::value::{Value, pointer_segment};

use super::{Checked, type_mismatch};

/// Steps are looked at in the order in which they can run, so that the types of what they read are known.
pub(super) fn check(checked: &mut Checked<'_>) -> Vec<Diagnostic> {
    let workflow = &checked.document.value;
    let mut found = Vec::new();
    for number in checked.order() {
        let Some(step) = workflow.steps.get(number) else { continue };
        let texts = Texts { checked, locals: Vec::new(), found: Vec::new() };
        let (of_step, item, compute) = texts.step(number, step);
        found.extend(of_step);
        checked.items.extend(item.map(|item| (step.id.as_str(), item)));
        if let Some(compute) = compute {
            let id = step.id.as_str();
            checked.types.insert(id, if checked.open.contains(id) { Type::Any } else { compute });
        }
    }
    let mut texts = Texts { checked, locals: Vec::new(), found: Vec::new() };
    let outputs = workflow.outputs.iter().map(|(name, value)| {
        (name.clone(), texts.value(value, &format!("/outputs/{}", pointer_segment(name))))
    });
    let outputs = Type::Fields(outputs.collect());
    found.extend(texts.found);
    checked.outputs = outputs;
    found
}

/// The texts of one step, or of the outputs.
struct Texts<'c, 'w> {
    checked: &'c Checked<'w>,
    /// Names computed before.
    locals: Vec<(String, Type)>,
    found: Vec<Diagnostic>,
}

impl Texts<'_, '_> {
    /// The faults of a step, the type of its item and, where it computes, that of its output.
    fn step(mut self, number: usize, step: &Step) -> (Vec<Diagnostic>, Option<Type>, Option<Type>) {
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
        // A param at fault may take anything.
        let is_open = |name: &str| {
            let part = format!("/params/{}", pointer_segment(name));
            tool.is_some_and(|tool| library.lacks(&tool.name, &part))
                || workflow.is_some_and(|workflow| workflow.lacks(&part))
        };
        for (name, value) in step.with.iter().flatten() {
            let place = format!("{pointer}/with/{}", pointer_segment(name));
            let found = self.value(value, &place);
            let written =
                Some(value).filter(|v| !v.as_str().is_some_and(|text| text.contains("{{")));
            let param = params.and_then(|params| params.get(name)).filter(|_| !is_open(name));
            let Some(param) = param else { continue };
            let refused = || params::refused(name, param, value).filter(|_| written.is_some());
            let fault = type_mismatch::argument(name, param, &found, written).or_else(refused);
            self.found.extend(fault.map(|fault| self.checked.at(fault, &place)));
        }
        let item = self.locals.first().map(|(_, found)| found.clone());
        let own = self.locals.len();
        let computed = step.compute.as_ref().map(|compute| {
            for (name, value) in compute {
                let place = format!("{pointer}/compute/{}", pointer_segment(name));
                let found = match value.as_str() {
                    Some(text) => self.expression(text, &place),
                    None => Type::of(value),
                };
                self.locals.push((name.clone(), found));
            }
            let fields = Type::Fields(self.locals.split_off(own).into_iter().collect());
            types::with_default(fields, step)
        });
        (self.found, item, computed)
    }

    /// What a step is repeated for is a list; its items are what the texts of the step read.
    fn item(&mut self, step: &Step, pointer: &str) {
        let Some(for_each) = &step.for_each else { return };
        let place = format!("{pointer}/for_each");
        let found = self.value(for_each, &place);
        self.found
            .extend(type_mismatch::no_list(&found).map(|fault| self.checked.at(fault, &place)));
        let item = if let Type::List(item) = found { *item } else { Type::Any };
        self.locals.push((types::item_name(step).to_owned(), item));
    }

    fn value(&mut self, value: &Value, pointer: &str) -> Type {
        match value {
            Value::String(text) => self.template(text, pointer),
            Value::Array(items) => {
                let items = items.iter().enumerate();
                let types =
                    items.map(|(index, item)| self.value(item, &format!("{pointer}/{index}")));
                Type::List(Box::new(types.reduce(Type::or).unwrap_or_default()))
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
        self.problems(&problems, pointer);
        found
    }

    fn expression(&mut self, text: &str, pointer: &str) -> Type {
        let (found, problems) = infer_expression(text, &|root, path| self.lookup(root, path));
        self.problems(&problems, pointer);
        found
    }

    fn problems(&mut self, problems: &[Problem], pointer: &str) {
        let document = self.checked.document;
        self.found.extend(problems.iter().map(|problem| document.diagnostic(problem, pointer)));
    }

    fn lookup(&self, root: &Root, path: &[String]) -> Type {
        let (first, rest) = match path.split_first() {
            Some((first, rest)) => (first.as_str(), rest),
            None => ("", path),
        };
        match root {
            Root::Params => {
                let document = self.checked.document;
                let is_known =
                    |_: &&Param| !document.lacks(&format!("/params/{}", pointer_segment(first)));
                let param = document.value.params.get(first).filter(is_known);
                let found = param.map(types::of_param).unwrap_or_default();
                match (found, self.checked.params.get(first)) {
                    (Type::Number(None), Some(unit)) => Type::Number(Unit::new(unit)),
                    (found, _) => found.at(rest),
                }
            }
            Root::Steps => match rest.split_first() {
                Some((field, rest)) if field == "output" => {
                    self.checked.types.get(first).map(|found| found.at(rest)).unwrap_or_default()
                }
                Some((field, _)) if field == "status" => types::status(),
                Some(_) | None => Type::Any,
            },
            Root::Local(name) => {
                let known = self.locals.iter().rev().find(|(local, _)| local == name);
                known.map(|(_, found)| found.at(path)).unwrap_or_default()
            }
        }
    }
}
