//! The tools of a project, for people and as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use crate::document::{Tool, ToolKind};
use crate::id::{ServerName, ToolName};
use crate::tool::Offer;
use crate::value::{Value, one_line};

/// What `engine tools --json` prints.
#[derive(Debug, Serialize)]
pub struct ToolsReport {
    /// The tools of the project.
    pub tools: Vec<ToolLine>,
    /// What MCP servers offer; empty without `--online`.
    pub offers: Vec<OfferLine>,
}

/// A tool.
#[derive(Debug, Serialize)]
pub struct ToolLine {
    /// Its name.
    pub name: ToolName,
    /// `sql`, `http` or `mcp`.
    pub kind: &'static str,
    /// `read` or `write`.
    pub effect: &'static str,
    /// What it gives.
    pub description: String,
    /// Its params; those that must be given first.
    pub params: Vec<ParamLine>,
}

/// A param of a tool.
#[derive(Debug, Serialize)]
pub struct ParamLine {
    /// Its name.
    pub name: String,
    /// Its type.
    pub r#type: &'static str,
    /// Whether a call must give it.
    pub required: bool,
}

/// A tool that an MCP server offers.
#[derive(Debug, Serialize)]
pub struct OfferLine {
    /// The server.
    pub server: ServerName,
    /// Its name there.
    pub tool: String,
    /// What the server says it does.
    pub description: String,
    /// The JSON Schema of its arguments.
    pub input: Value,
    /// Whether the server says that it changes something; null where it does not say.
    pub writes: Option<bool>,
    /// The tool of the project that calls it; null where none does.
    pub called_by: Option<ToolName>,
}

impl ToolLine {
    /// A tool as a line.
    pub fn of(tool: &Tool) -> Self {
        let kind = match &tool.kind {
            ToolKind::Sql(_) => "sql",
            ToolKind::Http(_) => "http",
            ToolKind::Mcp(_) => "mcp",
        };
        let param = |(name, param): (&String, &crate::document::Param)| ParamLine {
            name: name.clone(),
            r#type: param.kind.describe(),
            required: param.default.is_none(),
        };
        let mut params: Vec<ParamLine> = tool.params.iter().map(param).collect();
        params.sort_by_key(|param| !param.required);
        Self {
            name: tool.name.clone(),
            kind,
            effect: if tool.writes() { "write" } else { "read" },
            description: one_line(&tool.description),
            params,
        }
    }
}

impl OfferLine {
    /// What a server offers, with the tool that calls it.
    pub fn of<'t>(
        server: &ServerName,
        offer: Offer,
        mut tools: impl Iterator<Item = &'t Tool>,
    ) -> Self {
        let calls = |tool: &&Tool| matches!(&tool.kind, ToolKind::Mcp(mcp) if mcp.server == *server && mcp.tool == offer.tool);
        let called_by = tools.find(calls).map(|tool| tool.name.clone());
        let Offer { tool, description, input, writes } = offer;
        Self { server: server.clone(), tool, description, input, writes, called_by }
    }
}

/// Tools for people.
pub fn tools(tools: &[ToolLine], offers: &[OfferLine]) -> String {
    let mut out = String::new();
    for ToolLine { name, kind, effect, description, params } in tools {
        let params: Vec<String> = params
            .iter()
            .map(|p| if p.required { p.name.clone() } else { format!("[{}]", p.name) })
            .collect();
        let changes = if *effect == "write" { ", changes something" } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{name}({}) {kind}{changes}\n    {description}", params.join(", "));
    }
    let mut server = None;
    for offer in offers {
        if server != Some(&offer.server) {
            let _ = writeln!(out, "\nserver {} offers:", offer.server);
            server = Some(&offer.server);
        }
        let used = offer
            .called_by
            .as_ref()
            .map_or_else(|| "not declared".to_owned(), |name| format!("called by `{name}`"));
        let changes = if offer.writes == Some(true) { ", changes something" } else { "" };
        let _ = writeln!(out, "{} {used}{changes}\n    {}", offer.tool, offer.description);
    }
    out
}
