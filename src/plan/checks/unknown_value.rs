//! `unknown-value`: a value written out that the tool behind a param's `values` does not list.

use crate::diagnostic::{Diagnostic, suggest};
use crate::document::{Param, Step};
use crate::plan::Library;
use crate::value::{Value, pointer_segment, unquoted};

use super::Checked;

pub(super) fn check(checked: &Checked<'_>) -> Vec<Diagnostic> {
    let workflow = &checked.document.value;
    let mut found = Vec::new();
    for (name, param) in &workflow.params {
        let fault =
            param.default.as_ref().and_then(|value| unlisted(checked.library, name, param, value));
        let place = format!("/params/{}/default", pointer_segment(name));
        found.extend(fault.map(|fault| checked.at(fault, &place)));
    }
    for (number, step) in workflow.steps.iter().enumerate() {
        for (name, value) in step.with.iter().flatten() {
            let param = param_of(checked.library, step, name);
            let fault = param.and_then(|param| unlisted(checked.library, name, param, value));
            let place = format!("/steps/{number}/with/{}", pointer_segment(name));
            found.extend(fault.map(|fault| checked.at(fault, &place)));
        }
    }
    found
}

/// The param that an argument of a step is for.
fn param_of<'l>(library: &'l Library, step: &Step, name: &str) -> Option<&'l Param> {
    if let Some(tool) = &step.tool {
        return library.tool(tool)?.params.get(name);
    }
    library.workflow(step.workflow.as_ref()?)?.value.params.get(name)
}

/// The warning about a value of a param that is not among those that its tool lists. A template tells its value only when it runs.
pub(in crate::plan) fn unlisted(
    library: &Library,
    name: &str,
    param: &Param,
    value: &Value,
) -> Option<Diagnostic> {
    let values = param.values.as_ref()?;
    let rows = library.listed.get(&values.tool)?;
    let is_template = value.as_str().is_some_and(|text| text.contains("{{") || text.contains("{%"));
    if is_template || value.is_null() || value.is_array() || value.is_object() {
        return None;
    }
    let listed = || rows.iter().filter_map(|row| row.get(&values.field));
    if listed().any(|known| known == value) {
        return None;
    }
    let names: Vec<String> = listed().map(unquoted).collect();
    let help = suggest(&unquoted(value), names.iter().map(String::as_str), "values");
    let message = format!("`{name}` is {value}, which tool `{}` does not list", values.tool);
    Some(Diagnostic::new("unknown-value", message).help(help))
}
