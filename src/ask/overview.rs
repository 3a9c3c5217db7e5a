//! The document of a question where no model is there: what its agents look at first, as tables.

use std::collections::BTreeSet;

use serde_json::json;

use super::draft::{ANSWER, document, identifier, synthesiser};
use super::findings::{Finding, plain};
use super::router::{self, Said};
use super::{Catalog, QUESTION, Route};
use crate::document::Tool;
use crate::id::ToolName;
use crate::value::{Object, Value};

/// What is said first of tables that answer a question, and of those of a question that is not surely understood.
const TABLES: &str = "Worded without a model: this is what bears on the question.";
const NEAREST: &str = "Worded without a model, and words alone do not tell for sure what is asked: this is what comes nearest to the question.";

/// What is said where the question's time cannot be told to the tools.
const OTHER_TIME: &str = "\nThe question names a time that the data does not reach, or several: the tables are of their usual time.";

/// The document of a question where no model is there: what the agents of its route look at first, as tables. A tool is held to
/// the period and the values that the question names, where it takes them.
pub fn overview(catalog: &Catalog, question: &str, route: &Route) -> Value {
    let library = &catalog.library;
    let said = Told::of(catalog, question);
    let mut steps = Vec::new();
    let mut names = BTreeSet::new();
    let mut lines = vec![if route.sure { TABLES } else { NEAREST }.to_owned()];
    if said.period.is_none() && router::names_time(&catalog.index, question) {
        lines.push(OTHER_TIME.to_owned());
    }
    let (mut ids, mut told) = (Vec::new(), Vec::new());
    for agent in route.agents.iter().filter_map(|name| library.agent(name)) {
        let new: Vec<&ToolName> =
            agent.overview.iter().filter(|name| names.insert((*name).clone())).collect();
        if new.is_empty() {
            continue;
        }
        lines.push(format!("\n## {}", plain(agent.role.as_deref().unwrap_or(agent.name.as_str()))));
        for tool in new.into_iter().filter_map(|name| library.tool(name)) {
            let id = identifier(tool.name.as_str());
            let found = Finding::of_tool(tool, &id);
            lines.push(found.shown());
            told.push(found.told_or_missing());
            let mut step = json!({"id": id, "tool": tool.name});
            let with = said.arguments(tool);
            if let (Some(step), false) = (step.as_object_mut(), with.is_empty()) {
                step.insert("with".to_owned(), with.into());
            }
            steps.push(step);
            ids.push(id);
        }
    }
    if told.is_empty() {
        lines
            .push("\nThe agents name no `overview` tools, so there is nothing to show.".to_owned());
    }
    steps.push(json!({
        "id": ANSWER,
        "agent": synthesiser(library),
        "prompt": format!("The question: {{{{ params.{QUESTION} }}}}{}", told.concat()),
        "tools": [],
        "figures": "cite",
        "needs": {"optional": ids},
        "on_error": "default",
        "default": lines.join("\n"),
    }));
    document(question, &steps)
}

/// What a question names that a tool may take.
struct Told {
    /// The one period, if there is one: its first month, if it has one, and its last.
    period: Option<router::Period>,
    /// Values by param.
    values: Object,
}

impl Told {
    fn of(catalog: &Catalog, question: &str) -> Self {
        let mut periods = Vec::new();
        let mut values = Object::new();
        for named in router::said(&catalog.index, question) {
            match named.what {
                Said::Period(period) => periods.push(period),
                Said::Value { param, known, .. } => {
                    values.insert(param, known.value);
                }
                Said::Money(_) | Said::Count(_) => {}
            }
        }
        let one = if let [one] = periods.as_slice() { Some(*one) } else { None };
        Self { period: one, values }
    }

    fn arguments(&self, tool: &Tool) -> Object {
        let mut with = Object::new();
        if let Some(period) = self.period {
            period.give(&mut with, |name| tool.params.get(name).map(|param| param.kind));
        }
        let listed = |name: &str| tool.params.get(name).is_some_and(|param| param.values.is_some());
        let values = self.values.iter().filter(|(name, _)| listed(name));
        with.extend(values.map(|(name, value)| (name.clone(), value.clone())));
        with
    }
}
