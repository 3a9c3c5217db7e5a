//! What a workflow says by names, so that two of them can be held against one another.

use crate::document::{AgentRef, Workflow};
use crate::expression::{Root, citations};
use crate::plan;
use crate::value::{Value, pointer_segment};

use super::What;
use super::mentions::Names;

/// Its steps, params, items and computed names, what they wait for, and what every text reads and cites. With names, as it would be
/// said after renaming.
pub(super) fn said(workflow: &Workflow, names: Option<&Names<'_>>) -> Vec<String> {
    let is = |what: &dyn Fn(&What) -> bool| names.filter(|names| what(names.what));
    let map = |names: Option<&Names<'_>>, name: &str| match names {
        Some(names) if names.old == name => names.new.to_owned(),
        _ => name.to_owned(),
    };
    let steps = is(&|what| *what == What::Step);
    let params = is(&|what| *what == What::Param);
    let mut said: Vec<String> = Vec::new();
    for name in workflow.params.keys() {
        said.push(format!("param {}", map(params, name)));
    }
    for question in &workflow.questions {
        said.push(params.map_or_else(
            || question.clone(),
            |names| question.replace(&format!("{{{}}}", names.old), &format!("{{{}}}", names.new)),
        ));
    }
    for (number, step) in workflow.steps.iter().enumerate() {
        said.push(format!("step {}", map(steps, step.id.as_str())));
        let needs = step.needs.iter();
        said.extend(needs.map(|(_, need, _)| format!("needs {}", map(steps, need.as_str()))));
        if step.for_each.is_some() {
            let item = is(&|what| *what == What::Item { step: number });
            let name = step.item_name.as_deref().unwrap_or(plan::ITEM);
            said.push(format!("item {}", map(item, name)));
        }
        let computed = is(&|what| matches!(what, What::Computed { step, .. } if *step == number));
        let defaults = step.default.as_ref().and_then(Value::as_object).into_iter().flatten();
        let keys = step.compute.iter().flat_map(|names| names.keys());
        said.extend(keys.map(|name| format!("computes {}", map(computed, name))));
        said.extend(defaults.map(|(name, _)| format!("default {}", map(computed, name))));
        if let Some(AgentRef::Inline(agent)) = &step.agent {
            said.extend(agent.instructions.iter().flat_map(|text| cited(text, names)));
        }
    }
    for text in plan::texts(workflow) {
        let pointer =
            names.map_or_else(|| text.pointer.clone(), |names| moved(&text.pointer, names));
        let analysis = text.analyse();
        // What a text reads by a name that it gives a meaning of its own cannot be told apart: nothing says the same.
        let hides = |names: &Names<'_>| {
            names.what.is_bare_in(&text.pointer) && analysis.assigned.contains(names.old)
        };
        if names.is_some_and(hides) {
            said.push(format!("{pointer} hides the name"));
        }
        for read in analysis.reads {
            let mut path = read.path.clone();
            let root = match &read.root {
                Root::Steps => "steps",
                Root::Params => "params",
                Root::Local(name) => name,
            };
            path.insert(0, root.to_owned());
            if let Some(names) = names {
                names.give(&mut path, &text.pointer);
            }
            said.push(format!("{pointer} reads {}", path.join(".")));
        }
        said.extend(cited(text.source, names));
    }
    said
}

/// A pointer as it is after renaming: computed names are keys, of a `default` too.
fn moved(pointer: &str, names: &Names<'_>) -> String {
    let What::Computed { step, .. } = names.what else { return pointer.to_owned() };
    for key in ["compute", "default"] {
        let old = format!("/steps/{step}/{key}/{}", pointer_segment(names.old));
        if let Some(rest) = pointer.strip_prefix(&old)
            && (rest.is_empty() || rest.starts_with('/'))
        {
            return format!("/steps/{step}/{key}/{}{rest}", pointer_segment(names.new));
        }
    }
    pointer.to_owned()
}

fn cited(text: &str, names: Option<&Names<'_>>) -> Vec<String> {
    citations(text)
        .into_iter()
        .map(|citation| {
            let mut path: Vec<String> =
                citation.path.split('.').map(|s| s.trim().to_owned()).collect();
            if let Some(names) = names {
                names.give(&mut path, "");
            }
            format!("cites {} {:?}", path.join("."), citation.filter)
        })
        .collect()
}
