//! What the numbers count that no tool gives: params, computed values and outputs, as far as the workflow itself tells.

use indexmap::IndexMap;

use crate::document::Workflow;
use crate::expression::{Type, citations};

use super::texts::texts;

/// Units by field, by what holds the fields: `params`, `outputs`, `steps.ID` of a step that computes.
pub type Units = IndexMap<String, IndexMap<String, String>>;

/// The units of a workflow, given those of its params. `types` are those of the outputs of its steps, `outputs` those of
/// what it gives back.
pub(super) fn units<'t>(
    workflow: &Workflow,
    params: IndexMap<String, String>,
    types: impl Fn(&str) -> Option<&'t Type>,
    outputs: &Type,
) -> Units {
    let mut found = Units::new();
    let mut add = |holder: String, units: IndexMap<String, String>| {
        if !units.is_empty() {
            found.insert(holder, units);
        }
    };
    add("params".to_owned(), params);
    for step in workflow.steps.iter().filter(|step| step.compute.is_some()) {
        let fields = types(step.id.as_str()).map(of_fields);
        add(format!("steps.{}", step.id), fields.unwrap_or_default());
    }
    add("outputs".to_owned(), of_fields(outputs));
    found
}

/// Units by field, those of fields further inside included where they agree.
fn of_fields(found: &Type) -> IndexMap<String, String> {
    let (mut units, mut inside) = (IndexMap::new(), IndexMap::new());
    match found {
        Type::Fields(fields) => {
            for (name, field) in fields {
                if let Type::Number(Some(unit)) = field {
                    units.insert(name.clone(), unit.as_str().to_owned());
                }
                for (name, unit) in
                    of_fields(field).into_iter().filter(|(name, _)| !fields.contains_key(name))
                {
                    let known = inside.entry(name).or_insert_with(|| Some(unit.clone()));
                    *known = known.take().filter(|known| *known == unit);
                }
            }
        }
        Type::List(items) => units = of_fields(items),
        Type::Any | Type::Null | Type::Text | Type::Words(_) | Type::Boolean | Type::Number(_) => {}
    }
    for (name, unit) in inside {
        if let Some(unit) = unit {
            units.entry(name).or_insert(unit);
        }
    }
    units
}

/// A param counts what the filter says by which the workflow writes it out, where all its texts agree.
pub(super) fn of_params(workflow: &Workflow) -> IndexMap<String, String> {
    let mut found: IndexMap<String, Option<&str>> = IndexMap::new();
    for text in texts(workflow) {
        let cited = citations(text.source).into_iter().filter_map(|citation| {
            Some((citation.path.strip_prefix("params.")?.to_owned(), citation.filter?))
        });
        let rest = text.source.split("params.").skip(1);
        let written = rest.filter_map(|rest| {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_')?;
            let (name, rest) = rest.split_at(end);
            Some((name.to_owned(), rest.trim_start().strip_prefix('|')?))
        });
        for (name, filter) in cited.chain(written) {
            let Some(unit) = unit_of(filter) else { continue };
            let known = found.entry(name).or_insert(Some(unit));
            *known = known.filter(|known| *known == unit);
        }
    }
    let params = found.into_iter().filter(|(name, _)| workflow.params.contains_key(name));
    params.filter_map(|(name, unit)| Some((name, unit?.to_owned()))).collect()
}

/// The unit of what a filter writes.
fn unit_of(filter: &str) -> Option<&'static str> {
    let filter = filter.trim_start();
    let end = filter.find(|c: char| !c.is_alphanumeric()).unwrap_or(filter.len());
    match filter.get(..end)? {
        "usd" => Some("usd"),
        // `percent` writes ratios.
        "percent" | "ratio" => Some("ratio"),
        _ => None,
    }
}
