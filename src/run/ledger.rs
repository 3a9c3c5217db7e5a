//! Where the figures of a run come from: each with its value, and with the tools, queries and formulas behind it.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::frame::{Frame, Unit};
use super::outputs::OUTPUTS;
use super::state::RunState;
use crate::document::ToolKind;
use crate::event::{FigureEntry, LookedUp};
use crate::expression::Template;
use crate::id::{StepId, StepPath, ToolName};
use crate::plan::Kind;
use crate::value::Object;

/// A figure of a run's texts, with where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerEntry {
    /// The step whose text holds it; `outputs` for the outputs of the workflow that no agent worded.
    pub step: StepPath,
    /// The figure.
    #[serde(flatten)]
    pub figure: FigureEntry,
    /// What the value was read from: tools, params, people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<FigureSource>,
}

/// What a value was read from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FigureSource {
    /// Its path: `steps.metrics.output`, `params.spend`.
    pub path: String,
    /// The tool that gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<ToolName>,
    /// The source or server that the tool reads: its name in engine.yaml.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The tool's query, the method and address of its request, or the name of the server's tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// What the tool was called with, where this run called it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Object>,
}

/// The figures of all texts of a run, in the order of its steps.
pub(super) fn ledger(state: &RunState) -> Vec<LedgerEntry> {
    let entries = state.units().flat_map(|(unit, at)| {
        let step = state.path(unit);
        at.figures.ledger.iter().map(move |figure| entry(state, unit, step.clone(), figure.clone()))
    });
    entries.collect()
}

/// The figures of the outputs that no step tells.
pub(super) fn of_outputs(
    state: &RunState,
    figures: Vec<FigureEntry>,
) -> impl Iterator<Item = LedgerEntry> {
    // An output reads what any step of the run's own plan may read.
    let unit = Unit { frame: 0, step: 0, item: None };
    figures.into_iter().map(move |figure| entry(state, unit, OUTPUTS.into(), figure))
}

fn entry(state: &RunState, unit: Unit, step: StepPath, mut figure: FigureEntry) -> LedgerEntry {
    let mut trace = Trace { state, seen: BTreeSet::new(), sources: Vec::new() };
    for path in figure.path.iter().chain(&figure.operands) {
        let formula = trace.path(unit, plain(path));
        if figure.formula.is_none() {
            figure.formula = formula;
        }
    }
    LedgerEntry { step, figure, sources: trace.sources }
}

/// The path inside `sum(...)`, and before ` | length`.
fn plain(path: &str) -> &str {
    let inside = path.strip_prefix("sum(").and_then(|path| path.strip_suffix(')')).unwrap_or(path);
    inside.split(" | ").next().unwrap_or(inside)
}

/// The source that a tool reads, and what it asks of it.
pub(super) fn reads(kind: &ToolKind) -> (Option<String>, String) {
    match kind {
        ToolKind::Sql(sql) => (Some(sql.source.to_string()), sql.query.trim().to_owned()),
        ToolKind::Http(http) => (None, format!("{} {}", http.method.name(), http.url)),
        ToolKind::Mcp(mcp) => (Some(mcp.server.to_string()), mcp.tool.clone()),
    }
}

/// Follows paths to what was read.
struct Trace<'t> {
    state: &'t RunState,
    /// Frames and paths that were followed.
    seen: BTreeSet<(usize, String)>,
    sources: Vec<FigureSource>,
}

