//! Values for params from the command line and from files.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use crate::document::{Param, ParamValues};
use crate::event::Fault;
use crate::plan::Plan;
use crate::tool::{self, Toolbox};
use crate::value::{Object, Value};

use super::arguments::Params;
use super::exit::Failure;

/// Reads the values that were given: the file's first, then those of `--param`.
pub(super) fn given(
    arguments: &Params,
    params: &IndexMap<String, Param>,
) -> Result<Object, Failure> {
    let mut values = match &arguments.params_file {
        Some(path) => {
            let shown = path.display();
            let text = std::fs::read_to_string(path).map_err(|e| {
                Failure::usage(format!("cannot read {shown}: {e}"), "name a YAML or JSON file")
            })?;
            crate::document::read_object(&text).map_err(|fault| {
                Failure::usage(format!("{shown}: {fault}"), "write one value a line: `name: value`")
            })?
        }
        None => Object::new(),
    };
    let (mut faults, mut seen) = (Vec::new(), BTreeSet::new());
    for argument in &arguments.params {
        let Some((name, text)) = argument.split_once('=') else {
            faults.push(
                Fault::new("bad-param", format!("`{argument}` is no NAME=VALUE"))
                    .help("write --param name=value"),
            );
            continue;
        };
        if !seen.insert(name) {
            let fault = Fault::new("bad-param", format!("param `{name}` is given twice"));
            faults.push(fault.help("write one --param for it"));
            continue;
        }
        let value = match params.get(name) {
            Some(param) => tool::parse_param(param, text),
            // The check of all values names it, with a suggestion.
            None => Ok(text.into()),
        };
        match value {
            Ok(value) => drop(values.insert(name.to_owned(), value)),
            Err(message) => {
                faults.push(Fault::new("bad-param", format!("param `{name}`: {message}")));
            }
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(Failure::Usage(faults)) }
}

/// Checks the values against the plan's params, those tied to values in the data against the data.
pub(super) async fn check(plan: &Plan, given: &Object, tools: &Toolbox) -> Result<Object, Failure> {
    let values = tool::check_params(&plan.params, given).map_err(|faults| {
        let missing = |fault: &Fault| fault.kind == tool::MISSING && fault.help.is_none();
        let helped = |fault: Fault| {
            if missing(&fault) { fault.help("give it with --param name=value") } else { fault }
        };
        Failure::Usage(faults.into_iter().map(helped).collect())
    })?;
    let mut faults = Vec::new();
    for (name, tied, value) in tied(plan, &values) {
        if let Err(fault) = tools.check_value(name, tied, value).await {
            faults.push(fault);
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(Failure::Usage(faults)) }
}

/// Checks what was given as far as that needs no server, and lets params be missing. Gives the params whose values only a
/// server can tell.
pub(super) fn check_given<'p>(
    plan: &'p Plan,
    given: &Object,
    tools: &Toolbox,
) -> Result<Vec<&'p str>, Failure> {
    let found = tool::check_params(&plan.params, given).err().unwrap_or_default();
    let mut faults: Vec<Fault> =
        found.into_iter().filter(|fault| fault.kind != tool::MISSING).collect();
    let mut unknown = Vec::new();
    if faults.is_empty() {
        for (name, tied, value) in tied(plan, given) {
            match tools.check_listed(name, tied, value) {
                Some(checked) => faults.extend(checked.err()),
                None => unknown.push(name),
            }
        }
    }
    if faults.is_empty() { Ok(unknown) } else { Err(Failure::Usage(faults)) }
}

/// The values of params that must be among those that a tool lists.
fn tied<'p, 'v>(
    plan: &'p Plan,
    values: &'v Object,
) -> impl Iterator<Item = (&'p str, &'p ParamValues, &'v Value)> {
    plan.params.iter().filter_map(|(name, param)| {
        let value = values.get(name).filter(|value| !value.is_null())?;
        Some((name.as_str(), param.values.as_ref()?, value))
    })
}
