//! `budget-too-small`: a budget that even the cheapest run would exceed.

use crate::diagnostic::Diagnostic;
use crate::document::OnExceed;
use crate::plan::{AgentStep, Step, cost};

use super::Checked;

pub(super) fn check(checked: &Checked<'_>) -> Vec<Diagnostic> {
    let Some(project) = &checked.library.project else { return Vec::new() };
    let Some(budget) = &project.value.limits.budget else { return Vec::new() };
    if budget.on_exceed == OnExceed::Warn || !project.is_whole() {
        return Vec::new();
    }
    // What `when` may skip costs nothing at the least.
    let certain: Vec<&AgentStep> = checked
        .plan
        .steps
        .iter()
        .filter(|step| step.when.is_none())
        .filter(|step| step.for_each.is_none())
        .filter_map(Step::agent)
        .collect();
    let usd: f64 = certain.iter().filter_map(|agent| cost::least_usd(agent, checked.library)).sum();
    let tokens: u64 = certain.iter().map(|agent| cost::least_input(agent) + 1).sum();
    let mut found = Vec::new();
    let mut fault = |message: String, key: &str| {
        found.push(
            checked
                .at(
                    Diagnostic::new("budget-too-small", message)
                        .help("raise the budget, shorten the prompts, or use a cheaper model"),
                    "/name",
                )
                .related(
                    "the budget",
                    &project.file,
                    project.span_of(&format!("/limits/budget/{key}")),
                ),
        );
    };
    for (limit, key, name) in [
        (budget.usd, "usd", "the budget"),
        (budget.usd_per_day, "usd_per_day", "the budget of a day"),
        (budget.usd_per_month, "usd_per_month", "the budget of a month"),
    ] {
        if let Some(limit) = limit.filter(|limit| usd > *limit) {
            fault(format!("a run costs ${usd:.6} at least, and {name} is ${limit}"), key);
        }
    }
    if let Some(limit) = budget.tokens.filter(|limit| tokens > *limit) {
        fault(format!("a run takes {tokens} tokens at least, and the budget is {limit}"), "tokens");
    }
    found
}