impl Trace<'_> {
    /// Follows a path as the unit reads it; gives the formula where a `compute` made the value.
    fn path(&mut self, unit: Unit, path: &str) -> Option<String> {
        let mut segments = path.split('.');
        let (first, second) = (segments.next()?, segments.next().unwrap_or_default());
        let rest: Vec<&str> = segments.collect();
        match first {
            "params" => self.param(unit.frame, second),
            "steps" if rest.first() == Some(&"output") => {
                return self.output(unit.frame, second, rest.get(1).copied());
            }
            "steps" => self.call(unit, second, &rest),
            // The item of `for_each`, by whatever name.
            _ => {
                let needs = self.state.definition(unit).map(|step| step.needs.clone());
                for need in needs.unwrap_or_default() {
                    self.output(unit.frame, need.step.as_str(), None);
                }
            }
        }
        None
    }

    fn is_new(&mut self, frame: usize, path: &str) -> bool {
        self.seen.insert((frame, path.to_owned()))
    }

    /// A param: the user's, or what the step above gives the workflow.
    fn param(&mut self, frame: usize, name: &str) {
        let path = format!("params.{name}");
        if self.is_new(frame, &path) {
            let above = self.state.frames().get(frame).and_then(|frame| frame.above);
            let within =
                above.map_or_else(String::new, |unit| format!("{}/", self.state.path(unit)));
            self.sources
                .push(FigureSource { path: format!("{within}{path}"), ..FigureSource::default() });
        }
    }

    /// The output of a step, or a field of it.
    fn output(&mut self, frame: usize, id: &str, field: Option<&str>) -> Option<String> {
        let found = self.state.frames().get(frame)?;
        let number = found.number(&StepId::from(id))?;
        let unit = Unit { frame, step: number, item: None };
        let (step, at) = (found.plan().steps.get(number)?, found.steps().get(number)?);
        let mark = format!("{id}.{}", field.unwrap_or_default());
        if !self.is_new(frame, &mark) {
            return None;
        }
        match &step.kind {
            Kind::Tool(call) => {
                self.tool(unit, &call.tool, &format!("steps.{id}.output"), at.arguments.clone());
            }
            Kind::Compute(values) => {
                let made = field.and_then(|field| Some((field, expression(values.get(field)?)?)));
                let read: Vec<&str> = match made {
                    Some((_, expression)) => names(expression).collect(),
                    None => values.values().filter_map(expression).flat_map(names).collect(),
                };
                for name in read {
                    match name.split('.').collect::<Vec<_>>().as_slice() {
                        ["steps" | "params", ..] => {
                            self.path(unit, name);
                        }
                        [other, ..] if Some(*other) != field && values.contains_key(*other) => {
                            self.output(frame, id, Some(other));
                        }
                        _ => {}
                    }
                }
                return made.map(|(_, expression)| expression.to_owned());
            }
            Kind::Workflow(_) | Kind::Plan(_) => {
                let inner = at.frame?;
                let outputs = &self.state.frames().get(inner)?.plan().outputs;
                let wanted = outputs.iter().filter(|(name, _)| field.is_none_or(|f| f == *name));
                for read in wanted.flat_map(|(_, output)| &output.reads) {
                    self.output(inner, read.as_str(), None);
                }
            }
            Kind::Agent(_) | Kind::Approval(_) => {
                let path = format!("steps.{id}.output");
                self.sources.push(FigureSource { path, ..FigureSource::default() });
            }
        }
        None
    }

    /// What a tool gave to an agent: `steps.ID.tools.N`, below an item `steps.ID.I.tools.N`.
    fn call(&mut self, unit: Unit, id: &str, rest: &[&str]) {
        let Some(frame) = self.state.frames().get(unit.frame) else { return };
        let Some(number) = frame.number(&StepId::from(id)) else { return };
        let of = Unit { frame: unit.frame, step: number, item: None };
        let item = rest.first().and_then(|segment| segment.parse().ok());
        // An item sees its own calls as those of the step.
        let item = if number == unit.step { unit.item.or(item) } else { item };
        let Some(at) = self.state.step(Unit { item, ..of }) else { return };
        let tools = rest.iter().position(|segment| *segment == "tools").unwrap_or_default();
        let below = rest.get(tools..).unwrap_or_default().join(".");
        let place = format!("steps.{id}.{below}.");
        let found =
            at.looked_up.iter().rfind(|found| place.starts_with(&format!("{}.", found.path)));
        if let Some(LookedUp { path: given, tool, arguments, .. }) = found
            && self.is_new(unit.frame, given)
        {
            self.tool(unit, tool, given, arguments.clone());
        }
    }

    fn tool(&mut self, unit: Unit, name: &ToolName, path: &str, arguments: Option<Object>) {
        let plan = self.state.frames().get(unit.frame).map(Frame::plan);
        let tool = plan.and_then(|plan| plan.tools.get(name));
        if self.sources.iter().any(|source| source.path == path) {
            return;
        }
        let (source, query) = tool.map(|tool| reads(&tool.kind)).unzip();
        self.sources.push(FigureSource {
            path: path.to_owned(),
            tool: Some(name.clone()),
            source: source.flatten(),
            query,
            arguments,
        });
    }
}

fn expression(template: &Template) -> Option<&str> {
    match template {
        Template::Expression(source) => Some(source.trim()),
        Template::Literal(_)
        | Template::Text(_)
        | Template::Plain(_)
        | Template::List(_)
        | Template::Map(_) => None,
    }
}

/// The dotted names of an expression, those in its texts among them.
fn names(expression: &str) -> impl Iterator<Item = &str> {
    expression
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')))
        .filter(|name| name.starts_with(|c: char| c.is_alphabetic() || c == '_'))
}
