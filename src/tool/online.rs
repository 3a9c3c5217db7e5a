//! Checks that need an answer from outside: what MCP servers offer against what tools say of it. Nothing is called.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Offer, ToolError, Toolbox};
use crate::diagnostic::{Diagnostic, suggest};
use crate::document::{Document, Mcp, ParamType, Tool, ToolFile, ToolKind};
use crate::id::ServerName;
use crate::plan::Library;
use crate::value::{Value, pointer_segment};

/// How long a server may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Holds the tools of a project against the servers that offer them.
pub async fn check_online(toolbox: &Toolbox, library: &Library) -> Vec<Diagnostic> {
    let mut asked: BTreeMap<&ServerName, Result<Vec<Offer>, ToolError>> = BTreeMap::new();
    let mut found = Vec::new();
    for (document, index, tool) in library.tool_places() {
        let ToolKind::Mcp(mcp) = &tool.kind else { continue };
        let known = library.project.as_ref().is_some_and(|p| p.value.mcp.contains_key(&mcp.server));
        if !known {
            continue;
        }
        if !asked.contains_key(&mcp.server) {
            let offers = toolbox.offers(&mcp.server, LIMIT).await;
            // A server that does not answer is told once, not for each of its tools.
            if let Err(error) = &offers {
                found.extend(unavailable(library, &mcp.server, error));
            }
            asked.insert(&mcp.server, offers);
        }
        if let Some(Ok(offers)) = asked.get(&mcp.server) {
            found.extend(of_tool(document, &format!("/tools/{index}"), tool, mcp, offers));
        }
    }
    found
}

fn unavailable(library: &Library, server: &ServerName, error: &ToolError) -> Option<Diagnostic> {
    let project = library.project.as_ref()?;
    let fault = error.fault();
    let message = format!("server `{server}`: {}", fault.message);
    let mut diagnostic = Diagnostic::new("source-unavailable", message)
        .at(&project.file, project.span_of(&format!("/mcp/{}", pointer_segment(server.as_str()))));
    diagnostic.help = fault.help;
    Some(diagnostic)
}

/// What a tool says against what the server offers.
fn of_tool(
    document: &Document<ToolFile>,
    pointer: &str,
    tool: &Tool,
    mcp: &Mcp,
    offers: &[Offer],
) -> Vec<Diagnostic> {
    let at_tool = document.span_of(&format!("{pointer}/mcp/tool"));
    let Some(offer) = offers.iter().find(|offer| offer.tool == mcp.tool) else {
        let names = offers.iter().map(|offer| offer.tool.as_str());
        let message = format!("server `{}` offers no `{}`", mcp.server, mcp.tool);
        let help = suggest(&mcp.tool, names, "tools");
        return vec![
            Diagnostic::new("unknown-tool", message).help(help).at(&document.file, at_tool),
        ];
    };
    let mut found = Vec::new();
    let properties = offer.input.get("properties").and_then(Value::as_object);
    let required = offer.input.get("required").and_then(Value::as_array).into_iter().flatten();
    for name in required.filter_map(Value::as_str).filter(|name| !tool.params.contains_key(*name)) {
        let message = format!("server `{}` wants `{name}` for `{}`", mcp.server, mcp.tool);
        let help = format!("add it below `params:`, as in `{name}: {{type: string}}`");
        found.push(
            Diagnostic::new("missing-argument", message).help(help).at(&document.file, at_tool),
        );
    }
    for (name, param) in &tool.params {
        let schema = properties.and_then(|known| known.get(name));
        let wanted = schema.map(types).unwrap_or_default();
        let Some(first) = wanted.first().filter(|_| !fits(param.kind, &wanted)) else { continue };
        let kinds = wanted.join(" or ");
        let given = param.kind.describe();
        let message =
            format!("server `{}` wants {kinds} for `{name}`, which is {given}", mcp.server);
        let place = format!("{pointer}/params/{}", pointer_segment(name));
        found.push(
            Diagnostic::new("type-mismatch", message)
                .help(format!("write `{name}: {{type: {first}}}`"))
                .at(&document.file, document.key_span(&place)),
        );
    }
    let closed = offer.input.get("additionalProperties") == Some(&Value::Bool(false));
    let known = |name: &String| properties.is_some_and(|known| known.contains_key(name));
    for name in tool.params.keys().filter(|name| closed && !known(name)) {
        let names = properties.into_iter().flat_map(|known| known.keys().map(String::as_str));
        let message = format!("`{}` of server `{}` takes no `{name}`", mcp.tool, mcp.server);
        let place = format!("{pointer}/params/{}", pointer_segment(name));
        found.push(
            Diagnostic::new("unknown-argument", message)
                .help(suggest(name, names, "arguments"))
                .at(&document.file, document.key_span(&place)),
        );
    }
    if offer.writes == Some(true) && !tool.writes() && !mcp.says_effect {
        let message = format!("server `{}` says that `{}` changes something", mcp.server, mcp.tool);
        let help = "write `effect: write`; or `effect: read`, where you know better";
        found.push(
            Diagnostic::new("write-without-approval", message)
                .help(help)
                .at(&document.file, at_tool),
        );
    }
    found
}

/// The types that a schema names; none where it names none. That null is one of them too is nothing a param could say.
fn types(schema: &Value) -> Vec<&str> {
    let names = named(schema).unwrap_or_default();
    names.into_iter().filter(|name| *name != "null").collect()
}

/// All of them, those of alternatives among them; an alternative that names no type may be anything.
fn named(schema: &Value) -> Option<Vec<&str>> {
    match schema.get("type") {
        Some(Value::Array(names)) => Some(names.iter().filter_map(Value::as_str).collect()),
        Some(Value::String(name)) => Some(vec![name.as_str()]),
        _ => {
            let parts = ["anyOf", "oneOf"].iter().find_map(|key| schema.get(key)?.as_array())?;
            let parts: Option<Vec<Vec<&str>>> = parts.iter().map(named).collect();
            Some(parts?.concat())
        }
    }
}

/// Whether a value of a param may be of one of the types.
fn fits(kind: ParamType, names: &[&str]) -> bool {
    names.iter().any(|name| match kind {
        ParamType::String => *name == "string",
        ParamType::Number | ParamType::Integer => matches!(*name, "number" | "integer"),
        ParamType::Boolean => *name == "boolean",
        ParamType::Array => *name == "array",
        ParamType::Object => *name == "object",
    })
}
