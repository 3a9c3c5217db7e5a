//! The DAG as a drawing.

use std::fmt::Write as _;

use serde_json::json;

use crate::plan::{Kind, Plan, Step};
use crate::run::{Outcome, StepOutcome, StepStatus};

use super::summary;

/// How a graph is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For Markdown: GitHub and most wikis draw it.
    #[default]
    Mermaid,
    /// For Graphviz.
    Dot,
    /// Nodes and edges.
    Json,
    /// A picture for slides and browsers; it needs nothing else.
    Svg,
}

/// Draws a plan; with an outcome, its times and costs are laid over it.
pub fn graph(plan: &Plan, outcome: Option<&Outcome>, format: Format) -> String {
    match format {
        Format::Mermaid => mermaid(plan, outcome),
        Format::Dot => dot(plan, outcome),
        Format::Json => format!("{:#}\n", to_json(plan, outcome)),
        Format::Svg => super::svg::svg(plan, outcome),
    }
}

fn edges(plan: &Plan) -> impl Iterator<Item = (&str, &str)> {
    plan.steps
        .iter()
        .flat_map(|step| step.needs.iter().map(|need| (need.step.as_str(), step.id.as_str())))
}

/// Lines of a node: its id, what it calls, and what became of it.
fn label(step: &Step, outcome: Option<&StepOutcome>) -> Vec<String> {
    let mut lines = vec![step.id.to_string(), calls(step)];
    lines.extend(outcome.map(took));
    lines
}

/// What a step calls.
pub(super) fn calls(step: &Step) -> String {
    let called = match &step.kind {
        Kind::Agent(agent) => match &agent.agent {
            Some(name) => format!("agent {name}"),
            None => "agent".to_owned(),
        },
        Kind::Tool(tool) => format!("tool {}", tool.tool),
        Kind::Compute(_) => "compute".to_owned(),
        Kind::Workflow(call) => format!("workflow {}", call.workflow),
        Kind::Plan(_) => "plan".to_owned(),
        Kind::Approval(_) => "approval".to_owned(),
    };
    match &step.for_each {
        Some(items) => format!("each {}: {called}", items.name),
        None => called,
    }
}

/// What became of a step, its time and its cost.
pub(super) fn took(step: &StepOutcome) -> String {
    let word = match step.status {
        StepStatus::Succeeded => None,
        StepStatus::Failed => Some("failed"),
        StepStatus::Skipped => Some("skipped"),
        StepStatus::Defaulted => Some("default"),
        StepStatus::Cached => Some("cached"),
        StepStatus::Waiting => Some("waiting"),
    };
    let parts: Vec<String> = word
        .map(str::to_owned)
        .into_iter()
        .chain(step.duration_ms.map(summary::duration))
        .chain(step.cost_usd.map(summary::cost))
        .collect();
    parts.join(", ")
}

fn of_step<'o>(outcome: Option<&'o Outcome>, step: &Step) -> Option<&'o StepOutcome> {
    outcome?.steps.iter().find(|found| found.id.as_str() == step.id.as_str())
}

fn mermaid(plan: &Plan, outcome: Option<&Outcome>) -> String {
    let mut out = "flowchart LR\n".to_owned();
    // Node names are numbered: an id such as `end` is a word of Mermaid's own.
    let name =
        |id: &str| plan.steps.iter().position(|step| step.id.as_str() == id).unwrap_or_default();
    for (number, step) in plan.steps.iter().enumerate() {
        let found = of_step(outcome, step);
        let text = label(step, found).join("<br/>").replace('"', "#quot;");
        let (open, close) = match step.kind {
            Kind::Agent(_) => ("([", "])"),
            Kind::Tool(_) => ("[(", ")]"),
            Kind::Compute(_) => ("[", "]"),
            Kind::Workflow(_) | Kind::Plan(_) => ("[[", "]]"),
            Kind::Approval(_) => ("{{", "}}"),
        };
        let class = match found.map(|found| found.status) {
            Some(StepStatus::Failed) => ":::failed",
            Some(StepStatus::Skipped) => ":::skipped",
            _ => "",
        };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "    n{number}{open}\"{text}\"{close}{class}");
    }
    for (from, to) in edges(plan) {
        let _ = writeln!(out, "    n{} --> n{}", name(from), name(to));
    }
    if outcome.is_some() {
        out.push_str("    classDef failed stroke:#c00,color:#c00\n    classDef skipped stroke-dasharray:4,color:#888\n");
    }
    out
}

fn dot(plan: &Plan, outcome: Option<&Outcome>) -> String {
    let quote = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let mut out =
        "digraph workflow {\n    rankdir=LR;\n    node [fontname=\"Helvetica\", fontsize=11];\n"
            .to_owned();
    for step in &plan.steps {
        let shape = match step.kind {
            Kind::Agent(_) => "box, style=rounded",
            Kind::Tool(_) => "cylinder",
            Kind::Compute(_) => "box",
            Kind::Workflow(_) | Kind::Plan(_) => "component",
            Kind::Approval(_) => "hexagon",
        };
        let lines: Vec<String> =
            label(step, of_step(outcome, step)).iter().map(|line| line.replace('"', "'")).collect();
        let _ = writeln!(
            out,
            "    {} [label=\"{}\", shape={shape}];",
            quote(step.id.as_str()),
            lines.join("\\n")
        );
    }
    for (from, to) in edges(plan) {
        let _ = writeln!(out, "    {} -> {};", quote(from), quote(to));
    }
    out.push_str("}\n");
    out
}

fn to_json(plan: &Plan, outcome: Option<&Outcome>) -> serde_json::Value {
    let nodes: Vec<_> = plan
        .steps
        .iter()
        .map(|step| {
            let found = of_step(outcome, step);
            json!({
                "id": step.id,
                "kind": step.kind_name(),
                "calls": calls(step),
                "status": found.map(|found| found.status),
                "duration_ms": found.and_then(|found| found.duration_ms),
                "cost_usd": found.and_then(|found| found.cost_usd),
            })
        })
        .collect();
    let edges: Vec<_> = edges(plan).map(|(from, to)| json!({"from": from, "to": to})).collect();
    json!({"workflow": plan.workflow, "nodes": nodes, "edges": edges})
}
