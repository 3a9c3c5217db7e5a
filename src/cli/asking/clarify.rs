//! What is said, and asked back, where a question cannot be answered as it is.

use std::io::{BufRead, IsTerminal};

use super::Asked;
use crate::ask::{Known, Route, RouteKind};
use crate::cli::exit::{Exit, Failure};
use crate::document::Workflow;
use crate::event::Fault;
use crate::report::{self, AskReport};
use crate::tool;

/// Values of a param that are named.
const MOST_NAMED: usize = 40;

/// Asks for missing params, where somebody is there to answer.
pub(in crate::cli) fn clarify(asked: &Asked<'_>, route: &mut Route) -> Result<bool, Failure> {
    if asked.arguments.ending.json
        || !std::io::stdin().is_terminal()
        || !asked.printer.is_terminal()
    {
        return Ok(false);
    }
    let Some(workflow) = route.workflow.as_ref().and_then(|name| asked.catalog.workflow(name))
    else {
        return Ok(false);
    };
    for name in std::mem::take(&mut route.missing) {
        let Some(param) = workflow.params.get(&name) else { continue };
        let about = param.description.as_deref().unwrap_or(&name).trim_end_matches('.');
        asked
            .printer
            .err(&format!("{about}{}\n{name}: ", named_values(asked, workflow, route, &name)));
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        read.map_err(|e| Failure::machine("cannot read the answer", &e))?;
        let value = tool::parse_param(param, line.trim())
            .map_err(|message| Failure::usage(format!("param `{name}`: {message}"), "ask again"))?;
        route.params.insert(name, value);
    }
    route.kind = RouteKind::Workflow;
    Ok(true)
}

/// Why the question leaves a param open, and what its value may be.
fn named_values(asked: &Asked<'_>, workflow: &Workflow, route: &Route, param: &str) -> String {
    let open = route.open.iter().find(|open| open.param == param);
    let why = open.map_or_else(String::new, |open| format!("; {}", open.why));
    let known = match open {
        Some(open) if !open.values.is_empty() => open.values.as_slice(),
        _ => asked.catalog.known(&workflow.name, param),
    };
    if known.is_empty() {
        return why;
    }
    let shown: Vec<String> = known.iter().take(MOST_NAMED).map(Known::told).collect();
    let more = if known.len() > MOST_NAMED { ", ..." } else { "" };
    format!("{why}; one of: {}{more}", shown.join(", "))
}

/// Says why nothing runs.
pub(in crate::cli) fn refuse(asked: &Asked<'_>, route: &Route) -> Result<Exit, Failure> {
    let (exit, fault) = refusal(asked, route);
    if asked.arguments.ending.json {
        asked.print(&AskReport {
            outcome: None,
            route,
            plan: None,
            refusal: Some(fault.clone()),
        })?;
    }
    asked.printer.err(&Failure::Usage(vec![fault]).render(asked.printer.colour()));
    Ok(exit)
}

/// Why nothing runs, and the exit code that tells it.
pub(in crate::cli) fn refusal(asked: &Asked<'_>, route: &Route) -> (Exit, Fault) {
    let named = route.workflow.as_ref().and_then(|name| asked.catalog.workflow(name));
    let wanted = named.filter(|_| route.kind == RouteKind::Clarify);
    if let Some(workflow) = wanted {
        return (Exit::Usage, unsaid(asked, workflow, route));
    }
    if route.kind == RouteKind::Clarify {
        let help = if route.missing.is_empty() {
            "ask the whole question, such as `What was our revenue last quarter?`"
        } else {
            "name the period, such as `last quarter`, `Q3 2025` or `2025-07 to 2025-09`"
        };
        return (Exit::Usage, Fault::new("clarify", route.why.clone()).help(help));
    }
    let help = report::can_be_asked(asked.catalog);
    let fault = Fault::new("out-of-scope", "nobody here can answer this question").help(help);
    (Exit::OutOfScope, fault)
}

/// Which params the question leaves open.
fn unsaid(asked: &Asked<'_>, workflow: &Workflow, route: &Route) -> Fault {
    let missing = &route.missing;
    let told = missing.iter().map(|name| {
        let about = workflow.params.get(name).and_then(|param| param.description.as_deref());
        let about = about.unwrap_or("no description").trim_end_matches('.');
        format!("`{name}` ({about}{})", named_values(asked, workflow, route, name))
    });
    let told: Vec<String> = told.collect();
    let name = &workflow.name;
    let message = format!(
        "workflow `{name}` answers this, but the question does not say {}",
        told.join(" and ")
    );
    let params: Vec<String> = missing.iter().map(|param| format!("--param {param}=...")).collect();
    let help = format!("say it in the question, or `engine run {name} {}`", params.join(" "));
    Fault::new("clarify", message).help(help)
}
