//! Holds what a model gives for a value of the question against the question: a number, month or name that nobody said is
//! never run on.

use super::router::{Month, Spoken, Target, Values};
use super::{Argument, Known, Part};
use crate::document::Param;
use crate::expression::{self, is_template};
use crate::id::ToolName;
use crate::plan::Library;
use crate::tool;
use crate::value::{Value, unquoted};

/// Numbers that arithmetic may hold though nobody says them: none, all, hundredths, and the parts of a year.
const RECKONING: &[f64] = &[0.0, 1.0, 3.0, 4.0, 12.0, 52.0, 100.0, 365.0];

/// As many of them a reckoning may hold, and so much they may come to when multiplied: more would make any number of them.
const MOST_FREE: usize = 4;
const MOST_PRODUCT: f64 = 5_000.0;

/// What the values of a model are held against.
pub(super) struct Held<'a> {
    pub(super) library: &'a Library,
    /// The values that exist, as far as they are known.
    pub(super) values: &'a Values,
    /// The question, with what was said before it.
    pub(super) said: Spoken<'a>,
}

impl Held<'_> {
    /// What the parts of a plan hold that nobody said, a line for each, in words for the model.
    pub(super) fn faults(&self, parts: &[Part]) -> Vec<String> {
        parts.iter().flat_map(|part| self.faults_of(part)).collect()
    }

    fn faults_of(&self, part: &Part) -> Vec<String> {
        let Part { id, agent, task, tool, with, .. } = part;
        let in_task = agent.iter().flat_map(|_| self.said.unsaid(task)).map(|text| {
            format!("the task says `{text}`, which the question does not: ask without it")
        });
        let in_with = with.iter().filter_map(|argument| match (agent, tool) {
            (Some(_), _) => None,
            (None, Some(tool)) => self.argument(tool, argument),
            (None, None) => self.arithmetic(&argument.value, true),
        });
        in_task.chain(in_with).map(|fault| format!("part `{id}`: {fault}")).collect()
    }

    /// What is wrong with an argument of a tool. What it is no value for is told by the check of the document.
    fn argument(&self, tool: &ToolName, Argument { name, value }: &Argument) -> Option<String> {
        if is_template(value) {
            return self.arithmetic(value, false);
        }
        let param = self.library.tool(tool)?.params.get(name)?;
        let typed = tool::parse_param(param, value).ok()?;
        let known = self.known(tool, name);
        if !known.is_empty() && !known.iter().any(|one| one.value == typed) {
            let some: Vec<String> = known.iter().take(12).map(|one| unquoted(&one.value)).collect();
            return Some(format!("`{name}`: there is no {typed}; there is {}", some.join(", ")));
        }
        if self.says(name, param, known, &typed) || self.is_only_field(name, known, &typed) {
            return None;
        }
        let amounts = self.said.amounts();
        let says = if typed.is_number() && !amounts.is_empty() {
            format!(" (it says {})", amounts.join(", "))
        } else {
            String::new()
        };
        let instead = if param.default.is_some() {
            "leave it out"
        } else {
            "take it from an earlier part, or ask an agent instead"
        };
        Some(format!("`{name}` is {typed}, which the question does not say{says}: {instead}"))
    }

    /// Whether a value is a field that an agent covers, where the question names none of the values.
    fn is_only_field(&self, param: &str, known: &[Known], value: &Value) -> bool {
        let one = known.iter().find(|one| one.value == *value);
        one.is_some_and(|one| self.said.is_field(one))
            && !known.iter().any(|one| self.said.names(param, one))
    }

    fn known(&self, tool: &ToolName, param: &str) -> &[Known] {
        let agents = self.library.agents().map(|document| &document.value);
        let having = agents.filter(|agent| agent.tools.contains(tool));
        let mut lists = having.filter_map(|agent| {
            self.values.get(&(Target::Agent(agent.name.clone()), param.to_owned()))
        });
        lists.next().map_or(&[], Vec::as_slice)
    }

    /// Whether the question says a value of a workflow's param. Where a number stands for something else (20%, two
    /// quarters), it is no amount.
    pub(super) fn fills(&self, name: &str, param: &Param, known: &[Known], value: &Value) -> bool {
        let number = value.as_f64().filter(|_| param.choices.is_empty());
        number.map_or_else(
            || self.says(name, param, known, value),
            |number| self.said.says_plainly(number),
        )
    }

    /// Whether the question says a value of a param, in whatever form. `known` are the values that exist.
    fn says(&self, name: &str, param: &Param, known: &[Known], value: &Value) -> bool {
        if param.default.as_ref() == Some(value) {
            return true;
        }
        match value {
            Value::Number(number) => {
                param.choices.contains(value)
                    || number.as_f64().is_some_and(|value| self.said.says_number(value))
                    || number.as_u64() == Some(1) && self.said.says_one()
            }
            Value::String(_) if !known.is_empty() || param.values.is_some() => {
                let one = known.iter().find(|one| one.value == *value).cloned();
                let one = one.unwrap_or_else(|| Known { value: value.clone(), label: None });
                self.said.names(name, &one)
            }
            Value::String(text) if param.choices.is_empty() => self.says_text(text),
            Value::Array(items) => items.iter().all(|item| self.says(name, param, known, item)),
            Value::Object(fields) => {
                fields.values().all(|field| self.says(name, param, known, field))
            }
            Value::Null | Value::Bool(_) | Value::String(_) => true,
        }
    }

    /// A month, a year, or any other text: of that its numbers count.
    fn says_text(&self, text: &str) -> bool {
        let digits = |from: usize, to: usize| {
            text.get(from..to).is_some_and(|part| part.chars().all(|c| c.is_ascii_digit()))
        };
        if text.len() >= 7
            && text.get(4..5) == Some("-")
            && let Some(month) = Month::read(text)
        {
            return self.said.says_month(month);
        }
        match text.parse() {
            Ok(year) if text.len() == 4 && digits(0, 4) => self.said.says_year(year),
            _ => self.said.unsaid(text).is_empty(),
        }
    }

    /// What is wrong with arithmetic: a number that neither the question says nor any reckoning needs.
    fn arithmetic(&self, source: &str, is_expression: bool) -> Option<String> {
        let numbers = expression::numbers(source, is_expression);
        let free = |number: &f64| RECKONING.contains(number);
        let said = |number: &f64| self.said.says_number(*number) || self.said.says_factor(*number);
        // Said numbers make others as well when they are taken again and again.
        let count = numbers.iter().filter(|number| **number > 0.0).count();
        let product: f64 =
            numbers.iter().filter(|number| free(number)).map(|n| n.max(1.0)).product();
        if count > MOST_FREE || product > MOST_PRODUCT {
            return Some(format!(
                "the arithmetic `{source}` makes a value of numbers alone: read it from an earlier part, or leave it out"
            ));
        }
        let number = numbers.into_iter().find(|number| !free(number) && !said(number))?;
        Some(format!(
            "the arithmetic `{source}` holds {number}, which the question does not say: read it from an earlier part, or leave it out"
        ))
    }
}
