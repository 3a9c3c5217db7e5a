//! What would run: order, width and the longest chain of steps.

use std::fmt::Write as _;

use comfy_table::{Table, presets};
use indexmap::IndexMap;
use serde::Serialize;

use super::interval::{CostInterval, WaitReport};
use crate::id::{StepId, WorkflowName};
use crate::plan::{Graph, Kind, Library, Plan, Step};
use crate::value::Object;

/// A plan, told: what `engine plan --json` prints.
#[derive(Clone, Debug, Serialize)]
pub struct PlanReport {
    /// The workflow's name.
    pub workflow: WorkflowName,
    /// Values of the params, as far as they were given.
    pub params: Object,
    /// The steps, in an order in which they can run.
    pub steps: Vec<PlannedStep>,
    /// The most steps that can run at the same time.
    pub width: usize,
    /// The longest chain of steps that wait for one another, calls to models and tools counted.
    pub critical_path: Vec<StepId>,
    /// Steps that ask a model, those inside of workflows that its steps run counted.
    pub model_calls: usize,
    /// How many of them are inside of each such workflow; left out where there are none.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub inner_model_calls: IndexMap<WorkflowName, usize>,
    /// What a run may cost.
    pub cost: CostInterval,
    /// The longest that a run may make one wait.
    pub longest_wait: WaitReport,
}

/// A step of a plan.
#[derive(Clone, Debug, Serialize)]
pub struct PlannedStep {
    /// The step.
    pub id: StepId,
    /// Its kind.
    pub kind: &'static str,
    /// The agent or tool it calls.
    pub calls: Option<String>,
    /// How many steps must end before it, at least, one after another.
    pub level: usize,
    /// What it waits for.
    pub needs: Vec<StepId>,
    /// The condition under which it runs.
    pub when: Option<String>,
}

impl PlanReport {
    /// Tells a plan. `library` holds the models; `past_usd` is what runs of the workflow cost before.
    pub fn of(plan: &Plan, params: Object, library: &Library, past_usd: &[f64]) -> Self {
        let graph = Graph::of(plan);
        let levels = graph.levels();
        let mut order: Vec<usize> = (0..plan.steps.len()).collect();
        order.sort_by_key(|step| (levels.get(*step).copied().unwrap_or_default(), *step));
        let steps: Vec<PlannedStep> = order
            .into_iter()
            .filter_map(|number| {
                let step = plan.steps.get(number)?;
                Some(PlannedStep {
                    id: step.id.clone(),
                    kind: step.kind_name(),
                    calls: calls(step),
                    level: levels.get(number).copied().unwrap_or_default(),
                    needs: step.needs.iter().map(|need| need.step.clone()).collect(),
                    when: step.when.clone(),
                })
            })
            .collect();
        let depth = steps.iter().map(|step| step.level).max().unwrap_or_default();
        let width =
            (0..=depth).map(|level| steps.iter().filter(|s| s.level == level).count()).max();
        // A person takes far longer than an agent, an agent than a tool, and a tool than arithmetic.
        let weights: Vec<f64> = plan
            .steps
            .iter()
            .map(|step| match step.kind {
                Kind::Agent(_) => 1000.0,
                Kind::Tool(_) => 10.0,
                Kind::Compute(_) => 1.0,
                Kind::Workflow(_) => 2000.0,
                Kind::Plan(_) => 3000.0,
                Kind::Approval(_) => 100_000.0,
            })
            .collect();
        let (path, _) = graph.critical_path(&weights);
        let inner_model_calls: IndexMap<WorkflowName, usize> = plan
            .workflows
            .iter()
            .map(|(name, inner)| (name.clone(), model_calls(inner)))
            .filter(|(_, count)| *count > 0)
            .collect();
        Self {
            workflow: plan.workflow.clone(),
            params,
            width: width.unwrap_or_default(),
            critical_path: path
                .into_iter()
                .filter_map(|n| plan.steps.get(n))
                .map(|s| s.id.clone())
                .collect(),
            model_calls: model_calls(plan) + inner_model_calls.values().sum::<usize>(),
            inner_model_calls,
            steps,
            cost: CostInterval::of(plan, library, past_usd),
            longest_wait: WaitReport::of(plan, library),
        }
    }
}

/// Steps of a plan itself that ask a model.
fn model_calls(plan: &Plan) -> usize {
    plan.steps.iter().filter(|step| matches!(step.kind, Kind::Agent(_) | Kind::Plan(_))).count()
}

fn calls(step: &Step) -> Option<String> {
    match &step.kind {
        Kind::Agent(agent) => {
            Some(agent.agent.as_ref().map_or_else(|| "(in place)".to_owned(), ToString::to_string))
        }
        Kind::Tool(tool) => Some(tool.tool.to_string()),
        Kind::Workflow(call) => Some(call.workflow.to_string()),
        Kind::Plan(step) => {
            Some(step.agents.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        }
        Kind::Compute(_) | Kind::Approval(_) => None,
    }
}

/// How many steps that ask a model are inside of which workflow.
fn inner(counts: &IndexMap<WorkflowName, usize>) -> String {
    let each: Vec<String> =
        counts.iter().map(|(name, count)| format!("{count} inside of workflow `{name}`")).collect();
    if each.is_empty() { String::new() } else { format!(", of which {}", each.join(", ")) }
}

/// Writes a plan for people.
pub fn plan(report: &PlanReport) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(["turn", "step", "kind", "calls", "waits for"]);
    for step in &report.steps {
        let needs: Vec<&str> = step.needs.iter().map(StepId::as_str).collect();
        let when = step.when.as_ref().map_or_else(String::new, |when| format!("  when {when}"));
        table.add_row([
            (step.level + 1).to_string(),
            step.id.to_string(),
            step.kind.to_owned(),
            step.calls.clone().unwrap_or_default(),
            format!("{}{when}", needs.join(", ")),
        ]);
    }
    let path: Vec<&str> = report.critical_path.iter().map(StepId::as_str).collect();
    let mut out = format!("{}\n\n", table.trim_fmt());
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "{} steps, up to {} at the same time, {} ask a model{}\nlongest chain: {}",
        report.steps.len(),
        report.width,
        report.model_calls,
        inner(&report.inner_model_calls),
        path.join(" -> ")
    );
    out.push_str(&report.cost.text());
    out.push_str(&report.longest_wait.text());
    out
}
